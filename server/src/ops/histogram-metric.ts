/**
 * One of our histograms as a Prometheus one: read when asked, so that a tick pays nothing for being observed. Made by ServerMetrics.
 */
import { Histogram, type Registry } from 'prom-client'
import type { LogHistogram } from '../tick/log-histogram.ts'

/** Bounds are 2^n microseconds, which are edges of our buckets: 128 us to 1 s. */
const FIRST_OCTAVE = 7
const LAST_OCTAVE = 20
const OCTAVES = Array.from({ length: LAST_OCTAVE - FIRST_OCTAVE + 1 }, (_, index) => FIRST_OCTAVE + index)

export class HistogramMetric extends Histogram {
  private readonly read: () => LogHistogram
  private readonly metricName: string
  private readonly text: string

  constructor(registry: Registry, name: string, help: string, read: () => LogHistogram) {
    super({ name, help, registers: [registry], buckets: OCTAVES.map(secondsOf) })
    this.metricName = name
    this.text = help
    this.read = read
  }

  /** What the registry asks for. */
  async getForPromString() {
    return this.get()
  }

  override async get() {
    const { metricName: name, text: help } = this
    const histogram = this.read()
    const value = (labels: Record<string, string | number>, suffix: string, count: number) => ({
      labels,
      metricName: `${name}_${suffix}`,
      value: count,
    })
    return {
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: [
        ...OCTAVES.map((octave) => value({ le: secondsOf(octave) }, 'bucket', histogram.countUpTo(octave))),
        value({ le: '+Inf' }, 'bucket', histogram.count),
        value({}, 'sum', histogram.sum / 1000),
        value({}, 'count', histogram.count),
      ],
    } as unknown as Awaited<ReturnType<Histogram['get']>>
  }
}

function secondsOf(octave: number): number {
  return 2 ** octave / 1e6
}
