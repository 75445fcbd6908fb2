/** How the interest bench tells the age of what a client shows: on a truth that is made by hand. */
import { defineGame, fixed, HEADER_COUNTS, int, linear, World } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { ShownFrame } from '../src/interest/frame-sample.ts'
import { AIMED_IN_VIEW, fieldSize, VIEW_RADIUS } from '../src/interest/interest-game.ts'
import { indexTruth, type Staleness, StalenessMeter } from '../src/interest/staleness.ts'

/** Own ships stand still; a drone flies 1 to the right per tick until it turns. */
const game = defineGame({
  id: 'staleness',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 2,
  input: {},
  entities: {
    ship: { max: 2, fields: { x: fixed(0, 1000, 1), y: fixed(0, 1000, 1) } },
    drone: {
      max: 4,
      fields: { x: fixed(0, 1000, 1), y: fixed(0, 1000, 1), vx: fixed(-60, 60, 1), hp: int(0, 9) },
      motion: linear(['x', 'vx']),
    },
  },
})
const LAST = 60
/** The drone turns with this tick. */
const TURN = 31

interface Drone {
  readonly x: number
  readonly vx: number
  readonly hp: number
}

function worldOf(drone: Drone | undefined): Int32Array {
  const world = new World(game)
  const ship = world.spawn(0, 1, 1)
  world.assign(ship, { x: 100, y: 100 })
  if (drone !== undefined) world.assign(world.spawn(1, 2, 0), { ...drone, y: 100 })
  world.ints[HEADER_COUNTS] = 1
  return world.ints
}

function droneAt(tick: number): Drone {
  return tick < TURN ? { x: 100 + tick, vx: 60, hp: 9 } : { x: 100 + 2 * (TURN - 1) - tick, vx: -60, hp: 9 }
}

const ticks = Array.from({ length: LAST + 1 }, (_, tick) => tick)
const worlds = new Int32Array(ticks.length * game.worldInts)
for (const tick of ticks) worlds.set(worldOf(droneAt(tick)), tick * game.worldInts)
const truth = indexTruth(game, { ticks, worlds })

/** What a client that showed these drones at these ticks is found to have shown. */
function judged(shown: readonly (readonly [tick: number, drone: Drone | undefined])[], radius = 500): Staleness {
  const meter = new StalenessMeter(truth, { centre: 'ship', radius })
  const frames: ShownFrame[] = shown.map(([tick, drone]) => ({ tick, arrivedMs: 0, world: worldOf(drone) }))
  meter.add({ seat: 1, shown: frames }, 0)
  return meter.sum
}

describe('the age of what a client shows', () => {
  it('is one interval if each snapshot has the truth', () => {
    const sum = judged([0, 3, 6, 9, 12].map((tick) => [tick, droneAt(tick)]))
    expect(sum).toMatchObject({ worstTicks: 3, unmatched: 0, missing: 0, moments: 4 })
    // The ship, which stands, is up to date.
    expect(sum.inView).toBe(8)
    expect(sum.ages[3]).toBe(4)
  })

  it('counts from the tick whose truth a client still has', () => {
    expect(judged([0, 3, 6, 9].map((tick) => [tick, droneAt(0)])).worstTicks).toBe(9)
  })

  it('counts what motion made of an old truth from the newest tick that it follows from', () => {
    // Right as long as the drone flies straight on: as good as new.
    const straight = judged([0, 3, 6, 9].map((tick) => [tick, { x: 100 + tick, vx: 60, hp: 9 }]))
    expect(straight.worstTicks).toBe(3)
    // It turned with tick 31, and the client thinks that it flies on: that follows from 30, and from nothing newer.
    const wrong = judged([30, 33, 36, 39].map((tick) => [tick, { x: 100 + tick, vx: 60, hp: 9 }]))
    expect(wrong).toMatchObject({ worstTicks: 9, unmatched: 0 })
  })

  it('names what never was true', () => {
    const sum = judged([30, 33].map((tick) => [tick, { ...droneAt(tick), hp: 5 }]))
    expect(sum).toMatchObject({ unmatched: 1, worstTicks: 33 })
  })

  it('counts what is not there from when it came into view', () => {
    // Within 20 up to tick 20 and again from 40 on.
    expect(
      judged(
        [18, 21].map((tick) => [tick, undefined]),
        20,
      ).worstTicks,
    ).toBe(0)
    const sum = judged(
      [39, 42, 45, 48].map((tick) => [tick, undefined]),
      20,
    )
    expect(sum.worstTicks).toBe(8)
    expect(sum.missing).toBe(3)
  })

  it('does not judge what is of before the truth that was kept', () => {
    const meter = new StalenessMeter(truth, { centre: 'ship', radius: 500 })
    const shown = [0, 3, 6].map((tick) => ({ tick, arrivedMs: 0, world: worldOf(droneAt(0)) }))
    meter.add({ seat: 1, shown }, 7)
    expect(meter.sum.moments).toBe(0)
  })
})

describe('the field of the interest bench', () => {
  it('is so large that a view holds as many entities as aimed at, its edges considered', () => {
    for (const entities of [300, 1000, 4000]) {
      const size = fieldSize({ entities, players: 10 })
      let within = 0
      const pairs = 200_000
      let seed = 1
      const next = () => {
        seed = (Math.imul(seed, 1664525) + 1013904223) | 0
        return ((seed >>> 8) / 2 ** 24) * size
      }
      for (let n = 0; n < pairs; n++) if (Math.hypot(next() - next(), next() - next()) <= VIEW_RADIUS) within++
      expect(((within / pairs) * entities) / AIMED_IN_VIEW).toBeGreaterThan(0.93)
      expect(((within / pairs) * entities) / AIMED_IN_VIEW).toBeLessThan(1.07)
    }
  })
})
