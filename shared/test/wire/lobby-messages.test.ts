import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeControl, encodeControl } from '../../src/wire/control-codec.ts'
import { parseLobbyServerMessage } from '../../src/wire/lobby-answers.ts'
import { parseLobbyClientMessage, parseLobbyFilter, parseLobbyHello } from '../../src/wire/lobby-messages.ts'

const hello = { t: 'lobby', protocol: 2, game: 'arena', schema: 7 }
const room = { id: 'r', state: 'open', players: 1, maxPlayers: 4, attributes: { mode: 'ffa', ranked: true, skill: 3 } }
const place = { room: 'r', url: 'wss://shard', ticket: 't' }
const party = { code: 'ABCD', leader: 'p', members: [{ id: 'p', name: 'Ann' }] }

function across(value: unknown): unknown {
  const decoded = decodeControl(encodeControl(value))
  return decoded.ok ? decoded.value : decoded
}

describe('messages to the lobby', () => {
  it.each([
    {
      t: 'filter',
      filter: {
        attributes: { mode: 'ffa' },
        freeSeats: 2,
        prefixes: { name: 'new' },
        states: ['open', 'recovering'],
        sort: 'id',
        limit: 50,
      },
    },
    { t: 'create', q: 1, code: true, room: 'mine', attributes: { mode: 'duel' } },
    { t: 'find', q: 2, room: 'ABCD' },
    { t: 'match', q: 3, attributes: { region: 'eu' }, skill: 1500, range: 100 },
    { t: 'say', channel: 'all', text: 'hello' },
    { t: 'listen', channel: 'room:r' },
    { t: 'party', q: 4, act: 'join', code: 'ABCD' },
    { t: 'leave' },
    { t: 'ping', id: 9 },
  ])('$t is taken as it was meant', (message) => {
    expect(parseLobbyClientMessage(across(message))).toEqual({ ok: true, message })
  })

  it('a hello needs no filter and no name, and carries nothing that is not known', () => {
    const parsed = parseLobbyHello(across({ ...hello, name: 'Ann', extra: { deep: [] } }))
    expect(parsed).toEqual({ ok: true, message: { ...hello, name: 'Ann', filter: {} } })
  })

  it.each([
    { t: 'create', q: -1 },
    { t: 'create', q: 1, room: 'no room' },
    { t: 'create', q: 1, attributes: { a: {} } },
    { t: 'create', q: 1, attributes: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`a${at}`, 1])) },
    { t: 'find', q: 1 },
    { t: 'match', q: 1, skill: 'high' },
    { t: 'match', q: 1, range: -1 },
    { t: 'say', channel: 'all', text: '  ' },
    { t: 'say', channel: 'all', text: 'x'.repeat(301) },
    { t: 'say', channel: 'no channel', text: 'hello' },
    { t: 'party', q: 1, act: 'join' },
    { t: 'party', q: 1, act: 'rule' },
    { t: 'filter', filter: { limit: 501 } },
    { t: 'filter', filter: { prefixes: { name: 1 } } },
    { t: 'filter', filter: { states: ['haunted'] } },
    { t: 'filter', filter: { sort: 'random' } },
    { t: 'else' },
  ])('%o is refused', (message) => {
    expect(parseLobbyClientMessage(message).ok).toBe(false)
  })

  it('anything at all is taken or refused without a throw, and filters stay within bounds', () => {
    fc.assert(
      fc.property(
        fc.object({ maxDepth: 3 }),
        fc.constantFrom('filter', 'match', 'party', 'say', 'lobby'),
        (junk, t) => {
          parseLobbyClientMessage({ ...junk, t })
          parseLobbyHello({ ...hello, ...junk })
          parseLobbyServerMessage({ ...junk, t })
          const filter = parseLobbyFilter(junk)
          expect(filter?.limit ?? 1).toBeLessThanOrEqual(500)
        },
      ),
    )
  })
})

describe('messages of the lobby', () => {
  it.each([
    { t: 'lobby-welcome', you: 'p' },
    { t: 'rooms', all: true, put: [room], gone: ['x'], rooms: 9, players: 20 },
    { t: 'answer', q: 1, place },
    { t: 'answer', q: 1, party },
    { t: 'answer', q: 1, code: 'ROOM_FULL', message: 'all seats are taken.' },
    { t: 'lines', channel: 'all', lines: [{ id: 'l', from: 'Ann', text: 'hi', atMs: 5 }] },
    { t: 'present', all: false, put: [{ id: 'p', name: 'Ann', where: 'lobby' }], gone: [] },
    { t: 'party-is', party: null },
    { t: 'called', place },
  ])('$t is taken as it was meant', (message) => {
    expect(parseLobbyServerMessage(across(message))).toEqual({ ok: true, message })
  })

  it.each([
    { t: 'rooms', all: true, put: [{ ...room, state: 'haunted' }], gone: [] },
    { t: 'rooms', all: true, put: [{ ...room, attributes: { a: [] } }], gone: [] },
    { t: 'lines', channel: 'all', lines: [{}] },
    { t: 'called', place: {} },
    { t: 'party-is', party: { code: 1 } },
  ])('%o is refused', (message) => {
    expect(parseLobbyServerMessage(message).ok).toBe(false)
  })
})
