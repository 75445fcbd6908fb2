/**
 * The interest game on Tickmesh, by its public API, and what is measured of it. Used by server-process.ts.
 */
import { type Room, type Rules, serve } from '@tickmesh/server'
import { type Game, hashRandom, type Shape } from '@tickmesh/shared'
import { round } from '../figures.ts'
import { RoomPhase, TickMeter } from '../load/tick-meter.ts'
import { counts, fieldSize, type InterestGame, makeInterestGame, TICK_RATE, VIEW_RADIUS } from './interest-game.ts'
import type { ServerFigures, ServerPlan } from './messages.ts'
import { TruthLog } from './truth-log.ts'

export type InterestShape = InterestGame extends Game<infer S extends Shape> ? S : never

/** One crate changes every so many ticks. */
const CRATE_TICKS = 3

export interface ServerUnderTest {
  readonly port: number
  readonly truth: TruthLog
  start(): void
  figures(): ServerFigures
}

/** Where everything is at first: spread evenly at random, the same in each run. */
function furnish(room: Room<InterestShape>, plan: ServerPlan): void {
  const size = fieldSize(plan)
  const { drones, crates } = counts(plan)
  const at = (n: number, axis: number) => hashRandom(1, n, axis, 0) * size
  for (let n = 0; n < drones; n++) {
    const vx = 200 * hashRandom(2, n, 0, 0) - 100
    room.spawn('drone', { x: at(n, 0), y: at(n, 1), vx, vy: 200 * hashRandom(2, n, 1, 0) - 100 })
  }
  for (let n = 0; n < crates; n++) {
    const crate = room.spawn('crate', { x: at(n, 2), y: at(n, 3) })
    crate.asleep = true
  }
}

function rulesOf(plan: ServerPlan, meter: TickMeter, truth: TruthLog): Rules<InterestShape> {
  const size = fieldSize(plan)
  const phase = new RoomPhase()
  return {
    onCreate: (room) => furnish(room, plan),
    onJoin(room, { seat }) {
      room.spawn('ship', { owner: seat, x: hashRandom(3, seat, 0, 0) * size, y: hashRandom(3, seat, 1, 0) * size })
    },
    ...(plan.interest ? { interest: { grid: { x: 'x', y: 'y', radius: VIEW_RADIUS } } } : {}),
    onTick(room) {
      meter.tick(phase, room.tick, room.players.size, performance.now())
      const { ship, crate } = room.world
      if (ship.count > 0) truth.beforeTick(room.tick, intsOf(ship.at(0)))
      if (room.tick % CRATE_TICKS !== 0 || crate.count === 0) return
      const hit = crate.at(Math.floor(room.random() * crate.count))
      hit.hp = hit.hp <= 10 ? 100 : hit.hp - 10
    },
  }
}

/** The world's memory, which each view reads. */
function intsOf(view: object): Int32Array {
  return (view as { readonly ints: Int32Array }).ints
}

export async function startServer(plan: ServerPlan): Promise<ServerUnderTest> {
  const game = makeInterestGame(plan)
  const meter = new TickMeter(1000 / TICK_RATE)
  const truth = new TruthLog(game, plan.truthSeconds)
  const server = await serve(game, rulesOf(plan, meter, truth), {
    port: 0,
    host: '127.0.0.1',
    transport: plan.transport,
    development: false,
    limits: { connectionsPerAddress: 100_000, maxConnections: 100_000 },
    log: (line) => {
      if (line.level !== 'info') console.error(`${line.event}: ${line.message}`)
    },
  })
  const roomStats = () => [...server.rooms.values()][0]?.stats
  let cpu = process.cpuUsage()
  let startedMs = performance.now()
  let before = roomStats()
  return {
    port: server.port,
    truth,
    start() {
      globalThis.gc?.()
      truth.start()
      meter.start()
      before = roomStats()
      cpu = process.cpuUsage()
      startedMs = performance.now()
    },
    figures() {
      const { user, system } = process.cpuUsage(cpu)
      const wallMs = performance.now() - startedMs
      const now = roomStats()
      return {
        cpuMicros: user + system,
        wallMs,
        ticks: meter.roomTicks,
        tickLatenessP99Ms: round(meter.lateness(0.99), 3),
        tickLatenessMaxMs: round(meter.lateness(1), 3),
        tickDurationMeanMs: round(now?.tickDurationMeanMs ?? 0, 3),
        framesSent: (now?.framesSent ?? 0) - (before?.framesSent ?? 0),
        framesSkipped: (now?.framesSkipped ?? 0) - (before?.framesSkipped ?? 0),
        bytesSent: (now?.bytesSent ?? 0) - (before?.bytesSent ?? 0),
        bodiesEncoded: (now?.bodiesEncoded ?? 0) - (before?.bodiesEncoded ?? 0),
        skippedTicks: (now?.skippedTicks ?? 0) - (before?.skippedTicks ?? 0),
        overload: now?.overload ?? 0,
        players: now?.players ?? 0,
        entities: now?.entities ?? 0,
        rssMb: round(process.memoryUsage.rss() / 1e6, 1),
      }
    },
  }
}
