/**
 * `npm run bench -- interest`: one large room, of which each player sees a part. A server process of its own, whose whole CPU counts, and all players
 * in this one, over real sockets.
 *   --entities 1000   --players 200   --seconds 20   --transport ws | uWebSockets.js   --sample 8 (players who decode everything)
 *   --no-peer   leaves out the same room without interest, which is measured for comparison   --no-interest   measures only that   --cpu-prof   --json
 *
 * What the figures mean:
 * - `bytesPerClientPerSecond`: payload of all messages to a client, mean over the clients; `bytesPerClientPerSecondP99` of the hungriest.
 * - `cpu`: cores that the server process used: everything, all threads, user and system.
 * - `tickLatenessP99Ms`: how late ticks began, from the room's earliest phase on.
 * - `worstStalenessMs`: the greatest age of anything that a sampled client showed of an entity in its view; staleness.ts defines it. 50 at the least.
 * - `unmatched`: values that a sampled client had and that never were true. Anything but 0 is a defect.
 * - `entitiesInView`: within the view's radius, in truth; `entitiesShown`: what sampled clients had, which is more, as what leaves does so a little later.
 * - `disturbed`: why the figures are not to be trusted, if so: the machine did other work (`othersCpu`, in cores), so that ticks or inputs were missing.
 */
import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { SnapshotDecoder } from '@tickmesh/shared'
import { mean, numberOption, option, percentile, round } from '../figures.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import { ForkedServer } from './forked-server.ts'
import { FrameSample } from './frame-sample.ts'
import { makeInterestGame, SNAPSHOT_RATE, TICK_RATE, VIEW_RADIUS } from './interest-game.ts'
import { LightPlayer, LightWire } from './light-player.ts'
import type { ServerFigures, ServerPlan, Truth } from './messages.ts'
import { indexTruth, type Staleness, StalenessMeter } from './staleness.ts'
import { Swarm } from './swarm.ts'

interface Plan extends ServerPlan {
  readonly seconds: number
  readonly sampled: number
  readonly profile: boolean
}

/** All is compiled and in motion after that; short runs wait for less. */
const WARM_UP_MS = 3_000
/** With fewer ticks, inputs or frames than this share, the machine was too busy to measure anything. */
const LEAST_SHARE = 0.97
/** What was old when measuring began is not judged. */
const UNJUDGED_TICKS = TICK_RATE
/** Truth is kept for this long at most: some 2 MB a second. */
const TRUTH_SECONDS = 30
/** The room without interest is measured for this long at most. */
const PEER_SECONDS = 5

const GOALS = { bytesPerClientPerSecond: 4000, cpu: 0.5, worstStalenessMs: 200 }

function planOf(args: readonly string[]): Plan {
  const transport = option(args, 'transport') ?? 'ws'
  if (transport !== 'ws' && transport !== 'uWebSockets.js')
    throw new Error(`--transport ${transport}: give ws or uWebSockets.js.`)
  const seconds = numberOption(args, 'seconds', 20, 1, 120)
  const players = numberOption(args, 'players', 200, 1, 1000)
  return {
    entities: numberOption(args, 'entities', 1000, players, 10_000),
    players,
    interest: !args.includes('--no-interest'),
    transport,
    truthSeconds: Math.min(seconds, TRUTH_SECONDS) + 2,
    seconds,
    sampled: numberOption(args, 'sample', 8, 0, players),
    profile: args.includes('--cpu-prof'),
  }
}

interface Measured {
  readonly figures: ServerFigures
  readonly bytesPerSecond: readonly number[]
  readonly framesPerSecond: readonly number[]
  readonly inputsShare: number
  readonly loadCpu: number
  readonly othersCpu: number
  readonly samples: readonly FrameSample[]
  readonly truth: Truth
}

async function measure(server: ForkedServer, plan: Plan): Promise<Measured> {
  const game = makeInterestGame(plan)
  const wire = new LightWire(game)
  const decoder = new SnapshotDecoder(game)
  const samples = Array.from({ length: plan.sampled }, () => new FrameSample(game, decoder))
  const swarm = new Swarm(TICK_RATE)
  try {
    await swarm.join(plan.players, (index) => new LightPlayer(wire, server.port, index + 1, samples[index]))
    await wait(Math.min(WARM_UP_MS, plan.seconds * 500))
    server.startMeasuring()
    await wait(200)
    const before = swarm.players.map(({ bytesIn, frames, inputs }) => ({ bytesIn, frames, inputs }))
    for (const sample of samples) sample.keep = true
    const cpu = process.cpuUsage()
    const busyBefore = busyMs()
    const startMs = performance.now()
    await wait(plan.seconds * 1000)
    const seconds = (performance.now() - startMs) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const busyCores = (busyMs() - busyBefore) / 1000 / seconds
    const figures = await server.figures()
    for (const sample of samples) sample.keep = false
    swarm.throwFailure()
    const since = (what: 'bytesIn' | 'frames' | 'inputs') =>
      swarm.players.map((player, index) => (player[what] - (before[index]?.[what] ?? 0)) / seconds)
    return {
      figures,
      bytesPerSecond: since('bytesIn'),
      framesPerSecond: since('frames'),
      inputsShare: mean(since('inputs')) / TICK_RATE,
      loadCpu: (user + system) / 1e6 / seconds,
      othersCpu: Math.max(0, busyCores - (user + system) / 1e6 / seconds - cores(figures)),
      samples,
      truth: await server.truth(),
    }
  } finally {
    swarm.end()
  }
}

