import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/math/random.ts'
import { describeDifference } from '../../src/sim/sync-test.ts'
import { type Actor, duel, Match, PLAYER, ROCKET } from './duel.ts'

const TICKS = 200
const SEATS = 4

interface Played {
  readonly x: number
  readonly y: number
  readonly aim: number
  readonly fire: number
  readonly drop: number
}

/** The inputs of all seats for all ticks; presses as counters. */
function inputsOf(seed: number): Played[][] {
  const random = new SeededRandom(seed)
  const fire = [0, 0, 0, 0]
  const drop = [0, 0, 0, 0]
  return Array.from({ length: TICKS }, () =>
    fire.map((_, seat): Played => {
      fire[seat] = (fire[seat] ?? 0) + (random.next() < 0.1 ? random.int(1, 3) : 0)
      drop[seat] = (drop[seat] ?? 0) + (random.next() < 0.02 ? 1 : 0)
      const [x, y, aim] = [random.int(-1, 1), random.int(-1, 1), random.next() * 6]
      return { x, y, aim, fire: fire[seat] ?? 0, drop: drop[seat] ?? 0 }
    }),
  )
}

function start(): Match {
  const match = new Match(duel, { development: false })
  for (let seat = 1; seat <= SEATS; seat++) match.add(PLAYER, seat, seat, { x: 100 * seat, y: 100 })
  match.sim.settle()
  return match
}

/** One tick as a server runs it: inputs, steps, commands with their rules. */
function advance(match: Match, tick: number, inputs: readonly Played[]): void {
  const { sim } = match
  for (const [n, input] of inputs.entries()) match.input(n + 1, input)
  if (tick >= 6) sim.inputs.setStamp(1 + (tick % SEATS), tick - 6, tick - 3, tick % 256)
  sim.step(tick)
  for (const { values } of sim.commands) {
    const target = sim.world.find(values.target as number) as Actor | undefined
    if (target === undefined) continue
    target.hp = Math.max(0, target.hp - (values.amount as number))
    if (target.hp === 0) {
      sim.context.despawn(target)
      sim.world.assign(sim.world.spawn(PLAYER, sim.world.takeId(), target.owner), {
        x: 256 * sim.context.random(),
        y: 100,
      })
    }
  }
  sim.settle()
  sim.inputs.clear()
  match.history.put(tick, sim.world.ints)
}

describe('a simulation', () => {
  it('with equal inputs has equal hashes over 200 ticks', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const inputs = inputsOf(seed)
        const [one, other] = [start(), start()]
        let most = 0
        for (let tick = 1; tick <= TICKS; tick++) {
          advance(one, tick, inputs[tick - 1] ?? [])
          advance(other, tick, inputs[tick - 1] ?? [])
          expect(other.sim.world.hash(), `tick ${tick} of seed ${seed}`).toBe(one.sim.world.hash())
          expect(other.events(tick)).toEqual(one.events(tick))
          most = Math.max(most, one.ids(ROCKET).length)
        }
        expect(most).toBeGreaterThan(2)
      }),
      { numRuns: 10 },
    )
  })

  it('that goes back and computes again arrives where going straight on does', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.tuple(fc.nat(TICKS - 1), fc.integer({ min: 1, max: 12 })), { maxLength: 20 }),
        (seed, rollbacks) => {
          const inputs = inputsOf(seed)
          const [straight, rolled] = [start(), start()]
          rolled.history.put(0, rolled.sim.world.ints)
          straight.history.put(0, straight.sim.world.ints)
          for (let tick = 1; tick <= TICKS; tick++) {
            advance(straight, tick, inputs[tick - 1] ?? [])
            advance(rolled, tick, inputs[tick - 1] ?? [])
            for (const [at, back] of rollbacks) {
              if (at !== tick) continue
              const from = Math.max(0, tick - back)
              const snapshot = rolled.history.find(from)
              if (snapshot === undefined) throw new Error('the history is too short')
              rolled.sim.world.load(snapshot)
              for (let again = from + 1; again <= tick; again++) advance(rolled, again, inputs[again - 1] ?? [])
            }
            const difference = describeDifference(duel, straight.sim.world.ints, rolled.sim.world.ints)
            expect(difference, `tick ${tick} of seed ${seed}`).toBeUndefined()
            expect(rolled.events(tick)).toEqual(straight.events(tick))
          }
        },
      ),
      { numRuns: 10 },
    )
  })

  it('with one input different soon has another hash', () => {
    const [one, other] = [start(), start()]
    const inputs = inputsOf(1)
    for (let tick = 1; tick <= 3; tick++) {
      advance(one, tick, inputs[tick - 1] ?? [])
      const changed = (inputs[tick - 1] ?? []).map((input, seat) =>
        seat === 2 ? { ...input, y: input.y === 1 ? 0 : 1 } : input,
      )
      advance(other, tick, changed)
      expect(other.sim.world.hash()).not.toBe(one.sim.world.hash())
    }
  })
})
