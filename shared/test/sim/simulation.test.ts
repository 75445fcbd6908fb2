import { describe, expect, it } from 'vitest'
import type { CompiledGame } from '../../src/game/compiled.ts'
import { defineGame } from '../../src/game/define-game.ts'
import { entityRef, int } from '../../src/game/field.ts'
import { press } from '../../src/game/input.ts'
import type { StepContext } from '../../src/game/shape.ts'
import { pressOffset } from '../../src/world/input-view.ts'
import { FIRST_KEYED_ID } from '../../src/world/world.ts'
import { duel, Match, MINE, PLAYER, ROCKET } from './duel.ts'

/** A game whose steps write down who was stepped. */
function scribe(log: string[], step?: () => void): CompiledGame {
  const note = (entity: { type: string; id: number }) => {
    log.push(`${entity.type} ${entity.id}`)
  }
  const fields = { n: int(0, 9) }
  return defineGame({
    id: 'scribe',
    tickRate: 60,
    snapshotRate: 60,
    maxPlayers: 2,
    input: { go: press() },
    entities: { b: { fields, step: note }, a: { fields, step: note }, c: { fields, step: note } },
    step: () => {
      log.push('world')
      step?.()
    },
  })
}

describe('a tick', () => {
  it('steps types as declared, each by id, and the world last', () => {
    const log: string[] = []
    const match = new Match(scribe(log))
    for (const [type, id] of [
      [2, 1],
      [0, 9],
      [1, 4],
      [0, 3],
    ] as const) {
      match.add(type, id, 0)
    }
    match.tick(1)
    expect(log).toEqual(['b 3', 'b 9', 'a 4', 'c 1', 'world'])
  })

  it('leaves out who sleeps or was despawned', () => {
    const log: string[] = []
    const match = new Match(scribe(log))
    for (const id of [1, 2, 3]) match.add(0, id, 0)
    match.sim.settle()
    match.get(2).asleep = true
    match.sim.world.despawn(match.get(3))
    match.tick(1)
    expect(log).toEqual(['b 1', 'world'])
    match.get(2).asleep = false
    match.tick(2)
    expect(log.slice(2)).toEqual(['b 1', 'b 2', 'world'])
  })

  it('steps what was spawned in it from the next tick on, also of a type that comes later', () => {
    const match = new Match()
    match.add(PLAYER, 1, 1)
    match.input(1, { fire: 1 })
    match.tick(1)
    const [rocket = 0] = match.ids(ROCKET)
    expect(match.get(rocket).steps).toBe(0)
    match.tick(2)
    expect(match.get(rocket).steps).toBe(1)
  })

  it('steps at once, and in its place, what rules spawned before it', () => {
    const match = new Match()
    for (const id of [7, 2]) match.add(PLAYER, id, 0)
    match.sim.step(1)
    expect([match.get(2).age, match.get(7).age]).toEqual([1, 1])
    expect(match.ids(PLAYER)).toEqual([2, 7])
  })

  it('moves what has no step by its motion', () => {
    const match = new Match()
    match.add(ROCKET, 5, 0, { x: 10, vx: 60, fuse: 9 })
    match.add(MINE, 6, 0, { x: 10 })
    match.tick(1)
    expect([match.get(5).x, match.get(6).x]).toEqual([11, 10])
  })

  it('says which tick it is, to the world too', () => {
    const match = new Match()
    match.tick(77)
    expect([match.sim.world.tick, match.sim.context.tick, match.sim.context.dt]).toEqual([77, 77, 1 / 60])
  })
})

describe('presses', () => {
  it('are applied once, however often their counter is repeated', () => {
    const match = new Match()
    match.add(PLAYER, 1, 1)
    const shots: number[] = []
    ;[0, 1, 1, 1, 4, 4, 5].forEach((fire, n) => {
      match.input(1, { fire })
      match.tick(n + 1)
      shots.push(match.events(n + 1).length)
    })
    expect(shots).toEqual([0, 1, 0, 0, 3, 0, 1])
  })

  it('never go back', () => {
    const match = new Match()
    match.input(1, { fire: 5 })
    match.input(1, { fire: 3 })
    expect(match.sim.inputs.hasPress(1)).toBe(false)
    match.input(1, { fire: 5 })
    expect(match.sim.inputs.hasPress(1)).toBe(false)
    expect(match.sim.world.ints[pressOffset(duel, 0) + 1]).toBe(5)
  })

  it('that are refused count as applied, and have no effect', () => {
    const match = new Match()
    match.add(PLAYER, 1, 1)
    const row = Int32Array.of(0, 0, 0, 2, 1)
    expect(match.sim.applyPresses(1, row, 0, true)).toBe(3)
    match.tick(1)
    expect(match.events(1)).toEqual([])
    expect(match.sim.applyPresses(1, row, 0)).toBe(0)
  })

  it('of one seat are not those of another', () => {
    const match = new Match()
    for (const seat of [1, 2]) match.add(PLAYER, seat, seat)
    match.input(2, { fire: 1 })
    match.tick(1)
    expect(match.events(1).map(([, , by]) => by)).toEqual([2])
  })
})

