/** What shards say about standby crosses the wire whole, and what is not of its form is refused. */
import { describe, expect, it } from 'vitest'
import { packEnvelope, unpackEnvelope } from '../../../src/cluster/net/peer-codec.ts'
import {
  CHUNK_BYTES,
  MAX_RECORD_BYTES,
  MAX_STATE_BYTES,
  parseStandbyMessage,
  RUN_RECORDS,
  type StandbyMessage,
} from '../../../src/cluster/standby/standby-messages.ts'
import { lifeOf } from '../ring/test-view.ts'

const of = { room: 'r-1', epoch: { generation: 1, view: 2, k: 3 }, line: 4 }

function bytes(length: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => (at * 7) & 255)
}

const MESSAGES: readonly StandbyMessage[] = [
  { t: 'hold', ...of, build: 'b', tick: 9, sizes: [1, CHUNK_BYTES, 5], offset: 6, bytes: bytes(CHUNK_BYTES) },
  { t: 'hold', ...of, build: '', tick: 0, sizes: [0, 0, 0], offset: 0, bytes: bytes(0) },
  { t: 'got', ...of, bytes: 500, build: 'b' },
  { t: 'records', ...of, from: 10, records: [bytes(40), bytes(0), bytes(3), bytes(2)], counts: true },
  { t: 'records', ...of, from: 10, records: [bytes(MAX_RECORD_BYTES), bytes(0)], counts: true },
  { t: 'records', ...of, from: 10, records: Array.from({ length: 2 * RUN_RECORDS }, () => bytes(1)), counts: true },
  { t: 'records', ...of, from: 10, records: [], counts: true },
  { t: 'held', ...of, tick: 12, counts: false },
  { t: 'need', ...of, tick: 12 },
  { t: 'refused', ...of, why: 'full' },
  { t: 'drop', ...of },
  { t: 'dropped', ...of },
  { t: 'diverged', ...of, tick: 5 },
  { t: 'state', ...of, tick: 5, bytes: bytes(MAX_STATE_BYTES) },
  { t: 'explained', ...of, tick: 5, what: 'player 3: x' },
  { t: 'fence', room: 'r-1', epoch: of.epoch, drops: true },
  { t: 'fenced', room: 'r-1', epoch: of.epoch, drops: false },
]

/** Bytes as a text: quick to compare. */
function comparable(message: StandbyMessage | undefined): string {
  return JSON.stringify(message, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  )
}

function sent(body: unknown): unknown {
  const packed = packEnvelope({ cluster: 'c', from: lifeOf(1), to: lifeOf(2), part: 'standby', body })
  return packed === undefined ? undefined : unpackEnvelope(packed, 'c')?.body
}

describe('messages of standby', () => {
  it.each(MESSAGES.map((message) => [message.t, message] as const))('%s crosses the wire whole', (_, message) => {
    expect(comparable(parseStandbyMessage(sent(message)))).toEqual(comparable(message))
  })

  it('lets a word of a tick that is held fit into a datagram', () => {
    const held = { t: 'held', ...of, room: 'x'.repeat(64), tick: 2 ** 40 }
    const packed = packEnvelope({ cluster: 'c', from: lifeOf(1), to: lifeOf(2), part: 'standby', body: held })
    expect(packed?.length).toBeLessThan(300)
  })

  it('refuses what is not of its form, or too much', () => {
    const [hold, , , records] = MESSAGES
    for (const wrong of [
      null,
      'held',
      [],
      {},
      { t: 'held', ...of },
      { t: 'held', ...of, tick: -1 },
      { t: 'held', ...of, tick: 0.5 },
      { t: 'held', ...of, tick: 2 ** 53 },
      { t: 'held', ...of, room: 'a b', tick: 1 },
      { t: 'held', ...of, epoch: { generation: 1, view: 2 }, tick: 1 },
      { t: 'fence', room: 'r', epoch: [1, 2, 3] },
      { ...hold, bytes: bytes(CHUNK_BYTES + 1) },
      { ...hold, offset: 7 },
      { ...hold, sizes: [2 ** 26, 1, 0] },
      { ...hold, sizes: [1, 2] },
      { ...hold, bytes: bytes(0) },
      { ...hold, build: 'x'.repeat(129) },
      { ...records, records: [bytes(1)] },
      { ...records, records: [bytes(1), 'x'] },
      { ...records, records: Array.from({ length: 2 * RUN_RECORDS + 2 }, () => bytes(0)) },
      { t: 'state', ...of, tick: 1, bytes: bytes(MAX_STATE_BYTES + 1) },
      { t: 'explained', ...of, tick: 1, what: 'x'.repeat(2_001) },
      { t: 'refused', ...of, why: 'bored' },
      { t: 'unheard', ...of },
    ])
      expect(parseStandbyMessage(wrong), JSON.stringify(wrong)?.slice(0, 80)).toBeUndefined()
  })
})
