/**
 * What a server says of its process, under the names that dashboards for Node already know. Costs nothing before it is asked for the first time; after that
 * the event loop's delay is sampled 50 times a second. prom-client's own collection leaves an observer behind that nobody can stop; this can be stopped.
 */
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'

const SAMPLE_MS = 20
const NANOSECONDS = 1e9

interface Figure {
  readonly name: string
  readonly help: string
  readonly read: (process: ProcessMetrics) => number
}

const FIGURES: readonly Figure[] = [
  {
    name: 'process_start_time_seconds',
    help: 'When the process started, in Unix time.',
    read: () => performance.timeOrigin / 1000,
  },
  { name: 'process_resident_memory_bytes', help: 'Resident memory.', read: () => process.memoryUsage.rss() },
  { name: 'nodejs_heap_size_used_bytes', help: 'Used part of the heap.', read: () => process.memoryUsage().heapUsed },
  { name: 'nodejs_heap_size_total_bytes', help: 'Size of the heap.', read: () => process.memoryUsage().heapTotal },
  {
    name: 'nodejs_external_memory_bytes',
    help: 'Memory outside the heap that belongs to it.',
    read: () => process.memoryUsage().external,
  },
  {
    name: 'nodejs_eventloop_lag_p50_seconds',
    help: 'Delay of the event loop since the last time it was asked, median.',
    read: (p) => p.delay(50),
  },
  {
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: 'Delay of the event loop since the last time it was asked, p99.',
    read: (p) => p.delay(99),
  },
  {
    name: 'nodejs_eventloop_lag_max_seconds',
    help: 'Delay of the event loop since the last time it was asked, greatest.',
    read: (p) => p.delay(100),
  },
  {
    name: 'nodejs_eventloop_utilization_ratio',
    help: 'Share of the time since the last time it was asked in which the event loop was busy.',
    read: (p) => p.utilization,
  },
]

export class ProcessMetrics {
  utilization = 0
  private readonly gauges: readonly (readonly [Gauge, Figure])[]
  private histogram: IntervalHistogram | undefined
  private before = performance.eventLoopUtilization()

  constructor(registry: Registry) {
    this.gauges = FIGURES.map((figure) => {
      const { name, help } = figure
      return [new Gauge({ name, help, registers: [registry] }), figure]
    })
  }

  /** Sets all figures as of now. */
  update(): void {
    const now = performance.eventLoopUtilization()
    this.utilization = performance.eventLoopUtilization(now, this.before).utilization
    this.before = now
    for (const [gauge, { read }] of this.gauges) gauge.set(read(this))
    if (this.histogram === undefined) {
      this.histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS })
      this.histogram.enable()
    } else this.histogram.reset()
  }

  /** Beyond the sampling interval, which the histogram counts in. */
  delay(percentile: number): number {
    const { histogram } = this
    if (histogram === undefined || histogram.count === 0) return 0
    return Math.max(0, histogram.percentile(percentile) / NANOSECONDS - SAMPLE_MS / 1000)
  }

  stop(): void {
    this.histogram?.disable()
    this.histogram = undefined
  }
}
