/**
 * `npm run bench -- failover`: shards in processes of their own run arena matches of SDK bots; one after another is lost, and the matches go on elsewhere.
 *
 *     --kills 20       how many shards are lost; each is there again before the next one goes
 *     --fault kill     or freeze (stopped, and let go on when others have its matches), or vanish (stopped for good)
 *     --word both      yes: the others are told at once that the process ended, as a supervisor does; no: they find out; both: by turns
 *     --matches 10 --bots 8 (in each) --shards 3 --standby 1 --seed 1 --json
 *
 * A gap is the time from the last frame that a client got of the old owner to the first of the new. Inputs are lost if a press or a message is not in the world that
 * goes on, or an input that was said to be final is not; twice, if more came there than was sent. Shards and bots share this machine's cores.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { SeededRandom } from '@tickmesh/shared'
import { numberOption, option, percentile, round } from '../figures.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { finish, heading, judged, table } from '../report.ts'
import { type Account, MatchCrew } from '../shards/match-crew.ts'
import { type Shard, type ShardOptions, Shards } from '../shards/shards.ts'
import { type Fault, gapFigures, type KillResult, phasesOf, targetsOf } from './kill-result.ts'
import { loseShard } from './kill-shard.ts'

const FAULTS: readonly Fault[] = ['kill', 'freeze', 'vanish']
const WORDS = ['yes', 'no', 'both'] as const
const BOT_PROCESSES = 2
/** Between two faults, at random. */
const LEAST_CALM_MS = 1_000
const MORE_CALM_MS = 2_000

interface Plan {
  readonly kills: number
  readonly fault: Fault
  readonly word: (typeof WORDS)[number]
  readonly matches: number
  readonly bots: number
  readonly shards: number
  readonly standby: number
  readonly seed: number
}

export async function run(args: readonly string[]): Promise<void> {
  const plan: Plan = {
    kills: numberOption(args, 'kills', 20, 1, 1_000),
    fault: oneOf(args, 'fault', FAULTS),
    word: oneOf([...args, '--word=both'], 'word', WORDS),
    matches: numberOption(args, 'matches', 10, 1, 100),
    bots: numberOption(args, 'bots', 8, 1, 16),
    shards: numberOption(args, 'shards', 3, 3, 9),
    standby: numberOption(args, 'standby', 1, 1, 2),
    seed: numberOption(args, 'seed', 1, 1, 1_000_000),
  }
  const result = await measure(plan, new ProgressMeter(plan.kills, 0, () => performance.now()))
  show(result)
  finish(args, result)
}

function oneOf<Word extends string>(args: readonly string[], name: string, words: readonly Word[]): Word {
  const given = option(args, name) ?? words[0]
  const word = words.find((known) => known === given)
  if (word === undefined) throw new Error(`--${name} ${given}: take ${words.join(', ')}.`)
  return word
}

async function measure(plan: Plan, meter: ProgressMeter) {
  const names = Array.from({ length: plan.shards }, (_, at) => `shard-${at + 1}`)
  const rooms = Array.from({ length: plan.matches }, (_, at) => `match-${at + 1}`)
  const options = { standby: { holders: plan.standby } }
  const shards = new Shards()
  let crew: MatchCrew | undefined
  try {
    meter.begin('the cluster and its players')
    await shards.start(names, options)
    const urls = shards.all.flatMap(({ status }) => status?.url ?? [])
    crew = new MatchCrew({ urls, rooms, bots: plan.bots, processes: BOT_PROCESSES, seed: plan.seed })
    await crew.ready()
    await wait(LEAST_CALM_MS + MORE_CALM_MS)
    const kills: KillResult[] = []
    const accounts: Account[] = []
    const random = new SeededRandom(plan.seed)
    const problems: string[] = []
    for (let at = 0; at < plan.kills && problems.length === 0; at++) {
      await shards.even(rooms)
      await wait(LEAST_CALM_MS + random.next() * MORE_CALM_MS)
      await shards.settled(rooms)
      const owners = shards.living.filter(({ rooms }) => rooms.length > 0)
      const victim = owners[random.int(0, owners.length - 1)]
      if (victim === undefined) throw new Error('nobody runs a match')
      const withWord = plan.fault === 'kill' && (plan.word === 'both' ? at % 2 === 0 : plan.word === 'yes')
      meter.begin(`${plan.fault} ${at + 1} of ${plan.kills}`)
      kills.push(await loseShard(shards, crew, victim, { fault: plan.fault, withWord }))
      // Whatever was found so far is worth telling.
      await comeBack(shards, victim, plan, options)
        .then(() => shards.settled(rooms))
        .catch((error: unknown) => problems.push(String(error)))
      accounts.push(await crew.account(shards))
      meter.advance()
    }
    return await resultOf(plan, shards, crew, { kills, accounts, problems })
  } finally {
    meter.end()
    await crew?.end()
    await shards.end()
  }
}

async function comeBack(shards: Shards, victim: Shard, { fault }: Plan, options: ShardOptions): Promise<void> {
  if (fault === 'freeze') return
  await victim.gone()
  await shards.add(victim.name, options)
}

