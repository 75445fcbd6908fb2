import { SeededRandom } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Playback } from '../../src/play/playback.ts'

const TICK_MS = 1000 / 60

/** The moment that a stamp names, in ticks. */
function momentOf({ older, newer, fraction }: { older: number; newer: number; fraction: number }): number {
  return older === newer ? older + fraction : older + ((newer - older) * fraction) / 256
}

interface Run {
  readonly moments: number[]
  readonly delays: number[]
  readonly stamps: string[]
  starved: number
}

/** Snapshots every three ticks with a delay each (undefined: lost); 144 frames a second. */
function run(delayOf: (n: number) => number | undefined, seconds = 20): Run {
  const playback = new Playback(60, 20)
  const arrivals: { tick: number; ms: number }[] = []
  for (let n = 0; n < seconds * 20; n++) {
    const delay = delayOf(n)
    if (delay !== undefined) arrivals.push({ tick: n * 3, ms: n * 50 + delay })
  }
  arrivals.sort((a, b) => a.ms - b.ms)
  const out: Run = { moments: [], delays: [], stamps: [], starved: 0 }
  let next = 0
  for (let ms = 0; ms < seconds * 1000; ms += 1000 / 144) {
    for (; next < arrivals.length && (arrivals[next]?.ms ?? 0) <= ms; next++) {
      const { tick, ms: at } = arrivals[next] ?? { tick: 0, ms: 0 }
      playback.onSnapshot(tick, at - tick * TICK_MS, at)
    }
    if (!playback.advance(ms / TICK_MS, ms)) continue
    if (playback.starved) out.starved++
    out.moments.push(playback.viewTick)
    out.delays.push(playback.delayMs)
    const { older, newer, fraction } = playback.stamp
    out.stamps.push(`${older} ${newer} ${fraction} ${playback.starved}`)
  }
  return out
}

