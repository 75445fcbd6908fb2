import { describe, expect, it } from 'vitest'
import type { CompiledGame } from '../../src/game/compiled.ts'
import { defineGame } from '../../src/game/define-game.ts'
import { int } from '../../src/game/field.ts'
import { axis2, press } from '../../src/game/input.ts'
import { describeDifference, SyncTest } from '../../src/sim/sync-test.ts'
import { levelOffset, pressOffset } from '../../src/world/input-view.ts'
import { duel, Match, PLAYER, ROCKET } from './duel.ts'

const gameOf = (step: (me: { n: number; m: number }, ctx: Match['sim']['context']) => void): CompiledGame =>
  defineGame({
    id: 'hidden',
    tickRate: 60,
    snapshotRate: 60,
    input: { move: axis2(), go: press() },
    events: { ping: { n: int(0, 999) } },
    entities: {
      thing: {
        fields: { n: int(0, 999), m: int(0, 999) },
        step: (thing, _input, ctx) => step(thing, ctx as unknown as Match['sim']['context']),
      },
    },
    opaque: {
      create: () => ({ count: 0 }),
      save: ({ count }) => Uint8Array.of(count),
      load: (state, bytes) => void Object.assign(state, { count: bytes[0] }),
    },
  })

describe('the sync test', () => {
  it('finds state that is hidden outside the fields, and names field and entity', () => {
    let hidden = 0
    const match = new Match(
      gameOf((me) => {
        me.m = hidden++
      }),
    )
    match.add(0, 7, 0)
    expect(() => new SyncTest(match.sim).step(1)).toThrow(
      /NON_DETERMINISTIC: tick 1 computed twice on the server differs in thing\.m of entity 7: 0 and 1 \(raw\)\. Keep all state in fields/,
    )
  })

  it('finds events and commands that are made once only', () => {
    let first = true
    const match = new Match(
      gameOf((_me, ctx) => {
        ctx.emit('ping', { n: first ? 1 : 2 })
        first = false
      }),
    )
    match.add(0, 7, 0)
    expect(() => new SyncTest(match.sim).step(1)).toThrow(
      /NON_DETERMINISTIC: tick 1 computed twice on the server differs in its events/,
    )
  })

  it('finds nothing in a game that keeps all state in fields, and leaves it as one step would', () => {
    const [tested, plain] = [new Match(), new Match()]
    for (const match of [tested, plain]) {
      for (const id of [9, 1]) match.add(PLAYER, id, id === 1 ? 1 : 2, { x: 50 })
    }
    const test = new SyncTest(tested.sim)
    for (let tick = 1; tick <= 60; tick++) {
      for (const match of [tested, plain]) match.input(1, { x: 1, fire: tick >> 2, drop: tick >> 4 })
      test.step(tick)
      plain.sim.step(tick)
      for (const { sim } of [tested, plain]) {
        sim.settle()
        sim.inputs.clear()
      }
      expect(tested.sim.world.ints).toEqual(plain.sim.world.ints)
      expect(tested.events(tick)).toEqual(plain.events(tick))
    }
    expect(tested.ids(ROCKET).length).toBeGreaterThan(0)
  })

  it('takes opaque state back before the second run', () => {
    const match = new Match(
      gameOf((me, ctx) => {
        const opaque = ctx.opaque as { count: number }
        me.n = opaque.count++
      }),
    )
    match.add(0, 7, 0)
    const test = new SyncTest(match.sim)
    for (let tick = 1; tick <= 3; tick++) test.step(tick)
    expect(match.sim.context.opaque).toEqual({ count: 3 })
  })
})

describe('describeDifference', () => {
  const differing = (at: number) => {
    const { world } = new Match().sim
    world.spawn(PLAYER, 5, 1)
    world.settle()
    const [a, b] = [world.ints.slice(), world.ints.slice()]
    b[at] = 77
    return describeDifference(duel, a, b)
  }

  it('says nothing of equal memories', () => {
    const { ints } = new Match().sim.world
    expect(describeDifference(duel, ints, ints.slice())).toBeUndefined()
  })

  it('names the place of a difference', () => {
    const [player, rocket] = duel.entities
    if (player === undefined || rocket === undefined) throw new Error('no types')
    expect(differing(0)).toBe('header 0: 0 and 77 (raw)')
    expect(differing(5)).toBe('number of rocket: 0 and 77 (raw)')
    expect(differing(player.base + player.rows)).toBe('player.owner of entity 5: 1 and 77 (raw)')
    expect(differing(player.fields[4]?.offset ?? 0)).toBe('player.hp of entity 5: 100 and 77 (raw)')
    expect(differing(levelOffset(duel, 1) + 2)).toBe('input move.y of seat 2: 0 and 77 (raw)')
    expect(differing(levelOffset(duel, 2) + 2)).toBe('input aim of seat 2: 0 and 77 (raw)')
    expect(differing(pressOffset(duel, 1) + 3)).toBe('presses of drop of seat 3: 0 and 77 (raw)')
  })
})
