/**
 * The report's plots, drawn by uPlot: lines over time with a shared cursor, histograms, and percentile curves. Called by the details of a cell.
 * A plot follows its host's width and the colours of light and dark until it is destroyed.
 */
import uPlot from 'uplot'
import type { Histogram } from '../../quality/quality-result.ts'
import { formatValue, withUnit } from '../format.ts'
import { element } from './dom.ts'
import { percentileCurve, type Step } from './percentile-curve.ts'

/** The name of a colour of the stylesheet, such as `--line-1`. */
export type Colour = `--${string}`

/** Ends a plot. */
export type Destroy = () => void

export interface Line {
  readonly name: string
  readonly colour: Colour
  readonly values: readonly (number | null)[]
  readonly digits: number
  readonly kind?: 'line' | 'dashed' | 'stems'
}

const FONT = '11px system-ui, sans-serif'
const LEAST_WIDTH = 120

function colourOf(name: Colour): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** Makes the plot now, and again when the colours change. */
function mount(host: HTMLElement, make: (width: number) => uPlot): Destroy {
  const widthOf = () => Math.max(LEAST_WIDTH, Math.floor(host.clientWidth))
  let plot = make(widthOf())
  const resized = new ResizeObserver(() => {
    if (Math.abs(widthOf() - plot.width) >= 1) plot.setSize({ width: widthOf(), height: plot.height })
  })
  resized.observe(host)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const recolour = () => {
    plot.destroy()
    plot = make(widthOf())
  }
  dark.addEventListener('change', recolour)
  return () => {
    resized.disconnect()
    dark.removeEventListener('change', recolour)
    plot.destroy()
  }
}

function axis(options: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: colourOf('--grid'), width: 1 }
  return { stroke: colourOf('--axis'), font: FONT, grid, ticks: { ...grid, size: 4 }, gap: 4, ...options }
}

function framed(host: HTMLElement, title: string, note: string): HTMLElement {
  const frame = element('figure', { class: 'plot' }, element('figcaption', {}, element('b', {}, title), ` ${note}`))
  host.append(frame)
  return frame
}

export interface TimePlot {
  readonly title: string
  readonly note: string
  readonly unit: string
  readonly timeS: readonly number[]
  readonly lines: readonly Line[]
  /** Plots of one key share their cursor and zoom. */
  readonly sync: string
  readonly height: number
}

export function timePlot(host: HTMLElement, of: TimePlot): Destroy {
  const frame = framed(host, of.title, of.note)
  const data: uPlot.AlignedData = [[...of.timeS], ...of.lines.map(({ values }) => [...values])]
  return mount(frame, (width) => {
    const series = of.lines.map((line) => seriesOf(line, of.unit))
    const stems = of.lines.every(({ kind }) => kind === 'stems')
    const y: uPlot.Scale = stems ? { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } : {}
    return new uPlot(
      {
        width,
        height: of.height,
        cursor: { sync: { key: of.sync, setSeries: false }, points: { size: 6 }, y: false },
        scales: { x: { time: false }, y },
        axes: [
          axis({ values: (_, splits) => splits.map((at) => `${at} s`), size: 26 }),
          axis({ size: 60, space: 20, values: (_, splits) => splits.map((at) => withUnit(shortest(at), of.unit)) }),
        ],
        series: [{ label: 'time', value: (_, at) => (at === null ? '–' : `${formatValue(at, 2)} s`) }, ...series],
      },
      data,
      frame,
    )
  })
}

function seriesOf(line: Line, unit: string): uPlot.Series {
  const stroke = colourOf(line.colour)
  const value = (_: uPlot, at: number | null) => withUnit(formatValue(at, line.digits), unit)
  const base = { label: line.name, stroke, value, points: { show: false } }
  if (line.kind === 'stems') {
    const paths = uPlot.paths.bars?.({ size: [0.6, 4, 2] })
    return { ...base, fill: stroke, width: 0, ...(paths && { paths }) }
  }
  return { ...base, width: 1.5, ...(line.kind === 'dashed' && { dash: [5, 4] }) }
}

function shortest(value: number): string {
  return String(Number(value.toPrecision(6))).replace('-', '−')
}

export interface HistogramPlot {
  readonly title: string
  readonly histogram: Histogram
  /** Bins below 0 mean something else, such as too late: their name and colour. */
  readonly below?: { readonly name: string; readonly colour: Colour }
  readonly name: string
  readonly colour: Colour
  readonly height: number
}

const LEAST_SHARE = 0.001

