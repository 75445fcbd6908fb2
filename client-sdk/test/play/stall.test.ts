import { describe, expect, it } from 'vitest'
import { type Stall, StallWatch } from '../../src/play/stall.ts'

function watch() {
  const told: Stall[] = []
  return { told, stall: new StallWatch((what) => told.push(what)) }
}

describe('stalls', () => {
  it('are told once when they begin and once when they end', () => {
    const { told, stall } = watch()
    stall.waits(100)
    stall.waits(150)
    expect(stall.goesOn(400, 12)).toBe(false)
    expect(stall.goesOn(599, 0)).toBe(false)
    expect(stall.goesOn(600, 0)).toBe(true)
    expect(stall.goesOn(616, 0)).toBe(false)
    expect(told).toEqual([{ kind: 'waiting' }, { kind: 'resynced', waitedMs: 300, skippedTicks: 12 }])
  })

  it('last until play has gone on for a while: what was held up comes in bursts', () => {
    const { told, stall } = watch()
    for (const nowMs of [100, 300, 500]) {
      stall.waits(nowMs)
      expect(stall.goesOn(nowMs + 150, 3)).toBe(false)
    }
    expect(stall.goesOn(850, 0)).toBe(true)
    expect(told).toEqual([{ kind: 'waiting' }, { kind: 'resynced', waitedMs: 550, skippedTicks: 9 }])
  })

  it('are told at their end only if nobody ran the page meanwhile', () => {
    const { told, stall } = watch()
    expect(stall.goesOn(100, 0)).toBe(false)
    expect(stall.goesOn(900, 40)).toBe(true)
    expect(told).toEqual([{ kind: 'resynced', waitedMs: 0, skippedTicks: 40 }])
  })
})
