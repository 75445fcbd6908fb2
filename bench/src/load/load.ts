/**
 * `npm run bench -- load`: how many players a server holds on one core, and what a player costs, beside a server written by hand for the same game.
 * This process is the load: it forks both servers, and drives them one at a time, by turns, with equal players, inputs and states.
 *   --hz 20 | 60   --rooms auto | N   --seconds N (of each measured stretch)   --pairs N   --quick   --only tickmesh | hand-written   --transport ws | uWebSockets.js (of ours)   --cpu-prof   --json
 */
import { setTimeout as wait } from 'node:timers/promises'
import { median, medianRatio, numberOption, option, round } from '../figures.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import { Crowd } from './crowd.ts'
import { makeLoadGame, PLAYERS_PER_ROOM } from './load-game.ts'
import type { ServerKind, Transport } from './messages.ts'
import { HandWrittenPlayer, TickmeshPlayer, TickmeshWire } from './player.ts'
import { mostHeld, nextRooms, refusal, type Step, stepOf } from './ramp.ts'
import { ServerUnderLoad } from './server-under-load.ts'

interface Plan {
  readonly hz: number
  readonly rooms: number | undefined
  readonly settleMs: number
  readonly stepMs: number
  readonly pairMs: number
  readonly pairs: number
  readonly maxSteps: number
}

/** Comparing happens at this share of what the weaker server holds. */
const COMPARED_SHARE = 0.75
/** Empty rooms are gone after that. */
const ROOMS_END_MS = 800

function planOf(args: readonly string[]): Plan {
  const quick = args.includes('--quick')
  const rooms = option(args, 'rooms') ?? 'auto'
  const seconds = numberOption(args, 'seconds', quick ? 2 : 4, 0.5, 60)
  const players = numberOption(args, 'players', PLAYERS_PER_ROOM, 1, 1000)
  if (players !== PLAYERS_PER_ROOM)
    throw new Error(`--players ${players}: rooms of ${PLAYERS_PER_ROOM} are what this bench compares.`)
  return {
    hz: numberOption(args, 'hz', 20, 1, 120),
    rooms: rooms === 'auto' ? undefined : numberOption(args, 'rooms', 1, 1, 2000),
    settleMs: quick ? 500 : 1000,
    stepMs: quick ? 1500 : 2500,
    pairMs: seconds * 1000,
    pairs: numberOption(args, 'pairs', quick ? 2 : 4, 1, 20),
    maxSteps: quick ? 5 : 8,
  }
}

/** By default the same as the server written by hand, so that the two can be compared. */
function transportOf(args: readonly string[]): Transport {
  const name = option(args, 'transport') ?? 'ws'
  if (name === 'ws' || name === 'uWebSockets.js') return name
  throw new Error(`--transport ${name}: it is ws or uWebSockets.js.`)
}

let crowds = 0
function crowdFor(server: ServerUnderLoad, hz: number): Crowd {
  const { kind, port } = server
  const name = `${kind}-${crowds++}`
  if (kind === 'hand-written') return new Crowd(name, hz, (room, seed) => new HandWrittenPlayer(port, room, seed, hz))
  const wire = new TickmeshWire(makeLoadGame(hz, PLAYERS_PER_ROOM))
  return new Crowd(name, hz, (room, seed) => new TickmeshPlayer(wire, port, room, seed))
}

/** Measures a crowd as it is, for a while. */
async function measure(server: ServerUnderLoad, crowd: Crowd, plan: Plan, lengthMs: number): Promise<Step> {
  await wait(plan.settleMs)
  server.startMeasuring()
  await wait(100)
  const before = crowd.counts
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  await wait(lengthMs)
  const loadWallMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  const figures = await server.figures()
  const after = crowd.counts
  crowd.throwFailure()
  return stepOf({
    rooms: crowd.rooms.length,
    players: crowd.rooms.length * PLAYERS_PER_ROOM,
    hz: plan.hz,
    figures,
    states: after.states - before.states,
    bytesIn: after.bytesIn - before.bytesIn,
    inputs: after.inputs - before.inputs,
    loadCpuMicros: user + system,
    loadWallMs,
  })
}

function line(kind: ServerKind, step: Step, hz: number): string {
  const why = refusal(step, hz)
  const held = why === undefined ? '' : `  <- ${why}`
  return `${kind.padEnd(12)} ${String(step.players).padStart(5)} players  ${step.microsPerClientTick.toFixed(2).padStart(6)} us  core ${Math.round(step.cpuShare * 100)} %  late p99 ${step.tickLatenessP99Ms.toFixed(1)} ms  load process ${Math.round(step.loadCpuShare * 100)} %${held}`
}

/** Adds rooms until the server does not hold them. */
async function findMost(server: ServerUnderLoad, plan: Plan): Promise<Step[]> {
  let crowd = crowdFor(server, plan.hz)
  const steps: Step[] = []
  try {
    let rooms = nextRooms(steps, plan.hz, Math.ceil(400 / plan.hz))
    while (rooms !== undefined && steps.length < plan.maxSteps) {
      await crowd.resize(rooms)
      const step = await measure(server, crowd, plan, plan.stepMs)
      steps.push(step)
      progress(line(server.kind, step, plan.hz))
      rooms = nextRooms(steps, plan.hz, 1)
      if (refusal(step, plan.hz) === undefined) continue
      // Rooms that were overloaded stay careful for a while: the next step gets new ones.
      crowd.end()
      await wait(ROOMS_END_MS)
      crowd = crowdFor(server, plan.hz)
    }
  } finally {
    crowd.end()
  }
  return steps
}