describe('playback', () => {
  it('never runs backwards, however snapshots come, and whatever the clock does', () => {
    const random = new SeededRandom(3)
    const playback = new Playback(60, 20)
    let last = -1
    let ms = 0
    for (let n = 0; n < 20_000; n++) {
      ms += random.next() * 30
      if (random.next() < 0.4)
        playback.onSnapshot(Math.floor(ms / TICK_MS - random.next() * 20), random.next() * 300, ms)
      const wrong = random.next() < 0.01 ? (random.next() - 0.5) * 2000 : 0
      if (!playback.advance((ms + wrong) / TICK_MS, ms)) continue
      expect(playback.viewTick).toBeGreaterThanOrEqual(last)
      last = playback.viewTick
    }
    expect(last).toBeGreaterThan(1000)
  })

  it('draws a snapshot interval and a little behind what comes at an even pace', () => {
    const { delays, starved } = run(() => 40)
    expect(delays.at(-1)).toBeCloseTo(40 + 50 + 2, 0)
    expect(starved).toBe(0)
  })

  it('changes its delay by rate: the moment never goes slower than 90 % nor faster than 105 % of time', () => {
    const { moments, delays } = run((n) => (n < 100 ? 30 : n < 200 ? 130 : 30), 50)
    expect(Math.max(...delays)).toBeGreaterThan(150)
    expect(delays.at(-1)).toBeLessThan(100)
    const frame = 1000 / 144 / TICK_MS
    // The first delay is a guess.
    for (let n = 72; n < moments.length; n++) {
      const moved = (moments[n] ?? 0) - (moments[n - 1] ?? 0)
      expect(moved).toBeGreaterThanOrEqual(frame * 0.9 - 1e-6)
      expect(moved).toBeLessThanOrEqual(frame * 1.05 + 1e-6)
    }
  })

  it('is seldom starved by jitter', () => {
    const random = new SeededRandom(5)
    const { starved, moments } = run(() => 30 + random.next() * 40, 40)
    expect(starved / moments.length).toBeLessThan(0.005)
  })

  it('gives stamps that say the moment to within a 1/256 of the gap, of snapshots that came', () => {
    const { moments, stamps } = run((n) => (n % 7 === 3 ? undefined : 40))
    let checked = 0
    stamps.forEach((stamp, n) => {
      const [older = 0, newer = 0, fraction = 0] = stamp.split(' ').map(Number)
      expect(older % 3 === 0 && newer % 3 === 0).toBe(true)
      expect(older % 21).not.toBe(9)
      expect(newer % 21).not.toBe(9)
      if (stamp.endsWith('true') || older === newer) return
      checked++
      expect(fraction).toBeGreaterThanOrEqual(0)
      expect(fraction).toBeLessThanOrEqual(255)
      const gap = (moments[n] ?? 0) - momentOf({ older, newer, fraction })
      expect(gap).toBeGreaterThanOrEqual(0)
      expect(gap).toBeLessThan((newer - older) / 256 + 1e-9)
    })
    expect(checked).toBeGreaterThan(2000)
  })

  it('goes on by whole ticks beyond the newest snapshot, for 150 ms, and then holds', () => {
    const { stamps } = run((n) => (n < 100 ? 40 : undefined), 8)
    const beyond = stamps.filter((stamp) => stamp.endsWith('true')).map((stamp) => stamp.split(' ').map(Number))
    expect(beyond.every(([older, newer]) => older === 297 && newer === 297)).toBe(true)
    const ticks = beyond.map((stamp) => stamp[2] ?? -1)
    expect([...new Set(ticks)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(ticks.at(-1)).toBe(9)
  })

  it('takes no notice of snapshots that come twice or too late', () => {
    const a = new Playback(60, 20)
    const b = new Playback(60, 20)
    for (let n = 0; n < 50; n++) {
      a.onSnapshot(n * 3, 40, n * 50)
      b.onSnapshot(n * 3, 40, n * 50)
      b.onSnapshot(n * 3, 900, n * 50)
      b.onSnapshot(n * 3 - 6, 900, n * 50)
      expect(a.advance(n * 3, n * 50)).toBe(b.advance(n * 3, n * 50))
      expect(b.stamp).toEqual(a.stamp)
      expect(b.delayMs).toBe(a.delayMs)
    }
  })

  it('learns nothing from a snapshot of which it is not known when it came', () => {
    const playback = new Playback(60, 20)
    for (let n = 0; n < 200; n++) {
      playback.onSnapshot(n * 3, n > 50 && n % 2 === 0 ? Number.NaN : 40, n * 50)
      playback.advance(n * 3, n * 50)
    }
    expect(playback.delayMs).toBeCloseTo(92, 0)
    expect(playback.newestTick).toBe(597)
  })

  it('shows nothing before the first snapshot', () => {
    expect(new Playback(60, 20).advance(100, 0)).toBe(false)
  })

  it('draws further in the past when every fourth snapshot comes only, instead of starving', () => {
    const first = run((n) => (n % 4 === 0 ? 20 : undefined), 8)
    const whole = run((n) => (n % 4 === 0 ? 20 : undefined), 20)
    expect(first.starved).toBeGreaterThan(0)
    expect(whole.starved).toBe(first.starved)
    expect(whole.delays.at(-1)).toBeGreaterThan(200)
  })

  it('keeps its delay after the clock was wrong for a moment, so that snapshots seemed to come before their time', () => {
    const playback = new Playback(60, 20)
    let starved = 0
    for (let n = 0; n < 2_400; n++) {
      const wrongMs = n > 400 && n < 420 ? 1_000 : 0
      const nowMs = n * 50 + 60
      playback.onSnapshot(n * 3, 60 - wrongMs, nowMs)
      for (let frame = 0; frame < 3; frame++) {
        playback.advance(((nowMs + (frame * 50) / 3 - wrongMs) * 60) / 1000, nowMs + (frame * 50) / 3)
        if (playback.starved) starved++
      }
      if (n > 600) expect(playback.delayMs).toBeGreaterThan(105)
    }
    expect(starved).toBeLessThan(10)
  })
})
