/**
 * `npm run bench -- migrate`: shards in processes of their own run arena matches of SDK bots, and matches are moved from shard to shard while they are played.
 *
 *     --moves 40       how many, one after another: a random match to another shard
 *     --matches 10 --bots 8 (in each) --shards 3 --seed 1 --json
 *
 * Shards even out no rooms by themselves meanwhile. Measured is what has run for a while: the first seconds are those of compilers.
 *
 * Gap ticks of a client and a move: those of snapshots that it should have had and had not, or of a pause that was longer than any in the second before, whichever
 * is more. Corrections are counted for the clients of the match that is moved, in the second of its move and in the one before.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { SeededRandom } from '@tickmesh/shared'
import { numberOption, percentile, round, sum } from '../figures.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { finish, heading, judged, table } from '../report.ts'
import type { ClientTally, Gap } from '../shards/match-bot.ts'
import { type Account, MatchCrew } from '../shards/match-crew.ts'
import { Shards } from '../shards/shards.ts'

const TICK_MS = 1000 / 60
/** Of the arena: 20 snapshots a second. */
const SNAPSHOT_TICKS = 3
const BOT_PROCESSES = 2
const SECOND_MS = 1_000
const WARM_UP_MS = 15_000
/** So often the books are balanced. */
const ACCOUNT_EVERY = 10

interface Plan {
  readonly moves: number
  readonly matches: number
  readonly bots: number
  readonly shards: number
  readonly seed: number
}

interface Move {
  readonly outcome: string
  readonly ms: number
  readonly gaps: readonly Gap[]
  /** Clients that got no frame of the new owner within a second. */
  readonly missing: number
  readonly ownCorrections: number
  readonly ownCorrectionsBefore: number
  readonly reconnects: number
  readonly rolledBack: number
  readonly load: number
}

export async function run(args: readonly string[]): Promise<void> {
  const plan: Plan = {
    moves: numberOption(args, 'moves', 40, 1, 10_000),
    matches: numberOption(args, 'matches', 10, 1, 100),
    bots: numberOption(args, 'bots', 8, 1, 16),
    shards: numberOption(args, 'shards', 3, 2, 9),
    seed: numberOption(args, 'seed', 1, 1, 1_000_000),
  }
  const result = await measure(plan, new ProgressMeter(plan.moves, 0, () => performance.now()))
  show(result)
  finish(args, result)
}

/** Snapshots that are missing between two owners, or a pause beyond what is usual, in ticks. */
export function gapTicks({ fromMs, toMs, lastTick, firstTick, usualMs }: Gap): number {
  const missing = Math.max(0, firstTick - lastTick - SNAPSHOT_TICKS)
  const usual = Math.max(usualMs, SNAPSHOT_TICKS * TICK_MS)
  return Math.max(missing, Math.floor(Math.max(0, toMs - fromMs - usual) / TICK_MS))
}

async function moveOne(shards: Shards, crew: MatchCrew, room: string, random: SeededRandom): Promise<Move> {
  const owner = shards.ownerOf(room)
  const others = shards.living.filter((shard) => shard !== owner)
  const target = others[random.int(0, others.length - 1)]
  if (owner === undefined || target === undefined) throw new Error(`nobody runs ${room}`)
  const ofRoom = async () => (await crew.tallies()).filter((tally) => tally.room === room)
  const first = await ofRoom()
  await wait(SECOND_MS)
  const before = await ofRoom()
  await crew.gaps()
  const seen = shards.living.map((shard) => ({ shard, events: shard.events.length }))
  const load = loadavg()[0] ?? 0
  const moved = owner.move(room, target)
  const [{ outcome, ms }] = await Promise.all([moved, wait(SECOND_MS)])
  await wait(SECOND_MS / 4)
  const after = await ofRoom()
  const gaps = (await crew.gaps()).gaps.filter((gap) => gap.room === room)
  // A gap belongs to the last restoration before its first snapshot.
  const restored = seen
    .flatMap(({ shard, events }) => shard.events.slice(events))
    .filter((event) => event.event === 'rules-restored' && event.room === room)
    .map(({ tick }) => tick)
  const rolledBack = ({ finalTick, firstTick }: Gap): number => {
    const from = Math.max(...restored.filter((tick) => tick <= firstTick))
    return Number.isFinite(from) ? Math.max(0, finalTick - (from - 1)) : 0
  }
  const between = (read: (tally: ClientTally) => number, from: readonly ClientTally[], to: readonly ClientTally[]) =>
    sum(to.map(read)) - sum(from.map(read))
  return {
    ...{ outcome, ms, gaps, load, missing: outcome === 'moved' ? before.length - gaps.length : 0 },
    ownCorrections: between(({ ownCorrections }) => ownCorrections, before, after),
    ownCorrectionsBefore: between(({ ownCorrections }) => ownCorrections, first, before),
    reconnects: gaps.filter(({ afterLoss }) => afterLoss).length,
    rolledBack: sum(gaps.map(rolledBack)),
  }
}

