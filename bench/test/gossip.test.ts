/** The gossip bench: its measurements on few members, small and fast. */
import { ALL_OF_LIFEGUARD, LAN_TIMES, NO_LIFEGUARD } from '@tickmesh/server/cluster'
import { describe, expect, it } from 'vitest'
import { MEMBERSHIP_STEPS, measureMembership } from '../src/gossip/membership.ts'
import { runSlowMembers, type SlowSettings } from '../src/gossip/slow-members.ts'
import { measureFalseRemovals, measureSilentMachine } from '../src/gossip/view-cluster.ts'

describe('the gossip bench', () => {
  it('finds crashes and spreads updates in the times that SWIM promises, at one ping and one answer a second', () => {
    let steps = 0
    const plan = { members: 10, crashes: 2, updates: 3, quietSeconds: 10, times: LAN_TIMES, seed: 1 }
    const result = measureMembership({ ...plan, lifeguard: ALL_OF_LIFEGUARD }, () => steps++)
    expect(steps).toBe(MEMBERSHIP_STEPS)
    expect(result.missed).toBe(0)
    expect(result.falseDeaths).toBe(0)
    // suspicionMin of 10 members is 4 s, after a probe of 1 s.
    expect(result.detectionFirstMs.p50).toBeGreaterThan(5_000)
    expect(result.detectionFirstMs.max).toBeLessThan(16_000)
    expect(result.detectionAllMs.max - result.detectionFirstMs.max).toBeLessThan(1_500)
    expect(result.spreadMs.max).toBeLessThan(1_500)
    expect(result.packetsPerMemberSecond).toBeCloseTo(2, 1)
  })

  it('counts many false deaths of healthy members without Lifeguard, and few with it', () => {
    const settings: SlowSettings = { members: 40, slow: 6, heldMs: [16_384], wellMs: [64], seconds: 40, seed: 2 }
    const control = runSlowMembers(settings, NO_LIFEGUARD, () => {})
    const all = runSlowMembers(settings, ALL_OF_LIFEGUARD, () => {})
    expect(control.falseDeaths).toBeGreaterThan(40)
    expect(all.falseDeaths).toBeLessThan(control.falseDeaths / 10)
  })

  it('counts no false death where nobody is slow', () => {
    const settings: SlowSettings = { members: 20, slow: 0, heldMs: [1], wellMs: [1], seconds: 30, seed: 2 }
    const none = { falseDeaths: 0, believedByHealthy: 0, slowDeaths: 0 }
    expect(runSlowMembers(settings, NO_LIFEGUARD, () => {})).toEqual(none)
  })

  it('sees a silent machine leave the view, and nobody leave it for loss alone', () => {
    const removal = measureSilentMachine(5, 1, () => {})
    expect(removal.missed).toBe(0)
    expect(removal.p50Ms).toBeGreaterThan(1_900)
    expect(removal.maxMs).toBeLessThan(3_000)
    expect(measureFalseRemovals(0.05, 1, () => {}).falseRemovals).toBe(0)
  })
})
