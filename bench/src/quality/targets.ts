/**
 * What the cells shall reach, and what they do: the limits stand with the figures. Pure.
 */
import { nameOf } from '../lab/conditions.ts'
import { keepsLimit, QUALITY_FIGURES, type QualityFigure } from '../report-page/quality-figures.ts'
import type { QualityCell, QualityTarget } from './quality-result.ts'

/** Goals without any cell in scope are left out. A cell without a value misses its goal. */
export function targetsOf(cells: readonly QualityCell[]): QualityTarget[] {
  return QUALITY_FIGURES.flatMap((figure) => targetOf(figure, cells))
}

function targetOf(figure: QualityFigure, cells: readonly QualityCell[]): QualityTarget[] {
  const { target, name, unit } = figure
  if (target === undefined) return []
  const read = (cell: QualityCell): number => figure.read(cell) ?? Number.NaN
  const scope = cells.filter((cell) => target.covers(cell))
  const worst = scope.reduce<QualityCell | undefined>(
    (most, cell) => (most === undefined || isWorse(figure, read(cell), read(most)) ? cell : most),
    undefined,
  )
  if (worst === undefined) return []
  const value = read(worst)
  const passed = scope.every((cell) => keepsLimit(figure, read(cell), target.limit))
  return [
    { name: `${name} (${target.where})`, unit, limit: target.limit, worst: value, worstCell: nameOf(worst), passed },
  ]
}

function isWorse({ better }: QualityFigure, value: number, most: number): boolean {
  return Number.isNaN(value) || (better === 'lower' ? value > most : value < most)
}
