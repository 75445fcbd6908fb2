/** What the page's address says of its link: `?link=auto`, `websocket` or `webrtc`. */
import type { LinkChoice } from '@tickmesh/client'
import { hasLobby } from './lobby/asked.ts'

const CHOICES: readonly LinkChoice[] = ['auto', 'websocket', 'webrtc']

/** For anything else what works best. On a shard of a cluster that is a WebSocket: the room may be on another host, and a page may signal WebRTC to its own alone. */
export function linkAsked(search: string): LinkChoice {
  const asked = new URLSearchParams(search).get('link')
  return CHOICES.find((choice) => choice === asked) ?? (hasLobby() ? 'websocket' : 'auto')
}
