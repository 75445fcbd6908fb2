/**
 * How fast something grows, by noisy measurements: the median of the slopes of all pairs (Theil and Sen), and the interval in which the true slope is with
 * 95 % confidence (Sen 1968, by Kendall's S for independent errors). A few wild points move neither. Pure.
 */
import { median } from '../figures.ts'

export interface Slope {
  /** Per unit of x. NaN with fewer than two points. */
  readonly slope: number
  readonly low: number
  readonly high: number
}

const Z_95 = 1.96

export function robustSlope(points: readonly (readonly [x: number, y: number])[]): Slope {
  const slopes: number[] = []
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const [x0, y0] = points[i] ?? [0, 0]
      const [x1, y1] = points[j] ?? [0, 0]
      if (x1 !== x0) slopes.push((y1 - y0) / (x1 - x0))
    }
  }
  slopes.sort((a, b) => a - b)
  const n = points.length
  const spread = Z_95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (rank: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN
  return {
    slope: median(slopes),
    low: at((slopes.length - spread) / 2),
    high: at((slopes.length + spread) / 2),
  }
}
