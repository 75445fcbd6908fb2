import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SentTicks } from '../../src/room/sent-ticks.ts'
import { ViewStamps } from '../../src/room/view-stamp.ts'

const TICK_MS = 1000 / 60
const timing = { marginMs: 10, rttMs: 80, jitterMs: 2, delayMs: 100 }

function setUp(ticks: readonly number[], window = { oldestView: 0, oldestKept: 0 }) {
  const sent = new SentTicks()
  for (const tick of ticks) sent.push(tick, tick * TICK_MS, -1)
  return { sent, stamps: new ViewStamps(sent, window, TICK_MS, 50) }
}
const every3 = Array.from({ length: 60 }, (_, n) => n * 3)
const viewOf = ({ older, newer, fraction }: ViewStamps) =>
  older === newer ? older + fraction : older + ((newer - older) * fraction) / 256

describe('view stamps', () => {
  it('resolve only to snapshots that were sent, never backwards, never out of the window, whatever is claimed', () => {
    const claim = fc.record({
      older: fc.integer({ min: -1, max: 200 }),
      span: fc.nat(20),
      fraction: fc.nat(255),
      press: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 40 }), (claims) => {
        const window = { oldestView: 0, oldestKept: 0 }
        const { sent, stamps } = setUp(every3, window)
        let last = -1
        let tick = 60
        for (const { older, span, fraction, press } of claims) {
          tick++
          window.oldestView = Math.max(0, tick - 30)
          window.oldestKept = Math.max(0, tick - 60)
          stamps.resolve(older, older + span, fraction, tick, press, timing)
          expect(sent.has(stamps.older) && sent.has(stamps.newer)).toBe(true)
          expect(stamps.older).toBeGreaterThanOrEqual(window.oldestKept)
          const view = viewOf(stamps)
          expect(view).toBeGreaterThanOrEqual(window.oldestView)
          if (press || older < 0) continue
          expect(view).toBeGreaterThanOrEqual(last)
          last = view
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are kept as they are within the tolerance, and clamped to its edge outside', () => {
    const { stamps } = setUp(every3)
    // Expected: 100 - (10 + 40 + 100) ms = 91 ticks.
    expect(stamps.resolve(90, 93, 85, 100, false, timing)).toBe(true)
    expect([stamps.older, stamps.newer, stamps.fraction]).toEqual([90, 93, 85])
    expect(stamps.resolve(60, 63, 0, 101, false, timing)).toBe(false)
    expect(viewOf(stamps)).toBeGreaterThan(90)
    expect(stamps.resolve(99, 102, 0, 102, false, timing)).toBe(false)
    expect(viewOf(stamps)).toBeLessThan(95)
  })

  it('do not believe in a snapshot that was not sent', () => {
    const { stamps } = setUp([84, 90, 96])
    expect(stamps.resolve(87, 93, 170, 100, false, timing)).toBe(false)
    expect([stamps.older, stamps.newer]).toEqual([90, 96])
  })

  it('bound the delay that a client claims', () => {
    const { stamps } = setUp([])
    const bounded = (delayMs: number): number => {
      const claimed = { ...timing, delayMs }
      stamps.boundDelay(claimed)
      return claimed.delayMs
    }
    expect(bounded(120)).toBe(120)
    expect(bounded(5000)).toBe(40 + 150 + 6 + 150)
    expect(bounded(-5)).toBe(0)
  })
})

describe('the ticks that were sent', () => {
  it('are found among the newest 128, and none before', () => {
    const { sent } = setUp(Array.from({ length: 164 }, (_, n) => n * 3))
    expect(sent.newest).toBe(489)
    expect(sent.has(489)).toBe(true)
    expect(sent.has(488)).toBe(false)
    expect(sent.has(36 * 3)).toBe(true)
    expect(sent.has(35 * 3)).toBe(false)
    expect(sent.atOrBefore(200.5)).toBe(198)
    expect(sent.after(200.5)).toBe(201)
    expect(sent.after(489)).toBe(-1)
    expect(sent.sentAt(150)).toBeCloseTo(2500)
    expect(sent.sentAt(151)).toBeNaN()
    expect(sent.firstSentAfter(-1)).toBeCloseTo(36 * 50)
    expect(sent.firstSentAfter(489)).toBeNaN()
  })
})