interface Found {
  readonly kills: readonly KillResult[]
  readonly accounts: readonly Account[]
  readonly problems: readonly string[]
}

async function resultOf(plan: Plan, shards: Shards, crew: MatchCrew, { kills, accounts, problems }: Found) {
  const bots = await crew.tallies()
  const events = shards.allEvents
  const made = events.filter(({ event }) => event === 'rules-created').map(({ room }) => room)
  const ended = bots.filter(({ open }) => !open)
  // Once each, at the beginning.
  const madeAgain = made.filter((room, at) => made.indexOf(room) !== at)
  const last = accounts.at(-1)
  const differences = events.filter(({ event }) => /replay-differs|not-deterministic|replay-failed/.test(event))
  const rolledBack = kills.reduce((all, kill) => all + kill.rolledBack, 0)
  const of = (withWord: boolean) => {
    const those = kills.filter((kill) => kill.withWord === withWord)
    if (those.length === 0) return undefined
    const [figures, targets] = [gapFigures(those), targetsOf(plan.fault, withWord)]
    const met = (targets.p50 === undefined || figures.gapMsP50 <= targets.p50) && figures.gapMsP99 <= targets.p99
    return { ...figures, kills: those.length, targets, met, phases: phasesOf(those) }
  }
  const [withWord, withoutWord] = [of(true), of(false)]
  return {
    ...{ kind: 'failover', ...plan, killed: kills.length, clients: crew.size },
    ...gapFigures(kills),
    ...(withWord && { withWord }),
    ...(withoutWord && { withoutWord }),
    inputsLost: (last?.inputsLost ?? 0) + rolledBack,
    inputsTwice: last?.inputsTwice ?? 0,
    pressesRefused: last?.pressesRefused ?? 0,
    presses: last?.presses ?? 0,
    messages: last?.messages ?? 0,
    matchesLost: new Set(
      [...ended, ...bots.filter(({ connected }) => !connected)].map(({ room }) => room).concat(madeAgain),
    ).size,
    clientsWithoutFrames: kills.reduce((all, { missing }) => all + missing, 0),
    stateHashMismatches: differences.length,
    staleFrames: bots.reduce((all, { staleFrames }) => all + staleFrames, 0),
    replayMsP99: round(
      percentile(
        kills.flatMap(({ replaysMs }) => replaysMs),
        0.99,
      ),
      1,
    ),
    problems: [
      ...new Set([...problems, ...ended.map(({ why }) => why), ...differences.map(({ message }) => message)]),
    ].slice(0, 10),
    loadAverage: round(
      percentile(
        kills.map(({ load }) => load),
        0.5,
      ),
      1,
    ),
    loadAverageNow: round(loadavg()[0] ?? 0, 1),
    cores: cpus().length,
    perKill: kills.map((kill) => ({
      ...gapFigures([kill]),
      ...{ withWord: kill.withWord, rooms: kill.rooms, clients: kill.gaps.length, missing: kill.missing },
      viewMs: round(kill.viewMs),
      takenOverMs: round(kill.takenOverMs),
      restoredMs: round(kill.restoredMs),
      allRestoredMs: round(kill.allRestoredMs),
      frameMs: round(kill.frameMs),
      load: round(kill.load, 1),
    })),
  }
}

type Result = Awaited<ReturnType<typeof measure>>

function show(result: Result): void {
  heading(
    `${result.kills} shards lost (${result.fault}), ${result.matches} matches of ${result.bots} bots, ${result.shards} shards`,
  )
  const cases = [
    ['with the supervisor’s word', result.withWord],
    [result.fault === 'kill' ? 'without it' : 'nobody said a word', result.withoutWord],
  ] as const
  for (const [name, figures] of cases) {
    if (figures === undefined) continue
    const { gapMsP50, gapMsP99, gapMsMax, targets, phases, kills } = figures
    const p50 = targets.p50 === undefined ? `${gapMsP50} ms` : judged(gapMsP50, targets.p50, ' ms')
    console.log(`\n  ${name}: ${kills}`)
    table([
      ['gap, p50', p50],
      ['gap, p99', judged(gapMsP99, targets.p99, ' ms')],
      ['gap, worst', `${gapMsMax} ms`],
      ['  fault to word', `${phases.faultToWordMs} ms`],
      ['  fault to view', `${phases.faultToViewMs} ms`],
      ['  view to takeover', `${phases.viewToTakeoverMs} ms`],
      ['  takeover to the first tick', `${phases.takeoverToTickMs} ms`],
      ['  first room to the last', `${phases.tickToAllMs} ms`],
      ['  tick to frames', `${phases.tickToFrameMs} ms`],
    ])
  }
  console.log('')
  table([
    ['inputs lost', judged(result.inputsLost, 0)],
    ['inputs twice', judged(result.inputsTwice, 0)],
    ['matches lost', judged(result.matchesLost, 0)],
    ['states that differ', judged(result.stateHashMismatches, 0)],
    ['presses refused', `${result.pressesRefused} of ${result.presses}`],
    ['replay, p99', `${result.replayMsP99} ms`],
    ['load of the machine', `${result.loadAverage} on ${result.cores} cores`],
  ])
  for (const problem of result.problems) console.log(`  ${problem}`)
}
