/**
 * The report's head: what was measured, on what network, and each target with its worst cell, misses first in the sentence above. Pure.
 * Called by `renderReport`.
 */
import type { Comparison } from '../compare.ts'
import type { LatencyResult } from '../latency/latency-result.ts'
import type { QualityResult, QualityTarget } from '../quality/quality-result.ts'
import { formatValue, withUnit } from './format.ts'
import { type Html, html } from './html.ts'

const SECTIONS: readonly (readonly [id: string, name: string, of: 'quality' | 'latency' | 'comparison'])[] = [
  ['targets', 'Targets', 'quality'],
  ['comparison', 'Comparison', 'comparison'],
  ['quality', 'Quality over the grid', 'quality'],
  ['run', 'One condition', 'quality'],
  ['latency', 'Latency', 'latency'],
  ['latency-closely', 'Latency of one condition', 'latency'],
  ['percentiles', 'Percentiles', 'latency'],
]

interface Measured {
  readonly comparison?: Comparison | undefined
  readonly quality?: QualityResult | undefined
  readonly latency?: LatencyResult | undefined
  readonly date?: string | undefined
}

export function headSection(measured: Measured): Html {
  const { quality, latency, date } = measured
  const links = SECTIONS.filter(([, , of]) => measured[of] !== undefined).map(
    ([id, name]) => html`<a href="#${id}">${name}</a>`,
  )
  const what = [quality && 'netcode quality', latency && 'latency'].filter((name) => name !== undefined).join(' and ')
  return html`<header class="head"><p class="brand">Tickmesh bench</p>
<h1>${what === '' ? 'Comparison of two results' : what.replace(/^./, (letter) => letter.toUpperCase())} on bad networks</h1>
${quality && verdict(quality.targets)}
<dl class="facts">${[...facts(quality, latency), ...(date === undefined ? [] : [fact('measured', date)])]}</dl>
${networkModel(quality, latency)}
<nav aria-label="Sections">${links}</nav></header>`
}

function facts(quality: QualityResult | undefined, latency: LatencyResult | undefined): Html[] {
  const of = quality ?? latency
  if (of === undefined) return []
  const cells = [
    quality && `${quality.cells.length} for quality`,
    latency && `${latency.cells.length} for latency`,
  ].filter((text) => text !== undefined)
  const seeds = [...new Set([quality?.seed, latency?.seed].filter((seed) => seed !== undefined))]
  return [
    fact('conditions', cells.join(', ')),
    ...(quality ? [fact('players', `${quality.players} bots that fight`)] : []),
    ...(quality ? [fact('quality, per condition', seconds(quality.secondsPerCell, quality.warmUpSeconds))] : []),
    ...(latency ? [fact('latency, per condition', `${latency.secondsPerCell} s`)] : []),
    fact('ticks · snapshots · display', `${of.tickRate} · ${of.snapshotRate} · ${of.displayHz} Hz`),
    fact(seeds.length > 1 ? 'seeds' : 'seed', seeds.join(', ')),
  ]
}

function seconds(played: number, warmUp: number): string {
  return warmUp > 0 ? `${played} s after ${warmUp} s of warm-up` : `${played} s`
}

function fact(name: string, value: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`
}

function networkModel(quality: QualityResult | undefined, latency: LatencyResult | undefined): Html | undefined {
  const own = quality?.networkModel ?? latency?.networkModel ?? []
  const more = (quality && latency?.networkModel.filter((line) => !own.includes(line))) ?? []
  const lines = [...own, ...more.map((line) => `for latency: ${line}`)]
  if (lines.length === 0) return undefined
  return html`<div class="model"><h2>The network</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></div>`
}

function verdict(targets: readonly QualityTarget[]): Html | undefined {
  if (targets.length === 0) return undefined
  const missed = targets.filter(({ passed }) => !passed)
  if (missed.length === 0) return html`<p class="verdict met">✓ All ${targets.length} targets met.</p>`
  const names = missed.map(({ name }) => name).join('; ')
  return html`<p class="verdict missed">✗ ${missed.length} of ${targets.length} targets missed: ${names}.</p>`
}

export function targetsSection(quality: QualityResult | undefined): Html | undefined {
  if (quality === undefined || quality.targets.length === 0) return undefined
  const rows = quality.targets.map(
    (target) => html`<tr class="${target.passed ? 'met' : 'missed'}"><th scope="row">${target.name}</th>
<td class="number">${limitText(target)}</td><td class="number">${withUnit(formatValue(target.worst, digitsOf(target.worst)), target.unit)}</td>
<td class="where">${target.worstCell}</td><td class="outcome">${target.passed ? '✓ pass' : '✗ miss'}</td></tr>`,
  )
  return html`<section id="targets"><h2>Targets</h2><p class="lead">Each is judged by the worst condition in its scope, not by the mean.</p>
<table class="list"><thead><tr><th scope="col">target</th><th scope="col" class="number">limit</th><th scope="col" class="number">worst</th>
<th scope="col">worst condition</th><th scope="col">outcome</th></tr></thead><tbody>${rows}</tbody></table></section>`
}

/** Every target of the quality bench is the most that a figure may be. */
function limitText({ limit, unit }: QualityTarget): string {
  return `≤ ${withUnit(String(limit), unit)}`
}

function digitsOf(value: number): number {
  return Number.isInteger(value) ? 0 : 2
}
