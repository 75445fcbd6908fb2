/** One quality cell, closely: all figures, its histograms and, where a run was recorded, one player over time. Called by the page's main. */
import type { QualityCell, QualitySeries } from '../../quality/quality-result.ts'
import { conditionLabel } from '../condition.ts'
import { cellFacts } from './cell-facts.ts'
import { element } from './dom.ts'
import { type Colour, type Destroy, histogramPlot, timePlot } from './plots.ts'

const HISTOGRAM_HEIGHT = 150
const TIME_HEIGHT = 130

export function factList(cell: QualityCell): HTMLElement {
  const items = cellFacts(cell).map(({ name, text, verdict }) =>
    element('div', { class: verdict }, element('dt', {}, name), element('dd', {}, text)),
  )
  return element('dl', { class: 'cell-facts' }, ...items)
}

/** Shows the cell in `host`, in place of what was there. `key` names the cursor that its plots share. */
export function showQuality(
  host: HTMLElement,
  cell: QualityCell,
  series: QualitySeries | undefined,
  key: string,
): Destroy {
  const histograms = element('div', { class: 'histograms' })
  const times = element('div', { class: 'times' })
  host.replaceChildren(element('h3', {}, conditionLabel(cell)), factList(cell), histograms, times)
  const destroy = [...drawHistograms(histograms, cell)]
  if (series) destroy.push(...drawSeries(times, series, key))
  else times.append(element('p', { class: 'lead' }, 'No time series was recorded for this condition.'))
  return () => {
    for (const end of destroy) end()
  }
}

function drawHistograms(host: HTMLElement, { histograms }: QualityCell): Destroy[] {
  return [
    histogramPlot(host, {
      title: 'Input margin',
      histogram: histograms.inputMargin,
      name: 'in time',
      colour: '--line-1',
      below: { name: 'too late', colour: '--miss-line' },
      height: HISTOGRAM_HEIGHT,
    }),
    histogramPlot(host, {
      title: 'Snapshot lateness',
      histogram: histograms.snapshotLateness,
      name: 'share',
      colour: '--line-2',
      height: HISTOGRAM_HEIGHT,
    }),
    histogramPlot(host, {
      title: 'Clock error',
      histogram: histograms.clockError,
      name: 'share',
      colour: '--line-3',
      height: HISTOGRAM_HEIGHT,
    }),
  ]
}

interface Shown {
  readonly title: string
  readonly note: string
  readonly unit: string
  readonly lines: readonly {
    readonly name: string
    readonly values: readonly number[]
    readonly colour: Colour
    readonly stems?: boolean
  }[]
}

function drawSeries(host: HTMLElement, series: QualitySeries, key: string): Destroy[] {
  const shown: readonly Shown[] = [
    {
      title: 'Lead and margin',
      note: 'of inputs; below 0 they are late',
      unit: 'ms',
      lines: [
        { name: 'lead', values: series.leadMs, colour: '--line-1' },
        { name: 'margin', values: series.marginMs, colour: '--line-2' },
      ],
    },
    {
      title: 'Interpolation delay and lateness',
      note: 'of snapshots; lateness above the delay starves',
      unit: 'ms',
      lines: [
        { name: 'delay', values: series.interpolationDelayMs, colour: '--line-1' },
        { name: 'lateness', values: series.snapshotLatenessMs, colour: '--line-2' },
      ],
    },
    {
      title: 'Clock error',
      note: 'against the true time',
      unit: 'ms',
      lines: [{ name: 'error', values: series.clockErrorMs, colour: '--line-3' }],
    },
    {
      title: 'Corrections',
      note: series.correction.some((size) => size !== 0) ? 'of what it predicts' : 'none in this run',
      unit: 'units',
      lines: [{ name: 'size', values: series.correction, colour: '--miss-line', stems: true }],
    },
  ]
  return shown.map(({ title, note, unit, lines }) =>
    timePlot(host, {
      title,
      note,
      unit: unit === 'units' ? '' : unit,
      timeS: series.timeS,
      sync: key,
      height: TIME_HEIGHT,
      lines: lines.map(({ name, values, colour, stems }) => ({
        name,
        colour,
        values: stems ? values.map((size) => (size === 0 ? null : size)) : values,
        digits: unit === 'ms' ? 1 : 3,
        ...(stems && { kind: 'stems' as const }),
      })),
    }),
  )
}
