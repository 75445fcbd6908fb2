/** What the heat maps do when pointed at, clicked or walked through with the keyboard. Called by the page's main. */
import type { QualityCell } from '../../quality/quality-result.ts'
import { conditionLabel } from '../condition.ts'
import { element } from './dom.ts'
import { factList } from './quality-detail.ts'

const GAP_PX = 12
const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

export interface HeatMaps {
  readonly tooltip: HTMLElement
  cellOf(key: string): QualityCell | undefined
  hasSeries(key: string): boolean
  open(key: string): void
}

export function connectHeatMaps({ tooltip, cellOf, hasSeries, open }: HeatMaps): void {
  const hide = () => {
    tooltip.hidden = true
  }
  const show = (target: HTMLElement, key: string) => {
    const cell = cellOf(key)
    if (cell === undefined) return
    const hint = hasSeries(key) ? 'Click for histograms and time series.' : 'Click for histograms.'
    tooltip.replaceChildren(element('b', {}, conditionLabel(cell)), factList(cell), element('small', {}, hint))
    tooltip.hidden = false
    place(tooltip, target.getBoundingClientRect())
  }
  for (const table of document.querySelectorAll<HTMLTableElement>('table.heat')) {
    table.querySelector<HTMLElement>('td[data-cell]')?.setAttribute('tabindex', '0')
    const on = (name: 'mouseover' | 'focusin' | 'click', act: (cell: HTMLElement, key: string) => void) =>
      table.addEventListener(name, ({ target }) => {
        const found = target instanceof HTMLElement ? target.closest<HTMLElement>('td[data-cell]') : null
        if (found?.dataset.cell !== undefined) act(found, found.dataset.cell)
      })
    on('mouseover', show)
    on('focusin', show)
    on('click', (_, key) => {
      hide()
      open(key)
    })
    table.addEventListener('mouseleave', hide)
    table.addEventListener('focusout', hide)
    table.addEventListener('keydown', (event) => walk(event, hide, open))
  }
  addEventListener('scroll', hide, { passive: true })
}

function walk(event: KeyboardEvent, hide: () => void, open: (key: string) => void): void {
  const { target, key } = event
  if (!(target instanceof HTMLTableCellElement)) return
  if (key === 'Escape') hide()
  if (key === 'Enter' || key === ' ') {
    event.preventDefault()
    hide()
    if (target.dataset.cell !== undefined) open(target.dataset.cell)
  }
  const step = STEPS[key]
  const row = target.parentElement
  if (step === undefined || !(row instanceof HTMLTableRowElement)) return
  event.preventDefault()
  const [rows, columns] = step
  const body = row.parentElement
  const nextRow = body?.children[[...body.children].indexOf(row) + rows]
  const next = nextRow?.children[target.cellIndex + columns]
  if (!(next instanceof HTMLElement) || next.dataset.cell === undefined) return
  target.setAttribute('tabindex', '-1')
  next.setAttribute('tabindex', '0')
  next.focus()
}

/** Beside the cell, within the window. */
function place(tooltip: HTMLElement, cell: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = tooltip
  const right = cell.right + GAP_PX
  const left = right + width <= innerWidth ? right : Math.max(0, cell.left - GAP_PX - width)
  const top = Math.min(Math.max(GAP_PX, cell.top - height / 2), Math.max(GAP_PX, innerHeight - height - GAP_PX))
  tooltip.style.left = `${left}px`
  tooltip.style.top = `${top}px`
}
