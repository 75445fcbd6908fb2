import { createFrameHead } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { countHead, createCounts, type PlayCounts } from '../../src/play/play-counts.ts'

const SNAPSHOT_RATE = 20

/** What is counted of heads that come in this order: the tick, and how many ticks before it the server sent the last one. */
function counted(heads: readonly (readonly [tick: number, usedCount: number])[]): PlayCounts {
  const counts = createCounts()
  for (const [tick, usedCount] of heads) countHead(counts, { ...createFrameHead(), tick, usedCount }, SNAPSHOT_RATE)
  return counts
}

describe('the count of lost frames', () => {
  it('is nothing as long as each frame follows the one before', () => {
    expect(
      counted([
        [90, 32],
        [93, 3],
        [96, 3],
        [99, 3],
      ]),
    ).toMatchObject({ framesLost: 0, lostShare: 0 })
  })

  it('counts a frame that the next one follows', () => {
    expect(
      counted([
        [90, 3],
        [96, 3],
      ]).framesLost,
    ).toBe(1)
    expect(
      counted([
        [90, 3],
        [102, 3],
      ]).framesLost,
    ).toBe(3)
  })

  it('does not take frames that the server left out for lost', () => {
    expect(
      counted([
        [90, 3],
        [99, 9],
        [111, 12],
        [114, 3],
      ]).framesLost,
    ).toBe(0)
  })

  it('counts a frame that was lost just when the server thinned', () => {
    expect(
      counted([
        [90, 3],
        [102, 9],
      ]).framesLost,
    ).toBe(1)
  })

  it('takes back a frame that was only late', () => {
    const counts = counted([
      [90, 3],
      [99, 3],
      [93, 3],
      [96, 3],
    ])
    expect(counts.framesLost).toBe(0)
    expect(counts.lostShare).toBeLessThan(0.001)
    expect(
      counted([
        [90, 3],
        [87, 3],
      ]).framesLost,
    ).toBe(0)
  })

  it('says nothing of a silence that a frame cannot measure', () => {
    expect(
      counted([
        [90, 3],
        [990, 32],
      ]).framesLost,
    ).toBe(0)
    expect(
      counted([
        [90, 3],
        [96, 0],
      ]).framesLost,
    ).toBe(0)
  })

  it('gives the share lost over about ten seconds, and forgets', () => {
    const counts = createCounts()
    const head = createFrameHead()
    head.usedCount = 3
    const run = (from: number, to: number, isLost: (n: number) => boolean) => {
      for (let n = from; n < to; n++) {
        head.tick = n * 3
        if (!isLost(n)) countHead(counts, head, SNAPSHOT_RATE)
      }
    }
    run(0, 1000, (n) => n % 5 === 0)
    expect(counts.framesLost).toBe(199)
    expect(counts.lostShare).toBeGreaterThan(0.18)
    expect(counts.lostShare).toBeLessThan(0.22)
    run(1000, 2000, () => false)
    expect(counts.lostShare).toBeLessThan(0.002)
  })

  it('never makes the share more than all or less than nothing', () => {
    const counts = counted([
      [3, 3],
      [30_000, 3],
      [29_997, 3],
      [29_994, 3],
    ])
    expect(counts.lostShare).toBeGreaterThanOrEqual(0)
    expect(counts.lostShare).toBeLessThanOrEqual(1)
  })
})
