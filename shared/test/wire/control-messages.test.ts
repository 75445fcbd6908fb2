import { expect, test } from 'vitest'
import { decodeControl, encodeControl } from '../../src/wire/control-codec.ts'
import {
  type ClientMessage,
  parseClientMessage,
  parseServerMessage,
  type ServerMessage,
} from '../../src/wire/control-messages.ts'
import { mutated, strangeValue } from './plain-fuzz.ts'
import { seeded } from './seeded.ts'

const HELLO = { t: 'hello', protocol: 1, game: 'arena', schema: 0xdead_beef } as const
const WELCOME = {
  t: 'welcome',
  seat: 2,
  roomId: 'main',
  tickRate: 60,
  epochMs: 1234.5,
  serverNowMs: 99_999.25,
  tick: 12,
  seed: 77,
  playerId: '00ab12cd',
  resume: 'secret',
  attributes: { map: 'hills' },
  players: [
    [1, { name: 'Ada' }],
    [2, {}],
  ],
  maxPlayers: 16,
  maxRewindMs: 800,
} as const

const CLIENT: readonly ClientMessage[] = [
  HELLO,
  {
    ...HELLO,
    room: 'main',
    create: true,
    resume: 'abc',
    ticket: 'a.b.c',
    auth: 'me',
    options: { skin: 3, list: [1, { a: null }] },
  },
  { ...HELLO, room: 'main', spectate: 10_000.5 },
  { ...HELLO, room: 'main', epoch: [1_795_000_000_000, 7, 0] },
  { t: 'leave' },
  { t: 'full' },
  { t: 'msg', i: 0, v: [] },
  { t: 'msg', i: 63, v: [1, 'two', -3] },
]
const SERVER: readonly ServerMessage[] = [
  WELCOME,
  { ...WELCOME, seat: 0 },
  { ...WELCOME, resumed: true, graceMs: 30_000 },
  { ...WELCOME, epoch: [0, 1, 2 ** 53 - 1] },
  { t: 'moved', url: 'wss://b.example', room: 'main' },
  { t: 'moved', url: 'wss://b.example', room: 'main', epoch: [1, 2, 3] },
  { t: 'refused', code: 'ROOM_FULL', message: 'Room main is full.' },
  { t: 'attr', tick: 40 },
  {
    t: 'attr',
    tick: 40,
    room: { set: { map: 'sea' } },
    players: [
      [1, null],
      [3, { set: { name: 'Bo' } }],
      [4, {}],
    ],
  },
  { t: 'msg', i: 5, v: [1] },
  { t: 'bye', code: 'KICKED', message: '' },
  { t: 'notice', kind: 'paused' },
  { t: 'notice', kind: 'stopping', message: 'An update.', ms: 30_000 },
]

test('every message comes back as it went in, through the wire too', () => {
  for (const message of CLIENT) {
    const sent = decodeControl(encodeControl(message))
    expect(sent.ok && parseClientMessage(sent.value)).toEqual({ ok: true, message })
  }
  for (const message of SERVER) {
    const sent = decodeControl(encodeControl(message))
    expect(sent.ok && parseServerMessage(sent.value)).toEqual({ ok: true, message })
  }
})

test('unknown properties are left out', () => {
  expect(parseClientMessage({ ...HELLO, colour: 'red' })).toEqual({ ok: true, message: HELLO })
  expect(parseServerMessage({ ...WELCOME, weather: 3 })).toEqual({ ok: true, message: WELCOME })
})

test('one side does not take the messages of the other', () => {
  for (const message of CLIENT) if (message.t !== 'msg') expect(parseServerMessage(message).ok).toBe(false)
  for (const message of SERVER) if (message.t !== 'msg') expect(parseClientMessage(message).ok).toBe(false)
})

