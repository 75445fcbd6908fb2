/**
 * Prediction under interference: players and a ball that push each other apart, over bad links, in all three ways to predict.
 */
import type { Room } from '@tickmesh/client'
import { describe, expect, it } from 'vitest'
import { Lab, type Path } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { type Bumper, bumperRules, makeBumper, nearby, type PredictNearby, TOP_SPEED } from './bumper-game.ts'
import { clientOf } from './client-of.ts'

const LINKS: readonly [string, Path][] = [
  ['an ordered link', { rttMs: 100, jitterMs: 30, loss: 0.05, ordered: true }],
  ['a datagram link', { rttMs: 100, jitterMs: 30, loss: 0.05, ordered: false }],
]
const MODES = [
  ['own', 'own'],
  ['all', 'all'],
  ['a function', nearby],
] as const

const PLAYERS = 4

interface Match {
  readonly lab: Lab<Bumper>
  readonly rooms: Room<Bumper>[]
  readonly pilots: ReturnType<typeof pilot>[]
}

async function match(seed: number, path: Path, game: ReturnType<typeof makeBumper>): Promise<Match> {
  const lab = new Lab<Bumper>({ game, rules: bumperRules, seed })
  const pilots = Array.from({ length: PLAYERS }, (_, n) => pilot(seed * 10 + n))
  const rooms: Room<Bumper>[] = []
  for (const { sample } of pilots) {
    const steer = () => ({ move: sample().move })
    rooms.push(await lab.join({ path, sample: steer }))
  }
  return { lab, rooms, pilots }
}

interface Spot {
  readonly x: number
  readonly y: number
  readonly tick: number
  readonly predicted: boolean
}

/** What contacts may push within a tick, in units: all the others at once. */
const CONTACT = 45
/** Share of an offset that is left after a display frame. */
const LEFT = Math.exp(-1000 / 60 / 80)

/**
 * The longest way that anything predicted went on a screen in one display frame beyond what its top speed and the decay of its offset explain. A stall that
 * was announced starts anew. Others are drawn where they were, unsmoothed, so that what is shot at is what is judged.
 */
function watchJumps(room: Room<Bumper>, predict: (typeof MODES)[number][1]): { worst(): number; frames(): number } {
  let worst = 0
  let frames = 0
  const before = new Map<number, Spot>()
  room.onStall(() => before.clear())
  const predicts = (entity: Parameters<PredictNearby>[0], world: Parameters<PredictNearby>[2]): boolean =>
    typeof predict === 'function' ? predict(entity, room.seat, world) : predict === 'all' || entity.owner === room.seat
  let starvedFrames = 0
  let starvedLast = false
  room.onFrame((view, { tick }) => {
    const { offsetOf } = clientOf(room)
    const starved = room.stats.starvedFrames !== starvedFrames
    starvedFrames = room.stats.starvedFrames
    for (const table of [view.player, view.ball]) {
      for (const entity of table) {
        const { id, x, y } = entity
        const last = before.get(id)
        const predicted = predicts(entity, view)
        // What has just come to be drawn from the past goes on as the past does: after starvation with a jump.
        const pastJumps = !predicted && (starved || starvedLast)
        if (last !== undefined && (predicted || last.predicted) && !pastJumps) {
          // Ticks do not go on in step with display frames: the longer of both counts.
          const seconds = Math.max(1, tick - last.tick) / 60
          const offset = Math.hypot(offsetOf(id, 0), offsetOf(id, 1)) / 256
          const explained = TOP_SPEED * Math.SQRT2 * seconds + offset * (1 / LEFT - 1)
          worst = Math.max(worst, Math.hypot(x - last.x, y - last.y) - explained)
          frames++
        }
        before.set(id, { x, y, tick, predicted })
      }
    }
    starvedLast = starved
  })
  return { worst: () => worst, frames: () => frames }
}

const everything = (world: Room<Bumper>['debug']['server']) => ({
  players: [...world.player].map(({ id, owner, x, y, vx, vy, bumps }) => ({ id, owner, x, y, vx, vy, bumps })),
  balls: [...world.ball].map(({ id, x, y, vx, vy }) => ({ id, x, y, vx, vy })),
})

for (const [linkName, path] of LINKS) {
  describe(`players that collide, over ${linkName}`, () => {
    for (const [mode, predict] of MODES) {
      it(`predict ${mode}: correct and smooth what contact disturbed, and end with equal worlds`, async () => {
        const { lab, rooms, pilots } = await match(41, path, makeBumper(predict))
        await lab.run(5_000)
        const jumps = rooms.map((room) => watchJumps(room, predict))
        await lab.run(20_000)
        for (const { stop } of pilots) stop()
        const server = [...lab.host.rooms.values()][0]
        const bumps = [...(server?.world.player ?? [])].reduce((sum, player) => sum + player.bumps, 0)
        expect(bumps).toBeGreaterThan(60)
        expect(rooms.reduce((sum, { stats }) => sum + stats.ownCorrections, 0)).toBeGreaterThan(20)
        rooms.forEach(({ stats }, n) => {
          expect(stats.corrections).toBeGreaterThanOrEqual(stats.ownCorrections)
          expect(stats.rollbacks).toBeGreaterThan(5)
          expect(jumps[n]?.frames()).toBeGreaterThan(1_000)
          expect(jumps[n]?.worst()).toBeLessThan(CONTACT)
        })
        await lab.run(12_000)
        const truth = everything(server?.world as unknown as Room<Bumper>['debug']['server'])
        expect(truth.players).toHaveLength(PLAYERS)
        for (const room of rooms) {
          expect(room.open).toBe(true)
          expect(everything(room.debug.server)).toEqual(truth)
          const before = room.stats.rollbacks
          expect(everything(clientOf(room).presentWorld())).toEqual(truth)
          await lab.run(1_000)
          expect(room.stats.rollbacks).toBe(before)
        }
      })

      it(`predict ${mode}: never correct their own motion without contact, but for inputs that were late`, async () => {
        const { lab, rooms } = await match(42, path, makeBumper(predict, { collide: false }))
        await lab.run(5_000)
        const before = rooms.map(({ stats }) => stats)
        await lab.run(20_000)
        rooms.forEach(({ stats }, n) => {
          const late = stats.lateInputs - (before[n]?.lateInputs ?? 0)
          const corrections = stats.ownCorrections - (before[n]?.ownCorrections ?? 0)
          expect(corrections).toBeLessThanOrEqual(late)
        })
      })
    }
  })
}
