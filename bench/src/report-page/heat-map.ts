/**
 * One figure over the grid, as a table for each kind of link: rows are round trips, columns jitter and within it loss. Called by the quality section. Pure.
 * Every cell says its figure as text; colour repeats it, red is only for a miss where the target holds, and a corner marks that too.
 */

import { median } from '../figures.ts'
import type { QualityCell } from '../quality/quality-result.ts'
import { conditionKey, conditionLabel, LINKS, levels } from './condition.ts'
import { formatShort, formatValue, withUnit } from './format.ts'
import { type Html, html } from './html.ts'
import { figureText, keepsLimit, type QualityFigure, type QualityTargetScope } from './quality-figures.ts'

type Shade = 'within' | 'miss' | 'beyond'

interface Shaded {
  readonly shade: Shade
  /** 0 to 100: how far from the light end of its scale. */
  readonly depth: number
}

/** Dark text below, light text above; see the stylesheet. */
const STRONG_FROM = 60
/** Within a limit the scale stays in its lighter part, so that nothing within looks alarming. */
const DEEPEST_WITHIN = 60

/** A linear scale is given up where the median is in its lowest part. */
const ROOT_BELOW = 0.2

interface Scale {
  readonly least: number
  readonly most: number
  /** How many cells have the figure. */
  readonly values: number
  /** Most values are small beside the largest: their differences show on a scale of the root only. */
  readonly root: boolean
  readonly limit: number | undefined
}

function scaleOf(figure: QualityFigure, cells: readonly QualityCell[]): Scale {
  const values = cells.map((cell) => figure.read(cell)).filter((value) => isNumber(value))
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const root = figure.better === 'lower' && (median(values) - least) / (most - least) < ROOT_BELOW
  return { least, most, values: values.length, root, limit: figure.target?.limit }
}

function shadeOf(figure: QualityFigure, cell: QualityCell, value: number, scale: Scale): Shaded {
  const badness = (of: number) => (figure.better === 'lower' ? of : (figure.best ?? scale.most) - of)
  const [bad, worst] = [badness(value), badness(figure.better === 'lower' ? scale.most : scale.least)]
  if (scale.limit === undefined) {
    const least = badness(figure.better === 'lower' ? scale.least : (figure.best ?? scale.most))
    const part = share(bad - least, worst - least)
    return { shade: 'within', depth: (scale.root ? Math.sqrt(part) : part) * 100 }
  }
  const limit = badness(scale.limit)
  if (keepsLimit(figure, value, scale.limit))
    return { shade: 'within', depth: share(Math.max(0, bad), limit) * DEEPEST_WITHIN }
  // Misses spread over magnitudes: their scale is logarithmic, or a root where the limit is 0.
  const depth = limit > 0 ? share(Math.log(bad / limit), Math.log(worst / limit)) : Math.sqrt(share(bad, worst))
  return { shade: figure.target?.covers(cell) ? 'miss' : 'beyond', depth: depth * 100 }
}

export function heatMap(figure: QualityFigure, cells: readonly QualityCell[]): Html {
  const scale = scaleOf(figure, cells)
  const panels = LINKS.flatMap((link) => {
    const ofLink = cells.filter((cell) => cell.link === link)
    return ofLink.length === 0 ? [] : [panel(figure, ofLink, scale)]
  })
  return html`<section class="figure" id="figure-${figure.id}">
<header><h4>${figure.name}${figure.unit === '' ? '' : html` <small>${figure.unit}</small>`}</h4>
<p>${figure.about}</p>${legend(figure, cells, scale)}</header>
${sameEverywhere(scale) ? everywhere(figure, cells, scale) : html`<div class="panels">${panels}</div>`}</section>`
}

/** Many equal numbers say less than one sentence. */
function sameEverywhere({ least, most, values }: Scale): boolean {
  return values > 1 && least === most
}

function everywhere(figure: QualityFigure, cells: readonly QualityCell[], { most, values }: Scale): Html {
  const value = withUnit(formatValue(most, Number.isInteger(most) ? 0 : figure.digits), figure.unit)
  const where =
    values === cells.length
      ? `in each of the ${values} conditions`
      : `in each of the ${values} conditions that have a value; ${cells.length - values} have none`
  return html`<p class="everywhere"><b>${value}</b> ${where}.</p>`
}

