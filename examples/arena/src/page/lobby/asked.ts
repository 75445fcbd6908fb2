/**
 * What the page's address and this tab ask for: a room to go straight into (`?room=match-3`), the room that was played before a reload. And whether there is a
 * lobby at all, which the server says with the page itself, so that a server that has none is not asked.
 */
import { isRoomId, type LobbyPlace } from '@tickmesh/shared'

/** The place that this tab plays in. */
const PLACE_KEY = 'arena.place'

/** The server is a shard of a cluster. */
export function hasLobby(): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return navigation?.serverTiming?.some(({ name }) => name === 'cluster') === true
}

/** Where this tab played before a reload. */
export function keptPlace(): LobbyPlace | undefined {
  const kept = window.sessionStorage.getItem(PLACE_KEY)
  return kept === null ? undefined : (JSON.parse(kept) as LobbyPlace)
}

/** Undefined: none is asked for. */
export function placeAsked(url: string): LobbyPlace | undefined {
  const room = new URLSearchParams(window.location.search).get('room')
  return isRoomId(room) ? { room, url } : undefined
}

/** A reload goes on there; a ticket is used up by then. */
export function keepPlace(place: LobbyPlace | undefined): void {
  if (place === undefined) window.sessionStorage.removeItem(PLACE_KEY)
  else window.sessionStorage.setItem(PLACE_KEY, JSON.stringify({ room: place.room, url: place.url }))
}
