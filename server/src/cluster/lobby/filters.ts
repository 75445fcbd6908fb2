/**
 * What clients ask of the list of rooms: which of them, in what order, how many; and counts. Counts are derived, never kept.
 * Pure functions. Called by lobby sessions.
 */
import type { LobbyFilter } from '@tickmesh/shared'
import type { ListedRoom } from './lobby-api.ts'

type Value = string | number | boolean

export interface RoomCount {
  readonly rooms: number
  readonly players: number
}

function passes(room: ListedRoom, filter: LobbyFilter): boolean {
  if (filter.states !== undefined && !filter.states.includes(room.state)) return false
  if (filter.freeSeats !== undefined && (room.state !== 'open' || room.maxPlayers - room.players < filter.freeSeats))
    return false
  for (const [name, value] of Object.entries(filter.attributes ?? {}))
    if (attributeOf(room, name) !== value) return false
  for (const [name, prefix] of Object.entries(filter.prefixes ?? {})) {
    const text = name === 'id' ? room.id : attributeOf(room, name)
    if (typeof text !== 'string' || !text.toLowerCase().startsWith(prefix.toLowerCase())) return false
  }
  return true
}

/** The rooms that pass, in order. */
export function listRooms(rooms: Iterable<ListedRoom>, filter: LobbyFilter): ListedRoom[] {
  const found: ListedRoom[] = []
  for (const room of rooms) if (passes(room, filter)) found.push(room)
  const sign = filter.sort === 'most-players' ? -1 : filter.sort === 'fewest-players' ? 1 : 0
  found.sort((a, b) => sign * (a.players - b.players) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  return filter.limit === undefined ? found : found.slice(0, Math.max(0, filter.limit))
}

/** Rooms and players; by an attribute's values (as text; rooms without it under ''), or all under ''. */
export function countRooms(rooms: Iterable<ListedRoom>, attribute?: string): Map<string, RoomCount> {
  const counts = new Map<string, RoomCount>()
  for (const room of rooms) {
    const value = attribute === undefined ? '' : String(attributeOf(room, attribute) ?? '')
    const before = counts.get(value)
    counts.set(value, { rooms: (before?.rooms ?? 0) + 1, players: (before?.players ?? 0) + room.players })
  }
  return counts
}

function attributeOf(room: ListedRoom, name: string): Value | undefined {
  return Object.hasOwn(room.attributes, name) ? room.attributes[name] : undefined
}
