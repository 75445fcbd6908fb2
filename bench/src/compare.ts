/**
 * `--compare old.json`: what got better or worse since an older result of the same bench. Called by the benches and by the report.
 * Cells are matched by their condition, never by their order; a difference too small to be news is counted, not listed. Pure but for colours.
 */
import { styleText } from 'node:util'
import { isRecord, NetError } from '@tickmesh/shared'
import type { LatencyResult } from './latency/latency-result.ts'
import type { QualityResult } from './quality/quality-result.ts'
import { type CellCondition, conditionKey, conditionLabel } from './report-page/condition.ts'
import { formatValue, withUnit } from './report-page/format.ts'
import { LATENCY_FIGURES } from './report-page/latency-figures.ts'
import { type Figure, QUALITY_FIGURES } from './report-page/quality-figures.ts'

/** Real machines differ from run to run where simulated time does not: their differences must be this much larger to count. */
const REAL_NOISE = 3
const SHOWN_CHANGES = 40

export interface Change {
  readonly figure: string
  readonly unit: string
  readonly digits: number
  readonly cell: string
  readonly old: number
  readonly now: number
  readonly better: boolean
  /** How many times the least difference that counts. */
  readonly weight: number
}

export interface Comparison {
  readonly kind: 'quality' | 'latency'
  /** Largest weight first. */
  readonly changes: readonly Change[]
  /** Pairs of values that were compared and are as good as equal. */
  readonly unchanged: number
  /** Cells that only the old result has, and that only the new one has. */
  readonly missing: readonly string[]
  readonly added: readonly string[]
  /** Values that one of the two does not have, as "figure (12 cells)". */
  readonly notCompared: readonly string[]
  /** Settings that differ, so that the results may differ for that reason. */
  readonly settings: readonly string[]
}

const SETTINGS: Readonly<Record<Comparison['kind'], readonly string[]>> = {
  quality: [
    'seed',
    'players',
    'secondsPerCell',
    'warmUpSeconds',
    'tickRate',
    'snapshotRate',
    'displayHz',
    'pixelsPerUnit',
    'networkModel',
  ],
  latency: ['seed', 'secondsPerCell', 'tickRate', 'snapshotRate', 'displayHz', 'networkModel'],
}

/** Throws a NetError (`MALFORMED`) if `old` is no result of the same bench and version. */
export function compareResults(old: unknown, now: QualityResult | LatencyResult): Comparison {
  const before = validated(old, now.kind, now.version)
  const settings = SETTINGS[now.kind].flatMap((name) => differingSetting(name, before, now))
  const compared =
    now.kind === 'quality'
      ? compareCells(cellsOf(before), now.cells, QUALITY_FIGURES)
      : compareCells(cellsOf(before), now.cells, LATENCY_FIGURES)
  return { kind: now.kind, ...compared, settings }
}

/** Any result of a bench, of the version that this code knows. Throws a NetError (`MALFORMED`) that names `what` if it is none. */
export function readResult(value: unknown, what: string): QualityResult | LatencyResult {
  const kind = isRecord(value) ? value.kind : undefined
  if (kind !== 'quality' && kind !== 'latency')
    throw new NetError(
      'MALFORMED',
      `${what} is no result of a bench: its \`kind\` is ${JSON.stringify(kind) ?? 'missing'}.`,
      'Give the JSON that `npm run bench -- quality` or `latency` wrote.',
    )
  const result: unknown = validated(value, kind, 1, what)
  return result as QualityResult | LatencyResult
}

/** Lines for the terminal, coloured where it has colours. */
export function formatComparison(comparison: Comparison): string[] {
  const { changes, unchanged, missing, added, notCompared, settings } = comparison
  const better = changes.filter((change) => change.better).length
  const worse = changes.length - better
  const lines = [
    [
      styleText(worse > 0 ? 'red' : 'dim', `${worse} worse`),
      styleText(better > 0 ? 'green' : 'dim', `${better} better`),
      styleText('dim', `${unchanged} as before`),
    ].join(', '),
  ]
  for (const setting of settings) lines.push(styleText('yellow', `differs: ${setting}`))
  const width = Math.max(0, ...changes.slice(0, SHOWN_CHANGES).map(({ figure }) => figure.length))
  for (const change of changes.slice(0, SHOWN_CHANGES)) {
    const { figure, unit, digits, old, now, cell } = change
    const values = `${formatValue(old, digits)} → ${withUnit(formatValue(now, digits), unit)}`
    const sign = change.better ? styleText('green', '+ better') : styleText('red', '- worse ')
    lines.push(`${sign}  ${figure.padEnd(width)}  ${values}  ${styleText('dim', cell)}`)
  }
  if (changes.length > SHOWN_CHANGES) lines.push(styleText('dim', `and ${changes.length - SHOWN_CHANGES} more`))
  if (missing.length > 0) lines.push(styleText('yellow', `only in the old result: ${missing.join('; ')}`))
  if (added.length > 0) lines.push(styleText('dim', `only in the new result: ${added.join('; ')}`))
  if (notCompared.length > 0) lines.push(styleText('dim', `without a value on one side: ${notCompared.join('; ')}`))
  return lines
}