/** One turn of the comparison: players come, are measured, and go. */
async function turn(server: ServerUnderLoad, plan: Plan, rooms: number, remark = ''): Promise<Step> {
  const crowd = crowdFor(server, plan.hz)
  try {
    await crowd.resize(rooms)
    const step = await measure(server, crowd, plan, plan.pairMs)
    progress(`${line(server.kind, step, plan.hz)} ${remark}`)
    return step
  } finally {
    crowd.end()
    await wait(ROOMS_END_MS)
  }
}

interface Compared {
  readonly ours: readonly Step[]
  readonly theirs: readonly Step[]
}

async function compare(ours: ServerUnderLoad, theirs: ServerUnderLoad, plan: Plan, rooms: number): Promise<Compared> {
  const result: { ours: Step[]; theirs: Step[] } = { ours: [], theirs: [] }
  if (plan.rooms !== undefined) {
    // Both get to compile what is hot before anything counts.
    for (const server of [ours, theirs]) await turn(server, { ...plan, pairMs: plan.stepMs }, rooms, 'to warm up')
  }
  for (let pair = 0; pair < plan.pairs; pair++) {
    result.ours.push(await turn(ours, plan, rooms))
    result.theirs.push(await turn(theirs, plan, rooms))
  }
  return result
}

function report(plan: Plan, compared: Compared, mostOurs: Step | undefined, mostTheirs: Step | undefined) {
  const of = (steps: readonly Step[], what: keyof Step) => round(median(steps.map((step) => step[what])), 3)
  const { ours, theirs } = compared
  const micros = (steps: readonly Step[]) => steps.map((step) => step.microsPerClientTick)
  const result = {
    hz: plan.hz,
    players: mostOurs?.players ?? of(ours, 'players'),
    handWrittenPlayers: mostTheirs?.players ?? of(theirs, 'players'),
    comparedPlayers: of(ours, 'players'),
    microsPerClientTick: of(ours, 'microsPerClientTick'),
    handWrittenMicrosPerClientTick: of(theirs, 'microsPerClientTick'),
    vsHandWritten: round(medianRatio(micros(ours), micros(theirs)), 3),
    tickLatenessP99Ms: of(ours, 'tickLatenessP99Ms'),
    handWrittenTickLatenessP99Ms: of(theirs, 'tickLatenessP99Ms'),
    microsPerClientTickAtMost: mostOurs?.microsPerClientTick ?? null,
    tickLatenessP99MsAtMost: mostOurs?.tickLatenessP99Ms ?? null,
    rssMb: mostOurs?.rssMb ?? of(ours, 'rssMb'),
    handWrittenRssMb: mostTheirs?.rssMb ?? of(theirs, 'rssMb'),
    bytesPerClientPerSecond: of(ours, 'bytesPerClientPerSecond'),
    handWrittenBytesPerClientPerSecond: of(theirs, 'bytesPerClientPerSecond'),
    statesShare: of(ours, 'statesShare'),
    inputsShare: of(ours, 'inputsShare'),
  }
  table([
    ['', 'Tickmesh', 'by hand'],
    ['players on one core', String(result.players), String(result.handWrittenPlayers)],
    [
      `us per client and tick, ${result.comparedPlayers} players`,
      String(result.microsPerClientTick),
      String(result.handWrittenMicrosPerClientTick),
    ],
    ['ticks late, p99 in ms', String(result.tickLatenessP99Ms), String(result.handWrittenTickLatenessP99Ms)],
    [
      'bytes per client and second',
      String(result.bytesPerClientPerSecond),
      String(result.handWrittenBytesPerClientPerSecond),
    ],
    ['memory at most, MB', String(result.rssMb), String(result.handWrittenRssMb)],
  ])
  progress(`ours over theirs: ${judged(result.vsHandWritten, 1)}`)
  return result
}

export async function run(args: readonly string[]): Promise<void> {
  const plan = planOf(args)
  const only = option(args, 'only')
  const profile = args.includes('--cpu-prof') ? ['--cpu-prof', '--cpu-prof-interval', '500'] : []
  heading(`load: rooms of ${PLAYERS_PER_ROOM} at ${plan.hz} Hz, one input in and one state out per client and tick`)
  const ours = await ServerUnderLoad.start('tickmesh', plan.hz, transportOf(args), profile)
  const theirs = await ServerUnderLoad.start('hand-written', plan.hz, 'ws', profile)
  try {
    if (only !== undefined) return await runOne(only === 'tickmesh' ? ours : theirs, plan, args)
    const mostOurs = plan.rooms === undefined ? mostHeld(await findMost(ours, plan), plan.hz) : undefined
    const mostTheirs = plan.rooms === undefined ? mostHeld(await findMost(theirs, plan), plan.hz) : undefined
    const weaker = Math.min(mostOurs?.rooms ?? 1, mostTheirs?.rooms ?? 1)
    const rooms = plan.rooms ?? Math.max(1, Math.floor(weaker * COMPARED_SHARE))
    progress(`by turns, ${rooms} rooms each`)
    finish(args, report(plan, await compare(ours, theirs, plan, rooms), mostOurs, mostTheirs))
  } finally {
    await ours.stop()
    await theirs.stop()
  }
}

/** One server alone, for profiling. */
async function runOne(server: ServerUnderLoad, plan: Plan, args: readonly string[]): Promise<void> {
  if (plan.rooms === undefined) finish(args, mostHeld(await findMost(server, plan), plan.hz) ?? {})
  else finish(args, await turn(server, plan, plan.rooms))
}
