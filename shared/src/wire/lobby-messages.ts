/**
 * What a client and a shard's lobby say to each other, as control messages on a link of their own: the client says `lobby` first, instead of a hello. Believed by
 * neither side: parsed here. Questions carry a number `q`, which the answer repeats.
 */
import { isRoomId } from './control-messages.ts'
import { accept, given, isText, isWhole, type Parsed, refuse } from './message-checks.ts'
import { isObject, isPlainKey } from './plain-data.ts'

/** Flat: what rooms are listed with, and filtered by. */
export type LobbyAttributes = Readonly<Record<string, string | number | boolean>>

export type LobbyRoomState = 'open' | 'full' | 'closed' | 'recovering' | 'lost'

/** Which rooms to show. All conditions must hold; without any all rooms are shown. */
export interface LobbyFilter {
  /** What attributes must be equal to. */
  readonly attributes?: LobbyAttributes
  /** What attributes that are texts must begin with, letters of either case; `id` counts as one. */
  readonly prefixes?: Readonly<Record<string, string>>
  /** At least so many free seats, in rooms that are open. */
  readonly freeSeats?: number
  readonly states?: readonly LobbyRoomState[]
  /** By default the fullest first; equals by their ids. */
  readonly sort?: 'most-players' | 'fewest-players' | 'id'
  /** Rooms at most; 100 by default. */
  readonly limit?: number
}

export interface LobbyHello {
  readonly t: 'lobby'
  readonly protocol: number
  readonly game: string
  readonly schema: number
  /** Shown to others; at most 32 letters. */
  readonly name?: string
  readonly auth?: string
  readonly filter?: LobbyFilter
}

export type LobbyClientMessage =
  | { readonly t: 'filter'; readonly filter: LobbyFilter }
  /** Makes a room, with attributes that its listing shows. `code`: one that is short enough to be read out; such a room is not listed. */
  | {
      readonly t: 'create'
      readonly q: number
      readonly room?: string
      readonly attributes?: LobbyAttributes
      readonly code?: boolean
    }
  /** A seat in the room of this id or code. */
  | { readonly t: 'find'; readonly q: number; readonly room: string }
  /** A seat in a room that suits, made if need be; for the leader of a party, one for each member. */
  | {
      readonly t: 'match'
      readonly q: number
      readonly attributes?: LobbyAttributes
      readonly skill?: number
      readonly range?: number
    }
  | { readonly t: 'say'; readonly channel: string; readonly text: string }
  /** Hear what is said there from now on, and what was said lately. */
  | { readonly t: 'listen'; readonly channel: string }
  | { readonly t: 'party'; readonly q: number; readonly act: 'create' | 'join' | 'leave'; readonly code?: string }
  | { readonly t: 'leave' }
  | { readonly t: 'ping'; readonly id: number }

/** As clients see it. */
export interface LobbyRoom {
  readonly id: string
  readonly state: LobbyRoomState
  /** Seats that somebody has, or that are kept for somebody who comes. */
  readonly players: number
  readonly maxPlayers: number
  readonly attributes: LobbyAttributes
}

/** Where to play: `join(game, place.url, { room: place.room, ticket: place.ticket })`, or `join(game, place)`. */
export interface LobbyPlace {
  readonly room: string
  readonly url: string
  /** For a seat that is kept for about half a minute. Left out by a cluster without a key, which cannot sign any. */
  readonly ticket?: string
}

export interface LobbyLine {
  readonly id: string
  readonly from: string
  readonly text: string
  /** Cluster time, ms since 1970. */
  readonly atMs: number
}

export interface LobbyPerson {
  readonly id: string
  readonly name: string
  /** `lobby`, or a room's id. */
  readonly where: string
}

export interface LobbyParty {
  /** To join it by. */
  readonly code: string
  readonly leader: string
  readonly members: readonly { readonly id: string; readonly name: string }[]
}

export type LobbyServerMessage =
  | { readonly t: 'lobby-welcome'; readonly you: string }
  /** `all`: what was shown before is void. Counts are of the whole cluster. */
  | {
      readonly t: 'rooms'
      readonly all: boolean
      readonly put: readonly LobbyRoom[]
      readonly gone: readonly string[]
      readonly rooms: number
      readonly players: number
    }
  | {
      readonly t: 'answer'
      readonly q: number
      readonly place?: LobbyPlace
      readonly party?: LobbyParty
      readonly code?: string
      readonly message?: string
    }
  | { readonly t: 'lines'; readonly channel: string; readonly lines: readonly LobbyLine[] }
  | {
      readonly t: 'present'
      readonly all: boolean
      readonly put: readonly LobbyPerson[]
      readonly gone: readonly string[]
    }
  /** Null: you are in none any more. */
  | { readonly t: 'party-is'; readonly party: LobbyParty | null }
  /** The party's leader found a match: this is your seat. */
  | { readonly t: 'called'; readonly place: LobbyPlace }

export const MAX_LOBBY_NAME = 32
export const MAX_LOBBY_TEXT = 300
const MAX_FILTER_ATTRIBUTES = 16
const MAX_VALUE_LENGTH = 64
const MAX_LIMIT = 500
const MAX_CODE_LENGTH = 12
const CHANNEL = /^[A-Za-z0-9:_-]{1,64}$/

export function isLobbyAttributes(value: unknown): value is LobbyAttributes {
  if (!isObject(value)) return false
  const entries = Object.entries(value)
  return entries.length <= MAX_FILTER_ATTRIBUTES && entries.every(([key, entry]) => isPlainKey(key) && isFlat(entry))
}

