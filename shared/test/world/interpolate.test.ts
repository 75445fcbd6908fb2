import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEADER_TICK } from '../../src/game/compiled.ts'
import { levelOffset } from '../../src/world/input-view.ts'
import { FRACTION_ONE, interpolate } from '../../src/world/interpolate.ts'
import type { World } from '../../src/world/world.ts'
import { add, BALL, type Creature, get, idsOf, makeZoo, PLAYER, snapshotOf, zoo } from './zoo.ts'

/** The world between two worlds that `before` and `after` make. */
function between(before: (world: World) => void, after: (world: World) => void, fraction: number): World {
  const [a, b, out] = [makeZoo(), makeZoo(), makeZoo()]
  before(a)
  after(b)
  interpolate(zoo, snapshotOf(a), snapshotOf(b), fraction, out)
  return out
}

/** One player between two sets of fields. */
function player(before: Partial<Creature>, after: Partial<Creature>, fraction: number): Creature {
  return get(
    between(
      (world) => add(world, PLAYER, 1, before),
      (world) => add(world, PLAYER, 1, after),
      fraction,
    ),
    1,
  )
}

const fieldsOfPlayer = fc.record({
  x: fc.double({ min: 0, max: 64, noNaN: true }),
  y: fc.double({ min: 0, max: 64, noNaN: true }),
  aim: fc.double({ min: -4, max: 4, noNaN: true }),
  hp: fc.integer({ min: -10, max: 100 }),
  lift: fc.integer({ min: -100, max: 100 }),
  armed: fc.boolean(),
  mode: fc.constantFrom('idle', 'run', 'fall'),
  heat: fc.float({ noNaN: true, noDefaultInfinity: true }),
  target: fc.nat(),
})
const crowd = fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 9 }), fields: fieldsOfPlayer }), {
  selector: ({ id }) => id,
  maxLength: 3,
})
const fill = (list: readonly { id: number; fields: Partial<Creature> }[]) => (world: World) => {
  for (const { id, fields } of list) add(world, PLAYER, id, fields)
}

describe('interpolation', () => {
  it('draws smooth fields between, and holds the older value of all others', () => {
    const p = player(
      { x: 10, lift: -4, hp: 10, heat: 1, armed: false, mode: 'idle', target: 5, state: { shield: true } },
      { x: 20, lift: 4, hp: 90, heat: 2, armed: true, mode: 'run', target: 6, state: { shield: false } },
      64,
    )
    expect([p.x, p.lift, p.heat]).toEqual([12.5, -2, 1.25])
    expect([p.hp, p.armed, p.mode, p.target, p.state.shield]).toEqual([10, false, 'idle', 5, true])
  })

  it('turns angles the shorter way: from +3.1 to -3.1 does not pass 0', () => {
    for (let fraction = 0; fraction < FRACTION_ONE; fraction++) {
      for (const [from, to] of [
        [3.1, -3.1],
        [-3.1, 3.1],
      ] as const) {
        const { aim } = player({ aim: from }, { aim: to }, fraction)
        expect(Math.abs(aim)).toBeGreaterThan(3.05)
        expect(aim >= -Math.PI && aim < Math.PI).toBe(true)
      }
      expect(Math.abs(player({ aim: -1 }, { aim: 1 }, fraction).aim)).toBeLessThanOrEqual(1.001)
    }
  })

  it('never draws a teleport as a slide', () => {
    for (let jumps = 1; jumps <= 3; jumps++) {
      for (const fraction of [0, 1, 128, 255]) {
        const out = between(
          (world) => add(world, PLAYER, 1, { x: 1 }),
          (world) => {
            const p = add(world, PLAYER, 1, { x: 60 })
            for (let n = 0; n < jumps; n++) p.teleported()
          },
          fraction,
        )
        expect(get(out, 1).x).toBe(1)
      }
    }
  })

  it('slides again between two snapshots that are both after the jump', () => {
    const jumped = (x: number) => (world: World) => add(world, PLAYER, 1, { x }).teleported()
    expect(get(between(jumped(10), jumped(20), 128), 1).x).toBe(15)
  })

  it('draws an entity that is in only one of the two where that one has it', () => {
    const out = between(
      (world) => {
        add(world, PLAYER, 1, { x: 1 })
        add(world, PLAYER, 3, { x: 3 })
      },
      (world) => {
        add(world, PLAYER, 2, { x: 20 })
        add(world, PLAYER, 3, { x: 5 })
      },
      128,
    )
    expect(idsOf(out, PLAYER)).toEqual([1, 2, 3])
    expect([1, 2, 3].map((id) => get(out, id).x)).toEqual([1, 20, 4])
  })

  it('draws no more entities than a table holds', () => {
    const balls = (ids: number[]) => (world: World) => {
      for (const id of ids) add(world, BALL, id)
    }
    const out = between(balls([1, 3, 5, 7]), balls([2, 4, 6, 8]), 10)
    expect(idsOf(out, BALL)).toEqual([1, 2, 3, 4])
  })

  it('takes tick and inputs from the older snapshot', () => {
    const aim = levelOffset(zoo, 2) + 1
    const at = (tick: number) => (world: World) => {
      world.ints[HEADER_TICK] = tick
      world.ints[aim] = tick
    }
    const out = between(at(30), at(33), 200)
    expect([out.tick, out.ints[aim]]).toEqual([30, 30])
  })

  it('at fraction 0 is the older snapshot, bit for bit, if nothing came since', () => {
    fc.assert(
      fc.property(crowd, fc.array(fieldsOfPlayer, { minLength: 3, maxLength: 3 }), (before, fields) => {
        const later = before.map(({ id }, n) => ({ id, fields: fields[n] ?? {} }))
        const a = makeZoo()
        fill(before)(a)
        const snapshot = snapshotOf(a)
        expect(between(fill(before), fill(later), 0).ints).toEqual(snapshot)
      }),
    )
  })

  it('gives equal memories for equal moments, whatever was shown before', () => {
    fc.assert(
      fc.property(crowd, crowd, crowd, fc.nat(255), (other, before, after, fraction) => {
        const [o, a, b, used] = [makeZoo(), makeZoo(), makeZoo(), makeZoo()]
        fill(other)(o)
        fill(before)(a)
        fill(after)(b)
        interpolate(zoo, snapshotOf(o), snapshotOf(b), fraction, used)
        interpolate(zoo, snapshotOf(a), snapshotOf(b), fraction, used)
        const fresh = makeZoo()
        interpolate(zoo, snapshotOf(a), snapshotOf(b), fraction, fresh)
        expect(used.ints).toEqual(fresh.ints)
        expect(used.hash()).toBe(fresh.hash())
      }),
    )
  })

  it('stays between the two values, and goes on as the fraction does', () => {
    fc.assert(
      fc.property(fieldsOfPlayer, fieldsOfPlayer, fc.nat(254), (before, after, fraction) => {
        const [now, next] = [player(before, after, fraction), player(before, after, fraction + 1)]
        const [a, b] = [player(before, before, 0), player(after, after, 0)]
        for (const name of ['x', 'y', 'lift', 'heat'] as const) {
          expect(now[name]).toBeGreaterThanOrEqual(Math.min(a[name], b[name]))
          expect(now[name]).toBeLessThanOrEqual(Math.max(a[name], b[name]))
          expect(Math.abs(next[name] - a[name])).toBeGreaterThanOrEqual(Math.abs(now[name] - a[name]))
        }
        expect(now.aim).toBeGreaterThanOrEqual(-Math.PI)
        expect(now.aim).toBeLessThan(Math.PI)
      }),
    )
  })
})
