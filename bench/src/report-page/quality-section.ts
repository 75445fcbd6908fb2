/** Heat maps of all figures of the quality bench, by what they are about, and room for one cell seen closely. Called by `renderReport`. Pure. */
import type { QualityResult } from '../quality/quality-result.ts'
import { conditionKey, conditionLabel } from './condition.ts'
import { heatMap } from './heat-map.ts'
import { type Html, html } from './html.ts'
import { QUALITY_FIGURES, type QualityFigure, type QualityGroup } from './quality-figures.ts'

const GROUPS: readonly QualityGroup[] = ['Inputs', 'Snapshots', 'Time', 'Prediction', 'Hits', 'Bytes']

export function qualitySection(quality: QualityResult | undefined): Html | undefined {
  if (quality === undefined) return undefined
  const groups = GROUPS.flatMap((group) => {
    const figures = QUALITY_FIGURES.filter((figure) => figure.group === group && isMeasured(figure, quality))
    if (figures.length === 0) return []
    return [html`<h3>${group}</h3>${figures.map((figure) => heatMap(figure, quality.cells))}`]
  })
  return html`<section id="quality"><h2>Quality over the grid</h2>
<p class="lead">Rows: round trip in ms. Columns: jitter, and within it loss. Players of a cell are pooled. Red and a corner: a miss where the target holds. <span class="hint">Point at a cell for all of its figures, click it for its histograms.</span></p>
${groups}</section>${runSection(quality)}`
}

/** An older or smaller result may lack a figure altogether. */
function isMeasured(figure: QualityFigure, { cells }: QualityResult): boolean {
  return cells.some((cell) => Number.isFinite(figure.read(cell) ?? Number.NaN))
}

function runSection(quality: QualityResult): Html {
  const recorded = new Set(quality.series.map(({ cell }) => conditionKey(cell)))
  const options = quality.cells.map((cell) => {
    const key = conditionKey(cell)
    return html`<option value="${key}">${conditionLabel(cell)}${recorded.has(key) ? ' · time series' : ''}</option>`
  })
  const first = quality.series[0]?.cell ?? quality.cells[0]
  return html`<section id="run"><h2>One condition, closely</h2>
<p class="lead"><label>Condition <select id="quality-choice" data-first="${first ? conditionKey(first) : ''}">${options}</select></label> <span class="hint">Time series follow one player; drag to zoom, double click to zoom out.</span></p>
<div id="quality-detail"></div></section>`
}
