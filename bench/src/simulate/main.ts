/**
 * `npm run simulate [-- --seed 1 --shards 5 --minutes 2 --faults all|none|crash,hang,… --json]`: a cluster on virtual time, with everything going wrong that can, and
 * what must hold all the same. `-- --runs 1000` plays so many seeds on all processors. Ends with code 1 if anything was violated, and says how to play that again.
 */
import { parseArgs, styleText } from 'node:util'
import { problemText } from '../command-line.ts'
import { round, sum } from '../figures.ts'
import { finish, heading, progress, table } from '../report.ts'
import { parseFaults } from './fault-names.ts'
import { foldHashes, type Played, playSeeds } from './many-runs.ts'
import type { PlayCounts } from './play/play.ts'
import { type RunResult, type RunSettings, runSimulation } from './run.ts'
import { type Choice, replayCommand, settingsOf } from './seeds.ts'
import { STEPS, stepName } from './step-faults.ts'

const MAX_SHARDS = 60
const MAX_MINUTES = 600
const MAX_RUNS = 1_000_000

function numberOf(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
  whole = true,
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value
  throw new Error(`--${name} is "${text}", but must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`)
}

function showViolations(settings: RunSettings, result: RunResult): void {
  for (const { rule, atMs, what } of result.violations) {
    console.log(styleText('red', `  seed ${settings.seed}, ${round(atMs, 1)} ms: ${rule}: ${what}`))
  }
  console.log(`  This plays it again: ${replayCommand(settings)}`)
}

async function playOne(settings: RunSettings, json: boolean): Promise<void> {
  const { seed, shards, minutes } = settings
  heading(
    `simulation: seed ${seed}, ${shards} shards, ${minutes} minutes, faults ${settings.faults.join(', ') || 'none'}`,
  )
  const startMs = performance.now()
  const result = await runSimulation(settings)
  const seconds = (performance.now() - startMs) / 1000
  const { lastEvents, violations, stepsHit, ...counts } = result
  if (violations.length > 0) {
    console.log('  the last events before the first violation:')
    for (const line of lastEvents) console.log(`    ${line}`)
    showViolations(settings, result)
    process.exitCode = 1
  }
  table([
    ['events', 'faults', 'views', 'rooms', 'room ticks', 'frames', 'packets', 'well again after'],
    [
      ...[
        counts.events,
        counts.faults,
        counts.views,
        counts.roomsOpened,
        counts.roomTicks,
        counts.frames,
        counts.packets,
      ].map(String),
      counts.healedMs === undefined ? 'never' : `${counts.healedMs} ms`,
    ],
  ])
  table([
    ['matches', 'lost', 'failovers', 'moves', 'ticks held', 'inputs', 'lost', 'twice', 'effects', 'reconnects'],
    [
      counts.matches,
      counts.matchesLost,
      counts.failovers,
      counts.moves,
      counts.ticksHeld,
      counts.inputsAccepted,
      counts.inputsLost,
      counts.inputsTwice,
      counts.effects,
      counts.reconnects,
    ].map(String),
  ])
  console.log(
    `  ${round(counts.virtualSeconds)} s in ${round(seconds, 2)} s, ${round(counts.events / seconds)} events/s, trace ${counts.traceHash}`,
  )
  if (violations.length === 0) console.log(styleText('green', '  no violation'))
  finish(json ? ['--json'] : [], {
    ...counts,
    stepsHit: stepsHit.map((at) => stepName(STEPS[at])),
    violations,
    seconds: round(seconds, 3),
    eventsPerSecond: round(counts.events / seconds),
  })
}

async function playMany(runs: number, firstSeed: number, choice: Choice, json: boolean): Promise<void> {
  heading(`simulation: ${runs} seeds from ${firstSeed}, faults ${choice.faults.join(', ') || 'none'}`)
  const startMs = performance.now()
  const all = Array.from({ length: runs }, (_, index) => settingsOf(firstSeed + index, choice))
  const played = await playSeeds(all, ({ settings, result }, done) => {
    if (result.violations.length > 0) showViolations(settings, result)
    if (done % 50 === 0) progress(`${done} of ${runs}, ${round((performance.now() - startMs) / 1000)} s`)
  })
  const seconds = (performance.now() - startMs) / 1000
  finishMany(played, seconds, json)
}

