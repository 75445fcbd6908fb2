import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRoomMessage, type RoomMessage } from '../../../src/cluster/ring/room-messages.ts'
import { lifeOf } from './test-view.ts'

const view = { generation: 1, number: 7 }
const epoch = { generation: 1, view: 7, k: 3 }
const claim = { id: 'room-1', epoch }

const EXAMPLES: readonly RoomMessage[] = [
  { view, t: 'claims', chunk: 0, chunks: 2, rooms: [claim], held: [{ ...claim, tick: 9 }], gone: [], over: [claim] },
  { view, t: 'claimed', chunk: 1 },
  { view, t: 'outranked', ...claim },
  { view, t: 'find', request: 1, id: 'room-1' },
  { view, t: 'make', request: 1, settled: 0, id: 'room-1', attributes: { mode: 'duel', seats: [1, 2] } },
  { view, t: 'found', request: 1, answer: { kind: 'at', owner: lifeOf(1), epoch } },
  { view, t: 'found', request: 1, answer: { kind: 'none' } },
  { view, t: 'found', request: 1, answer: { kind: 'lost' } },
  { view, t: 'found', request: 1, answer: { kind: 'unknown', why: 'its home has no lease' } },
  { view, t: 'open', settled: 1, ...claim, attributes: {}, takeOver: true },
  { view, t: 'opened', k: 3, isOpen: false },
  { view, t: 'ended', ...claim },
  { view, t: 'noted', ...claim },
  { view, t: 'rename', request: 2, ...claim, to: lifeOf(2) },
  { view, t: 'renamed', request: 2, epoch },
  { view, t: 'refused', request: 2 },
  { view, t: 'runs', ...claim },
  { view, t: 'registered', ...claim },
  { view, t: 'over', ...claim },
  { view, t: 'taken', owner: lifeOf(1), ...claim },
]

/** Every place within a message but its attributes (any plain data), as a function that gives the value with something else there. */
function* changes(
  value: unknown,
  put: (inner: unknown) => unknown = (inner) => inner,
): Generator<(inner: unknown) => unknown> {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value).filter((name) => name !== 'attributes')) {
    const at = (inner: unknown) =>
      put(
        Array.isArray(value) ? value.map((item, i) => (String(i) === key ? inner : item)) : { ...value, [key]: inner },
      )
    yield at
    yield* changes(Reflect.get(value, key), at)
  }
}

describe('messages about rooms', () => {
  it('are read as they were sent, without what does not belong', () => {
    for (const message of EXAMPLES) expect(parseRoomMessage({ ...message, more: 1 })).toEqual(message)
  })

  it('are refused whole when any part is not what it should be', () => {
    const wrong = [undefined, null, -1, 1.5, '', 'no id!', Number.NaN, [], () => {}]
    for (const message of EXAMPLES)
      for (const put of changes(message))
        for (const value of wrong) {
          const parsed = parseRoomMessage(put(value))
          // An empty list of claims and an empty reason are fine.
          if (parsed !== undefined)
            expect([JSON.stringify([]), JSON.stringify(''), '"no id!"']).toContain(JSON.stringify(value))
        }
  })

  it('are bounded', () => {
    const [claims, , , , make] = EXAMPLES
    expect(parseRoomMessage({ ...claims, rooms: Array(400).fill(claim) })).toBeDefined()
    expect(parseRoomMessage({ ...claims, rooms: Array(401).fill(claim) })).toBeUndefined()
    expect(parseRoomMessage({ ...claims, held: Array(400).fill({ ...claim, tick: 1 }) })).toBeDefined()
    expect(parseRoomMessage({ ...claims, held: Array(401).fill({ ...claim, tick: 1 }) })).toBeUndefined()
    expect(parseRoomMessage({ ...claims, over: Array(401).fill(claim) })).toBeUndefined()
    expect(parseRoomMessage({ ...claims, chunks: 1_001 })).toBeUndefined()
    expect(parseRoomMessage({ ...claims, chunk: 2 })).toBeUndefined()
    expect(parseRoomMessage({ ...make, attributes: { list: Array(100_000).fill(1) } })).toBeUndefined()
    expect(parseRoomMessage({ ...make, id: 'x'.repeat(65) })).toBeUndefined()
  })

  it('never throw, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...EXAMPLES), fc.string(), (value, example, key) => {
        parseRoomMessage(value)
        parseRoomMessage({ ...example, [key]: value })
      }),
      { numRuns: 500 },
    )
  })
})
