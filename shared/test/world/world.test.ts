import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEADER_NEXT_ID } from '../../src/game/compiled.ts'
import { defineGame } from '../../src/game/define-game.ts'
import { bool, fixed, int } from '../../src/game/field.ts'
import { axis2 } from '../../src/game/input.ts'
import { advanceByMotion } from '../../src/world/advance.ts'
import type { Table } from '../../src/world/table.ts'
import { FIRST_KEYED_ID, World } from '../../src/world/world.ts'
import { add, BALL, type Creature, get, idsOf, makeZoo, PLAYER, snapshotOf, zoo } from './zoo.ts'

describe('a world', () => {
  it('keeps the rows of a tick where they are, and puts them in order of their ids when it settles', () => {
    const world = makeZoo()
    for (const id of [9, 3, 7, 1]) add(world, PLAYER, id, { hp: id })
    expect(idsOf(world, PLAYER)).toEqual([9, 3, 7, 1])
    const nine = get(world, 9)
    world.despawn(get(world, 3))
    expect(nine.hp).toBe(9)
    world.settle()
    expect(idsOf(world, PLAYER)).toEqual([1, 7, 9])
    expect([1, 7, 9].map((id) => get(world, id).hp)).toEqual([1, 7, 9])
    add(world, PLAYER, 4, { hp: 4 })
    world.settle()
    expect(idsOf(world, PLAYER)).toEqual([1, 4, 7, 9])
  })

  it('finds the living only, by binary search or among the new', () => {
    const world = makeZoo()
    for (const id of [2, 5]) add(world, PLAYER, id)
    world.settle()
    add(world, BALL, 8)
    world.despawn(get(world, 2))
    expect(world.find(2)).toBeUndefined()
    expect(world.table(PLAYER).get(2)).toBeUndefined()
    expect(world.find(8)?.type).toBe('ball')
    expect(world.find(5)?.id).toBe(5)
    expect(world.find(0)).toBeUndefined()
    expect(world.find(6)).toBeUndefined()
    expect(world.has(2)).toBe(true)
    world.settle()
    expect(world.has(2)).toBe(false)
  })

  it('visits the living, and not what is spawned meanwhile', () => {
    const world = makeZoo()
    for (const id of [1, 2, 3]) add(world, PLAYER, id)
    world.despawn(get(world, 2))
    const seen: number[] = []
    for (const view of world.table(PLAYER)) {
      seen.push(view.id)
      add(world, PLAYER, 10 + view.id)
    }
    expect(seen).toEqual([1, 3])
    expect(world.table(PLAYER).count).toBe(5)
  })

  it('refuses rows that are not in use', () => {
    const world = makeZoo()
    add(world, PLAYER, 1)
    for (const index of [-1, 1, 0.5, Number.NaN]) {
      expect(() => world.table(PLAYER).at(index)).toThrow(/BAD_ARGUMENT: player\.at/)
    }
    expect(world.table(PLAYER).at(0).id).toBe(1)
    expect(() => world.table(2)).toThrow(/BAD_ARGUMENT/)
  })

  it('gives a row that nobody sees when a table is full, and counts it', () => {
    const world = makeZoo()
    for (let id = 1; id <= 4; id++) add(world, BALL, id)
    world.settle()
    const before = world.hash()
    const spare = add(world, BALL, 99, { x: 5 })
    expect(spare.x).toBe(5)
    expect(world.overflows).toBe(1)
    expect(world.find(99)).toBeUndefined()
    expect(idsOf(world, BALL)).toEqual([1, 2, 3, 4])
    world.despawn(spare)
    world.settle()
    expect(world.hash()).toBe(before)
    world.despawn(get(world, 2))
    world.settle()
    expect(add(world, BALL, 5).row).toBe(3)
  })

  it('counts ids up, and never gives one that is in use', () => {
    const world = makeZoo()
    add(world, PLAYER, 2)
    expect([world.takeId(), world.takeId(), world.takeId()]).toEqual([1, 3, 4])
    world.ints[HEADER_NEXT_ID] = FIRST_KEYED_ID - 1
    expect([world.takeId(), world.takeId(), world.takeId()]).toEqual([FIRST_KEYED_ID - 1, 1, 3])
  })

  it('starts with neutral inputs for every seat, nobody included', () => {
    const world = makeZoo()
    for (const seat of [0, 1, 3, 99]) {
      const input = world.inputView(seat) as unknown as { zoom: number; move: { x: number } }
      expect([input.zoom, input.move.x]).toEqual([5, 0])
    }
  })

  it('does not let anybody write inputs', () => {
    const input = makeZoo().inputView(1) as unknown as { zoom: number; move: { x: number } }
    expect(() => {
      input.zoom = 7
    }).toThrow(/READ_ONLY: input\.zoom was written, but inputs belong to the players/)
    expect(() => {
      input.move.x = 1
    }).toThrow(/READ_ONLY: input\.move\.x/)
  })

  it('makes the view of a row once', () => {
    const table = makeZoo().table(PLAYER) as Table
    expect(table.viewAt(3)).toBe(table.viewAt(3))
    expect(table.views).toHaveLength(4)
  })
})

type Action = { what: 'spawn' | 'despawn' | 'write' | 'settle'; type: number; id: number; value: number }
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.record({
    what: fc.constantFrom('spawn', 'spawn', 'despawn', 'write', 'settle'),
    type: fc.constantFrom(PLAYER, BALL),
    id: fc.integer({ min: 1, max: 12 }),
    value: fc.integer({ min: 0, max: 64 }),
  }),
  { maxLength: 60 },
)