function finishMany(played: readonly Played[], seconds: number, json: boolean): void {
  const failing = played.filter(({ result }) => result.violations.length > 0)
  const violations = sum(failing.map(({ result }) => result.violations.length))
  const events = sum(played.map(({ result }) => result.events))
  const colour = violations === 0 ? 'green' : 'red'
  const virtualHours = round(sum(played.map(({ result }) => result.virtualSeconds)) / 3600, 1)
  console.log(
    styleText(
      colour,
      `  ${played.length} runs, ${virtualHours} virtual hours, ${events} events in ${round(seconds, 1)} s: ${violations} violations`,
    ),
  )
  if (violations > 0) process.exitCode = 1
  finish(json ? ['--json'] : [], {
    runs: played.length,
    violations,
    failingSeeds: failing.map(({ settings }) => settings.seed),
    replay: failing.map(({ settings }) => replayCommand(settings)),
    traceHash: foldHashes(played.map(({ result }) => result.traceHash)),
    seconds: round(seconds, 1),
    virtualHours,
    events,
    faults: sum(played.map(({ result }) => result.faults)),
    views: sum(played.map(({ result }) => result.views)),
    roomTicks: sum(played.map(({ result }) => result.roomTicks)),
    ...playedCounts(played),
    ...coverageOf(played),
  })
}

/** Sums over all runs. */
function playedCounts(played: readonly Played[]): Record<keyof PlayCounts, number> {
  const total = (of: (counts: PlayCounts) => number): number => sum(played.map(({ result }) => of(result)))
  return {
    playedRooms: total(({ playedRooms }) => playedRooms),
    matches: total(({ matches }) => matches),
    matchesLost: total(({ matchesLost }) => matchesLost),
    ticksHeld: total(({ ticksHeld }) => ticksHeld),
    inputsAccepted: total(({ inputsAccepted }) => inputsAccepted),
    inputsLost: total(({ inputsLost }) => inputsLost),
    inputsTwice: total(({ inputsTwice }) => inputsTwice),
    hashMismatches: total(({ hashMismatches }) => hashMismatches),
    failovers: total(({ failovers }) => failovers),
    setBacks: total(({ setBacks }) => setBacks),
    moves: total(({ moves }) => moves),
    movesReturned: total(({ movesReturned }) => movesReturned),
    movesNotDone: total(({ movesNotDone }) => movesNotDone),
    effects: total(({ effects }) => effects),
    effectsRepeated: total(({ effectsRepeated }) => effectsRepeated),
    joins: total(({ joins }) => joins),
    reconnects: total(({ reconnects }) => reconnects),
  }
}

/** Which faults at steps struck in these runs, and which never. */
function coverageOf(played: readonly Played[]): {
  stepFaults: number
  stepsSeen: number
  steps: number
  stepsNeverSeen: string[]
} {
  const times = STEPS.map(() => 0)
  for (const { result } of played) for (const at of result.stepsHit) times[at] = (times[at] ?? 0) + 1
  return {
    stepFaults: sum(times),
    stepsSeen: times.filter((count) => count > 0).length,
    steps: STEPS.length,
    stepsNeverSeen: STEPS.filter((_, at) => times[at] === 0).map((step) => stepName(step)),
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      shards: { type: 'string' },
      minutes: { type: 'string' },
      faults: { type: 'string', default: 'all' },
      runs: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const choice: Choice = {
    shards: numberOf('shards', values.shards, 1, MAX_SHARDS),
    minutes: numberOf('minutes', values.minutes, 0.1, MAX_MINUTES, false),
    faults: parseFaults(values.faults),
  }
  const seed = numberOf('seed', values.seed, 0, 0xffff_ffff) ?? 1
  const runs = numberOf('runs', values.runs, 1, MAX_RUNS)
  if (runs === undefined) await playOne(settingsOf(seed, choice), values.json)
  else await playMany(runs, seed, choice, values.json)
}

try {
  await main()
} catch (error) {
  console.error(problemText(error))
  process.exitCode = 1
}
