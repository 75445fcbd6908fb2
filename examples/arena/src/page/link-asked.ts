/** What the page's address says of its link: `?link=auto`, `websocket` or `webrtc`. */
import type { LinkChoice } from '@tickmesh/client'

const CHOICES: readonly LinkChoice[] = ['auto', 'websocket', 'webrtc']

/** What works best for anything else. */
export function linkAsked(search: string): LinkChoice {
  const asked = new URLSearchParams(search).get('link')
  return CHOICES.find((choice) => choice === asked) ?? 'auto'
}
