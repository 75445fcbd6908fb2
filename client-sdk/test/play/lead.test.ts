import { Impairment } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LEAD, LeadController } from '../../src/play/lead.ts'

/** Inputs 60 times a second over a jittery uplink; a report with the least margin of each three. Gives the late share after 20 s. */
function play(seed: number, model: ConstructorParameters<typeof Impairment>[0], seconds = 120, start = 30) {
  const path = new Impairment({ seed, ...model })
  const lead = new LeadController(start)
  let least = Number.NaN
  let reports = 0
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
    least = Number.isNaN(least) ? marginMs : Math.min(least, marginMs)
    if (tick % 3 === 2) {
      lead.onMargin(nowMs, least, leadMs)
      if (tick > 20 * 60) {
        reports++
        if (least < 0) late++
      }
      least = Number.NaN
    }
  }
  return { lead: lead.leadMs, lateShare: late / reports, worstRise, worstFall }
}

describe('the lead', () => {
  it('moves by rate only: 5 % up, 2 % down', () => {
    const up = play(1, { delayMs: 80, jitterMs: 10 }, 60, 5)
    const down = play(1, { delayMs: 10, jitterMs: 1 }, 60, 200)
    expect(up.worstRise).toBeLessThanOrEqual(0.05 * (1000 / 60) + 1e-9)
    expect(up.worstRise).toBeGreaterThan(0.5)
    expect(down.worstFall).toBeLessThanOrEqual(0.02 * (1000 / 60) + 1e-9)
    expect(down.worstFall).toBeGreaterThan(0.2)
  })

  it.each([1, 2, 3, 4])('comes to the smallest lead with few late inputs, on the jitter of seed %i', (seed) => {
    const { lead, lateShare } = play(seed, { delayMs: 40, jitterMs: 5, jitterShape: 'uniform' })
    // The path takes 40 to 50 ms.
    expect(lead).toBeGreaterThan(48)
    expect(lead).toBeLessThan(50 + DEFAULT_LEAD.safetyMs + 0.5)
    expect(lateShare).toBeLessThanOrEqual(0.01)
  })

  it('keeps late inputs few under a long tail, without going beyond it', () => {
    const { lead, lateShare } = play(7, { delayMs: 20, jitterMs: 8 })
    expect(lateShare).toBeLessThan(0.02)
    expect(lead).toBeGreaterThan(40)
    expect(lead).toBeLessThanOrEqual(20 + 6 * 8 + DEFAULT_LEAD.safetyMs)
  })

  it('stays within its bounds, whatever the server reports', () => {
    const lead = new LeadController(Number.POSITIVE_INFINITY)
    expect(lead.leadMs).toBe(DEFAULT_LEAD.maxMs)
    for (let n = 0; n < 100; n++) lead.onMargin(n * 50, -1e9, 0)
    lead.advance(0)
    expect(lead.advance(1e9)).toBe(DEFAULT_LEAD.maxMs)
    const low = new LeadController(-5)
    for (let n = 0; n < 100; n++) low.onMargin(n * 50, 1e9, 0)
    low.advance(0)
    expect(low.advance(1e9)).toBe(DEFAULT_LEAD.minMs)
  })

  it('does not believe a report that is no number, nor time that runs backwards', () => {
    const lead = new LeadController(30)
    lead.onMargin(0, Number.NaN, 30)
    lead.advance(100)
    const before = lead.leadMs
    lead.advance(0)
    expect(lead.leadMs).toBe(before)
    expect(Number.isFinite(lead.targetMs)).toBe(true)
  })

  it('takes the wanted lead at once after a stall', () => {
    const lead = new LeadController(30)
    lead.onMargin(0, -70, 30)
    lead.jump()
    expect(lead.leadMs).toBe(103)
  })
})
