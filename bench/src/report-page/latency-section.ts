/**
 * Where the time from a press to another's screen goes: stacked bars of stages for each condition, simulated and real side by side where
 * both were measured, and the percentiles as a table. Called by `renderReport`. Pure.
 */
import type { LatencyCell, LatencyResult } from '../latency/latency-result.ts'
import { type CellCondition, conditionKey, conditionLabel, LINKS, levels } from './condition.ts'
import { formatValue } from './format.ts'
import { type Html, html } from './html.ts'
import { DESTINATIONS, PERCENTILES, STAGES } from './latency-figures.ts'

/** A segment narrower than this share of the scale has no room for its number. */
const LABELLED_SHARE = 0.06

export function latencySection(latency: LatencyResult | undefined): Html | undefined {
  if (latency === undefined || latency.cells.length === 0) return undefined
  return html`<section id="latency"><h2>Latency</h2>
<p class="lead">From a key event to another player’s screen, mean of each stage. The stages add up to the mean. <span class="hint">Click a bar for its percentiles.</span></p>
<ul class="stages">${STAGES.map(({ id, name, about }) => html`<li title="${about}"><i class="stage ${id}"></i>${name}</li>`)}</ul>
${pairs(latency)}${grid(latency)}</section>${closely(latency)}${percentileTable(latency)}`
}

interface Scale {
  readonly most: number
  readonly step: number
}

function scaleFor(cells: readonly LatencyCell[]): Scale {
  const longest = Math.max(...cells.map(totalOf))
  const step = [10, 20, 50, 100, 200, 500, 1000].find((size) => longest / size <= 6) ?? 2000
  return { most: Math.max(step, Math.ceil(longest / step) * step), step }
}

function totalOf(cell: LatencyCell): number {
  return cell.stages.reduce((sum, { meanMs }) => sum + (Number.isFinite(meanMs) ? meanMs : 0), 0)
}

function bar(cell: LatencyCell, { most }: Scale, labelled: boolean): Html {
  const segments = STAGES.flatMap(({ id, name }) => {
    const stage = cell.stages.find((candidate) => candidate.name === id)
    const mean = Math.max(0, stage?.meanMs ?? 0)
    if (mean === 0) return []
    const label = labelled && mean / most >= LABELLED_SHARE ? formatValue(mean, 0) : ''
    const width = ((mean / most) * 100).toFixed(3)
    return [
      html`<i class="stage ${id}" style="width:${width}%" title="${name} ${formatValue(mean, 1)} ms">${label}</i>`,
    ]
  })
  const said = STAGES.map(({ id, name }) => {
    const mean = cell.stages.find((stage) => stage.name === id)?.meanMs
    return `${name} ${formatValue(mean, 0)}`
  })
  return html`<button type="button" class="bar" data-latency="${conditionKey(cell)}" aria-label="${conditionLabel(cell)}: ${formatValue(totalOf(cell), 0)} ms: ${said.join(', ')}">${segments}<b>${formatValue(totalOf(cell), 0)}</b></button>`
}

function axis({ most, step }: Scale): Html {
  const ticks: Html[] = []
  for (let at = 0; at <= most; at += step)
    ticks.push(html`<span style="left:${((at / most) * 100).toFixed(3)}%">${at}${at === most ? ' ms' : ''}</span>`)
  return html`<div class="axis" aria-hidden="true">${ticks}</div>`
}

function bars(rows: readonly { readonly label: Html; readonly bar: Html }[], scale: Scale, size: string): Html {
  const grid = ((scale.step / scale.most) * 100).toFixed(3)
  return html`<div class="bars ${size}" style="--step:${grid}%">${rows.map(
    ({ label, bar }) => html`<div class="row"><span class="label">${label}</span>${bar}</div>`,
  )}<div class="row"><span class="label"></span>${axis(scale)}</div></div>`
}

/** Conditions that were measured on real sockets, each under its simulated twin. */
function pairs({ cells, realTimersLateP99Ms }: LatencyResult): Html | undefined {
  const real = cells.filter(({ where }) => where === 'real')
  if (real.length === 0) return undefined
  const twinOf = (cell: LatencyCell) => {
    const key = conditionKey({ ...cell, where: 'virtual' })
    return cells.find((candidate) => conditionKey(candidate) === key)
  }
  const scale = scaleFor(real.flatMap((cell) => [cell, twinOf(cell) ?? cell]))
  const rows = real.flatMap((cell) => {
    const twin = twinOf(cell)
    const { where: _, ...network } = cell
    return [
      ...(twin
        ? [{ label: html`<span>${conditionLabel(network)}</span><em>simulated</em>`, bar: bar(twin, scale, true) }]
        : []),
      { label: html`<span>${twin ? '' : conditionLabel(network)}</span><em>real</em>`, bar: bar(cell, scale, true) },
    ]
  })
  const timers =
    realTimersLateP99Ms === undefined
      ? undefined
      : html`<p class="lead">Timers of the machine were late by ${formatValue(realTimersLateP99Ms, 1)} ms at p99 during the real runs.</p>`
  return html`<h3>Simulated, and over real sockets</h3>${timers}${bars(rows, scale, 'large')}`
}

