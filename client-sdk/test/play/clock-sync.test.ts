import { Impairment } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { ClockSync } from '../../src/play/clock-sync.ts'

/** Exchanges over a path for a stretch of local time. Gives the greatest error from half of it on. */
function exchange(
  clock: ClockSync,
  fromMs: number,
  toMs: number,
  offsetMs: number,
  model = { delayMs: 30, jitterMs: 10 },
): number {
  const up = new Impairment({ seed: 1, ...model })
  const down = new Impairment({ seed: 2, ...model })
  let worst = 0
  let free = fromMs
  for (let now = fromMs; now < toMs; now += 50) {
    const there = up.orderedArrival(now, 20)
    const back = Math.max(free, down.orderedArrival(there, 20))
    free = back
    clock.observe(now)
    for (let at = now + 16; at < back; at += 16) clock.observe(Math.max(at, free - 16))
    clock.onSample(now, there + offsetMs, there + offsetMs, back)
    if (now > (fromMs + toMs) / 2) worst = Math.max(worst, Math.abs(clock.serverNow(back) - back - offsetMs))
    now = Math.max(now, back)
  }
  return worst
}

describe('the clock of the server, as a client has it', () => {
  it('comes to within a few milliseconds over a jittery path', () => {
    const clock = new ClockSync()
    expect(clock.ready).toBe(false)
    expect(exchange(clock, 0, 20_000, 123_456)).toBeLessThan(5)
    expect(clock.ready).toBe(true)
    expect(clock.delayMs).toBeGreaterThanOrEqual(60)
    expect(clock.errorBoundMs).toBe(clock.delayMs / 2)
  })

  it('does not believe an answer that lay about while the page was frozen', () => {
    const clock = new ClockSync()
    exchange(clock, 0, 5_000, 500)
    const before = clock.serverNow(7_000) - 7_000
    // Asked before the freeze, answered after 30 ms, looked at two seconds later.
    clock.onSample(4_990, 5_520, 5_520, 7_000)
    expect(clock.serverNow(7_000) - 7_000).toBeCloseTo(before, 3)
    clock.onSample(7_000, 7_530, 7_530, 7_060)
    expect(Math.abs(clock.serverNow(7_060) - 7_060 - 500)).toBeLessThan(5)
    expect([clock.fellIntoGap(7_400), clock.fellIntoGap(7_600)]).toEqual([true, false])
  })

  it('steps at once when the server says a time that cannot be yet, as after a sleep in which local time stood still', () => {
    const clock = new ClockSync()
    exchange(clock, 0, 5_000, 500)
    const now = 5_200
    clock.onServerTime(now + 500 + 3_600_000, now)
    expect(clock.serverNow(now)).toBeCloseTo(now + 3_600_500, 6)
    // What was asked before the sleep says nothing of the clock after it.
    clock.onSample(5_000, 5_530, 5_530, now + 10)
    expect(clock.serverNow(now + 10)).toBeCloseTo(now + 3_600_510, 0)
    // The first exchange after it sets the clock exactly: it was behind by the frame's way.
    clock.onSample(now + 5, now + 3_600_565, now + 3_600_565, now + 65)
    expect(clock.serverNow(now + 65)).toBeCloseTo(now + 3_600_595, 6)
  })

  it('is not moved by frames that come when they should', () => {
    const clock = new ClockSync()
    exchange(clock, 0, 5_000, 500)
    const before = clock.serverNow(5_020)
    clock.onServerTime(before - 30, 5_020)
    clock.onServerTime(before + 20, 5_020)
    clock.onServerTime(Number.NaN, 5_020)
    expect(clock.serverNow(5_020)).toBe(before)
  })

  it('leaves behind what contradicts a new exchange: the server was stopped for a while', () => {
    const clock = new ClockSync()
    exchange(clock, 0, 12_000, 5_000)
    expect(exchange(clock, 12_060, 14_000, -5_000)).toBeLessThan(10)
  })
})
