/** What got better or worse since an older result, largest first, worse before better. Called by `renderReport`. Pure. */
import type { Change, Comparison } from '../compare.ts'
import { formatValue, withUnit } from './format.ts'
import { type Html, html } from './html.ts'

/** More than a person reads at once is folded away. */
const SHOWN = 12

export function comparisonSection(comparison: Comparison | undefined): Html | undefined {
  if (comparison === undefined) return undefined
  const { kind, changes, unchanged, missing, added, notCompared, settings } = comparison
  const worse = changes.filter(({ better }) => !better)
  const better = changes.filter((change) => change.better)
  return html`<section id="comparison"><h2>Compared with an older result: ${kind}</h2>
<p class="lead"><b class="${worse.length > 0 ? 'missed' : 'met'}">${worse.length} worse</b>, <b>${better.length} better</b>, ${unchanged} as before. A difference counts from the least that is more than noise; <i>size</i> is how many times that.</p>
${settings.length === 0 ? undefined : html`<p class="notice">Settings differ, which may explain differences: ${settings.join('; ')}.</p>`}
${byFigure(changes)}
${changesTable('Worse', worse)}${changesTable('Better', better)}
${named('Only in the old result', missing)}${named('Only in the new result', added)}${named('Without a value on one side', notCompared)}</section>`
}

function byFigure(changes: readonly Change[]): Html | undefined {
  const figures = [...new Set(changes.map(({ figure }) => figure))].sort()
  const items = figures.map((figure) => {
    const of = changes.filter((change) => change.figure === figure)
    const better = of.filter((change) => change.better).length
    const worse = of.length - better
    return html`<div><dt>${figure}</dt><dd><b class="${worse > 0 ? 'missed' : ''}">${worse} worse</b>, <b class="${better > 0 ? 'met' : ''}">${better} better</b></dd></div>`
  })
  return items.length === 0 ? undefined : html`<dl class="facts">${items}</dl>`
}

function changesTable(title: string, changes: readonly Change[]): Html {
  if (changes.length === 0) return html`<h3>${title}</h3><p>Nothing.</p>`
  const rest = changes.slice(SHOWN)
  const folded =
    rest.length === 0 ? undefined : html`<details><summary>and ${rest.length} more</summary>${rowsOf(rest)}</details>`
  return html`<h3>${title}</h3>${rowsOf(changes.slice(0, SHOWN))}${folded}`
}

function rowsOf(changes: readonly Change[]): Html {
  const rows = changes.map(({ figure, unit, digits, cell, old, now, better, weight }) => {
    const difference = now - old
    const signed = `${difference > 0 ? '+' : ''}${formatValue(difference, digits)}`
    return html`<tr class="${better ? 'met' : 'missed'}"><th scope="row">${figure}</th><td class="number">${formatValue(old, digits)}</td><td class="number">${withUnit(formatValue(now, digits), unit)}</td>
<td class="number outcome">${signed}</td><td class="number">${formatValue(weight, 1)}×</td><td class="where">${cell}</td></tr>`
  })
  return html`<table class="list dense"><thead><tr><th scope="col">figure</th><th scope="col" class="number">old</th><th scope="col" class="number">new</th><th scope="col" class="number">change</th><th scope="col" class="number">size</th><th scope="col">condition</th></tr></thead><tbody>${rows}</tbody></table>`
}

function named(title: string, names: readonly string[]): Html | undefined {
  if (names.length === 0) return undefined
  return html`<details><summary>${title}: ${names.length}</summary><ul>${names.map((name) => html`<li>${name}</li>`)}</ul></details>`
}