async function measure(plan: Plan, meter: ProgressMeter) {
  const names = Array.from({ length: plan.shards }, (_, at) => `shard-${at + 1}`)
  const rooms = Array.from({ length: plan.matches }, (_, at) => `match-${at + 1}`)
  const shards = new Shards()
  let crew: MatchCrew | undefined
  try {
    meter.begin('the cluster and its players')
    await shards.start(names, { rebalance: false })
    const urls = shards.all.flatMap(({ status }) => status?.url ?? [])
    crew = new MatchCrew({ urls, rooms, bots: plan.bots, processes: BOT_PROCESSES, seed: plan.seed })
    await crew.ready()
    await wait(WARM_UP_MS)
    await shards.settled(rooms)
    const random = new SeededRandom(plan.seed)
    const moves: Move[] = []
    const accounts: Account[] = []
    const problems: string[] = []
    for (let at = 0; at < plan.moves && problems.length === 0; at++) {
      meter.begin(`move ${at + 1} of ${plan.moves}`)
      moves.push(await moveOne(shards, crew, rooms[random.int(0, rooms.length - 1)] ?? '', random))
      // Whatever was found so far is worth telling.
      await shards.settled(rooms).catch((error: unknown) => problems.push(String(error)))
      if ((at + 1) % ACCOUNT_EVERY === 0 || at + 1 === plan.moves || problems.length > 0) {
        accounts.push(await crew.account(shards))
      }
      meter.advance()
    }
    return resultOf(plan, { moves, accounts, problems }, await crew.tallies())
  } finally {
    meter.end()
    await crew?.end()
    await shards.end()
  }
}

interface Found {
  readonly moves: readonly Move[]
  readonly accounts: readonly Account[]
  readonly problems: readonly string[]
}

function resultOf(plan: Plan, { moves, accounts, problems }: Found, bots: readonly ClientTally[]) {
  const ticks = moves.flatMap(({ gaps }) => gaps.map(gapTicks))
  const outcomes: Record<string, number> = {}
  for (const { outcome } of moves) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const last = accounts.at(-1)
  const around = sum(moves.map(({ ownCorrections }) => ownCorrections))
  const before = sum(moves.map(({ ownCorrectionsBefore }) => ownCorrectionsBefore))
  const times = moves.map(({ ms }) => ms)
  const walls = moves.flatMap(({ gaps }) => gaps.map(({ fromMs, toMs }) => toMs - fromMs))
  return {
    ...{ kind: 'migrate', ...plan, clients: bots.length },
    gapTicksP99: percentile(ticks, 0.99),
    gapTicksMax: Math.max(0, ...ticks),
    gapsOverNone: ticks.filter((count) => count > 0).length,
    handovers: ticks.length,
    betweenFramesMsP50: round(percentile(walls, 0.5)),
    betweenFramesMsP99: round(percentile(walls, 0.99)),
    usualMsP50: round(
      percentile(
        moves.flatMap(({ gaps }) => gaps.map(({ usualMs }) => usualMs)),
        0.5,
      ),
    ),
    inputsLost: (last?.inputsLost ?? 0) + sum(moves.map(({ rolledBack }) => rolledBack)),
    inputsTwice: last?.inputsTwice ?? 0,
    presses: last?.presses ?? 0,
    messages: last?.messages ?? 0,
    pressesRefused: last?.pressesRefused ?? 0,
    correctionsCaused: Math.max(0, around - before),
    ownCorrectionsAround: around,
    ownCorrectionsBefore: before,
    outcomes,
    moveMsP50: round(percentile(times, 0.5)),
    moveMsP99: round(percentile(times, 0.99)),
    clientsMissing: sum(moves.map(({ missing }) => missing)),
    connectionsLost: sum(moves.map(({ reconnects }) => reconnects)) + bots.filter(({ open }) => !open).length,
    moved: moves.length,
    problems: [...problems, ...new Set(bots.filter(({ open }) => !open).map(({ why }) => why))].slice(0, 10),
    loadAverage: round(
      percentile(
        moves.map(({ load }) => load),
        0.5,
      ),
      1,
    ),
    cores: cpus().length,
  }
}

type Result = Awaited<ReturnType<typeof measure>>

function show(result: Result): void {
  heading(`${result.moves} moves, ${result.matches} matches of ${result.bots} bots, ${result.shards} shards`)
  table([
    ['ticks without a snapshot, p99', judged(result.gapTicksP99, 0)],
    ['ticks without a snapshot, worst', judged(result.gapTicksMax, 2)],
    ['inputs lost', judged(result.inputsLost, 0)],
    ['inputs twice', judged(result.inputsTwice, 0)],
    ['corrections caused', judged(result.correctionsCaused, 0)],
    ['  around moves, and before', `${result.ownCorrectionsAround}, ${result.ownCorrectionsBefore}`],
    ['connections lost', judged(result.connectionsLost, 0)],
    ['from frame to frame, p50 and p99', `${result.betweenFramesMsP50} and ${result.betweenFramesMsP99} ms`],
    [
      'moves',
      Object.entries(result.outcomes)
        .map(([name, count]) => `${count} ${name}`)
        .join(', '),
    ],
    ['a move, p50 and p99', `${result.moveMsP50} and ${result.moveMsP99} ms`],
    ['load of the machine', `${result.loadAverage} on ${result.cores} cores`],
  ])
  for (const problem of result.problems) console.log(`  ${problem}`)
}