/** What all cores of the machine have worked since it started. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}

function cores({ cpuMicros, wallMs }: ServerFigures): number {
  return cpuMicros / 1000 / wallMs
}

/** Why a run says little, or null. */
function disturbance(measured: Measured): string | null {
  const { figures, inputsShare, framesPerSecond } = measured
  const ticksShare = (figures.ticks * 1000) / figures.wallMs / TICK_RATE
  if (ticksShare < LEAST_SHARE) return `only ${round(ticksShare * 100)} % of the ticks were run`
  if (inputsShare < LEAST_SHARE) return `only ${round(inputsShare * 100)} % of the inputs were sent`
  const frames = mean(framesPerSecond)
  return frames < LEAST_SHARE * SNAPSHOT_RATE ? `only ${round(frames, 1)} frames a second came` : null
}

async function measureAlone(plan: Plan): Promise<Measured> {
  const server = await ForkedServer.start(plan, plan.profile ? ['--cpu-prof', '--cpu-prof-interval', '500'] : [])
  try {
    return await measure(server, plan)
  } finally {
    await server.stop()
  }
}

function stalenessOf({ samples, truth }: Measured, plan: Plan): Staleness {
  const game = makeInterestGame(plan)
  const meter = new StalenessMeter(indexTruth(game, truth), { centre: 'ship', radius: VIEW_RADIUS })
  for (const sample of samples) meter.add(sample, (truth.ticks[0] ?? 0) + UNJUDGED_TICKS)
  return meter.sum
}

/** The age, in ticks, that the share `q` of all that was not up to date did not exceed. */
function agePercentile({ ages }: Staleness, q: number): number {
  const all = ages.reduce((sum, count) => sum + (count ?? 0), 0)
  let seen = 0
  for (const [age, count] of ages.entries()) {
    seen += count ?? 0
    if (seen >= q * all) return age
  }
  return 0
}

function common(measured: Measured) {
  const { figures, bytesPerSecond, framesPerSecond, inputsShare, loadCpu, othersCpu } = measured
  return {
    bytesPerClientPerSecond: round(mean(bytesPerSecond)),
    bytesPerClientPerSecondP99: round(percentile(bytesPerSecond, 0.99)),
    cpu: round(cores(figures), 3),
    tickLatenessP99Ms: figures.tickLatenessP99Ms,
    tickLatenessMaxMs: figures.tickLatenessMaxMs,
    tickDurationMeanMs: figures.tickDurationMeanMs,
    framesPerSecond: round(mean(framesPerSecond), 2),
    framesSkipped: figures.framesSkipped,
    bodiesEncoded: figures.bodiesEncoded,
    skippedTicks: figures.skippedTicks,
    overload: figures.overload,
    inputsShare: round(inputsShare, 3),
    loadCpu: round(loadCpu, 3),
    othersCpu: round(othersCpu, 2),
    disturbed: disturbance(measured),
    rssMb: figures.rssMb,
  }
}

function result(plan: Plan, measured: Measured) {
  const { figures, samples } = measured
  const staleness = stalenessOf(measured, plan)
  const shown = samples.reduce((sum, { entitiesShown }) => sum + entitiesShown, 0)
  const frames = samples.reduce((sum, { framesShown }) => sum + framesShown, 0)
  const tickMs = 1000 / TICK_RATE
  return {
    entities: figures.entities,
    players: figures.players,
    transport: plan.transport,
    interest: plan.interest,
    seconds: plan.seconds,
    ...common(measured),
    entitiesInView: round(staleness.inView / Math.max(1, staleness.moments), 1),
    entitiesShown: round(shown / Math.max(1, frames), 1),
    worstStalenessMs: round(staleness.worstTicks * tickMs),
    stalenessP99Ms: round(agePercentile(staleness, 0.99) * tickMs),
    missing: staleness.missing,
    unmatched: staleness.unmatched,
  }
}

/** The same room without interest, for comparison. It may be more than the machine can do. */
async function peer(plan: Plan) {
  const seconds = Math.min(PEER_SECONDS, plan.seconds)
  try {
    return common(
      await measureAlone({ ...plan, interest: false, sampled: 0, seconds, truthSeconds: 1, profile: false }),
    )
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  }
}

export async function run(args: readonly string[]): Promise<void> {
  const plan = planOf(args)
  heading(`interest: ${plan.entities} entities, ${plan.players} players, ${TICK_RATE} Hz, over ${plan.transport}`)
  const ours = result(plan, await measureAlone(plan))
  progress(`bytes per client and second: ${judged(ours.bytesPerClientPerSecond, GOALS.bytesPerClientPerSecond)}`)
  progress(`cores: ${judged(ours.cpu, GOALS.cpu)}`)
  if (ours.disturbed !== null) progress(`the machine was busy with something else: ${ours.disturbed}`)
  progress(`worst staleness: ${judged(ours.worstStalenessMs, GOALS.worstStalenessMs, ' ms')}`)
  table(Object.entries(ours).map(([name, value]) => [name, String(value)]))
  const withPeer = plan.interest && !args.includes('--no-peer')
  const withoutInterest = withPeer ? await peer(plan) : undefined
  if (withoutInterest !== undefined) {
    progress('the same room without interest:')
    table(Object.entries(withoutInterest).map(([name, value]) => [name, String(value)]))
  }
  finish(args, { ...ours, ...(withoutInterest === undefined ? {} : { withoutInterest }) })
}
