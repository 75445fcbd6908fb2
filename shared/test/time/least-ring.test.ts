import { describe, expect, it } from 'vitest'
import { LeastRing } from '../../src/time/least-ring.ts'

describe('the least of each stretch of time', () => {
  it('is kept for as many stretches as there are slots, counted back from the newest', () => {
    const ring = new LeastRing(3, 100)
    expect(ring.least(0, 0)).toBe(Number.POSITIVE_INFINITY)
    for (const [timeMs, value] of [
      [10, 5],
      [20, 3],
      [90, 4],
      [110, 7],
      [250, 6],
    ] as const)
      ring.add(timeMs, value)
    expect(ring.least(250, 0)).toBe(3)
    ring.add(310, 8)
    expect(ring.least(310, 0)).toBe(6)
    // A long silence leaves nothing but what comes after it.
    ring.add(5_000, 9)
    expect(ring.least(5_000, 0)).toBe(9)
    ring.clear()
    expect(ring.least(5_000, 0)).toBe(Number.POSITIVE_INFINITY)
  })

  it('is as of the moment asked for, each value grown since its own', () => {
    const ring = new LeastRing(10, 1_000)
    ring.add(0, 5)
    ring.add(9_000, 6)
    expect(ring.least(10_000, 0)).toBe(5)
    expect(ring.least(10_000, 0.001)).toBe(7)
    expect(ring.least(10_000, -0.001)).toBe(-5)
  })

  it('prefers the newer of two equal values, and takes times before zero', () => {
    const ring = new LeastRing(2, 1_000)
    ring.add(-1_500, 5)
    ring.add(-1_100, 5)
    expect(ring.least(-1_000, 0.01)).toBe(6)
  })
})
