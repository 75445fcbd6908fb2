/**
 * Who is shown which rooms: each filter's list is made once for all who have it, and only what changed is told. Pure. Owned by the lobby's desk, which calls
 * `update` some times a second.
 */
import type { LobbyFilter, LobbyRoom, LobbyServerMessage } from '@tickmesh/shared'
import { countRooms, listRooms, type RoomCount } from '../../cluster/lobby/filters.ts'
import type { ListedRoom, LobbyApi } from '../../cluster/lobby/lobby-api.ts'

type RoomsMessage = Extract<LobbyServerMessage, { t: 'rooms' }>

/** Hears of lists. */
export interface ListViewer {
  tell(message: LobbyServerMessage): void
}

interface List {
  readonly filter: LobbyFilter
  readonly viewers: Set<ListViewer>
  /** As it was told, by id; the text is compared. */
  shown: Map<string, { readonly room: LobbyRoom; readonly text: string }>
}

/** Different filters at a time; those beyond see the list without any. */
const MAX_LISTS = 500
const NO_FILTER: LobbyFilter = {}
const DEFAULT_LIMIT = 100
/** Rooms in one message: at about a kilobyte each, half of what clients take. */
const MAX_AT_ONCE = 100
const NOBODY: RoomCount = { rooms: 0, players: 0 }

export class RoomLists {
  private readonly lists = new Map<string, List>()
  private readonly byViewer = new Map<ListViewer, List>()
  private version = -1
  private counts: RoomCount = NOBODY

  /** Shows somebody the rooms of a filter, in place of what it saw before. */
  show(viewer: ListViewer, filter: LobbyFilter, lobby: LobbyApi | undefined): void {
    this.drop(viewer)
    const list = this.listOf(filter)
    if (list.viewers.size === 0 && lobby !== undefined) list.shown = listed(lobby, list.filter)
    list.viewers.add(viewer)
    this.byViewer.set(viewer, list)
    const put = [...list.shown.values()].map(({ room }) => room)
    for (const message of this.messages(true, put, [])) viewer.tell(message)
  }

  drop(viewer: ListViewer): void {
    const list = this.byViewer.get(viewer)
    if (list === undefined) return
    this.byViewer.delete(viewer)
    list.viewers.delete(viewer)
    if (list.viewers.size === 0) this.lists.delete(keyOf(list.filter))
  }

  /** Tells everybody what changed since it was called last. Does nothing if the lobby did not change. */
  update(lobby: LobbyApi | undefined): void {
    if (lobby === undefined || lobby.version === this.version) return
    this.version = lobby.version
    const before = this.counts
    this.counts = countRooms(lobby.rooms()).get('') ?? NOBODY
    const counted = before.rooms !== this.counts.rooms || before.players !== this.counts.players
    for (const list of this.lists.values()) {
      const now = listed(lobby, list.filter)
      const put: LobbyRoom[] = []
      for (const [id, { room, text }] of now) if (list.shown.get(id)?.text !== text) put.push(room)
      const gone = [...list.shown.keys()].filter((id) => !now.has(id))
      list.shown = now
      if (put.length === 0 && gone.length === 0 && !counted) continue
      for (const message of this.messages(false, put, gone)) for (const viewer of list.viewers) viewer.tell(message)
    }
  }

  private listOf(filter: LobbyFilter): List {
    const key = keyOf(filter)
    const known = this.lists.get(key)
    if (known !== undefined) return known
    if (this.lists.size >= MAX_LISTS && key !== keyOf(NO_FILTER)) return this.listOf(NO_FILTER)
    const list: List = { filter, viewers: new Set(), shown: new Map() }
    this.lists.set(key, list)
    return list
  }

  /** As many as it takes: each is bounded. */
  private messages(all: boolean, put: readonly LobbyRoom[], gone: readonly string[]): RoomsMessage[] {
    const messages: RoomsMessage[] = [{ t: 'rooms', all, put: put.slice(0, MAX_AT_ONCE), gone, ...this.counts }]
    for (let from = MAX_AT_ONCE; from < put.length; from += MAX_AT_ONCE) {
      const more = put.slice(from, from + MAX_AT_ONCE)
      messages.push({ t: 'rooms', all: false, put: more, gone: [], ...this.counts })
    }
    return messages
  }
}

function listed(lobby: LobbyApi, filter: LobbyFilter): List['shown'] {
  const shown: List['shown'] = new Map()
  for (const room of listRooms(publicRooms(lobby), { sort: 'most-players', limit: DEFAULT_LIMIT, ...filter })) {
    const seen = seenBy(room)
    shown.set(room.id, { room: seen, text: JSON.stringify(seen) })
  }
  return shown
}

/** Without what is the cluster's own business. */
function seenBy({ id, state, players, maxPlayers, attributes }: ListedRoom): LobbyRoom {
  return { id, state, players, maxPlayers, attributes }
}

function* publicRooms(lobby: LobbyApi): Generator<ListedRoom> {
  for (const room of lobby.rooms()) if (room.attributes.private !== true) yield room
}

/** The same for equal filters, however they were written. */
function keyOf({
  attributes = {},
  prefixes = {},
  freeSeats = 0,
  states = [],
  sort = 'most-players',
  limit = 0,
}: LobbyFilter): string {
  return JSON.stringify([sorted(attributes), sorted(prefixes), freeSeats, [...states].sort(), sort, limit])
}

function sorted(properties: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))
}
