/**
 * A process that plays cells of the quality bench, one after another, as its parent hands them over. Forked by crew.ts.
 */
import { measureCell, seriesOf } from './measure.ts'
import { type CellSettings, playCell } from './play-cell.ts'
import type { QualityCell, QualitySeries } from './quality-result.ts'

export interface CellTask {
  readonly index: number
  readonly settings: CellSettings
  readonly withSeries: boolean
}

export interface CellReport {
  readonly index: number
  readonly cell: QualityCell
  readonly series?: QualitySeries
}

process.on('message', (task: CellTask) => {
  void play(task).then((report) => process.send?.(report))
})

async function play({ index, settings, withSeries }: CellTask): Promise<CellReport> {
  const traces = await playCell(settings)
  const series = withSeries ? seriesOf(settings.condition, traces) : undefined
  return { index, cell: measureCell(settings.condition, traces), ...(series === undefined ? {} : { series }) }
}
