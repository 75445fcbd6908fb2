/** One condition's latency, closely: percentile curves to the own screen, the server and another's screen, and their table. Called by the page's main. */
import type { LatencyCell } from '../../latency/latency-result.ts'
import { type CellCondition, conditionLabel } from '../condition.ts'
import { formatValue } from '../format.ts'
import { DESTINATIONS, PERCENTILES, STAGES } from '../latency-figures.ts'
import { element } from './dom.ts'
import { type Colour, type Destroy, percentilePlot } from './plots.ts'

const CURVE_HEIGHT = 280
const COLOURS: Readonly<Record<string, Colour>> = { own: '--line-3', server: '--line-2', other: '--line-1' }

/** Shows the cells of one condition, simulated and real, in place of what was there. */
export function showLatency(host: HTMLElement, condition: CellCondition, cells: readonly LatencyCell[]): Destroy {
  const { where: _, ...network } = condition
  const curves = element('div', { class: 'curves' })
  const tables = element('div', { class: 'latency-tables' }, percentiles(cells), stages(cells))
  host.replaceChildren(
    element('h3', {}, conditionLabel(network)),
    element('div', { class: 'latency-closely' }, curves, tables),
  )
  const lines = cells.flatMap((cell) =>
    DESTINATIONS.map(({ id, name }) => ({
      name: cells.length > 1 ? `${name}, ${word(cell)}` : name,
      colour: COLOURS[id] ?? '--line-1',
      dashed: cell.where === 'real',
      count: cell[id].count,
      steps: cell[id].steps,
    })),
  )
  return percentilePlot(curves, 'From the press', lines, CURVE_HEIGHT)
}

function word({ where }: LatencyCell): string {
  return where === 'real' ? 'real' : 'simulated'
}

function row(tag: 'td' | 'th', first: string, others: readonly string[]): HTMLElement {
  const head = element('th', { scope: tag === 'th' ? 'col' : 'row' }, first)
  return element('tr', {}, head, ...others.map((text) => element(tag, { class: 'number' }, text)))
}

function percentiles(cells: readonly LatencyCell[]): HTMLElement {
  const body = cells.flatMap((cell) =>
    DESTINATIONS.map(({ id, name }) =>
      row('td', cells.length > 1 ? `${name}, ${word(cell)}` : name, [
        ...PERCENTILES.map((percentile) => formatValue(cell[id][percentile.id], 1)),
        String(cell[id].count),
      ]),
    ),
  )
  const head = row('th', 'to, in ms', [...PERCENTILES.map(({ name }) => name), 'presses'])
  return element('table', { class: 'list dense' }, element('thead', {}, head), element('tbody', {}, ...body))
}

function stages(cells: readonly LatencyCell[]): HTMLElement {
  const body = STAGES.map(({ id, name }) =>
    row(
      'td',
      name,
      cells.flatMap((cell) => {
        const stage = cell.stages.find((candidate) => candidate.name === id)
        return [stage?.meanMs, stage?.p50Ms, stage?.p99Ms].map((value) => formatValue(value, 1))
      }),
    ),
  )
  const columns = ['mean', 'p50', 'p99']
  const groups = cells.map((cell) => element('th', { colspan: '3', class: 'number', scope: 'colgroup' }, word(cell)))
  const head = element('thead', {}, element('tr', {}, element('th', {}), ...groups))
  head.append(
    row(
      'th',
      'stage, in ms',
      cells.flatMap(() => columns),
    ),
  )
  return element('table', { class: 'list dense' }, head, element('tbody', {}, ...body))
}