describe('inputs', () => {
  it('steer who is owned, and nobody else', () => {
    const match = new Match()
    for (const seat of [0, 1, 2]) match.add(PLAYER, seat + 10, seat, { y: 50 })
    match.input(1, { y: 1 })
    match.tick(1)
    expect([10, 11, 12].map((id) => match.get(id).y)).toEqual([50, 51, 50])
  })

  it('follow the ownership when it moves between ticks', () => {
    const match = new Match()
    const p = match.add(PLAYER, 10, 1, { y: 50 })
    for (let tick = 1; tick <= 4; tick++) {
      match.input(1, { y: 1 })
      match.input(2, { y: -1 })
      if (tick === 3) match.get(10).owner = 2
      match.tick(tick)
    }
    expect(match.get(10).y).toBe(50)
    expect(p.owner).toBe(2)
  })

  it('are neutral again when a seat is made neutral', () => {
    const match = new Match()
    match.add(PLAYER, 10, 1, { y: 50 })
    match.input(1, { x: 1, y: 1, aim: 1 })
    match.sim.setNeutral(1)
    match.tick(1)
    expect([match.get(10).y, match.get(10).aim]).toEqual([50, 0])
  })
})

describe('commands', () => {
  it('are queued on the server with rounded values, in order, and only for their tick', () => {
    const match = new Match()
    match.sim.step(1)
    match.sim.context.command('damage', { target: 7, amount: 2.5 })
    match.sim.context.command('damage', {})
    expect(match.sim.commands).toEqual([
      { index: 0, values: { target: 7, amount: 2 } },
      { index: 0, values: { target: 0, amount: 0 } },
    ])
    match.sim.step(2)
    expect(match.sim.commands).toEqual([])
  })

  it('are ignored on a client, wrong names excepted', () => {
    const { sim } = new Match(duel, { side: 'client' })
    sim.step(1)
    sim.context.command('damage', { target: 7 })
    expect(sim.commands).toEqual([])
    expect(() => sim.context.command('heal', {})).toThrow(
      /BAD_ARGUMENT: there is no command "heal"\. Declared are: damage/,
    )
  })

  it('are bounded in number', () => {
    const { sim } = new Match()
    sim.step(1)
    for (let n = 0; n < 5000; n++) sim.context.command('damage', {})
    expect([sim.commands.length, sim.context.droppedCommands]).toEqual([4096, 904])
  })

  it('name themselves when a value is out of range', () => {
    const { sim } = new Match()
    sim.step(1)
    expect(() => sim.context.command('damage', { amount: 101 })).toThrow(/OUT_OF_RANGE: duel\.commands\.damage\.amount/)
    expect(() => sim.context.emit('boom', { x: -1 })).toThrow(/OUT_OF_RANGE: duel\.events\.boom\.x/)
    expect(() => sim.context.emit('bum', {})).toThrow(/BAD_ARGUMENT: there is no event "bum"/)
    expect(() => sim.context.spawn('mime')).toThrow(
      /BAD_ARGUMENT: there is no entity type "mime".*player, rocket, mine/,
    )
  })
})

describe('randomness', () => {
  /** What an entity of each id draws: two public numbers, on the server after a secret one. */
  function draws(side: 'server' | 'client', ids: readonly number[], secretSeed = 0): Map<number, number[]> {
    const drawn = new Map<number, number[]>()
    const game = defineGame({
      id: 'dice',
      tickRate: 60,
      snapshotRate: 60,
      input: {},
      predict: 'all',
      entities: {
        die: {
          fields: {},
          step(die, _input, ctx) {
            if (!ctx.predicting) ctx.secretRandom()
            drawn.set(die.id, [ctx.random(), ctx.random()])
          },
        },
      },
    })
    const match = new Match(game, { side, secretSeed })
    for (const id of ids) match.add(0, id, 1)
    match.tick(9)
    return drawn
  }

  it('is the same on both sides, however few entities a client computes', () => {
    const server = draws('server', [1, 2, 3, 4])
    const client = draws('client', [3])
    expect(client.get(3)).toEqual(server.get(3))
    const all = [...server.values()].flat()
    expect(new Set(all).size).toBe(all.length)
    for (const number of all) expect(number >= 0 && number < 1).toBe(true)
  })

  it('of rules differs from that of the world step', () => {
    const drawn: number[] = []
    const match: Match = new Match(scribe([], () => drawn.push(match.sim.context.random())))
    match.sim.step(1)
    drawn.push(match.sim.context.random())
    expect(drawn[0]).not.toBe(drawn[1])
  })

  it('that is secret depends on the secret seed alone, and is refused on clients', () => {
    const secret = (secretSeed: number) => {
      const { sim } = new Match(duel, { secretSeed })
      sim.step(1)
      return [sim.context.secretRandom(), sim.context.secretRandom()]
    }
    expect(secret(1)).toEqual(secret(1))
    expect(secret(1)).not.toEqual(secret(2))
    expect(new Set(secret(1)).size).toBe(2)
    const client = new Match(duel, { side: 'client', development: false })
    expect(() => client.sim.context.secretRandom()).toThrow(/SERVER_ONLY/)
  })
})