function panel(figure: QualityFigure, cells: readonly QualityCell[], scale: Scale): Html {
  const link = cells[0]?.link ?? ''
  const jitters = levels(cells.map((cell) => cell.jitterMs))
  const losses = levels(cells.map((cell) => cell.lossPct))
  const byKey = new Map(cells.map((cell) => [conditionKey(cell), cell]))
  const columns = jitters.flatMap((jitterMs) => losses.map((lossPct) => ({ jitterMs, lossPct })))
  const rows = levels(cells.map((cell) => cell.rttMs)).map((rttMs) => {
    const found = columns.map(({ jitterMs, lossPct }) => byKey.get([link, rttMs, jitterMs, lossPct, ''].join('/')))
    const drawn = found.map((cell, at) => heatCell(figure, cell, scale, at % losses.length === 0))
    return html`<tr><th scope="row">${rttMs}</th>${drawn}</tr>`
  })
  return html`<table class="heat" role="grid" aria-label="${figure.name}, ${link} links">
<caption>${link}</caption>
<thead><tr><th scope="col" class="corner">jitter</th>${jitters.map(
    (jitter) => html`<th colspan="${losses.length}" scope="colgroup" class="group">${jitter} ms</th>`,
  )}</tr>
<tr><th scope="col" class="corner">rtt \\ loss</th>${columns.map(
    ({ lossPct }, at) =>
      html`<th scope="col"${at % losses.length === 0 ? html` class="group"` : undefined}>${lossPct} %</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table>`
}

function heatCell(figure: QualityFigure, cell: QualityCell | undefined, scale: Scale, first: boolean): Html {
  const group = first ? ' group' : ''
  if (cell === undefined) return html`<td class="none${group}"></td>`
  const value = figure.read(cell)
  const where = html`data-cell="${conditionKey(cell)}" role="gridcell" tabindex="-1"`
  if (!isNumber(value))
    return html`<td class="none${group}" ${where} aria-label="${conditionLabel(cell)}: not measured">–</td>`
  const { shade, depth } = shadeOf(figure, cell, value, scale)
  const said = figureText(figure, value)
  const verdict =
    shade === 'miss' ? ', misses the target' : shade === 'beyond' ? ', beyond the limit, no target here' : ''
  const strong = depth >= STRONG_FROM ? ' strong' : ''
  return html`<td class="${shade}${strong}${group}" style="--depth:${Math.round(depth)}%" ${where} aria-label="${conditionLabel(cell)}: ${said}${verdict}">${cellText(figure, value)}</td>`
}

/** What falls short of perfect is never rounded up to it. */
function cellText(figure: QualityFigure, value: number): string {
  if (figure.best === undefined || value >= figure.best) return formatShort(value, figure.digits)
  const digits = value >= 99 ? 2 : 1
  return (Math.floor(value * 10 ** digits) / 10 ** digits).toFixed(digits)
}

function legend(figure: QualityFigure, cells: readonly QualityCell[], scale: Scale): Html | undefined {
  const [least, most] = [scale.least, scale.most].map((value) => withUnit(cellText(figure, value), figure.unit))
  const [good, bad] = figure.better === 'lower' ? [least, most] : [most, least]
  if (figure.target !== undefined) return targetLegend(figure, figure.target, cells, scale, bad ?? '')
  if (sameEverywhere(scale)) return undefined
  // Where higher is better the pale end is what would be perfect.
  const from = figure.best === undefined ? good : withUnit(String(figure.best), figure.unit)
  const root = scale.root ? html`<span>colour by the root</span>` : undefined
  return html`<p class="legend"><span>${from}</span><i class="ramp within"></i><span>${bad}</span>${root}</p>`
}

function targetLegend(
  figure: QualityFigure,
  target: QualityTargetScope,
  cells: readonly QualityCell[],
  scale: Scale,
  worst: string,
): Html {
  const covered = cells.filter((cell) => target.covers(cell))
  const shadesOf = (some: readonly QualityCell[]) =>
    some.flatMap((cell) => {
      const value = figure.read(cell)
      return isNumber(value) ? [shadeOf(figure, cell, value, scale).shade] : []
    })
  const judged = shadesOf(covered)
  const misses = judged.filter((shade) => shade === 'miss').length
  const limit = `${figure.better === 'lower' ? '≤' : '≥'} ${withUnit(String(target.limit), figure.unit)}`
  const outcome =
    misses > 0
      ? html`<b class="missed">✗ ${misses} of ${judged.length} miss ${limit}</b>`
      : html`<b class="${judged.length > 0 ? 'met' : ''}">${judged.length > 0 ? `✓ all ${judged.length} meet` : 'not measured:'} ${limit}</b>`
  const unknown = covered.length - judged.length
  const blank = unknown > 0 && judged.length > 0 ? html`<b class="missed">${unknown} without a value</b>` : undefined
  const missed = misses > 0 ? html`<i class="ramp miss"></i><span>missed</span>` : undefined
  const side = figure.better === 'lower' ? 'above' : 'below'
  const beyond = shadesOf(cells).includes('beyond')
    ? html`<i class="ramp beyond"></i><span>${side} it, no target here</span>`
    : undefined
  const keys = sameEverywhere(scale)
    ? undefined
    : html`<i class="ramp limited"></i><span>to the limit</span>${missed}${beyond}<span class="worst">worst ${worst}</span>`
  return html`<p class="legend">${outcome}${blank}<span class="scope">${target.where}</span>${keys}</p>`
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0
}

function isNumber(value: number | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
