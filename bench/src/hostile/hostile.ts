/**
 * `npm run bench -- hostile`: attacks a real server with everything at once, beside 20 honest players in one room, and says what they noticed.
 *   --seconds 60   of attack in all, in stretches with calm between them
 *   --transport ws | uWebSockets.js | auto   --attacks a,b,c   --seed 1   --no-webrtc   --json
 *   --attack-kb, --attack-messages, --attack-connects   what the attackers may do in all, per second
 * The server has its default limits. Honest players come from 127.0.0.1, each attack from addresses of its own, so that limits per address are judged.
 */
import { availableParallelism } from 'node:os'
import { styleText } from 'node:util'
import { numberOption, option, sum } from '../figures.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import type { AttackOutcome } from './attack-tally.ts'
import { attackNamed, attacks } from './attacks.ts'
import { runSiege, type SiegePlan, type SiegeResult } from './run-siege.ts'
import { HONEST_PLAYERS } from './siege-game.ts'
import { type Ratio, stretchPlan } from './stretches.ts'
import { transportOption } from './transport-option.ts'

const TARGETS = { crashes: 0, honestTickLatenessRatio: 1.1, honestDisconnects: 0, rssGrowthMb: 50 } as const
const WARM_UP_MS = 5_000
const REHEARSAL_MS = 3_000
/** Seats are kept for 15 s, empty rooms for 5 s. */
const REST_MS = 25_000

export async function run(args: readonly string[]): Promise<void> {
  const seconds = numberOption(args, 'seconds', 60, 2, 3600)
  const named = option(args, 'attacks')?.split(',') ?? attacks.map(({ name }) => name)
  for (const name of named) attackNamed(name)
  const plan: SiegePlan = {
    transport: transportOption(args),
    webrtc: !args.includes('--no-webrtc'),
    attacks: named,
    players: HONEST_PLAYERS,
    stretches: stretchPlan(seconds),
    warmUpMs: WARM_UP_MS,
    rehearsalMs: REHEARSAL_MS,
    restMs: REST_MS,
    intensity: {
      kiloBytes: numberOption(args, 'attack-kb', 1_500, 1, 1_000_000),
      messages: numberOption(args, 'attack-messages', 3_000, 1, 1_000_000),
      connects: numberOption(args, 'attack-connects', 60, 1, 100_000),
    },
    seed: numberOption(args, 'seed', 1, 0, 2 ** 31),
    onStage: progress,
  }
  heading(
    `Hostile: ${named.length} attacks at once for ${seconds} s, against ${HONEST_PLAYERS} honest players in a room`,
  )
  const siege = await runSiege(plan)
  print(siege)
  // Lateness and memory are judged by whoever knows the machine; these two are defects on any.
  if (siege.crashes > 0 || siege.honestDisconnects > 0) process.exitCode = 1
  const { intensity } = plan
  finish(args, {
    kind: 'hostile',
    seconds,
    players: HONEST_PLAYERS,
    cores: availableParallelism(),
    intensity,
    ...siege,
  })
}

function print(siege: SiegeResult): void {
  const { calm, attack } = siege
  heading(`What the honest players noticed (server on ${siege.transport})`)
  table([
    ['', 'calm', 'under attack'],
    ['tick lateness p50', `${calm.tickLatenessP50Ms} ms`, `${attack.tickLatenessP50Ms} ms`],
    ['tick lateness p99', `${calm.tickLatenessP99Ms} ms`, `${attack.tickLatenessP99Ms} ms`],
    ['  p99 without waits for a core', `${calm.ownLatenessP99Ms} ms`, `${attack.ownLatenessP99Ms} ms`],
    ['  p99 of all rooms', `${calm.allRoomsLatenessP99Ms} ms`, `${attack.allRoomsLatenessP99Ms} ms`],
    ['tick lateness max', `${calm.tickLatenessMaxMs} ms`, `${attack.tickLatenessMaxMs} ms`],
    ['inputs late', percent(calm.inputsLateShare), percent(attack.inputsLateShare)],
    ['frames starved', percent(calm.framesStarvedShare), percent(attack.framesStarvedShare)],
    ['CPU of the server', percent(calm.serverCpu), percent(attack.serverCpu)],
    ['CPU of the honest', percent(calm.honestCpu), percent(attack.honestCpu)],
    ['CPU of the attackers', '', percent(siege.attackerCpu)],
  ])
  heading('What became of the attacks')
  table([
    ['', 'attempts', 'opened', 'refused', 'dropped', 'left', 'told why', 'kB', 'ms to drop'],
    ...siege.attacks.map(attackRow),
  ])
  for (const { name, refused, dropped } of siege.attacks) {
    const ends = [...named(refused, 'refused'), ...named(dropped, 'dropped')]
    if (ends.length > 0) progress(`${name}: ${ends.join(', ')}`)
  }
  heading('Verdict')
  table([
    ['', ''],
    ['crashes', judged(siege.crashes, TARGETS.crashes)],
    ['lateness ratio', judged(siege.honestTickLatenessRatio, TARGETS.honestTickLatenessRatio)],
    ['  nine of ten', spread(siege.honestTickLatenessSpread)],
    ['  without waits for a core', `${siege.ownLatenessRatio.value} (${spread(siege.ownLatenessRatio)})`],
    ['honest disconnects', judged(siege.honestDisconnects, TARGETS.honestDisconnects)],
    ['memory growth', judged(siege.rssGrowthMb, TARGETS.rssGrowthMb, ' MB')],
  ])
  for (const problem of [...siege.problems, ...siege.disconnectReasons]) console.log(styleText('red', `  ${problem}`))
}

function attackRow(outcome: AttackOutcome): string[] {
  const { name, attempts, opened, refused, dropped, left, toldShare, bytesSent, medianMsToDrop } = outcome
  const counts = [attempts, opened, sum(Object.values(refused)), sum(Object.values(dropped)), left]
  const ms = Number.isNaN(medianMsToDrop) ? '' : String(medianMsToDrop)
  return [name, ...counts.map(String), percent(toldShare), String(Math.round(bytesSent / 1000)), ms]
}

function named(counts: Readonly<Record<string, number>>, verb: string): string[] {
  return Object.entries(counts).map(([why, count]) => `${verb} ${count} × ${why}`)
}

function spread({ low, high }: Ratio): string {
  return `${low} to ${high}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
