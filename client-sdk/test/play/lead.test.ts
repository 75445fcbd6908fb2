import { Impairment, SeededRandom } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LEAD, LeadController } from '../../src/play/lead.ts'

/** Inputs 60 times a second over a jittery uplink; a report with the least margin of each three. Gives the share of late inputs after 20 s. */
function play(seed: number, model: ConstructorParameters<typeof Impairment>[0], seconds = 120, start = 30) {
  const path = new Impairment({ seed, ...model })
  const lead = new LeadController(start, TICK_MS)
  let least = Number.NaN
  let inputs = 0
  let late = 0
  let worstRise = 0
  let worstFall = 0
  for (let tick = 0; tick < seconds * 60; tick++) {
    const nowMs = (tick * 1000) / 60
    const before = lead.leadMs
    const leadMs = lead.advance(nowMs)
    worstRise = Math.max(worstRise, leadMs - before)
    worstFall = Math.max(worstFall, before - leadMs)
    const delayMs = path.datagramArrival(nowMs, 40) - nowMs
    const marginMs = leadMs - delayMs
    if (tick > 20 * 60) {
      inputs++
      if (marginMs < 0) late++
    }
    least = Number.isNaN(least) ? marginMs : Math.min(least, marginMs)
    if (tick % 3 === 2) {
      lead.onMargin(nowMs, least, leadMs, 3)
      least = Number.NaN
    }
  }
  return { lead: lead.leadMs, lateShare: late / inputs, worstRise, worstFall }
}

const TICK_MS = 1000 / 60

describe('the lead', () => {
  it('moves by rate only: 5 % up, 3 % down', () => {
    const up = play(1, { delayMs: 80, jitterMs: 10 }, 60, 5)
    const down = play(1, { delayMs: 10, jitterMs: 1 }, 60, 200)
    expect(up.worstRise).toBeLessThanOrEqual(0.05 * (1000 / 60) + 1e-9)
    expect(up.worstRise).toBeGreaterThan(0.5)
    expect(down.worstFall).toBeLessThanOrEqual(0.03 * (1000 / 60) + 1e-9)
    expect(down.worstFall).toBeGreaterThan(0.2)
  })

  it.each([1, 2, 3, 4])('comes to the smallest lead with few late inputs, on the jitter of seed %i', (seed) => {
    const { lead, lateShare } = play(seed, { delayMs: 40, jitterMs: 5, jitterShape: 'uniform' })
    // The path takes 40 to 50 ms.
    expect(lead).toBeGreaterThan(49)
    expect(lead).toBeLessThan(50 + DEFAULT_LEAD.safetyMs + 0.5)
    expect(lateShare).toBeLessThanOrEqual(0.01)
  })

  it('keeps late inputs few under a long tail, without going beyond it', () => {
    const { lead, lateShare } = play(7, { delayMs: 20, jitterMs: 8 })
    expect(lateShare).toBeLessThan(0.012)
    expect(lead).toBeGreaterThan(40)
    expect(lead).toBeLessThanOrEqual(20 + 6 * 8 + DEFAULT_LEAD.safetyMs)
  })

  it('stays within its bounds, whatever the server reports', () => {
    const lead = new LeadController(Number.POSITIVE_INFINITY, TICK_MS)
    expect(lead.leadMs).toBe(DEFAULT_LEAD.maxMs)
    for (let n = 0; n < 100; n++) lead.onMargin(n * 50, -1e9, 0, 3)
    lead.advance(0)
    expect(lead.advance(1e9)).toBe(DEFAULT_LEAD.maxMs)
    const low = new LeadController(-5, TICK_MS)
    for (let n = 0; n < 100; n++) low.onMargin(n * 50, 1e9, 0, 3)
    low.advance(0)
    expect(low.advance(1e9)).toBe(DEFAULT_LEAD.minMs)
  })

  it('does not believe a report that is no number, nor time that runs backwards', () => {
    const lead = new LeadController(30, TICK_MS)
    lead.onMargin(0, Number.NaN, 30, 3)
    lead.advance(100)
    const before = lead.leadMs
    lead.advance(0)
    expect(lead.leadMs).toBe(before)
    expect(Number.isFinite(lead.targetMs)).toBe(true)
  })

  it('takes the wanted lead at once after a stall', () => {
    const lead = new LeadController(30, TICK_MS)
    for (let n = 0; n < 100; n++) lead.onMargin(n, -70, 30, 3)
    lead.jump()
    expect(lead.leadMs).toBeCloseTo(102, 0)
  })

  it('does not answer one long burst of losses with a lead that covers it', () => {
    const lead = new LeadController(60, TICK_MS)
    const report = (nowMs: number, latenessMs: number) => lead.onMargin(nowMs, 60 - latenessMs, 60, 3)
    for (let n = 0; n < 400; n++) report(n * 50, 40)
    report(20_000, 40 + 15 * TICK_MS)
    // Of 1,203 inputs seven may be late: the burst counts for at most eight.
    expect(lead.targetMs).toBeLessThan(40 + 10 * TICK_MS)
    for (let n = 401; n < 600; n++) report(n * 50, n % 25 === 0 ? 40 + 5 * TICK_MS : 40)
    expect(lead.targetMs).toBeGreaterThan(40 + 3 * TICK_MS)
  })

  it('stays within what the server still believes, if that makes few more inputs late', () => {
    const random = new SeededRandom(4)
    const needs = Array.from({ length: 400 }, () => 100 + random.next() * 50)
    const play = (limitMs: number) => {
      const lead = new LeadController(100, TICK_MS)
      lead.limitTo(limitMs)
      needs.forEach((needMs, n) => {
        lead.onMargin(n * 50, 200 - needMs, 200, 1)
      })
      return lead.targetMs
    }
    const free = play(Number.POSITIVE_INFINITY)
    expect(play(free - 0.3)).toBeCloseTo(free - 0.3, 6)
    // With 100 ms most would be late: the limit is out of reach.
    expect(play(100)).toBe(free)
  })

  it('is never aimed beyond its bound, however late inputs are', () => {
    const lead = new LeadController(50, 1000 / 60)
    lead.boundTo(400)
    let nowMs = 0
    for (let n = 0; n < 600; n++) {
      nowMs += 50
      lead.advance(nowMs)
      lead.onMargin(nowMs, -800 + lead.leadMs, lead.leadMs, 3)
    }
    expect(lead.leadMs).toBe(400)
    lead.boundTo(200)
    expect(lead.targetMs).toBe(200)
    lead.advance(nowMs + 60_000)
    expect(lead.leadMs).toBe(200)
  })
})
