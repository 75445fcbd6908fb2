/**
 * `npm run bench -- latency`: from a press to the own screen, to the server, and to another player's screen, over a grid of bad networks on virtual time, and
 * over real sockets through the relay at a few points of it.
 *
 *     --grid full      96 cells (default), or small: 12
 *     --seconds 40     measured time of each simulated cell, after --warm-up 10; --real-seconds 30 of each real one
 *     --no-real        leaves real sockets out
 *     --jitter-shape   uniform (default) or exponential
 *     --only "datagram 100 50 5"   one cell: link, round trip, jitter, loss; on an ordered link over real sockets too
 *     --seed 1, --display-hz 59.94
 *     --json           the last line is one JSON object; --out file.json, --html report.html, --compare old.json
 *
 * Time begins with `room.press`, which a page calls in its event handler, and ends with the display frame (`room.onFrame`) in which the page gets the effect to
 * draw. Not measured is what comes before and after: the device and its driver, the browser's dispatch of the event, what the page takes to draw, the GPU, the
 * compositor, and the display itself: together some 20 to 60 ms on usual machines, the same for every netcode.
 * Displays run at 59.94 Hz, as most do, and not in step with the ticks, so that every phase between the two is in each cell.
 */
import { styleText } from 'node:util'
import { deliver, readOld } from '../deliver.ts'
import { numberOption, option, round } from '../figures.ts'
import { type Condition, conditionOf, gridOf, jitterShapeOf, nameOf, networkModelText } from '../lab/conditions.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { heading, progress } from '../report.ts'
import { cellOf } from './distribution.ts'
import { SNAPSHOT_RATE, TICK_RATE } from './latency-game.ts'
import type { LatencyCell, LatencyResult } from './latency-result.ts'
import { showAgreement, showCells } from './latency-tables.ts'
import { playAllReal, type RealReport } from './real-processes.ts'
import { type CellPlan, DRAIN_MS, playVirtual } from './virtual-cell.ts'

const SECOND = 1000
/** Timers that are later than this at p99 say that the machine was busy with something else. */
const LATE_TIMERS_MS = 4

interface Plan {
  readonly virtual: readonly Condition[]
  readonly real: readonly Condition[]
  readonly cell: CellPlan
  /** Of cells on real sockets. */
  readonly realCell: CellPlan
}

export async function run(args: readonly string[]): Promise<void> {
  const old = await readOld(args)
  const plan = planOf(args)
  const { cell } = plan
  const seconds = cell.measuredMs / SECOND
  heading(
    `Latency: ${plan.virtual.length} cells of ${seconds} s on virtual time, ${plan.real.length} over real sockets`,
  )
  const networkModel = [
    ...networkModelText(cell.jitterShape),
    'real sockets: WebSockets of this machine through a TCP relay with the same model, a process for each cell, timers of whole ms',
  ]
  for (const line of networkModel) progress(line)
  progress(
    'from the call in the event handler to the frame that the page is to draw; device, compositor and GPU are not in it',
  )
  const result: LatencyResult = {
    kind: 'latency',
    version: 1,
    seed: cell.seed,
    secondsPerCell: seconds,
    tickRate: TICK_RATE,
    snapshotRate: SNAPSHOT_RATE,
    displayHz: cell.displayHz,
    networkModel,
    ...(await playAll(plan)),
  }
  showCells(result.cells)
  showAgreement(result.cells)
  judgeTimers(result.realTimersLateP99Ms)
  judgeOwnScreen(result.cells)
  await deliver(args, result, old)
}

function planOf(args: readonly string[]): Plan {
  const only = option(args, 'only')
  const name = option(args, 'grid') ?? 'full'
  const real = args.includes('--no-real') ? [] : only === undefined ? realPoints(name) : [conditionOf(only)]
  const cell: CellPlan = {
    seed: numberOption(args, 'seed', 1, 1, 1_000_000),
    warmUpMs: numberOption(args, 'warm-up', 10, 0, 600) * SECOND,
    measuredMs: numberOption(args, 'seconds', 40, 1, 600) * SECOND,
    displayHz: numberOption(args, 'display-hz', 59.94, 20, 360),
    jitterShape: jitterShapeOf(option(args, 'jitter-shape') ?? 'uniform'),
  }
  return {
    virtual: only === undefined ? gridOf(name) : [conditionOf(only)],
    real: real.filter(({ link }) => link === 'ordered'),
    cell,
    realCell: { ...cell, measuredMs: numberOption(args, 'real-seconds', 30, 1, 600) * SECOND },
  }
}

/** Points of the grid that are played over real sockets too. */
function realPoints(grid: string): Condition[] {
  const points: readonly (readonly [rttMs: number, jitterMs: number, lossPct: number])[] =
    grid === 'small'
      ? [[200, 50, 0]]
      : [
          [40, 0, 0],
          [100, 0, 0],
          [200, 0, 0],
          [40, 20, 0],
          [100, 20, 0],
          [100, 20, 2],
        ]
  return points.map(([rttMs, jitterMs, lossPct]) => ({ rttMs, jitterMs, lossPct, link: 'ordered' }))
}

type Played = Pick<LatencyResult, 'cells' | 'realTimersLateP99Ms'>

async function playAll(plan: Plan): Promise<Played> {
  const { virtual, real } = plan
  const meter = new ProgressMeter(virtual.length, real.length === 0 ? 0 : lengthOf(plan.realCell), () =>
    performance.now(),
  )
  const cells: LatencyCell[] = []
  for (const [index, condition] of virtual.entries()) {
    meter.begin(`cell ${index + 1} of ${virtual.length}: ${nameOf(condition)}`)
    cells.push(cellOf(condition, 'virtual', await playVirtual(condition, plan.cell)))
    meter.advance()
  }
  if (real.length === 0) {
    meter.end()
    return { cells }
  }
  const reports = await playRealOnes(plan, meter)
  meter.end()
  cells.push(...reports.map(({ cell }) => cell))
  return { cells, realTimersLateP99Ms: round(Math.max(...reports.map(({ timersLateP99Ms }) => timersLateP99Ms)), 2) }
}

function lengthOf({ warmUpMs, measuredMs }: CellPlan): number {
  return warmUpMs + measuredMs + DRAIN_MS
}

async function playRealOnes({ real, realCell }: Plan, meter: ProgressMeter): Promise<RealReport[]> {
  const what = `${real.length} ${real.length === 1 ? 'cell' : 'cells'} over real sockets`
  meter.begin(what)
  const timer = setInterval(() => meter.begin(what), SECOND)
  try {
    return await playAllReal(real, realCell)
  } finally {
    clearInterval(timer)
  }
}

/** "At most one display frame at p99, always." */
function judgeOwnScreen(cells: readonly LatencyCell[]): void {
  const virtual = cells.filter(({ where }) => where === 'virtual')
  const missed = virtual.filter(({ ownFramesP99 }) => ownFramesP99 > 1)
  const worst = Math.max(...cells.map(({ ownFramesP99 }) => ownFramesP99))
  heading('Own screen')
  const text = `${virtual.length - missed.length} of ${virtual.length} simulated cells show a press in the very next display frame at p99; worst of all cells: ${worst}`
  console.log(`  ${styleText(missed.length === 0 ? 'green' : 'red', text)}`)
}

function judgeTimers(lateMs: number | undefined): void {
  if (lateMs === undefined) return
  const text = `timers of this machine were up to ${lateMs} ms late (p99)`
  if (lateMs <= LATE_TIMERS_MS) progress(text)
  else
    console.log(`  ${styleText('yellow', `${text}: it is busy, and real figures are of it rather than of Tickmesh`)}`)
}
