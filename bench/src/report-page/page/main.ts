/**
 * The report's page: reads the data that is in it, draws the plots and connects heat maps, bars and choices with them.
 * Bundled into the page by render-report.ts. Loads nothing.
 */
import type { LatencyResult } from '../../latency/latency-result.ts'
import type { QualityResult } from '../../quality/quality-result.ts'
import { type CellCondition, conditionKey } from '../condition.ts'
import { element } from './dom.ts'
import { connectHeatMaps } from './heat-maps.ts'
import { showLatency } from './latency-detail.ts'
import type { Destroy } from './plots.ts'
import { showQuality } from './quality-detail.ts'

interface PageData {
  readonly quality?: QualityResult
  readonly latency?: LatencyResult
}

type Show = (host: HTMLElement, key: string, cursor: string) => Destroy | undefined

function required(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

/** Keeps one detail at a place: the next one ends the one before. */
function detailAt(host: HTMLElement, show: Show, cursor: string): (key: string) => void {
  let end: Destroy | undefined
  return (key) => {
    end?.()
    end = show(host, key, cursor)
  }
}

function connectChoice(id: string, show: (key: string) => void): void {
  const choice = required(id)
  if (!(choice instanceof HTMLSelectElement)) return
  choice.value = choice.dataset.first ?? choice.value
  choice.addEventListener('change', () => show(choice.value))
  if (choice.value !== '') show(choice.value)
}

function connectDialog(): { readonly open: (show: Show, key: string) => void } {
  const dialog = required('closely')
  if (!(dialog instanceof HTMLDialogElement)) throw new Error('#closely is no dialog')
  const body = element('div', {})
  const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×')
  dialog.append(close, body)
  let end: Destroy | undefined
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close()
  })
  dialog.addEventListener('close', () => {
    end?.()
    end = undefined
    body.replaceChildren()
  })
  return {
    open(show, key) {
      dialog.showModal()
      end?.()
      end = show(body, key, 'dialog')
      dialog.scrollTop = 0
    },
  }
}

function withoutWhere(condition: CellCondition): string {
  const { where: _, ...network } = condition
  return conditionKey(network)
}

function start(): void {
  const { quality, latency } = JSON.parse(required('data').textContent ?? '{}') as PageData
  const dialog = connectDialog()
  if (quality) {
    const cells = new Map(quality.cells.map((cell) => [conditionKey(cell), cell]))
    const series = new Map(quality.series.map((one) => [conditionKey(one.cell), one]))
    const show: Show = (host, key, cursor) => {
      const cell = cells.get(key)
      return cell && showQuality(host, cell, series.get(key), cursor)
    }
    connectChoice('quality-choice', detailAt(required('quality-detail'), show, 'inline'))
    connectHeatMaps({
      tooltip: required('tooltip'),
      cellOf: (key) => cells.get(key),
      hasSeries: (key) => series.has(key),
      open: (key) => dialog.open(show, key),
    })
  }
  if (latency && latency.cells.length > 0) {
    const show: Show = (host, key) => {
      const cells = latency.cells.filter((cell) => withoutWhere(cell) === key)
      return cells[0] && showLatency(host, cells[0], cells)
    }
    connectChoice('latency-choice', detailAt(required('latency-detail'), show, 'latency'))
    for (const bar of document.querySelectorAll<HTMLElement>('[data-latency]')) {
      const cell = latency.cells.find((candidate) => conditionKey(candidate) === bar.dataset.latency)
      if (cell) bar.addEventListener('click', () => dialog.open(show, withoutWhere(cell)))
    }
  }
  addEventListener('beforeprint', () => {
    for (const folded of document.querySelectorAll('details')) folded.open = true
  })
  document.documentElement.dataset.ready = 'true'
}

start()
