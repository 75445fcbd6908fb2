/**
 * One scrolling graph on a canvas: lines, areas, spikes and marks over the newest seconds, a CSS pixel a sample, the newest at the right.
 * The charts (charts.ts) say what is drawn; this knows how. Hot: allocates nothing while it draws.
 */
import { type ColumnName, type CountName, type History, SLOTS } from './history.ts'
import { roundUp } from './scale.ts'

export const colours = {
  text: '#e9eef8',
  dim: '#93a0ba',
  faint: 'rgba(147, 160, 186, 0.62)',
  scale: 'rgba(170, 182, 206, 0.85)',
  halo: 'rgba(13, 17, 27, 0.75)',
  grid: 'rgba(147, 160, 186, 0.13)',
  well: 'rgba(147, 160, 186, 0.055)',
  blue: '#7db8ff',
  teal: '#62e0c5',
  violet: '#b7a1ff',
  amber: '#f0ba6c',
  grey: '#7684a3',
  bad: '#ff5d6c',
} as const

export const fonts = {
  label: '10.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  figure: '600 11.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  scale: '9px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
} as const

/** Faint lines stand this many samples apart: about five seconds. */
const GRID_SLOTS = 78

export class Plot {
  readonly history: History
  private readonly context: CanvasRenderingContext2D
  /** The samples that are drawn, oldest first; `values` for drawing, `base` for what they stand on. */
  private values = new Float32Array(0)
  private base = new Float32Array(0)
  private x = 0
  private y = 0
  private width = 0
  private height = 0
  private low = 0
  private high = 1

  constructor(context: CanvasRenderingContext2D, history: History) {
    this.context = context
    this.history = history
  }

  /** Sets the place of the next graph, in CSS pixels. */
  place(x: number, y: number, width: number, height: number): void {
    this.x = x
    this.y = y
    this.width = Math.min(width, SLOTS)
    this.height = height
    if (this.values.length === this.width) return
    this.values = new Float32Array(this.width)
    this.base = new Float32Array(this.width)
  }

  /** Draws the ground of a graph whose scale goes to `most`, rounded up, and below zero to `least`. */
  ground(most: number, least = 0): void {
    const { context, x, y, width, height } = this
    this.high = roundUp(most)
    this.low = least < 0 ? -roundUp(-least) : 0
    context.fillStyle = colours.well
    context.fillRect(x, y, width, height)
    context.fillStyle = colours.grid
    for (let at = x + width - GRID_SLOTS; at > x; at -= GRID_SLOTS) context.fillRect(at, y, 1, height)
    context.fillRect(x, Math.round(this.yOf(0)) - 1, width, 1)
  }

  /** Writes the scale's top, above all that was drawn. */
  scale(unit: string): void {
    const { context, x, y } = this
    const text = `${this.high} ${unit}`
    context.font = fonts.scale
    context.lineWidth = 3
    context.strokeStyle = colours.halo
    context.strokeText(text, x + 4, y + 10)
    context.fillStyle = colours.scale
    context.fillText(text, x + 4, y + 10)
  }

  /** The largest value that is shown of a column; `least` if all are smaller. */
  most(name: ColumnName, least: number): number {
    this.history.read(name, this.values)
    return this.largest(least)
  }

  /** The smallest value that is shown of a column; `most` if all are larger. */
  least(name: ColumnName, most: number): number {
    const { values } = this
    this.history.read(name, values)
    let found = most
    for (let i = 0; i < values.length; i++) if ((values[i] ?? Number.NaN) < found) found = values[i] ?? found
    return found
  }

  /** The largest rate that is shown of two columns together, in thousands a second. */
  mostRate(first: CountName, second: CountName, least: number): number {
    this.loadRates(first, second)
    return this.largest(least)
  }

  private largest(least: number): number {
    const { values } = this
    let found = least
    for (let i = 0; i < values.length; i++) if ((values[i] ?? Number.NaN) > found) found = values[i] ?? found
    return found
  }

