/**
 * The net graph's one canvas: a head line, and the charts with their figures one below the other. Drawn anew for each sample, without asking for a
 * layout; figures are written anew a few times a second, so that they can be read.
 */
import { type Chart, charts, type Figure, troubles } from './charts.ts'
import type { History } from './history.ts'
import { colours, fonts, Plot } from './plot.ts'

const HEAD_PX = 19
const FIGURES_PX = 17
const GAP_PX = 6
const LEAST_PLOT_PX = 16
const MOST_PLOT_PX = 40
/** Samples between two writings of the figures. */
const WRITE_EVERY = 4
/** Where the middle figures of the charts begin, in shares of the width. */
const MIDDLE = 0.41
const SPACE_PX = 5
const TITLE = 'Net graph'
const MAX_PIXEL_RATIO = 3

/** A figure as it was written last. */
interface Written {
  readonly figure: Figure
  text: string
  bad: boolean
  /** Where its label stands, and the figure itself. */
  labelX: number
  textX: number
}

export class Canvas {
  readonly element = document.createElement('canvas')
  /** Whether the room was open when it was drawn last. */
  live = true
  private readonly history: History
  private readonly context: CanvasRenderingContext2D | null
  private readonly plot: Plot | undefined
  private readonly rows: { readonly chart: Chart; readonly written: readonly Written[] }[]
  private readonly hint: string
  private width = 0
  private plotHeight = 0
  private ratio = 1
  private draws = 0
  private troubles = ''

  constructor(history: History, key: string) {
    this.history = history
    this.hint = key === '' ? 'last 20 s' : `last 20 s · ${key} hides`
    this.context = this.element.getContext('2d')
    this.plot = this.context === null ? undefined : new Plot(this.context, history)
    this.rows = charts.map((chart) => ({
      chart,
      written: chart.figures.map((figure) => ({ figure, text: '', bad: false, labelX: 0, textX: 0 })),
    }))
    this.element.setAttribute('role', 'img')
    this.element.setAttribute('aria-label', 'Net graph')
  }

  /** Sets its width and the most height that it may take, in CSS pixels. */
  resize(width: number, most: number, ratio: number): void {
    const perChart = Math.floor((most - HEAD_PX) / this.rows.length) - FIGURES_PX - GAP_PX
    this.width = Math.floor(width)
    this.plotHeight = Math.min(MOST_PLOT_PX, Math.max(LEAST_PLOT_PX, perChart))
    this.ratio = Math.min(MAX_PIXEL_RATIO, ratio)
    const height = HEAD_PX + this.rows.length * (FIGURES_PX + this.plotHeight + GAP_PX) - GAP_PX
    this.element.style.height = `${height}px`
    this.element.width = Math.round(this.width * this.ratio)
    this.element.height = Math.round(height * this.ratio)
    this.draws = 0
  }

  /** Draws the history as it is. `live`: the room is still open. */
  draw(live: boolean): void {
    const { context, plot, width } = this
    if (context === null || plot === undefined || width === 0) return
    if (live !== this.live) this.draws = 0
    this.live = live
    if (this.draws++ % WRITE_EVERY === 0) this.write(context)
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    context.clearRect(0, 0, width, this.element.height)
    context.textBaseline = 'alphabetic'
    this.drawHead(context)
    this.drawFigures(context)
    let y = HEAD_PX
    for (const { chart } of this.rows) {
      plot.place(0, y + FIGURES_PX, width, this.plotHeight)
      chart.draw(plot)
      plot.scale(chart.unit)
      y += FIGURES_PX + this.plotHeight + GAP_PX
    }
  }

  /** Writes the figures: the first of a chart at the left, the last at the right, one between them in a column of its own. */
  private write(context: CanvasRenderingContext2D): void {
    this.troubles = this.live ? troubles(this.history) : 'the room is closed'
    for (const { written } of this.rows) {
      let end = 0
      for (const [n, entry] of written.entries()) {
        entry.text = entry.figure.text(this.history)
        entry.bad = entry.figure.bad?.(this.history) ?? false
        context.font = fonts.label
        const labelPx = context.measureText(entry.figure.label).width + SPACE_PX
        context.font = fonts.figure
        const textPx = context.measureText(entry.text).width
        const middle = Math.max(end + SPACE_PX, Math.round(MIDDLE * this.width))
        entry.labelX = n === 0 ? 0 : n === written.length - 1 ? this.width - labelPx - textPx : middle
        entry.textX = entry.labelX + labelPx
        end = entry.textX + textPx
      }
    }
  }

  private drawHead(context: CanvasRenderingContext2D): void {
    context.textAlign = 'left'
    context.font = fonts.figure
    context.fillStyle = colours.text
    context.fillText(TITLE, 0, 11)
    if (this.troubles === '') {
      context.font = fonts.label
      context.fillStyle = colours.faint
    } else context.fillStyle = colours.bad
    context.textAlign = 'right'
    context.fillText(this.troubles === '' ? this.hint : this.troubles, this.width, 11)
    context.textAlign = 'left'
  }

  /** All labels, then all figures: a change of font costs. */
  private drawFigures(context: CanvasRenderingContext2D): void {
    const step = FIGURES_PX + this.plotHeight + GAP_PX
    context.font = fonts.label
    context.fillStyle = colours.dim
    let y = HEAD_PX + 11
    for (const { written } of this.rows) {
      for (const { figure, labelX } of written) context.fillText(figure.label, labelX, y)
      y += step
    }
    context.font = fonts.figure
    y = HEAD_PX + 11
    for (const { written } of this.rows) {
      for (const { figure, text, textX, bad } of written) {
        context.fillStyle = bad ? colours.bad : figure.colour
        context.fillText(text, textX, y)
      }
      y += step
    }
  }
}
