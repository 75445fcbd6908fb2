import { Impairment, SeededRandom } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { PathHealth } from '../../src/room/path-health.ts'

/** Feeds a round trip twenty times a second. Gives the time after the last. */
function roundTrips(path: PathHealth, fromMs: number, seconds: number, rttOf: (ms: number) => number): number {
  let nowMs = fromMs
  for (; nowMs < fromMs + seconds * 1000; nowMs += 50) path.onRoundTrip(nowMs, rttOf(nowMs - fromMs))
  return nowMs
}

/** Sends an input message in each tick through `model`, and hands them to `path` as they arrive. */
function inputs(path: PathHealth, model: ConstructorParameters<typeof Impairment>[0], seconds: number): void {
  const way = new Impairment(model)
  const arrivals: { atMs: number; tick: number }[] = []
  for (let tick = 0; tick < seconds * 60; tick++) {
    const atMs = way.datagramArrival((tick * 1000) / 60, 40)
    if (Number.isFinite(atMs)) arrivals.push({ atMs, tick })
  }
  arrivals.sort((a, b) => a.atMs - b.atMs)
  let newest = -1
  for (const { atMs, tick } of arrivals) {
    path.onInputMessage(atMs, newest < 0 ? 1 : tick - newest)
    newest = Math.max(newest, tick)
  }
}

describe('the queue on a path', () => {
  it('is not seen in jitter, however much of it there is', () => {
    const path = new PathHealth()
    const random = new SeededRandom(1)
    roundTrips(path, 0, 60, () => 60 + random.next() * 100)
    expect(path.thinning).toBe(0)
    expect(path.queueMs).toBeLessThan(60)
  })

  it('thins snapshots step by step while it grows, and lets them come again once it is gone', () => {
    const path = new PathHealth()
    let nowMs = roundTrips(path, 0, 5, () => 60)
    nowMs = roundTrips(path, nowMs, 0.9, (ms) => 60 + ms / 4)
    expect(path.thinning).toBeGreaterThan(0)
    expect(path.queueMs).toBeGreaterThan(80)
    nowMs = roundTrips(path, nowMs, 1, () => 300)
    expect(path.thinning).toBe(3)
    nowMs = roundTrips(path, nowMs, 1, () => 60)
    expect(path.thinning).toBeGreaterThan(0)
    roundTrips(path, nowMs, 8, () => 60)
    expect(path.thinning).toBe(0)
  })

  it('is a longer path, if thinning does not shorten it', () => {
    const path = new PathHealth()
    const nowMs = roundTrips(path, 0, 5, () => 20)
    roundTrips(path, nowMs, 2, () => 200)
    expect(path.thinning).toBe(3)
    roundTrips(path, nowMs + 2000, 4, () => 200)
    expect(path.thinning).toBe(0)
    expect(path.queueMs).toBe(0)
  })
})

describe('losses on a path', () => {
  it('are not counted in an outage, or while the page of a client stood still', () => {
    const path = new PathHealth()
    let nowMs = 0
    const arrive = (advance: number) => {
      nowMs += 16 * advance
      path.onInputMessage(nowMs, advance)
    }
    for (let n = 0; n < 1_250; n++) arrive(1)
    for (const gap of [11, 15, 20, 31, 40, 200]) {
      arrive(gap)
      for (let n = 0; n < 60; n++) arrive(1)
      expect(path.uplinkLoss).toBe(0)
    }
    expect(path.lossy).toBe(false)
  })

  it('are counted by what never comes, not by what is overtaken', () => {
    const path = new PathHealth()
    inputs(path, { seed: 3, delayMs: 50, jitterMs: 25, jitterShape: 'uniform' }, 60)
    expect(path.uplinkLoss).toBe(0)
    expect(path.lossy).toBe(false)
  })

  it.each([0.02, 0.05, 0.1])('of %d in bursts are estimated, and make the path a lossy one', (loss) => {
    const shares: number[] = []
    for (let seed = 1; seed <= 20; seed++) {
      const path = new PathHealth()
      inputs(path, { seed, delayMs: 50, jitterMs: 10, loss, lossBurst: 3 }, 30)
      shares.push(path.uplinkLoss)
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    expect(mean).toBeGreaterThan(loss * 0.6)
    expect(mean).toBeLessThan(loss * 1.4)
  })

  it('make a path lossy at once, and no more ten seconds after the last ones', () => {
    const path = new PathHealth()
    for (let n = 0; n < 20 * 60; n++) path.onInputMessage(n * 17, 1)
    expect(path.lossy).toBe(false)
    for (let n = 0; n < 40; n++) path.onInputMessage(20_000 + n * 50, 3)
    expect(path.lossy).toBe(true)
    for (let n = 0; n < 9 * 60; n++) path.onInputMessage(22_000 + n * 17, 1)
    expect(path.lossy).toBe(true)
    for (let n = 0; n < 30 * 60; n++) path.onInputMessage(31_000 + n * 17, 1)
    expect(path.lossy).toBe(false)
  })

  it('are seen in acknowledgements too, but not in a single one that is skipped', () => {
    const path = new PathHealth()
    for (let n = 0; n < 10 * 60; n++) path.onInputMessage(n * 17, 1)
    for (let n = 0; n < 200; n++) path.onAcknowledged(11_000 + n * 50, n % 3 === 0 ? 1 : 0)
    expect(path.lossy).toBe(false)
    for (let n = 0; n < 10; n++) path.onAcknowledged(22_000 + n * 500, 3)
    expect(path.lossy).toBe(true)
  })

  it('are not answered with more snapshots while a queue grows, nor soon after', () => {
    const path = new PathHealth()
    let nowMs = roundTrips(path, 0, 1, () => 60)
    expect(path.wantsExtra(nowMs)).toBe(true)
    nowMs = roundTrips(path, nowMs, 1, () => 300)
    expect(path.wantsExtra(nowMs)).toBe(false)
    nowMs = roundTrips(path, nowMs, 6, () => 60)
    expect(path.thinning).toBe(0)
    expect(path.wantsExtra(nowMs)).toBe(false)
    nowMs = roundTrips(path, nowMs, 6, () => 60)
    expect(path.wantsExtra(nowMs)).toBe(true)
  })

  it('are not seen in acknowledgements of snapshots that were sent closer together', () => {
    const path = new PathHealth()
    let nowMs = 0
    for (; path.lossy; nowMs += 17) path.onInputMessage(nowMs, 1)
    for (let n = 0; n < 60; n++) path.onAcknowledged(nowMs + n * 17, 3)
    expect(path.lossy).toBe(false)
    for (let n = 0; n < 10; n++) path.onAcknowledged(nowMs + 3_000 + n * 50, 3)
    expect(path.lossy).toBe(true)
  })
})
