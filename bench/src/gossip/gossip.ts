/**
 * `npm run bench -- gossip`: in simulation: how soon gossip knows of a crash, whom it takes for dead because of slow members, and what it costs;
 * how soon a silent machine is out of the view of five shards, and whether loss ever takes one out that is well.
 *   --quick   up to 100 members and short experiments   --hours 100   of loss on five shards' views   --seed 1   --json
 */
import { ALL_OF_LIFEGUARD, LAN_TIMES, type Lifeguard, NO_LIFEGUARD } from '@tickmesh/server/cluster'
import { numberOption, round } from '../figures.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import { MEMBERSHIP_STEPS, type MembershipResult, measureMembership, type Spread } from './membership.ts'
import { runSlowMembers, type SlowResult, type SlowSettings } from './slow-members.ts'
import { type LossyHours, measureFalseRemovals, measureSilentMachine, type RemovalTimes } from './view-cluster.ts'

/** The goal: with the extensions at most so much of the false deaths without. */
const LIFEGUARD_GOAL = 1 / 50
const LEAST_CONTROL_DEATHS = 200
const REMOVAL_GOAL_MS = 3_000

/** Serf 0.9.4, 30 agents on loopback with the same times; measured once with the real binary, not by this bench. */
const SERF_30 = {
  joinedByAllMs: 840,
  detectionFirstMs: { least: 7_100, most: 7_900 },
  detectionAllMs: { least: 7_200, most: 8_100 },
  leftAllMs: { least: 410, most: 820 },
} as const

interface LifeguardResult {
  readonly controlDeaths: number
  readonly lifeguardDeaths: number
  /** `lifeguardDeaths` of `controlDeaths`. */
  readonly ratio: number
  readonly control: SlowResult
  readonly all: SlowResult
  /** Each extension alone, on the first of the runs only; and the control of that run. */
  readonly alone: Readonly<Record<'none' | 'awareness' | 'dynamicSuspicion' | 'buddy', SlowResult>> | undefined
  readonly seconds: number
  readonly slow: number
  readonly members: number
}

interface LifeguardPlan {
  readonly slow: Omit<SlowSettings, 'seed'>
  readonly seeds: readonly number[]
  readonly alone: boolean
}

/** The intervals are among those of the paper, and of those the ones that hurt: seconds of silence, with moments between. */
const SLOW: Omit<SlowSettings, 'seed' | 'seconds'> = {
  members: 128,
  slow: 16,
  heldMs: [2_048, 8_192, 16_384, 32_768],
  wellMs: [4, 16, 64, 256, 1_024],
}

export async function run(args: readonly string[]): Promise<void> {
  const seed = numberOption(args, 'seed', 1, 0, 2 ** 31)
  const quick = args.includes('--quick')
  const plan: LifeguardPlan = {
    slow: { ...SLOW, seconds: quick ? 60 : 120 },
    seeds: quick ? [seed] : [seed, seed + 1],
    alone: !quick,
  }
  const sizes = quick ? [10, 100] : [10, 100, 1_000]
  const hours = numberOption(args, 'hours', quick ? 1 : 100, 0.1, 10_000)
  const trials = quick ? 100 : 300
  heading('Gossip, in simulation')
  const meter = new ProgressMeter(
    (sizes.length + 1) * MEMBERSHIP_STEPS + lifeguardSteps(plan) + trials + Math.ceil(hours * 60),
    0,
    () => performance.now(),
  )
  const results = new Map<string, MembershipResult>()
  for (const members of [30, ...sizes]) {
    const onStep = () => {
      meter.advance()
      meter.begin(`${members} members`)
    }
    results.set(`members${members}`, measureMembership(membershipOf(members, seed), onStep))
  }
  const lifeguard = measureLifeguard(plan, () => {
    meter.advance()
    meter.begin('slow members')
  })
  const step = (what: string) => () => {
    meter.advance()
    meter.begin(what)
  }
  const silentMachine = measureSilentMachine(trials, seed, step('a silent machine'))
  const lossy = measureFalseRemovals(hours, seed, step('hours of loss'))
  meter.end()
  printMembership([...results.values()])
  printLifeguard(lifeguard)
  printViews(silentMachine, lossy)
  finish(args, {
    kind: 'gossip',
    seed,
    quick,
    ...Object.fromEntries(results),
    serf30: SERF_30,
    lifeguard,
    views: { silentMachine, lossy },
  })
}

function membershipOf(members: number, seed: number) {
  const crashes = members > 100 ? 3 : 5
  const common = { members, crashes, quietSeconds: 10, times: LAN_TIMES, lifeguard: ALL_OF_LIFEGUARD, seed }
  return { ...common, updates: members > 100 ? 3 : 10 }
}

