/**
 * What a shard's lobby says, as the client takes it: checked as far as a page relies on it, so that no answer of a broken or hostile shard throws in a game's
 * code. See lobby-messages.ts.
 */
import {
  isLobbyRoomState,
  type LobbyLine,
  type LobbyParty,
  type LobbyPerson,
  type LobbyPlace,
  type LobbyRoom,
  type LobbyServerMessage,
} from './lobby-messages.ts'
import type { Parsed } from './message-checks.ts'
import { isObject } from './plain-data.ts'

type Fields = Readonly<Record<string, unknown>>

/** More than any shard sends at once. */
const MAX_ITEMS = 10_000

export function parseLobbyServerMessage(value: unknown): Parsed<LobbyServerMessage> {
  if (!isObject(value)) return bad('it is not a map')
  switch (value.t) {
    case 'lobby-welcome':
      return isText(value.you) ? good({ t: value.t, you: value.you }) : bad('you')
    case 'rooms': {
      const { t, all, put, gone, rooms, players } = value
      if (!isList(put, isRoom) || !isList(gone, isText)) return bad(t)
      return good({ t, all: all === true, put, gone, rooms: Number(rooms), players: Number(players) })
    }
    case 'answer':
      return parseAnswer(value)
    case 'lines': {
      const { t, channel, lines } = value
      return isText(channel) && isList(lines, isLine) ? good({ t, channel, lines }) : bad(t)
    }
    case 'present': {
      const { t, all, put, gone } = value
      return isList(put, isPerson) && isList(gone, isText) ? good({ t, all: all === true, put, gone }) : bad(t)
    }
    case 'party-is': {
      const { t, party } = value
      return party === null || isParty(party) ? good({ t, party }) : bad(t)
    }
    case 'called':
      return isPlace(value.place) ? good({ t: value.t, place: value.place }) : bad(value.t)
    default:
      return bad('its t is unknown')
  }
}

function parseAnswer({ q, place, party, code, message }: Fields): Parsed<LobbyServerMessage> {
  if (typeof q !== 'number') return bad('answer')
  if (code !== undefined) return good({ t: 'answer', q, code: String(code), message: String(message ?? '') })
  if (isPlace(place)) return good({ t: 'answer', q, place })
  if (isParty(party)) return good({ t: 'answer', q, party })
  return good({ t: 'answer', q })
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isList<Item>(value: unknown, check: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length <= MAX_ITEMS && value.every(check)
}

function isRoom(value: unknown): value is LobbyRoom {
  if (!isObject(value) || !isText(value.id) || !isLobbyRoomState(value.state)) return false
  return Number.isInteger(value.players) && Number.isInteger(value.maxPlayers) && isFlat(value.attributes)
}

/** A game may list more of a room than a client may ask for. */
function isFlat(value: unknown): value is LobbyRoom['attributes'] {
  if (!isObject(value)) return false
  return Object.values(value).every(
    (entry) => typeof entry === 'string' || typeof entry === 'number' || typeof entry === 'boolean',
  )
}

function isLine(value: unknown): value is LobbyLine {
  return (
    isObject(value) && isText(value.id) && isText(value.from) && isText(value.text) && typeof value.atMs === 'number'
  )
}

function isPerson(value: unknown): value is LobbyPerson {
  return isObject(value) && isText(value.id) && isText(value.name) && isText(value.where)
}

function isPlace(value: unknown): value is LobbyPlace {
  return (
    isObject(value) && isText(value.room) && isText(value.url) && (value.ticket === undefined || isText(value.ticket))
  )
}

function isParty(value: unknown): value is LobbyParty {
  if (!isObject(value) || !isText(value.code) || !isText(value.leader)) return false
  return isList(
    value.members,
    (member): member is LobbyParty['members'][number] => isObject(member) && isText(member.id) && isText(member.name),
  )
}

function good(message: LobbyServerMessage): Parsed<LobbyServerMessage> {
  return { ok: true, message }
}

function bad(what: string): Parsed<LobbyServerMessage> {
  return { ok: false, problem: `${what} is not what it must be` }
}