function grid({ cells }: LatencyResult): Html | undefined {
  const virtual = cells.filter(({ where }) => where === 'virtual')
  if (virtual.length === 0) return undefined
  const scale = scaleFor(virtual)
  const panels = LINKS.filter((link) => virtual.some((cell) => cell.link === link)).map((link) => {
    const ofLink = virtual.filter((cell) => cell.link === link)
    const rows = levels(ofLink.map(({ rttMs }) => rttMs)).flatMap((rttMs) => {
      const sorted = ofLink
        .filter((cell) => cell.rttMs === rttMs)
        .sort((a, b) => a.jitterMs - b.jitterMs || a.lossPct - b.lossPct)
      return sorted.map((cell, at) => ({ label: shortLabel(cell, at === 0), bar: bar(cell, scale, false) }))
    })
    return html`<div><h4>${link}</h4>${bars(rows, scale, 'small')}</div>`
  })
  return html`<div class="whole-grid"><h3>The whole grid, simulated</h3><p class="lead">Each line: round trip, jitter in ms, loss.</p><div class="panels">${panels}</div></div>`
}

function shortLabel({ rttMs, jitterMs, lossPct }: CellCondition, first: boolean): Html {
  return html`<span class="rtt${first ? ' first' : ''}">${first ? `${rttMs} ms` : ''}</span><span>${jitterMs}</span><span>${lossPct} %</span>`
}

function closely({ cells }: LatencyResult): Html {
  const first = cells.find(({ where }) => where === 'real') ?? cells[Math.floor(cells.length / 2)]
  const shown = new Set<string>()
  const options = cells.flatMap((cell) => {
    const { where: _, ...network } = cell
    if (shown.has(conditionKey(network))) return []
    shown.add(conditionKey(network))
    return [html`<option value="${conditionKey(network)}">${conditionLabel(network)}</option>`]
  })
  const { where: _, ...network } = first ?? { rttMs: 0, jitterMs: 0, lossPct: 0, link: 'datagram', where: 'virtual' }
  return html`<section id="latency-closely"><h2>Latency of one condition</h2>
<p class="lead"><label>Condition <select id="latency-choice" data-first="${conditionKey(network)}">${options}</select></label></p>
<div id="latency-detail"></div></section>`
}

function percentileTable({ cells }: LatencyResult): Html {
  const rows = cells.map((cell) => {
    const numbers = DESTINATIONS.flatMap(({ id }) =>
      PERCENTILES.map(
        (percentile, at) =>
          html`<td class="number${at === 0 ? ' group' : ''}">${formatValue(cell[id][percentile.id], 0)}</td>`,
      ),
    )
    return html`<tr class="${cell.where}"><th scope="row">${conditionLabel(cell)}</th>${numbers}<td class="number group">${formatValue(cell.ownFramesP99, 1)}</td><td class="number group">${cell.own.count}</td><td class="number">${cell.pressesLost}</td></tr>`
  })
  return html`<section id="percentiles"><h2>Latency, percentiles</h2><details><summary>All ${cells.length} conditions, in ms</summary>
<div class="wide"><table class="list dense"><thead><tr><th></th>${DESTINATIONS.map(
    ({ name }) => html`<th scope="colgroup" colspan="${PERCENTILES.length}" class="group">${name}</th>`,
  )}<th scope="colgroup" class="group">own, frames</th><th scope="colgroup" colspan="2" class="group">presses</th></tr><tr><th scope="col">condition</th>${DESTINATIONS.flatMap(
    () =>
      PERCENTILES.map(({ name }, at) => html`<th scope="col" class="number${at === 0 ? ' group' : ''}">${name}</th>`),
  )}<th scope="col" class="number group">p99</th><th scope="col" class="number group">shown</th><th scope="col" class="number">lost</th></tr></thead><tbody>${rows}</tbody></table></div></details></section>`
}