const ALONE: Readonly<Record<'none' | 'awareness' | 'dynamicSuspicion' | 'buddy', Lifeguard>> = {
  none: NO_LIFEGUARD,
  awareness: { ...NO_LIFEGUARD, awareness: true },
  dynamicSuspicion: { ...NO_LIFEGUARD, dynamicSuspicion: true },
  buddy: { ...NO_LIFEGUARD, buddy: true },
}

function lifeguardSteps({ slow, seeds, alone }: LifeguardPlan): number {
  return slow.seconds * (seeds.length * 2 + (alone ? 3 : 0))
}

/** `onSecond` is called `lifeguardSteps` times. */
function measureLifeguard(plan: LifeguardPlan, onSecond: () => void): LifeguardResult {
  const { slow, seeds, alone } = plan
  const runWith = (lifeguard: Lifeguard, seed: number) => runSlowMembers({ ...slow, seed }, lifeguard, onSecond)
  const controls = seeds.map((seed) => runWith(NO_LIFEGUARD, seed))
  const control = totalOf(controls)
  const all = totalOf(seeds.map((seed) => runWith(ALL_OF_LIFEGUARD, seed)))
  const [first = 0] = seeds
  const [none = control] = controls
  const { awareness, dynamicSuspicion, buddy } = ALONE
  return {
    controlDeaths: control.falseDeaths,
    lifeguardDeaths: all.falseDeaths,
    ratio: round(all.falseDeaths / Math.max(1, control.falseDeaths), 4),
    control,
    all,
    alone: alone
      ? {
          none,
          awareness: runWith(awareness, first),
          dynamicSuspicion: runWith(dynamicSuspicion, first),
          buddy: runWith(buddy, first),
        }
      : undefined,
    seconds: slow.seconds * seeds.length,
    slow: slow.slow,
    members: slow.members,
  }
}

function totalOf(results: readonly SlowResult[]): SlowResult {
  const total = { falseDeaths: 0, believedByHealthy: 0, slowDeaths: 0 }
  for (const result of results) {
    total.falseDeaths += result.falseDeaths
    total.believedByHealthy += result.believedByHealthy
    total.slowDeaths += result.slowDeaths
  }
  return total
}

function printMembership(results: readonly MembershipResult[]): void {
  heading("How fast, and what it costs (memberlist's times for a local network)")
  const spread = ({ p50, p99, max }: Spread) => `${p50} / ${p99} / ${max}`
  table([
    ['members', 'crash: first p50 / p99 / max ms', 'crash: all', 'update: all', 'packets/s', 'bytes/s', 'false deaths'],
    ...results.map((result) => [
      String(result.members),
      spread(result.detectionFirstMs),
      spread(result.detectionAllMs),
      spread(result.spreadMs),
      String(result.packetsPerMemberSecond),
      String(result.bytesPerMemberSecond),
      String(result.falseDeaths),
    ]),
    [
      '30 Serf agents',
      range(SERF_30.detectionFirstMs),
      range(SERF_30.detectionAllMs),
      range(SERF_30.leftAllMs),
      '',
      '',
      '0',
    ],
  ])
  progress(
    'packets and bytes are per member, while nothing happens; the last row was measured with the real binary, its update is a graceful leave',
  )
}

function range({ least, most }: { readonly least: number; readonly most: number }): string {
  return `${least} to ${most}`
}

function printLifeguard(result: LifeguardResult): void {
  const { control, all, alone, members, slow, seconds } = result
  heading(`Slow members: the messages of ${slow} of ${members} are held up now and then, for ${seconds} s`)
  const row = (name: string, { falseDeaths, believedByHealthy, slowDeaths }: SlowResult) => [
    name,
    String(falseDeaths),
    String(believedByHealthy),
    String(slowDeaths),
  ]
  table([
    ['', 'healthy members declared dead', 'believed by a healthy one', 'slow members declared dead'],
    row('plain SWIM', control),
    row('with Lifeguard', all),
    ...Object.entries(alone ?? {}).map(([name, one]) => row(`first run: ${name} alone`, one)),
  ])
  const goal = round(LIFEGUARD_GOAL, 4)
  table([
    ['', ''],
    ['false deaths, with of without', judged(result.ratio, goal)],
    ['false deaths without', `${result.controlDeaths} (at least ${LEAST_CONTROL_DEATHS} to count)`],
  ])
}

function printViews({ trials, p50Ms, p99Ms, maxMs, missed }: RemovalTimes, lossy: LossyHours): void {
  heading('Five shards, default game profile: out of the view')
  table([
    ['', ''],
    [`a silent machine, ${trials} times: p50`, `${p50Ms} ms`],
    ['p99', judged(p99Ms, REMOVAL_GOAL_MS, ' ms')],
    ['most', `${maxMs} ms`],
    ['never removed', judged(missed, 0)],
    [`false removals in ${lossy.hours} h at ${lossy.lossShare * 100} % loss in bursts`, judged(lossy.falseRemovals, 0)],
  ])
}