test('each property of each message must have its type and keep its bound', () => {
  const refusedByServer: unknown[] = [
    ...[-1, 0.5, 70_000, '1', undefined].map((protocol) => ({ ...HELLO, protocol })),
    ...['', 'Arena', 'a'.repeat(41), 3, undefined].map((game) => ({ ...HELLO, game })),
    ...[-1, 2 ** 32, 1.5, null, undefined].map((schema) => ({ ...HELLO, schema })),
    ...['', 'a b', '../x', 'r'.repeat(65), 5, null].map((room) => ({ ...HELLO, room })),
    ...[1, 'yes', null].map((create) => ({ ...HELLO, create })),
    ...['n'.repeat(257), 5, null].map((resume) => ({ ...HELLO, resume })),
    ...['n'.repeat(2049), 5, null].map((ticket) => ({ ...HELLO, ticket })),
    ...['n'.repeat(8193), 5, null].map((auth) => ({ ...HELLO, auth })),
    ...[[], 'x', null, { f: () => 1 }, { a: Number.NaN }, new Map()].map((options) => ({ ...HELLO, options })),
    ...[-1, 120_001, '0', null, Number.NaN].map((spectate) => ({ ...HELLO, spectate })),
    ...[-1, 64, 0.5, '1', undefined].map((i) => ({ t: 'msg', i, v: [] })),
    ...[{}, 'x', Array(17).fill(0), undefined].map((v) => ({ t: 'msg', i: 1, v })),
    ...[undefined, null, 'hello', 5, [], [HELLO], { t: 'bogus' }, {}, { t: ['hello'] }],
  ]
  for (const bad of refusedByServer) expect(parseClientMessage(bad)).toEqual({ ok: false, problem: expect.any(String) })
  const refusedByClient: unknown[] = [
    ...[-1, 17, 1.5, '2'].map((seat) => ({ ...WELCOME, seat })),
    ...['', 'a b', 4].map((roomId) => ({ ...WELCOME, roomId })),
    ...[0, 241, '60'].map((tickRate) => ({ ...WELCOME, tickRate })),
    ...[Number.NaN, Number.POSITIVE_INFINITY, '5', undefined].map((epochMs) => ({ ...WELCOME, epochMs })),
    ...[Number.NaN, '5', undefined].map((serverNowMs) => ({ ...WELCOME, serverNowMs })),
    ...[-1, 2 ** 31, 0.5].map((tick) => ({ ...WELCOME, tick })),
    ...[2 ** 32, 0.5, 'x'].map((seed) => ({ ...WELCOME, seed })),
    ...[5, undefined].map((resume) => ({ ...WELCOME, resume })),
    ...[5, undefined, 'n'.repeat(65)].map((playerId) => ({ ...WELCOME, playerId })),
    ...[null, [], { f: () => 1 }].map((attributes) => ({ ...WELCOME, attributes })),
    ...[
      {},
      [[1]],
      [[0, {}]],
      [[1, null]],
      [[1, {}, 2]],
      [
        [1, {}],
        [1, {}],
      ],
      [[1001, {}]],
    ].map((players) => ({ ...WELCOME, players })),
    ...[0, 1001].map((maxPlayers) => ({ ...WELCOME, maxPlayers })),
    ...[-1, '500', Number.NaN].map((maxRewindMs) => ({ ...WELCOME, maxRewindMs })),
    ...[5, 'x'.repeat(65), undefined].map((code) => ({ t: 'bye', code, message: '' })),
    ...[5, 'x'.repeat(1001), undefined].map((message) => ({ t: 'refused', code: 'KICKED', message })),
    ...[-1, 0.5, undefined].map((tick) => ({ t: 'attr', tick })),
    ...[null, [], { set: 5 }, { unset: ['constructor'] }].map((room) => ({ t: 'attr', tick: 1, room })),
    ...[
      {},
      [[0, null]],
      [[1, 5]],
      [
        [1, null],
        [1, null],
      ],
    ].map((players) => ({ t: 'attr', tick: 1, players })),
    ...['', 'PAUSED', 5, undefined].map((kind) => ({ t: 'notice', kind })),
    { t: 'notice', kind: 'paused', message: 5 },
    { t: 'notice', kind: 'paused', ms: Number.NaN },
    ...[undefined, null, 'bye', [], {}, { t: 'toString' }],
  ]
  for (const bad of refusedByClient) expect(parseServerMessage(bad)).toEqual({ ok: false, problem: expect.any(String) })
})

test('a code that this side does not know is read as INTERNAL', () => {
  for (const code of ['TOO_CLEVER', 'toString']) {
    expect(parseServerMessage({ t: 'bye', code, message: 'x' })).toEqual({
      ok: true,
      message: { t: 'bye', code: 'INTERNAL', message: 'x' },
    })
  }
})

test('a million strange and mutated messages never throw, and what is accepted is accepted again', () => {
  const random = seeded(0xc0)
  let accepted = 0
  for (let round = 0; round < 1_000_000; round++) {
    const fromClient = round % 2 === 0
    const samples: readonly unknown[] = fromClient ? CLIENT : SERVER
    const value = round % 8 < 2 ? strangeValue(random, 3) : mutated(random, samples[random() % samples.length])
    const parsed = fromClient ? parseClientMessage(value) : parseServerMessage(value)
    if (!parsed.ok) {
      if (parsed.problem === '') throw new Error('a refusal without a reason')
      continue
    }
    accepted++
    if (round % 64 > 1) continue
    const again = fromClient ? parseClientMessage(parsed.message) : parseServerMessage(parsed.message)
    expect(again).toEqual(parsed)
  }
  expect(accepted).toBeGreaterThan(10_000)
})
