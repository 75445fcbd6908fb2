/**
 * `npm run bench -- quality`: how good play is over a grid of bad networks, on virtual time, from a seed.
 *
 *     --grid full      96 cells (default), or small: 12
 *     --seconds 60     measured time of each cell (30 in the small grid), after --warm-up 10
 *     --jitter-shape   uniform (default) or exponential
 *     --only "datagram 100 50 5, ordered 40 0 0"   just these: link, round trip, jitter, loss
 *     --seed 1, --players 8, --display-hz 60, --processes 2
 *     --json           the last line is one JSON object; --out file.json, --html report.html, --compare old.json
 */
import { availableParallelism } from 'node:os'
import { deliver, readOld } from '../deliver.ts'
import { numberOption, option } from '../figures.ts'
import { type Condition, conditionOf, gridOf, jitterShapeOf, nameOf, networkModelText } from '../lab/conditions.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { heading, progress } from '../report.ts'
import { playAll } from './crew.ts'
import { PIXELS_PER_UNIT } from './measure.ts'
import type { QualityResult } from './quality-result.ts'
import { showQuality } from './quality-tables.ts'
import { targetsOf } from './targets.ts'
import type { CellTask } from './worker.ts'

const TICK_RATE = 60
const SNAPSHOT_RATE = 20

export async function run(args: readonly string[]): Promise<void> {
  const old = await readOld(args)
  const { tasks, settings } = planOf(args)
  const { players, seconds, seed, warmUpSeconds, displayHz } = settings
  heading(`Netcode quality: ${tasks.length} cells of ${seconds} s with ${players} players, on virtual time`)
  const networkModel = networkModelText(settings.jitterShape)
  for (const line of networkModel) progress(line)
  const meter = new ProgressMeter(tasks.length, 0, () => performance.now())
  meter.begin(`${tasks.length} cells`)
  const processes = numberOption(args, 'processes', availableParallelism(), 1, 64)
  const reports = await playAll(tasks, processes, ({ cell }) => {
    meter.advance()
    meter.begin(nameOf(cell))
  })
  meter.end()
  const cells = reports.map(({ cell }) => cell)
  const result: QualityResult = {
    kind: 'quality',
    version: 1,
    seed,
    players,
    secondsPerCell: seconds,
    warmUpSeconds,
    tickRate: TICK_RATE,
    snapshotRate: SNAPSHOT_RATE,
    displayHz,
    pixelsPerUnit: PIXELS_PER_UNIT,
    networkModel,
    cells,
    targets: targetsOf(cells),
    series: reports.flatMap(({ series }) => (series === undefined ? [] : [series])),
  }
  showQuality(result)
  await deliver(args, result, old)
}

function planOf(args: readonly string[]) {
  const only = option(args, 'only')
  const grid = option(args, 'grid') ?? 'full'
  const conditions = only === undefined ? gridOf(grid) : only.split(',').map(conditionOf)
  const settings = {
    jitterShape: jitterShapeOf(option(args, 'jitter-shape') ?? 'uniform'),
    seed: numberOption(args, 'seed', 1, 1, 1_000_000),
    players: numberOption(args, 'players', 8, 2, 16),
    warmUpSeconds: numberOption(args, 'warm-up', 10, 0, 600),
    seconds: numberOption(args, 'seconds', grid === 'small' ? 30 : 60, 5, 3600),
    displayHz: numberOption(args, 'display-hz', 60, 20, 360),
  }
  const tasks = conditions.map((condition, index): CellTask => {
    const withSeries = only !== undefined || hasSeries(condition)
    return { index, settings: { ...settings, condition }, withSeries }
  })
  return { tasks, settings }
}

/** Of these cells the report shows a player over time. */
function hasSeries({ rttMs, jitterMs, lossPct }: Condition): boolean {
  return (rttMs === 100 || rttMs === 200) && ((jitterMs === 20 && lossPct === 2) || (jitterMs === 50 && lossPct === 5))
}
