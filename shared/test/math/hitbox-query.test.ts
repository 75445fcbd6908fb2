import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hitbox2, Hitbox3 } from '../../src/math/hitbox.ts'
import { box, box3, capsule, capsule3, circle, sphere } from '../../src/math/hitbox.ts'
import { real } from './real.ts'
import { distance2, distance3, faultOfHit } from './solids.ts'

/** Without shrinking: along a continuous edge it creeps for hours. The seed and the case are printed as they were. */
const CREEP_FREE = { endOnFailure: true } as const
const size = real(0.25, 40)
const place = real(-100, 100)
const angle = fc.oneof(fc.constantFrom(0, Math.PI / 2, -Math.PI), real(-7, 7))
/** Where to aim, as an offset from the centre of the shape: near enough to hit often, far enough to miss often. */
const aim = real(-25, 25)
const reach = real(0, 400)

const flat: readonly [string, fc.Arbitrary<Hitbox2>][] = [
  ['circle', size.map((r) => circle(r))],
  ['box', fc.tuple(size, size).map(([w, h]) => box(w, h))],
  ['capsule', fc.tuple(size, size).map(([core, r]) => capsule(core - 0.25 + 2 * r, r))],
]
const solid: readonly [string, fc.Arbitrary<Hitbox3>][] = [
  ['sphere', size.map((r) => sphere(r))],
  ['box3', fc.tuple(size, size, size).map(([w, h, d]) => box3(w, h, d))],
  ['capsule3', fc.tuple(size, size).map(([core, r]) => capsule3(core - 0.25 + 2 * r, r))],
]

describe.each(flat)('a ray against a %s', (_, hitboxes) => {
  test('finds the first point of the shape, as sampling along the ray does', () => {
    const answers = { hit: 0, miss: 0, inside: 0 }
    const origin = fc.oneof(
      fc.tuple(place, place),
      fc.tuple(aim, aim).map(([x, y]) => [10 + x, -20 + y] as const),
    )
    fc.assert(
      fc.property(hitboxes, angle, origin, aim, aim, reach, (hitbox, turn, [ox, oy], ax, ay, maxDistance) => {
        const [cx, cy] = [10, -20]
        const length = Math.hypot(cx + ax - ox, cy + ay - oy)
        fc.pre(length > 1e-6)
        const dx = (cx + ax - ox) / length
        const dy = (cy + ay - oy) / length
        const hit = hitbox.ray(cx, cy, turn, ox, oy, dx, dy, maxDistance)
        answers[hit > 0 ? 'hit' : hit === 0 ? 'inside' : 'miss'] += 1
        const along = (t: number): number => distance2(hitbox, cx, cy, turn, ox + dx * t, oy + dy * t)
        expect(faultOfHit(hit, maxDistance, along)).toBe('')
      }),
      { numRuns: 3_000, ...CREEP_FREE },
    )
    expect(Math.min(answers.hit, answers.miss)).toBeGreaterThan(100)
    expect(answers.inside).toBeGreaterThan(10)
  })

  test('finds nothing along the axes that sampling does not find', () => {
    const axis = fc.constantFrom([1, 0], [0, 1], [-1, 0], [0, -1]) as fc.Arbitrary<[number, number]>
    fc.assert(
      fc.property(hitboxes, angle, aim, aim, axis, (hitbox, turn, ox, oy, [dx, dy]) => {
        const hit = hitbox.ray(0, 0, turn, ox, oy, dx, dy, 100)
        const along = (t: number): number => distance2(hitbox, 0, 0, turn, ox + dx * t, oy + dy * t)
        expect(faultOfHit(hit, 100, along)).toBe('')
      }),
      { numRuns: 2_000, ...CREEP_FREE },
    )
  })

  test('ends a circle at the same places: it overlaps where the distance is within its radius', () => {
    const answers = [0, 0]
    fc.assert(
      fc.property(hitboxes, angle, place, place, real(0, 60), (hitbox, turn, x, y, radius) => {
        const gap = distance2(hitbox, 3, 4, turn, x, y) - radius
        fc.pre(Math.abs(gap) > 1e-7)
        const touches = hitbox.touches(3, 4, turn, x, y, radius)
        answers[touches ? 1 : 0] = (answers[touches ? 1 : 0] ?? 0) + 1
        expect(touches).toBe(gap < 0)
      }),
      { numRuns: 3_000, ...CREEP_FREE },
    )
    expect(Math.min(...answers)).toBeGreaterThan(100)
  })

  test('meets nothing when a number is NaN', () => {
    fc.assert(
      fc.property(hitboxes, fc.integer({ min: 0, max: 6 }), (hitbox, bad) => {
        const [cx = 0, cy = 0, ox = 0, oy = 0, dx = 0, dy = 0, far = 0] = [0, 0, -90, 0, 1, 0, 200].map((v, i) =>
          i === bad ? Number.NaN : v,
        )
        expect(hitbox.ray(cx, cy, 0.3, ox, oy, dx, dy, far)).toBe(-1)
        if (bad < 4) expect(hitbox.touches(cx, cy, 0.3, ox + 90, oy, 5)).toBe(false)
      }),
    )
  })
})

