/**
 * The latency bench on the terminal: a table of all cells by link, and how far real sockets are from the simulation.
 */
import { styleText } from 'node:util'
import { heading, table } from '../report.ts'
import type { LatencyCell, LatencyDistribution } from './latency-result.ts'
import { STAGES } from './press-log.ts'

const STAGE_HEADS: Readonly<Record<(typeof STAGES)[number], string>> = {
  sampling: 'sampl.',
  uplink: 'up',
  serverWait: 'srv wait',
  snapshotWait: 'snap.',
  downlink: 'down',
  interpolation: 'interp.',
  display: 'display',
}

const HEADS = ['rtt/jitter/loss', 'own p50', 'p99', 'frames', 'server p50', 'p99', 'other p50', 'p90', 'p99', 'max']

export function showCells(cells: readonly LatencyCell[]): void {
  const groups = [
    ['Datagram links, ms', (cell: LatencyCell) => cell.where === 'virtual' && cell.link === 'datagram'],
    ['Ordered links (WebSocket), ms', (cell: LatencyCell) => cell.where === 'virtual' && cell.link === 'ordered'],
    ['Real WebSockets through the relay, ms', (cell: LatencyCell) => cell.where === 'real'],
  ] as const
  for (const [title, belongs] of groups) {
    const rows = cells.filter(belongs)
    if (rows.length === 0) continue
    heading(title)
    table([
      [...HEADS, '|', ...STAGES.map((stage) => STAGE_HEADS[stage]), 'mean', '', 'presses', 'lost'],
      ...rows.map(rowOf),
    ])
  }
}

function rowOf(cell: LatencyCell): string[] {
  const { own, server, other, stages, ownFramesP99, pressesLost } = cell
  return [
    conditionText(cell),
    ms(own.p50Ms),
    ms(own.p99Ms),
    styleText(ownFramesP99 <= 1 ? 'green' : 'red', String(ownFramesP99)),
    ms(server.p50Ms),
    ms(server.p99Ms),
    styleText('bold', ms(other.p50Ms)),
    ms(other.p90Ms),
    ms(other.p99Ms),
    ms(other.maxMs),
    styleText('dim', '|'),
    ...stages.map(({ meanMs }) => ms(meanMs)),
    styleText('bold', ms(other.meanMs)),
    '',
    String(own.count),
    pressesLost === 0 ? '0' : styleText('yellow', String(pressesLost)),
  ]
}

/**
 * Medians over real sockets, less those of the simulation under the same condition. Without loss they differ by what timers of whole ms cost: the relay's by a
 * millisecond each way, the client's in the lead. With loss the two draw different losses, and the lead depends on the worst of them.
 */
export function showAgreement(cells: readonly LatencyCell[]): void {
  const rows = cells.flatMap((real) => {
    const virtual = cells.find((cell) => isTwin(cell, real))
    if (real.where !== 'real' || virtual === undefined) return []
    const off = (which: 'own' | 'server' | 'other') => difference(real[which], virtual[which])
    const stages = real.stages.map(({ meanMs }, at) => signed(meanMs - (virtual.stages[at]?.meanMs ?? Number.NaN)))
    return [[conditionText(real), off('own'), off('server'), off('other'), '|', ...stages]]
  })
  if (rows.length === 0) return
  heading('Real less simulated, ms')
  table([
    ['medians, and means of stages', 'own', 'server', 'other', '|', ...STAGES.map((stage) => STAGE_HEADS[stage])],
    ...rows,
  ])
}

function isTwin(cell: LatencyCell, real: LatencyCell): boolean {
  return cell.where === 'virtual' && cell.link === real.link && conditionText(cell) === conditionText(real)
}

function difference(real: LatencyDistribution, virtual: LatencyDistribution): string {
  return signed(real.p50Ms - virtual.p50Ms)
}

function conditionText({ rttMs, jitterMs, lossPct }: LatencyCell): string {
  return `${rttMs}/${jitterMs}/${lossPct}`
}

function ms(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0)
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`
}
