/**
 * `npm run bench -- links`: the same game over WebSocket and over WebRTC, side by side, on one server and through equal relays. Real sockets, real time.
 *
 *     --rtt 100      round trip of the relay in ms; --jitter 0 each way on top
 *     --loss 5       per cent of packets lost each way, in bursts of --burst 3 on average
 *     --players 4    bots of each kind, in a room of their own; --seconds 30 measured, after --warm-up 10
 *     --seed 1       --json
 *
 * Over TCP a lost packet is a stall of all behind it (the relay waits as a retransmission would); over UDP it is gone. Server, relays and bots are one process:
 * they share the clock, so an age is an age, and whatever disturbs one kind disturbs the other.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Server, serve } from '@tickmesh/server'
import { numberOption } from '../figures.ts'
import { type Duel, duel, duelRules } from '../lab/duel.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { startTcpRelay } from '../relay/tcp-relay.ts'
import { finish, heading, table } from '../report.ts'
import type { LinkFigures } from './link-figures.ts'
import { LinkMatch } from './link-match.ts'
import { startSignalRelay } from './signal-relay.ts'
import { TickTimes } from './tick-times.ts'

const SECOND = 1000
const LOCAL = '127.0.0.1'

export interface LinksPlan {
  readonly rttMs: number
  readonly jitterMs: number
  readonly lossPct: number
  readonly lossBurst: number
  readonly players: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly seed: number
}

export interface LinksResult extends LinksPlan {
  readonly kind: 'links'
  /** How late timers of this machine were, at p99: with much more than a few ms the figures are of the machine. */
  readonly tickLatenessP99Ms: number
  readonly links: { readonly websocket: LinkFigures; readonly webrtc: LinkFigures }
}

export async function run(args: readonly string[]): Promise<void> {
  const plan: LinksPlan = {
    rttMs: numberOption(args, 'rtt', 100, 0, 1000),
    jitterMs: numberOption(args, 'jitter', 0, 0, 500),
    lossPct: numberOption(args, 'loss', 5, 0, 50),
    lossBurst: numberOption(args, 'burst', 3, 1, 50),
    players: numberOption(args, 'players', 4, 1, 16),
    seconds: numberOption(args, 'seconds', 30, 1, 600),
    warmUpSeconds: numberOption(args, 'warm-up', 10, 0, 600),
    seed: numberOption(args, 'seed', 1, 1, 1_000_000),
  }
  const result = await compareLinks(plan, new ProgressMeter(1, 0, () => performance.now()))
  show(result)
  finish(args, result)
}

/** Takes warm-up and measured seconds, and a little more. */
export async function compareLinks(plan: LinksPlan, meter?: ProgressMeter): Promise<LinksResult> {
  const times = new TickTimes()
  const rules = {
    ...duelRules,
    // Begins the tick whose snapshot leaves at its end, a fraction of a millisecond later.
    onTick: (room: { readonly id: string; readonly tick: number }) => times.note(room.id, room.tick, performance.now()),
  }
  const server = await serve<Duel>(duel, rules, { host: LOCAL, webrtc: true, development: false, log: () => {} })
  const way = {
    delayMs: plan.rttMs / 2,
    jitterMs: plan.jitterMs,
    jitterShape: 'uniform',
    loss: plan.lossPct / 100,
    lossBurst: plan.lossBurst,
  } as const
  const out = { ...way, seed: plan.seed }
  const back = { ...way, seed: plan.seed + 1 }
  const tcp = await startTcpRelay({ listenPort: 0, toHost: LOCAL, toPort: server.port, out, in: back })
  const udp = await startSignalRelay({ toPort: server.port, out, in: back })
  const { players, seed } = plan
  const path = new URL(server.url).pathname
  const matches = [
    new LinkMatch({ kind: 'websocket', url: `ws://${LOCAL}:${tcp.port}${path}`, players, seed }, times),
    new LinkMatch({ kind: 'webrtc', url: `ws://${LOCAL}:${udp.port}${path}`, players, seed }, times),
  ] as const
  try {
    return await play(plan, server, matches, meter)
  } finally {
    await Promise.allSettled(matches.map((match) => match.leave()))
    await Promise.allSettled([tcp.close(), udp.close()])
    await server.close()
  }
}

async function play(
  plan: LinksPlan,
  server: Server<Duel>,
  [websocket, webrtc]: readonly [LinkMatch, LinkMatch],
  meter: ProgressMeter | undefined,
): Promise<LinksResult> {
  meter?.begin(`${plan.players} bots over each kind of link, for ${plan.warmUpSeconds + plan.seconds} s`)
  await Promise.all([websocket.join(), webrtc.join()])
  await wait(plan.warmUpSeconds * SECOND)
  server.resetLateness()
  const room = (kind: string) => server.rooms.get(kind)
  websocket.begin(room('websocket'), performance.now())
  webrtc.begin(room('webrtc'), performance.now())
  await wait(plan.seconds * SECOND)
  const links = {
    websocket: websocket.end(room('websocket'), performance.now()),
    webrtc: webrtc.end(room('webrtc'), performance.now()),
  }
  meter?.end()
  return { kind: 'links', ...plan, tickLatenessP99Ms: server.stats.tickLatenessP99Ms, links }
}

const ROWS: readonly (readonly [string, (figures: LinkFigures) => string])[] = [
  ['snapshot age, p50', ({ snapshotAgeP50Ms }) => `${snapshotAgeP50Ms} ms`],
  ['snapshot age, p99', ({ snapshotAgeP99Ms }) => `${snapshotAgeP99Ms} ms`],
  ['snapshot age, worst', ({ snapshotAgeMaxMs }) => `${snapshotAgeMaxMs} ms`],
  ['late inputs', ({ lateInputShare }) => percent(lateInputShare)],
  ['presses refused', ({ refusedPresses }) => String(refusedPresses)],
  ['starved frames', ({ starvedShare }) => percent(starvedShare)],
  ['snapshots lost', ({ snapshotsLostShare }) => percent(snapshotsLostShare)],
  ['least round trip', ({ rttMs }) => `${rttMs} ms`],
  ['lead', ({ leadMs }) => `${leadMs} ms`],
  ['interpolation delay', ({ interpolationDelayMs }) => `${interpolationDelayMs} ms`],
  ['bytes down', ({ bytesDownPerSecond }) => `${bytesDownPerSecond} /s`],
  ['bytes up', ({ bytesUpPerSecond }) => `${bytesUpPerSecond} /s`],
]

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

function show({ links, rttMs, lossPct, lossBurst, tickLatenessP99Ms }: LinksResult): void {
  heading(`WebSocket and WebRTC, side by side: ${rttMs} ms, ${lossPct} % lost in bursts of ${lossBurst}`)
  table([['', 'WebSocket', 'WebRTC'], ...ROWS.map(([name, read]) => [name, read(links.websocket), read(links.webrtc)])])
  console.log(`  ticks of the server were ${tickLatenessP99Ms.toFixed(1)} ms late at p99`)
}
