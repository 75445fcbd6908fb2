/**
 * The quality bench's result for a terminal: a row for each cell, and what was to be reached.
 */
import { styleText } from 'node:util'
import { heading, table } from '../report.ts'
import type { QualityCell, QualityResult } from './quality-result.ts'

export function showQuality({ cells, targets }: QualityResult): void {
  for (const link of ['datagram', 'ordered'] as const) {
    const rows = cells.filter((cell) => cell.link === link)
    if (rows.length === 0) continue
    heading(link === 'datagram' ? 'Datagram links' : 'Ordered links (WebSocket): what the stalls cost')
    table([COLUMNS.map(([name]) => name), ...rows.map((cell) => COLUMNS.map(([, read]) => String(read(cell))))])
  }
  heading('To reach')
  table([
    ['', 'worst', 'to reach', 'worst cell'],
    ...targets.map(({ name, unit, limit, worst, worstCell, passed }) => [
      name,
      styleText(passed ? 'green' : 'red', `${worst} ${unit}`.trim()),
      `${limit} ${unit}`.trim(),
      styleText('dim', worstCell),
    ]),
  ])
}

const COLUMNS: readonly (readonly [string, (cell: QualityCell) => number | string])[] = [
  ['rtt/jitter/loss', ({ rttMs, jitterMs, lossPct }) => `${rttMs}/${jitterMs}/${lossPct}`],
  ['clock p50', (cell) => cell.clockErrorP50Ms],
  ['p99 ms', (cell) => cell.clockErrorP99Ms],
  ['late %', (cell) => cell.lateInputsPct],
  ['lead', (cell) => cell.leadMs],
  ['excess', (cell) => cell.excessLeadMs],
  ['starved %', (cell) => cell.starvationPct],
  ['behind', (cell) => cell.interpolationDelayMs],
  ['corr/min', (cell) => cell.correctionsPerMinute],
  ['meddled', (cell) => cell.interferencePerMinute],
  ['by late', (cell) => cell.latenessPerMinute],
  ['unexpl.', (cell) => cell.unexplainedCorrections],
  ['size p99', (cell) => cell.correctionP99],
  ['hits = %', (cell) => cell.hitAgreementPct],
  ['shots', (cell) => cell.shotsCompared],
  ['dist.', (cell) => `${cell.disturbedHitAgreementPct}/${cell.disturbedShots}`],
  ['other', (cell) => `${cell.otherHitAgreementPct}/${cell.otherShots}`],
  ['lost', (cell) => cell.shotsLost],
  ['clamped %', (cell) => cell.clampedPct],
  ['B/s down', (cell) => cell.bytesPerSecond],
  ['up', (cell) => cell.bytesUpPerSecond],
  ['press', (cell) => cell.pressToScreenP99Frames],
  ['gap', (cell) => cell.longestGapMs],
]