  /** In thousands a second: `values` is the two together, `base` the first alone. */
  private loadRates(first: CountName, second: CountName): void {
    const { values, base, history } = this
    history.readRate(first, base)
    history.readRate(second, values)
    for (let i = 0; i < values.length; i++) {
      base[i] = (base[i] ?? 0) / 1000
      values[i] = (values[i] ?? 0) / 1000 + (base[i] ?? 0)
    }
  }

  line(name: ColumnName, colour: string, width = 1.5): void {
    this.history.read(name, this.values)
    this.stroke(this.values, colour, width, 1)
  }

  /** A line with what is under it tinted. */
  body(name: ColumnName, colour: string): void {
    this.history.read(name, this.values)
    this.fill(this.values, colour, 0.14, 1)
    this.stroke(this.values, colour, 1.5, 1)
  }

  /** Two rates, one on the other; upwards from zero, or downwards if `sign` is -1. */
  stack(first: CountName, second: CountName, colour: string, secondColour: string, sign: 1 | -1): void {
    this.loadRates(first, second)
    const { base, values } = this
    this.fillBetween(base, values, secondColour, sign)
    this.fill(base, colour, 0.4, sign)
    this.stroke(base, colour, 1.25, sign)
  }

  /** A bar for each sample in which something was counted: as high as another column says. */
  spikes(count: CountName, size: ColumnName, colour: string): void {
    const { context, values, base, history, x } = this
    history.read(count, base)
    history.read(size, values)
    context.fillStyle = colour
    const floor = this.yOf(0)
    for (let i = 0; i < values.length; i++) {
      if (!((base[i] ?? 0) > 0)) continue
      const top = Math.min(floor - 2, this.yOf(values[i] ?? 0))
      context.fillRect(x + i - 0.5, top, 2, floor - top)
    }
  }

  /** A stroke over the whole height, and a foot, for each sample in which a column is above `above`. */
  marks(name: ColumnName, colour: string, above = 0): void {
    const { context, values, x, y, height } = this
    this.history.read(name, values)
    context.fillStyle = colour
    for (let i = 0; i < values.length; i++) {
      if (!((values[i] ?? 0) > above)) continue
      context.globalAlpha = 0.28
      context.fillRect(x + i, y, 1, height - 3)
      context.globalAlpha = 1
      context.fillRect(x + i - 0.5, y + height - 3, 2, 3)
    }
  }

  private yOf(value: number): number {
    const share = (value - this.low) / (this.high - this.low)
    return this.y + this.height * (1 - Math.min(1, Math.max(0, share)))
  }

  private stroke(values: Float32Array, colour: string, width: number, sign: 1 | -1): void {
    const { context, x } = this
    context.beginPath()
    let open = false
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? Number.NaN
      if (Number.isNaN(value)) open = false
      else if (open) context.lineTo(x + i + 0.5, this.yOf(value * sign))
      else {
        context.moveTo(x + i + 0.5, this.yOf(value * sign))
        open = true
      }
    }
    context.strokeStyle = colour
    context.lineWidth = width
    context.stroke()
  }

  /** What is between zero and the values. */
  private fill(values: Float32Array, colour: string, alpha: number, sign: 1 | -1): void {
    const { context, x } = this
    const floor = this.yOf(0)
    context.beginPath()
    let open = false
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? Number.NaN
      const known = !Number.isNaN(value)
      if (known && !open) context.moveTo(x + i, floor)
      if (known) context.lineTo(x + i + 0.5, this.yOf(value * sign))
      else if (open) context.lineTo(x + i, floor)
      open = known
    }
    if (open) context.lineTo(x + values.length, floor)
    context.fillStyle = colour
    context.globalAlpha = alpha
    context.fill()
    context.globalAlpha = 1
  }

  /** What is between two rows of values; both are known where one is. */
  private fillBetween(low: Float32Array, high: Float32Array, colour: string, sign: 1 | -1): void {
    const { context, x } = this
    context.beginPath()
    for (let i = 0; i < high.length; i++) context.lineTo(x + i + 0.5, this.yOf((high[i] || 0) * sign))
    for (let i = low.length - 1; i >= 0; i--) context.lineTo(x + i + 0.5, this.yOf((low[i] || 0) * sign))
    context.fillStyle = colour
    context.fill()
  }
}