/** Shares on a logarithmic axis, because the tail is what hurts. */
export function histogramPlot(host: HTMLElement, of: HistogramPlot): Destroy {
  const { binMs, fromMs, counts } = of.histogram
  const total = counts.reduce((sum, count) => sum + count, 0)
  const last = counts.length - 1
  const beyond = (counts[last] ?? 0) / Math.max(1, total)
  const edge = formatValue(fromMs + last * binMs, 0)
  const tail = beyond > 0 ? `; ${formatValue(beyond * 100, 2)} % from ${edge} ms on` : ''
  const frame = framed(host, of.title, `${total.toLocaleString('en-GB')} samples${tail}`)
  const first = Math.max(0, counts.findIndex((count) => count > 0) - 1)
  const end = Math.min(last, counts.findLastIndex((count) => count > 0) + 1)
  const shown = counts.slice(first, end + 1)
  const from = shown.map((_, at) => fromMs + (first + at) * binMs)
  const shares = shown.map((count) => (count === 0 ? null : Math.max(LEAST_SHARE, (count / total) * 100)))
  const half = (keep: (edgeMs: number) => boolean) => shares.map((share, at) => (keep(from[at] ?? 0) ? share : null))
  const { below } = of
  const parts = below
    ? [
        { name: below.name, colour: below.colour, values: half((ms) => ms < 0) },
        { name: of.name, colour: of.colour, values: half((ms) => ms >= 0) },
      ]
    : [{ name: of.name, colour: of.colour, values: shares }]
  const least = from[0] ?? 0
  const most = (from.at(-1) ?? 0) + binMs
  return mount(frame, (width) => {
    const bars = uPlot.paths.bars?.({ size: [1, 1000, 1], align: 1, gap: 1 })
    return new uPlot(
      {
        width,
        height: of.height,
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: {
          x: { time: false, range: [least, most] },
          y: { distr: 3, log: 10, range: [LEAST_SHARE, 100] },
        },
        axes: [
          axis({ size: 26, values: (_, splits) => splits.map((at) => `${shortest(at)} ms`), space: 60 }),
          axis({
            size: 60,
            splits: () => [0.001, 0.01, 0.1, 1, 10, 100],
            filter: (_, splits) => splits,
            values: (_, splits) => splits.map((at) => `${at} %`),
          }),
        ],
        series: [
          { label: 'bin', value: (_, at) => (at === null ? '–' : `${shortest(at)} to ${shortest(at + binMs)} ms`) },
          ...parts.map(({ name, colour }) => ({
            label: name,
            fill: colourOf(colour),
            stroke: colourOf(colour),
            width: 0,
            points: { show: false },
            value: (_: uPlot, share: number | null) => (share === null ? '–' : `${formatValue(share, 3)} %`),
            ...(bars && { paths: bars }),
          })),
        ],
      },
      [from, ...parts.map(({ values }) => values)],
      frame,
    )
  })
}

export interface PercentileLine {
  readonly name: string
  readonly colour: Colour
  readonly dashed: boolean
  readonly count: number
  readonly steps: readonly Step[]
}

const POINTS_PER_DECADE = 60

/** Latency over the percentile, on an axis of nines: 0, 90, 99, 99.9 % are equally far apart. */
const NOTE = 'logarithmic in the nines; a flat curve has no tail'

export function percentilePlot(
  host: HTMLElement,
  title: string,
  lines: readonly PercentileLine[],
  height: number,
): Destroy {
  const frame = framed(host, title, lines.some(({ dashed }) => dashed) ? `${NOTE}; dashed: real sockets` : NOTE)
  const decades = Math.max(1, ...lines.map(({ count }) => Math.log10(Math.max(10, count))))
  const nines = Array.from({ length: Math.floor(decades * POINTS_PER_DECADE) + 1 }, (_, at) => at / POINTS_PER_DECADE)
  const data: uPlot.AlignedData = [nines, ...lines.map((line) => percentileCurve(line, nines))]
  return mount(
    frame,
    (width) =>
      new uPlot(
        {
          width,
          height,
          cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
          scales: { x: { time: false }, y: { range: (_, __, most) => [0, most * 1.05] } },
          axes: [
            axis({
              size: 26,
              splits: () => Array.from({ length: Math.floor(decades) + 1 }, (_, at) => at),
              values: (_, splits) => splits.map((at) => percentLabel(at)),
            }),
            axis({ size: 52, values: (_, splits) => splits.map((at) => `${at} ms`) }),
          ],
          series: [
            { label: 'percentile', value: (_, at) => (at === null ? '–' : percentLabel(at)) },
            ...lines.map(({ name, colour, dashed }) =>
              seriesOf({ name, colour, values: [], digits: 1, kind: dashed ? 'dashed' : 'line' }, 'ms'),
            ),
          ],
        },
        data,
        frame,
      ),
  )
}

function percentLabel(nines: number): string {
  const percent = 100 * (1 - 10 ** -nines)
  return `${Number(percent.toFixed(Math.max(0, Math.ceil(nines) - 1)))} %`
}