type Compared = Pick<Comparison, 'changes' | 'unchanged' | 'missing' | 'added' | 'notCompared'>

function compareCells<Cell extends CellCondition>(
  old: readonly CellCondition[],
  now: readonly Cell[],
  figures: readonly Figure<Cell>[],
): Compared {
  const oldByKey = new Map(old.map((cell) => [conditionKey(cell), cell]))
  const keysNow = new Set(now.map(conditionKey))
  const changes: Change[] = []
  const withoutValue = new Map<string, number>()
  let unchanged = 0
  for (const cell of now) {
    const before = oldByKey.get(conditionKey(cell))
    if (before === undefined) continue
    for (const figure of figures) {
      // An old cell may lack a figure that was added since: it then reads as no number.
      const [from, to] = [numberOf(figure, before as Cell), numberOf(figure, cell)]
      if (from === undefined && to === undefined) continue
      if (from === undefined || to === undefined) {
        withoutValue.set(figure.name, (withoutValue.get(figure.name) ?? 0) + 1)
        continue
      }
      const change = changeOf(figure, cell, from, to)
      if (change === undefined) unchanged++
      else changes.push(change)
    }
  }
  changes.sort((a, b) => b.weight - a.weight)
  return {
    changes,
    unchanged,
    missing: old.filter((cell) => !keysNow.has(conditionKey(cell))).map(conditionLabel),
    added: now.filter((cell) => !oldByKey.has(conditionKey(cell))).map(conditionLabel),
    notCompared: [...withoutValue].map(([name, count]) => `${name} (${count} ${count === 1 ? 'cell' : 'cells'})`),
  }
}

function changeOf<Cell extends CellCondition>(
  figure: Figure<Cell>,
  cell: Cell,
  old: number,
  now: number,
): Change | undefined {
  const noise = cell.where === 'real' ? REAL_NOISE : 1
  const least = Math.max(figure.leastChange, figure.leastRatio * Math.abs(old)) * noise
  const weight = Math.abs(now - old) / least
  // Differences of decimal fractions miss their threshold by a rounding error.
  if (weight < 1 - 1e-9) return undefined
  const { name, unit, digits } = figure
  const better = figure.better === 'lower' ? now < old : now > old
  return { figure: name, unit, digits, cell: conditionLabel(cell), old, now, better, weight }
}

function numberOf<Cell>(figure: Figure<Cell>, cell: Cell): number | undefined {
  const value = figure.read(cell)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function validated(value: unknown, kind: string, version: number, what = 'the old file'): Record<string, unknown> {
  const remedy = `Give a result that this version's \`npm run bench -- ${kind} --json\` wrote.`
  if (!isRecord(value)) throw new NetError('MALFORMED', `${what} is no result of a bench.`, remedy)
  if (value.kind !== kind) {
    const found = JSON.stringify(value.kind) ?? 'missing'
    throw new NetError('MALFORMED', `${what} is not of the ${kind} bench: its \`kind\` is ${found}.`, remedy)
  }
  if (value.version !== version) {
    const found = JSON.stringify(value.version) ?? 'missing'
    throw new NetError('MALFORMED', `${what} has version ${found}; this bench reads version ${version}.`, remedy)
  }
  if (!Array.isArray(value.cells) || !value.cells.every(isCondition))
    throw new NetError('MALFORMED', `${what} has no \`cells\`, or a cell without its condition.`, remedy)
  return value
}

function cellsOf(result: Record<string, unknown>): readonly CellCondition[] {
  return result.cells as readonly CellCondition[]
}

function isCondition(value: unknown): value is CellCondition {
  return (
    isRecord(value) &&
    (value.link === 'datagram' || value.link === 'ordered') &&
    [value.rttMs, value.jitterMs, value.lossPct].every((number) => typeof number === 'number')
  )
}

function differingSetting(name: string, old: Record<string, unknown>, now: object): string[] {
  const [from, to] = [old[name], (now as Record<string, unknown>)[name]].map(
    (value) => JSON.stringify(value) ?? 'missing',
  )
  if (from === to) return []
  return [name === 'networkModel' ? 'the network model' : `${name} ${from} → ${to}`]
}
