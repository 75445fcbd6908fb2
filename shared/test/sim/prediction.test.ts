import { describe, expect, it } from 'vitest'
import type { CompiledGame, PredictRule } from '../../src/game/compiled.ts'
import { defineGame } from '../../src/game/define-game.ts'
import { fixed, int } from '../../src/game/field.ts'
import { axis } from '../../src/game/input.ts'
import type { Seat } from '../../src/game/shape.ts'
import { duel, Match, PLAYER } from './duel.ts'

/** A game in which everybody counts its steps and does `act`. */
function crowd(
  predict: PredictRule,
  act: (me: Counter, ctx: Match['sim']['context']) => void = () => {},
): CompiledGame {
  return defineGame({
    id: 'crowd',
    tickRate: 60,
    snapshotRate: 60,
    maxPlayers: 3,
    input: { go: axis() },
    predict: predict as 'own',
    entities: {
      one: {
        fields: { x: fixed(0, 100, 1 / 4), steps: int(0, 99), hp: int(0, 100) },
        motion(p, held) {
          p.x += 1 + held.go
        },
        step(p, _input, ctx) {
          p.steps += 1
          p.x += 10
          act(p as unknown as Counter, ctx as unknown as Match['sim']['context'])
        },
      },
    },
    step(_world, ctx) {
      if (ctx.predicting) worldSteps++
    },
  })
}
type Counter = { x: number; steps: number; hp: number; id: number; owner: number; type: string }
let worldSteps = 0

function play(predict: PredictRule, seat: number, act?: Parameters<typeof crowd>[1], development = true): Match {
  const game = crowd(predict, act)
  const server = new Match(game)
  for (const id of [1, 2, 3]) server.add(0, id, id, { hp: 50 })
  const client = server.client(seat, game, development)
  client.sim.step(1)
  return client
}
const steps = (match: Match) => [1, 2, 3].map((id) => (match.get(id) as unknown as Counter).steps)

describe('a client computes', () => {
  it('its own entities, and moves the others by their motion', () => {
    const client = play('own', 2)
    expect(steps(client)).toEqual([0, 1, 0])
    expect([1, 2, 3].map((id) => client.get(id).x)).toEqual([1, 10, 1])
  })

  it('nothing before it has a seat', () => {
    const game = crowd('own')
    const server = new Match(game)
    server.add(0, 1, 0)
    const client = server.client(0, game)
    client.sim.step(1)
    expect((client.get(1) as unknown as Counter).steps).toBe(0)
    expect(client.get(1).x).toBe(1)
  })

  it("everything with predict: 'all', the world's step included", () => {
    worldSteps = 0
    expect(steps(play('all', 2))).toEqual([1, 1, 1])
    expect(worldSteps).toBe(1)
    play('own', 2)
    expect(worldSteps).toBe(1)
  })

  it('what a function says', () => {
    const rule = (entity: object, seat: Seat) => (entity as Counter).id >= seat
    expect(steps(play(rule, 2))).toEqual([0, 1, 1])
  })

  it('from the next tick on what became its own', () => {
    const client = play('own', 2)
    client.sim.settle()
    client.get(3).locked = 0
    client.get(3).owner = 2
    client.sim.step(2)
    expect(steps(client)).toEqual([0, 2, 1])
  })
})

describe('an entity that is not predicted', () => {
  const touch: Parameters<typeof crowd>[1] = (me, ctx) => {
    const other = (ctx.world as { one: Iterable<Counter> }).one
    for (const each of other) if (each.id !== me.id) each.hp = 1
  }

  it('is read-only in development', () => {
    expect(() => play('own', 2, touch)).toThrow(
      /READ_ONLY: one\.hp was written, but this entity is not predicted.*ctx\.command/,
    )
    expect(() => play('own', 2, (me, ctx) => ctx.despawn(others(me, ctx)))).toThrow(/READ_ONLY: one was despawned/)
    expect(() => play('own', 2, (me, ctx) => ctx.move(others(me, ctx)))).toThrow(/READ_ONLY: one was moved/)
  })

  it('keeps its values in production', () => {
    const client = play(
      'own',
      2,
      (me, ctx) => {
        touch(me, ctx)
        ctx.despawn(others(me, ctx))
        ctx.move(others(me, ctx))
      },
      false,
    )
    expect([1, 2, 3].map((id) => client.get(id).hp)).toEqual([50, 50, 50])
    expect(client.get(1).x).toBe(1)
  })

  it('leaves no lock on the row where it was', () => {
    const game = crowd('own')
    const client = play('own', 2)
    client.sim.settle()
    client.sim.world.load(new Match(game).sim.world.ints)
    client.sim.context.actFor(2, 0)
    const made = client.sim.context.spawn('one', { hp: 7 }) as unknown as Counter
    made.hp += 1
    expect(made.hp).toBe(8)
  })

  it('can be written on the server', () => {
    const server = new Match(crowd('own', touch))
    for (const id of [1, 2]) server.add(0, id, id, { hp: 50 })
    server.tick(1)
    expect([server.get(1).hp, server.get(2).hp]).toEqual([1, 1])
  })

  function others(me: Counter, ctx: Match['sim']['context']): Parameters<typeof ctx.despawn>[0] {
    const { one } = ctx.world as { one: Iterable<Counter> }
    return [...one].find((each) => each.id !== me.id) as unknown as Parameters<typeof ctx.despawn>[0]
  }
})

describe('a client that knows all inputs', () => {
  it('computes its own entity exactly as the server does', () => {
    const server = new Match()
    for (const seat of [1, 2]) server.add(PLAYER, seat, seat, { x: 100 * seat, y: 50 })
    const client = server.client(1)
    for (let tick = 1; tick <= 60; tick++) {
      const input = { x: Math.cos(tick), y: tick % 2, aim: tick, fire: tick >> 4 }
      for (const side of [server, client]) {
        side.input(1, input)
        if (side === server) side.input(2, { x: 1, fire: tick >> 3 })
        side.sim.step(tick)
        side.sim.settle()
        side.sim.inputs.clear()
      }
      const [a, b] = [server.get(1), client.get(1)]
      for (const { name } of duel.entities[PLAYER]?.fields ?? []) {
        expect(Object(b)[name], `${name} in tick ${tick}`).toBe(Object(a)[name])
      }
    }
    const ownRockets = server.ids(1).filter((id) => server.get(id).owner === 1)
    expect(client.ids(1)).toEqual(ownRockets)
    expect(ownRockets.length).toBeGreaterThan(0)
  })
})