export function isLobbyRoomState(value: unknown): value is LobbyRoomState {
  return value === 'open' || value === 'full' || value === 'closed' || value === 'recovering' || value === 'lost'
}

export function isLobbyChannel(value: unknown): value is string {
  return typeof value === 'string' && CHANNEL.test(value)
}

/** What comes first tells a lobby's link from a player's. */
export function isLobbyHello(value: unknown): boolean {
  return isObject(value) && value.t === 'lobby'
}

/** Undefined: it is none. Property by property, so that nothing else comes along. */
export function parseLobbyFilter(value: unknown): LobbyFilter | undefined {
  if (!isObject(value)) return undefined
  const { attributes, prefixes, freeSeats, states, sort, limit } = value
  if (attributes !== undefined && !isLobbyAttributes(attributes)) return undefined
  if (freeSeats !== undefined && !isWhole(freeSeats, 0, 1000)) return undefined
  if (prefixes !== undefined && !isPrefixes(prefixes)) return undefined
  if (states !== undefined && !isStates(states)) return undefined
  if (sort !== undefined && sort !== 'most-players' && sort !== 'fewest-players' && sort !== 'id') return undefined
  if (limit !== undefined && !isWhole(limit, 1, MAX_LIMIT)) return undefined
  return given({ attributes, prefixes, freeSeats, states, sort, limit })
}

/** Version, game and credentials are looked at by whoever takes it. */
export function parseLobbyHello(value: unknown): Parsed<LobbyHello> {
  if (!isObject(value) || value.t !== 'lobby') return refuse('it is no lobby hello')
  const { protocol, game, schema, name, auth } = value
  if (!isWhole(protocol, 0, 0xffff) || !isText(game, 40) || !isWhole(schema, 0, 0xffff_ffff))
    return refuse('lobby.protocol, game or schema is not what it must be')
  if (name !== undefined && !isText(name, MAX_LOBBY_NAME))
    return refuse(`lobby.name is not a text of up to ${MAX_LOBBY_NAME}`)
  if (auth !== undefined && !isText(auth, 8192)) return refuse('lobby.auth is not a text of up to 8192')
  const filter = value.filter === undefined ? {} : parseLobbyFilter(value.filter)
  if (filter === undefined) return refuse('lobby.filter is none')
  return accept({ t: 'lobby', protocol, game, schema, filter, ...given({ name, auth }) })
}

export function parseLobbyClientMessage(value: unknown): Parsed<LobbyClientMessage> {
  if (!isObject(value)) return refuse('it is not a map')
  const { t, q, attributes, channel, code, room } = value
  const asks = t === 'create' || t === 'find' || t === 'match' || t === 'party'
  if (asks && !isWhole(q, 0, 0xffff_ffff)) return refuse(`${t}.q is no number of a question`)
  if (attributes !== undefined && !isLobbyAttributes(attributes)) return refuse('its attributes are not flat')
  if (room !== undefined && !isRoomId(room)) return refuse('its room is no id')
  if ((t === 'say' || t === 'listen') && !isLobbyChannel(channel)) return refuse('its channel is none')
  const number = Number(q)
  switch (t) {
    case 'filter': {
      const filter = parseLobbyFilter(value.filter)
      return filter === undefined ? refuse('its filter is none') : accept({ t, filter })
    }
    case 'create':
      return accept({ t, q: number, code: code === true, ...given({ room, attributes }) })
    case 'find':
      return room === undefined ? refuse('find.room is missing') : accept({ t, q: number, room })
    case 'match':
      return parseMatch(value, number, attributes)
    case 'say':
      if (!isText(value.text, MAX_LOBBY_TEXT) || value.text.trim() === '')
        return refuse('say.text is empty or too long')
      return accept({ t, channel: String(channel), text: value.text })
    case 'listen':
      return accept({ t, channel: String(channel) })
    case 'party':
      return parseParty(value, number)
    case 'leave':
      return accept({ t })
    case 'ping':
      return isWhole(value.id, 0, 0xffff) ? accept({ t, id: value.id }) : refuse('ping.id is out of range')
    default:
      return refuse('its t is unknown')
  }
}

function parseMatch(
  { skill, range }: Readonly<Record<string, unknown>>,
  q: number,
  attributes: LobbyAttributes | undefined,
): Parsed<LobbyClientMessage> {
  if (skill !== undefined && !isNumber(skill)) return refuse('match.skill is no number')
  if (range !== undefined && !(isNumber(range) && range >= 0)) return refuse('match.range is no number from 0 up')
  return accept({ t: 'match', q, ...given({ attributes, skill, range }) })
}

function parseParty({ act, code }: Readonly<Record<string, unknown>>, q: number): Parsed<LobbyClientMessage> {
  if (act !== 'create' && act !== 'join' && act !== 'leave') return refuse('party.act is unknown')
  if (code !== undefined && !isText(code, MAX_CODE_LENGTH)) return refuse('party.code is none')
  if (act === 'join' && code === undefined) return refuse('party.code is missing')
  return accept({ t: 'party', q, act, ...given({ code }) })
}

function isPrefixes(value: unknown): value is Readonly<Record<string, string>> {
  return isLobbyAttributes(value) && Object.values(value).every((prefix) => typeof prefix === 'string')
}

function isStates(value: unknown): value is LobbyRoomState[] {
  return Array.isArray(value) && value.length <= 5 && value.every(isLobbyRoomState)
}

function isFlat(value: unknown): boolean {
  return isText(value, MAX_VALUE_LENGTH) || typeof value === 'boolean' || isNumber(value)
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value)
}