describe.each(solid)('a ray against a %s', (_, hitboxes) => {
  test('finds the first point of the shape, as sampling along the ray does', () => {
    const answers = { hit: 0, miss: 0, inside: 0 }
    const target = fc.tuple(aim, aim, aim)
    const origin = fc.oneof(
      fc.tuple(place, place, place),
      fc.tuple(aim, aim, aim).map(([x, y, z]) => [10 + x, -20 + y, 5 + z] as const),
    )
    fc.assert(
      fc.property(hitboxes, angle, origin, target, reach, (hitbox, turn, [ox, oy, oz], [ax, ay, az], maxDistance) => {
        const [cx, cy, cz] = [10, -20, 5]
        const length = Math.hypot(cx + ax - ox, cy + ay - oy, cz + az - oz)
        fc.pre(length > 1e-6)
        const dx = (cx + ax - ox) / length
        const dy = (cy + ay - oy) / length
        const dz = (cz + az - oz) / length
        const hit = hitbox.ray(cx, cy, cz, turn, ox, oy, oz, dx, dy, dz, maxDistance)
        answers[hit > 0 ? 'hit' : hit === 0 ? 'inside' : 'miss'] += 1
        const along = (t: number): number => distance3(hitbox, cx, cy, cz, turn, ox + dx * t, oy + dy * t, oz + dz * t)
        expect(faultOfHit(hit, maxDistance, along)).toBe('')
      }),
      { numRuns: 3_000, ...CREEP_FREE },
    )
    expect(Math.min(answers.hit, answers.miss)).toBeGreaterThan(100)
    expect(answers.inside).toBeGreaterThan(10)
  })

  test('finds nothing along the axes that sampling does not find', () => {
    const axis = fc.constantFrom([1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]) as fc.Arbitrary<
      [number, number, number]
    >
    fc.assert(
      fc.property(hitboxes, angle, aim, aim, aim, axis, (hitbox, turn, ox, oy, oz, [dx, dy, dz]) => {
        const hit = hitbox.ray(0, 0, 0, turn, ox, oy, oz, dx, dy, dz, 100)
        const along = (t: number): number => distance3(hitbox, 0, 0, 0, turn, ox + dx * t, oy + dy * t, oz + dz * t)
        expect(faultOfHit(hit, 100, along)).toBe('')
      }),
      { numRuns: 2_000, ...CREEP_FREE },
    )
  })

  test('ends a sphere at the same places: it overlaps where the distance is within its radius', () => {
    const answers = [0, 0]
    fc.assert(
      fc.property(hitboxes, angle, place, place, place, real(0, 90), (hitbox, turn, x, y, z, radius) => {
        const gap = distance3(hitbox, 3, 4, 5, turn, x, y, z) - radius
        fc.pre(Math.abs(gap) > 1e-7)
        const touches = hitbox.touches(3, 4, 5, turn, x, y, z, radius)
        answers[touches ? 1 : 0] = (answers[touches ? 1 : 0] ?? 0) + 1
        expect(touches).toBe(gap < 0)
      }),
      { numRuns: 3_000, ...CREEP_FREE },
    )
    expect(Math.min(...answers)).toBeGreaterThan(100)
  })

  test('meets nothing when a number is NaN', () => {
    for (let bad = 0; bad < 10; bad++) {
      const [cx = 0, cy = 0, cz = 0, ox = 0, oy = 0, oz = 0, dx = 0, dy = 0, dz = 0, far = 0] = [
        0, 0, 0, -90, 0, 0, 1, 0, 0, 200,
      ].map((v, i) => (i === bad ? Number.NaN : v))
      const hitbox = fc.sample(hitboxes, { numRuns: 1, seed: bad })[0] ?? sphere(1)
      expect(hitbox.ray(cx, cy, cz, 0.3, ox, oy, oz, dx, dy, dz, far)).toBe(-1)
      if (bad < 6) expect(hitbox.touches(cx, cy, cz, 0.3, ox + 90, oy, oz, 5)).toBe(false)
    }
  })
})
