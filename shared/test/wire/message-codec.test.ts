import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CompiledMessage } from '../../src/game/compiled.ts'
import { decodeControl, encodeControl } from '../../src/wire/control-codec.ts'
import { decodeMessage, encodeMessage } from '../../src/wire/message-codec.ts'
import { mutated, strangeValue } from './plain-fuzz.ts'
import { seeded } from './seeded.ts'
import { messageGame } from './wire-game.ts'

function messageNamed(name: string): CompiledMessage {
  const found = messageGame.toServer.find((message) => message.name === name)
  if (found === undefined) throw new Error(`no message ${name}`)
  return found
}

const all = messageNamed('all')
const ANGLE_STEP = (2 * Math.PI) / 1024
const record = fc.record({
  count: fc.integer({ min: -5, max: 1000 }),
  place: fc.integer({ min: -2048, max: 2048 }).map((raw) => raw / 32),
  heading: fc.integer({ min: -512, max: 511 }).map((raw) => raw * ANGLE_STEP),
  ready: fc.boolean(),
  state: fc.record({ shield: fc.boolean(), stunned: fc.boolean(), hidden: fc.boolean() }),
  team: fc.constantFrom('red', 'blue'),
  target: fc.integer({ min: 0, max: 2147483647 }),
  ratio: fc.float({ noNaN: true, noDefaultInfinity: true }),
  words: fc.string({ unit: 'grapheme', maxLength: 6 }).filter((words) => words.length <= 20),
})

test('a record on its grid comes back as it went in, through the wire too', () => {
  fc.assert(
    fc.property(record, (values) => {
      const sent = decodeControl(encodeControl(encodeMessage(all, values)))
      expect(sent.ok && decodeMessage(all, sent.value)).toEqual(values)
    }),
    { numRuns: 5000 },
  )
})

test('numbers are rounded to the grid half to even, angles wrap, what is left out is as declared', () => {
  const encode = (values: Record<string, unknown>) => decodeMessage(all, encodeMessage(all, values))
  expect(encode({ place: 1.5 / 32 })?.place).toBe(2 / 32)
  expect(encode({ place: 2.5 / 32 })?.place).toBe(2 / 32)
  expect(encode({ heading: 3 * Math.PI })?.heading).toBe(-Math.PI)
  expect(encode({ state: { stunned: true } })?.state).toEqual({ shield: false, stunned: true, hidden: false })
  expect(encode({})).toEqual({
    count: 0,
    place: 0,
    heading: 0,
    ready: false,
    state: { shield: false, stunned: false, hidden: false },
    team: 'red',
    target: 0,
    ratio: 0,
    words: '',
  })
  expect(encodeMessage(messageNamed('empty'), {})).toEqual([])
})

test('what the sending code got wrong throws with the place', () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ count: 1001 }, 'OUT_OF_RANGE: message all.count'],
    [{ count: Number.NaN }, 'OUT_OF_RANGE: message all.count'],
    [{ count: '3' }, 'OUT_OF_RANGE: message all.count'],
    [{ place: 64.5 }, 'OUT_OF_RANGE: message all.place'],
    [{ ready: 1 }, 'OUT_OF_RANGE: message all.ready'],
    [{ state: { sheild: true } }, 'OUT_OF_RANGE: message all.state'],
    [{ team: 'green' }, 'OUT_OF_RANGE: message all.team'],
    [{ ratio: Number.POSITIVE_INFINITY }, 'OUT_OF_RANGE: message all.ratio'],
    [{ words: 'x'.repeat(21) }, 'OUT_OF_RANGE: message all.words'],
    [{ words: 5 }, 'OUT_OF_RANGE: message all.words'],
    [{ wrods: 'x' }, 'BAD_ARGUMENT: message all has no field "wrods"'],
  ]
  for (const [values, problem] of cases) expect(() => encodeMessage(all, values)).toThrow(problem)
})

test('half a character becomes the replacement character', () => {
  expect(encodeMessage(all, { words: 'a\ud83d!' }).at(-1)).toBe('a\ufffd!')
  expect(encodeMessage(all, { words: 'a\ud83d\ude00!' }).at(-1)).toBe('a\ud83d\ude00!')
})

test('values that are not just what is declared are refused', () => {
  const good = encodeMessage(all, { count: 3, words: 'hi' })
  expect(decodeMessage(all, good)).toBeDefined()
  expect(decodeMessage(all, good.slice(1))).toBeUndefined()
  expect(decodeMessage(all, [...good, 0])).toBeUndefined()
  expect(decodeMessage(all, { ...good })).toBeUndefined()
  const withValue = (at: number, value: unknown) =>
    decodeMessage(
      all,
      good.map((old, index) => (index === at ? value : old)),
    )
  for (const [at, value] of [
    [0, 1001],
    [0, 0.5],
    [0, '3'],
    [0, null],
    [3, 2],
    [3, true],
    [4, 8],
    [5, 2],
    [6, -1],
    [7, 0x7f80_0000],
    [7, 2 ** 31],
    [8, 'x'.repeat(21)],
    [8, 3],
  ]) {
    expect(withValue(Number(at), value)).toBeUndefined()
  }
})

test('a million strange and mutated lists never throw, and what is accepted can be sent again', () => {
  const random = seeded(0x3e5)
  const samples = fc.sample(record, { numRuns: 50, seed: 5 }).map((values) => encodeMessage(all, values))
  let accepted = 0
  for (let round = 0; round < 1_000_000; round++) {
    const sample = samples[random() % samples.length] ?? []
    let values: unknown = strangeValue(random, 2)
    if (round % 4 === 1) values = mutated(random, sample)
    else if (round % 4 !== 0) {
      const copy: unknown[] = [...sample]
      copy[random() % copy.length] = round % 4 === 2 ? (random() | 0) >> (random() % 32) : values
      values = copy
    }
    const decoded = decodeMessage(all, values)
    if (decoded === undefined) continue
    accepted++
    if (round % 8 === 2) expect(encodeMessage(all, decoded)).toEqual(values)
  }
  expect(accepted).toBeGreaterThan(20_000)
})
