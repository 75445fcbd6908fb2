/**
 * One cell over real sockets: two players, a relay that makes the network bad, and a server, in this process, so that all share one clock.
 * The server is put together as `serve` does it, but with taps on its links. The display is a timer: there is no screen to wait for.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type ClientHost, connectWebSocket, joinOver, type Room } from '@tickmesh/client'
import { RealTickTimer, RoomHost, WsTransport } from '@tickmesh/server'
import { SeededRandom } from '@tickmesh/shared'
import { type Condition, directionOf } from '../lab/conditions.ts'
import { TapLink } from '../lab/tap-link.ts'
import { startTcpRelay } from '../relay/tcp-relay.ts'
import { type LatencyShape, latencyRules } from './latency-game.ts'
import { PLAYERS, PressFollower } from './press-follower.ts'
import type { PressRecord } from './press-log.ts'
import { pressTimes } from './press-times.ts'
import { type CellPlan, DRAIN_MS } from './virtual-cell.ts'

const LOCAL = '127.0.0.1'
const now = (): number => performance.now()

interface Listening {
  readonly port: number
  close(): void
}

/** The presses of both players. Takes as long as the plan says. */
export async function playReal(condition: Condition, plan: CellPlan): Promise<readonly PressRecord[]> {
  const follower = new PressFollower(now)
  const server = await startServer(follower)
  const direction = directionOf(condition, plan.jitterShape)
  const relay = await startTcpRelay({
    listenPort: 0,
    toHost: LOCAL,
    toPort: server.port,
    out: { ...direction, seed: plan.seed },
    in: { ...direction, seed: plan.seed + 1 },
  })
  const rooms: Room<LatencyShape>[] = []
  try {
    for (let index = 0; index < PLAYERS; index++) {
      const room = await joinTapped(follower, index, `ws://${LOCAL}:${relay.port}/`, plan)
      rooms.push(room)
      follower.watch(index, room)
    }
    await wait(plan.warmUpMs)
    const random = new SeededRandom(plan.seed)
    for (let index = 0; index < PLAYERS; index++) {
      for (const time of pressTimes(random, now(), plan.measuredMs))
        setTimeout(() => follower.press(index), time - now())
    }
    await wait(plan.measuredMs + DRAIN_MS)
  } finally {
    for (const room of rooms) void room.leave()
    await relay.close()
    server.close()
  }
  return follower.logs.flatMap(({ records }) => records)
}

async function startServer(follower: PressFollower): Promise<Listening> {
  const host = new RoomHost<LatencyShape>(follower.game, latencyRules, {
    timer: new RealTickTimer(),
    development: false,
  })
  const transport = new WsTransport()
  const http = createServer()
  let players = 0
  http.on('upgrade', (request, socket, head) => {
    transport.handleUpgrade(request, socket, head, (link) => {
      host.accept(new TapLink(link, follower.tapServer(players++)))
    })
  })
  return {
    port: await listen(http),
    close() {
      host.close()
      http.close()
      http.closeAllConnections()
    },
  }
}

function listen(http: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(0, LOCAL, () => resolve((http.address() as AddressInfo).port))
  })
}

async function joinTapped(
  follower: PressFollower,
  index: number,
  url: string,
  { displayHz }: CellPlan,
): Promise<Room<LatencyShape>> {
  const host = hostWithDisplay(displayHz)
  const link = await connectWebSocket(url, { scheduler: host })
  return joinOver(follower.game, new TapLink(link, follower.tapClient(index)), host, { development: false })
}

/** The clock and timers of Node, as the SDK's own host has them, and a display. */
function hostWithDisplay(displayHz: number): ClientHost {
  const frameMs = 1000 / displayHz
  const after = (ms: number, run: () => void) => {
    const timer = setTimeout(run, Math.max(0, ms))
    return () => clearTimeout(timer)
  }
  return {
    now,
    at: (timeMs, run) => after(timeMs - now(), run),
    requestFrame(run) {
      const nowMs = now()
      // The frame that is due, also if the timer is a little early.
      const next = (Math.floor(nowMs / frameMs + 0.25) + 1) * frameMs
      return after(Math.ceil(next - nowMs), run)
    },
    isAway: () => false,
    random: Math.random,
  }
}