describe('spawning', () => {
  it('gives a full table a row that nobody sees', () => {
    const match = new Match()
    match.sim.step(1)
    const ids = Array.from({ length: 20 }, () => match.sim.context.spawn('mine').id)
    match.sim.settle()
    expect(match.ids(MINE)).toHaveLength(16)
    expect(match.sim.world.overflows).toBe(4)
    expect(new Set(ids.slice(0, 16)).size).toBe(16)
  })

  it('gives what it makes to its maker, unless it says to whom', () => {
    const match = new Match()
    match.sim.step(1)
    match.sim.context.actFor(2, 5)
    expect(match.sim.context.spawn('mine').owner).toBe(2)
    expect(match.sim.context.spawn('mine', { owner: 3 }).owner).toBe(3)
    expect(match.sim.context.spawn('mine', { owner: 0 }).owner).toBe(0)
  })

  it('past the last ordinal takes a counted id', () => {
    const match = new Match()
    match.sim.step(1)
    match.sim.context.actFor(1, 5)
    const ids = Array.from({ length: 18 }, () => match.sim.context.spawn('rocket').id)
    expect(ids.slice(0, 16).every((id) => id >= FIRST_KEYED_ID)).toBe(true)
    expect(ids.slice(16)).toEqual([1, 2])
  })

  it('takes a counted id if its key is in use', () => {
    const match = new Match()
    const spawned = (tick: number) => {
      match.sim.step(tick)
      match.sim.context.actFor(1, 5)
      const { id } = match.sim.context.spawn('rocket', { fuse: 9 })
      match.sim.settle()
      return id
    }
    const first = spawned(1)
    expect(spawned(1 + 2 ** 14)).toBe(1)
    expect(match.ids(ROCKET)).toEqual([1, first])
  })
})

describe('the same keys', () => {
  /** Two players; both sides apply a press of seat 1, the client in tick 5, the server in tick 8. */
  it('are computed by server and predicting client, though they apply a press in different ticks', () => {
    const server = new Match()
    for (const seat of [1, 2]) server.add(PLAYER, seat, seat, { x: 50 * seat })
    const client = server.client(1)
    client.input(1, { fire: 2, drop: 1 })
    client.tick(5)
    server.input(2, { fire: 1 })
    server.tick(5)
    server.input(1, { fire: 2, drop: 1 })
    server.input(2, { fire: 1 })
    server.tick(8)
    const own = (ids: number[]) => ids.filter((id) => server.get(id).owner === 1)
    expect(own(server.ids(ROCKET))).toEqual(client.ids(ROCKET))
    expect(client.ids(ROCKET)).toHaveLength(2)
    expect(own(server.ids(MINE))).toEqual(client.ids(MINE))
    expect(server.events(8)).toEqual(client.events(5))
    const keys = [...server.events(5), ...server.events(8)].map(([, key]) => key)
    expect(new Set(keys).size).toBe(3)
  })

  it('are computed by tick where no press is applied', () => {
    const server = new Match()
    const client = new Match(duel, { side: 'client' })
    const key = ({ sim }: Match, tick: number) => {
      sim.step(tick)
      sim.context.actFor(2, 5)
      return sim.context.spawn('mine').id
    }
    expect(key(server, 3)).toBe(key(client, 3))
    expect(key(server, 4)).not.toBe(key(client, 5))
  })
})

describe('the context', () => {
  it('knows the input of any seat, and the world by type', () => {
    const match = new Match()
    match.add(PLAYER, 1, 1)
    match.input(2, { y: 1, fire: 1 })
    match.sim.step(1)
    const ctx = match.sim.context as unknown as StepContext<NonNullable<(typeof duel)['shape']>>
    expect(ctx.inputOf(2).move.y).toBe(1)
    expect(ctx.inputOf(2).fire).toBe(1)
    expect(ctx.inputOf(0).fire).toBe(0)
    expect([...ctx.world.player].map((p) => p.hp)).toEqual([100])
    expect(ctx.world.mine.count).toBe(0)
  })

  it('keeps opaque state, one per simulation', () => {
    const game = defineGame({
      id: 'physics',
      tickRate: 60,
      snapshotRate: 60,
      input: {},
      entities: { thing: { fields: { ref: entityRef() } } },
      opaque: {
        create: () => ({ n: 0 }),
        save: ({ n }) => Uint8Array.of(n),
        load: (state, bytes) => void Object.assign(state, { n: bytes[0] }),
      },
    })
    const [one, other] = [new Match(game), new Match(game)]
    expect(one.sim.context.opaque).toEqual({ n: 0 })
    expect(one.sim.context.opaque).not.toBe(other.sim.context.opaque)
  })
})