/** Does the actions, and keeps beside the world what should be in it. */
function act(world: World, list: readonly Action[]): Map<number, number> {
  const expected = new Map<number, number>()
  for (const { what, type, id, value } of list) {
    const view = world.find(id) as Creature | undefined
    if (what === 'settle') world.settle()
    else if (what === 'spawn' && !world.has(id)) {
      if (world.table(type).count < world.table(type).type.max) expected.set(id, value)
      add(world, type, id, { x: value })
    } else if (what === 'despawn' && view !== undefined) {
      world.despawn(view)
      expected.delete(id)
    } else if (what === 'write' && view !== undefined) {
      view.x = value
      expected.set(id, value)
    }
  }
  return expected
}

describe('any world', () => {
  it('holds exactly what was done to it, sorted and without traces of the rest', () => {
    fc.assert(
      fc.property(actions, (list) => {
        const world = makeZoo()
        const expected = act(world, list)
        world.settle()
        const ids = [PLAYER, BALL].flatMap((type) => idsOf(world, type))
        expect(new Set(ids)).toEqual(new Set(expected.keys()))
        for (const [id, value] of expected) expect(get(world, id).x).toBe(value)
        const fresh = makeZoo()
        for (const type of [BALL, PLAYER])
          for (const id of idsOf(world, type).reverse()) add(fresh, type, id, { x: get(world, id).x })
        fresh.settle()
        expect(fresh.ints).toEqual(world.ints)
        expect(fresh.hash()).toBe(world.hash())
      }),
    )
  })

  it('comes back from a snapshot bit for bit, and goes on as before', () => {
    fc.assert(
      fc.property(actions, actions, (first, then) => {
        const world = makeZoo()
        act(world, first)
        const snapshot = snapshotOf(world)
        const other = makeZoo()
        act(other, then)
        other.load(snapshot)
        expect(other.ints).toEqual(world.ints)
        act(world, then)
        act(other, then)
        expect(snapshotOf(other)).toEqual(snapshotOf(world))
      }),
    )
  })

  it('has another hash if anything differs', () => {
    fc.assert(
      fc.property(actions, fc.nat(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (list, at, flip) => {
        const world = makeZoo()
        act(world, list)
        world.settle()
        const hash = world.hash()
        const place = at % zoo.worldInts
        world.ints[place] = (world.ints[place] ?? 0) ^ flip
        expect(world.hash()).not.toBe(hash)
        world.ints[place] = (world.ints[place] ?? 0) ^ flip
        expect(world.hash()).toBe(hash)
      }),
    )
  })
})

describe('motion', () => {
  it('ready-made and linear, moves by speed and time, stops at the edge and wraps angles', () => {
    const world = makeZoo()
    add(world, BALL, 1, { x: 10, y: 1, vx: 60, vy: -512, spin: 3.1, turn: 60 })
    world.settle()
    advanceByMotion(world, 1 / 60)
    const ball = get(world, 1)
    expect([ball.x, ball.y]).toEqual([11, 0])
    const turned = ball.spin
    ball.vx = 512
    for (let tick = 0; tick < 20; tick++) advanceByMotion(world, 1 / 60)
    expect(ball.x).toBe(64)
    expect(turned).toBeCloseTo(3.1 + 1 - 2 * Math.PI, 1)
  })

  it('leaves alone who sleeps, is dead or has none', () => {
    const world = makeZoo()
    add(world, BALL, 1, { x: 10, vx: 60 }).asleep = true
    add(world, BALL, 2, { x: 10, vx: 60 })
    add(world, PLAYER, 3, { x: 10 })
    const two = get(world, 2)
    world.despawn(two)
    advanceByMotion(world, 1 / 60)
    expect([get(world, 1).x, two.x, get(world, 3).x]).toEqual([10, 10, 10])
  })

  const runner = (motion: (p: { x: number }, held: { move: { x: number }; turbo: boolean }) => void) =>
    defineGame({
      id: 'run',
      tickRate: 60,
      snapshotRate: 60,
      input: { move: axis2(), turbo: bool(), skill: int(0, 9) },
      entities: { runner: { fields: { x: fixed(0, 100, 1 / 4) }, motion } },
    })
  const one = (game: ReturnType<typeof runner>) => {
    const world = new World(game, { strict: true })
    const view = world.spawn(0, 1, 1) as unknown as { x: number; locked: number }
    return { world, view }
  }

  it('of a game stays at the edge instead of throwing, in development too', () => {
    const { world, view } = one(
      runner((p) => {
        p.x += 70
      }),
    )
    view.locked = 1
    advanceByMotion(world, 1)
    advanceByMotion(world, 1)
    expect(view.x).toBe(100)
    expect(view.locked).toBe(1)
    expect(world.clamping).toBe(false)
  })

  it('of a game that computes NaN is told in development, and leaves the world as strict as it was', () => {
    const game = runner((p) => {
      p.x /= p.x === 3.25 ? Number.NaN : 1
    })
    const { world, view } = one(game)
    view.x = 3.25
    expect(() => advanceByMotion(world, 1)).toThrow(/OUT_OF_RANGE: runner\.x was set to NaN/)
    expect(world.clamping).toBe(false)
    expect(() => {
      view.x = 101
    }).toThrow(/OUT_OF_RANGE/)
  })

  it('that reads an input which no try at definition time found is told what to do', () => {
    const game = runner((p, held) => {
      if (p.x === 13.75 && held.turbo) p.x = 0
    })
    const { world, view } = one(game)
    advanceByMotion(world, 1)
    view.x = 13.75
    expect(() => advanceByMotion(world, 1)).toThrow(/BAD_DEFINITION: a motion read the input "turbo".*at its top/)
  })
})
