/** All that a quality cell says, as names and texts: for its tooltip and its detail. Pure. */
import type { QualityCell } from '../../quality/quality-result.ts'
import { formatValue } from '../format.ts'
import { figureText, keepsLimit, QUALITY_FIGURES } from '../quality-figures.ts'

export interface CellFact {
  readonly name: string
  readonly text: string
  readonly verdict: 'met' | 'missed' | 'none'
}

export function cellFacts(cell: QualityCell): CellFact[] {
  const judged = QUALITY_FIGURES.map((figure): CellFact => {
    const value = figure.read(cell)
    const text = figureText(figure, value)
    const covered = figure.target?.covers(cell) === true && typeof value === 'number'
    if (!covered) return { name: figure.name, text, verdict: 'none' }
    const kept = keepsLimit(figure, value, figure.target.limit)
    return { name: figure.name, text: `${text} ${kept ? '✓' : '✗'}`, verdict: kept ? 'met' : 'missed' }
  })
  const others: readonly [name: string, text: string][] = [
    ['Clock error, p50', `${formatValue(cell.clockErrorP50Ms, 1)} ms`],
    ['Lead, mean', `${formatValue(cell.leadMs, 1)} ms`],
    ['Corrections: interference', `${formatValue(cell.interferencePerMinute, 1)}/min`],
    ['Corrections: late inputs', `${formatValue(cell.latenessPerMinute, 1)}/min`],
    ['Correction, p99', `${formatValue(cell.correctionP99, 2)} units`],
    ['Shots compared', String(cell.shotsCompared)],
    ['Disturbed · other shots', `${formatValue(cell.disturbedShots, 0)} · ${cell.otherShots}`],
    ['Shots lost', String(cell.shotsLost)],
    ['Stalls', String(cell.stalls)],
  ]
  return [...judged, ...others.map(([name, text]): CellFact => ({ name, text, verdict: 'none' }))]
}
