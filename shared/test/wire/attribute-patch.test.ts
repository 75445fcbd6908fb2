import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPatch, diffAttributes, isAttributePatch } from '../../src/wire/attribute-patch.ts'
import { decodeControl, encodeControl } from '../../src/wire/control-codec.ts'
import { copyPlain } from '../../src/wire/plain-data.ts'
import { mutated, strangeValue } from './plain-fuzz.ts'
import { seeded } from './seeded.ts'

type Data = Record<string, unknown>

const key = fc
  .oneof(fc.constantFrom('a', 'b', 'c', 'score', 'hasOwnProperty', 'toString', ''), fc.string({ maxLength: 5 }))
  .filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name))
const leaf = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 6 }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(0, -0),
)
const { tree } = fc.letrec<{ tree: unknown; object: Data }>((tie) => ({
  tree: fc.oneof({ depthSize: 'medium', maxDepth: 4 }, leaf, fc.array(tie('tree'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
}))
const attributes = fc.dictionary(key, tree, { maxKeys: 5, noNullPrototype: true })

test('the patch from a to b, applied to a, gives b, after a trip through the wire too', () => {
  fc.assert(
    fc.property(attributes, attributes, fc.integer(), (before, other, seed) => {
      const near = seed % 2 === 0 ? other : change(before, seeded(seed))
      const after = copyPlain(near) as Data
      const patch = diffAttributes(before, after)
      const target = copyPlain(before) as Data
      if (patch === undefined) {
        expect(target).toEqual(after)
        return
      }
      const sent = decodeControl(encodeControl({ t: 'attr', tick: 1, players: [[1, patch]] }))
      expect(sent.ok).toBe(true)
      expect(applyPatch(target, patch)).toBe(true)
      expect(target).toEqual(after)
      expect(diffAttributes(target, after)).toBeUndefined()
      const received = sent.ok ? (sent.value as { players: [[number, unknown]] }).players[0][1] : undefined
      const mirror = copyPlain(before) as Data
      expect(applyPatch(mirror, received)).toBe(true)
      expect(mirror).toEqual(after)
    }),
    { numRuns: 2000 },
  )
})

/** A copy with a few properties changed, so that patches go into objects. */
function change(value: Data, random: () => number): Data {
  const copy = copyPlain(value) as Data
  for (const name of Object.keys(copy)) {
    const there = copy[name]
    const kind = random() % 4
    if (typeof there === 'object' && there !== null && !Array.isArray(there) && kind < 3)
      copy[name] = change(there as Data, random)
    else if (kind === 0) delete copy[name]
    else if (kind === 1) copy[name] = random() % 10
  }
  if (random() % 3 === 0) copy.fresh = { at: [random() % 3] }
  return copy
}

test('a patch holds what changed and nothing else', () => {
  const before = { name: 'Ada', score: 1, kit: { armour: { head: 1, feet: 2 }, bag: [1, 2] }, old: 1, gone: null }
  const after = { name: 'Ada', score: 2, kit: { armour: { head: 1, feet: 3 }, bag: [1] }, gone: undefined, fresh: {} }
  expect(diffAttributes(before, after)).toEqual({
    unset: ['old', 'gone'],
    set: { score: 2, fresh: {} },
    in: { kit: { set: { bag: [1] }, in: { armour: { set: { feet: 3 } } } } },
  })
  expect(diffAttributes(after, after)).toBeUndefined()
})

test('the patch and what it was applied to share no memory with the game, nor with each other', () => {
  const list = [{ n: 1 }]
  const patch = diffAttributes({}, { list })
  const one: Data = {}
  const other: Data = {}
  applyPatch(one, patch)
  applyPatch(other, patch)
  list[0] = { n: 2 }
  ;(one.list as { n: number }[])[0] = { n: 3 }
  expect(other).toEqual({ list: [{ n: 1 }] })
})

test('what is no plain data is refused with the place and the remedy', () => {
  const circle: Data = {}
  circle.self = circle
  for (const bad of [
    { when: new Date(0) },
    { f: () => 1 },
    { n: Number.NaN },
    { list: [undefined] },
    { constructor: 1 },
    circle,
    { big: Array(5000).fill(0) },
  ]) {
    expect(() => diffAttributes({}, bad)).toThrow(/BAD_ARGUMENT: an attribute object .*Use finite numbers/)
  }
})

test('a patch cannot reach a prototype', () => {
  const evil: unknown[] = [
    JSON.parse('{"set": {"__proto__": {"polluted": 1}}}'),
    JSON.parse('{"in": {"__proto__": {"set": {"polluted": 1}}}}'),
    JSON.parse('{"set": {"a": {"__proto__": {"polluted": 1}}}}'),
    { in: { constructor: { in: { prototype: { set: { polluted: 1 } } } } } },
    { in: { toString: { set: { polluted: 1 } } } },
    { unset: ['__proto__'] },
  ]
  for (const patch of evil) {
    const target = { a: 1 }
    expect(applyPatch(target, patch)).toBe(false)
    expect(target).toEqual({ a: 1 })
  }
  expect(({} as Data).polluted).toBeUndefined()
})

test('a patch into what is not there, or that names a key twice, is refused whole', () => {
  const target: Data = { a: 1, o: { p: { q: 1 } } }
  for (const patch of [
    { set: { a: 2 }, in: { b: { set: { x: 1 } } } },
    { set: { a: 2 }, in: { o: { in: { missing: {} } } } },
    { set: { a: 2 }, in: { a: { set: { x: 1 } } } },
    { set: { a: 2 }, unset: ['a'] },
    { unset: ['o'], in: { o: { unset: ['p'] } } },
    { set: { a: 2 }, unset: 'a' },
    { in: { o: { in: { p: { in: { q: { in: { r: { set: { a: 1 } } } } } } } } } },
    null,
    [],
    7,
  ]) {
    expect(applyPatch(target, patch)).toBe(false)
    expect(target).toEqual({ a: 1, o: { p: { q: 1 } } })
  }
})

test('a patch goes three objects deep, not four', () => {
  const deep = (levels: number): unknown => (levels === 0 ? { set: { x: 1 } } : { in: { o: deep(levels - 1) } })
  expect([isAttributePatch(deep(3)), isAttributePatch(deep(4))]).toEqual([true, false])
})

test('a million strange and mutated patches never throw, and what is refused alters nothing', () => {
  const random = seeded(0xa77)
  const fresh = (): Data => ({ a: 1, b: { a: { b: { c: [1] } } }, c: {} })
  let target = fresh()
  const samples = [
    { unset: ['a'], set: { c: 2 }, in: { b: { in: { a: { unset: ['b'] } } } } },
    { set: { b: { a: { b: { c: [1] } } } } },
    { in: { b: { in: { a: { in: { b: { set: { c: 1 } } } } } } } },
    { set: { a: 1, c: {} } },
  ]
  let accepted = 0
  for (let round = 0; round < 1_000_000; round++) {
    const patch = round % 4 === 0 ? strangeValue(random, 5) : mutated(random, samples[random() % samples.length])
    const keys = Object.keys(target).length
    const before = round % 16 === 0 ? JSON.stringify(target) : ''
    if (!applyPatch(target, patch)) {
      if (before !== '' && JSON.stringify(target) !== before)
        throw new Error(`round ${round}: a refused patch altered the target`)
      if (Object.keys(target).length !== keys) throw new Error(`round ${round}: a refused patch altered the target`)
      continue
    }
    accepted++
    if (!isAttributePatch(patch)) throw new Error(`round ${round}: what is no patch was applied`)
    if (accepted % 4 === 0) target = fresh()
  }
  expect(accepted).toBeGreaterThan(20_000)
  expect(Object.keys(Object.prototype)).toEqual([])
})
