/**
 * Many presses as figures: percentiles by HDR histograms in microseconds, exact to four digits, and means.
 */
import { build, type Histogram } from 'hdr-histogram-js'
import { mean, percentile, round } from '../figures.ts'
import type { Condition } from '../lab/conditions.ts'
import type { LatencyCell, LatencyDistribution, LatencyStage } from './latency-result.ts'
import { type PressRecord, STAGES, stagesOf } from './press-log.ts'

const MICROS = 1000
const LONGEST_MS = 3_600_000
/** Steps of the histogram that is handed on are at least this wide, and this share of their edge. */
const STEP_MS = 1
const STEP_SHARE = 0.02

function histogramOf(values: readonly number[]): Histogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MS * MICROS,
    numberOfSignificantValueDigits: 4,
  })
  for (const value of values) histogram.recordValue(Math.max(0, Math.round(value * MICROS)))
  return histogram
}

/** An HDR histogram gives the upper edge of what it cannot tell apart, which may lie above the greatest value. */
function at(histogram: Histogram, percent: number): number {
  return round(Math.min(histogram.getValueAtPercentile(percent), histogram.maxValue) / MICROS, 3)
}

export function distributionOf(values: readonly number[]): LatencyDistribution {
  const histogram = histogramOf(values)
  return {
    count: values.length,
    meanMs: round(mean(values), 3),
    p50Ms: at(histogram, 50),
    p90Ms: at(histogram, 90),
    p99Ms: at(histogram, 99),
    maxMs: round(Math.max(0, ...values), 3),
    steps: stepsOf(values),
  }
}

/** Upper edges grow with the values, so that a stall of seconds takes no thousands of steps; steps without a value are left out. */
function stepsOf(values: readonly number[]): [number, number][] {
  const steps: [number, number][] = []
  let edge = 0
  for (const value of Float64Array.from(values).sort()) {
    const last = steps.at(-1)
    if (last !== undefined && value <= last[0]) {
      last[1]++
      continue
    }
    while (edge < value) edge = round(edge + Math.max(STEP_MS, edge * STEP_SHARE), 3)
    steps.push([edge, 1])
  }
  return steps
}

function stageOf(name: LatencyStage['name'], values: readonly number[]): LatencyStage {
  const histogram = histogramOf(values)
  return { name, meanMs: round(mean(values), 3), p50Ms: at(histogram, 50), p99Ms: at(histogram, 99) }
}

/** What a cell found. Presses that were never applied, or never shown, count as lost, and in `own` alone. */
export function cellOf(
  condition: Condition,
  where: LatencyCell['where'],
  records: readonly PressRecord[],
): LatencyCell {
  const shown = records.filter(({ shownMs, tick }) => tick >= 0 && !Number.isNaN(shownMs))
  const stages = shown.map(stagesOf)
  const seen = records.filter(({ ownMs }) => !Number.isNaN(ownMs))
  const { rttMs, jitterMs, lossPct, link } = condition
  return {
    rttMs,
    jitterMs,
    lossPct,
    link,
    where,
    own: distributionOf(seen.map(({ ownMs, pressedMs }) => ownMs - pressedMs)),
    ownFramesP99: percentile(
      seen.map(({ ownFrames }) => ownFrames),
      0.99,
    ),
    server: distributionOf(shown.map(({ computedMs, pressedMs }) => computedMs - pressedMs)),
    other: distributionOf(shown.map(({ shownMs, pressedMs }) => shownMs - pressedMs)),
    stages: STAGES.map((name, index) =>
      stageOf(
        name,
        stages.map((times) => times[index] ?? 0),
      ),
    ),
    pressesLost: records.length - shown.length,
  }
}
