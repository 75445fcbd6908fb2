import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VirtualScheduler } from '../../src/time/virtual-scheduler.ts'

describe('virtual time', () => {
  it('runs events in the order of their times, of equal times in the order of asking, and none that was cancelled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ timeMs: fc.integer({ min: 0, max: 20 }), cancelled: fc.boolean() }), { maxLength: 300 }),
        (specs) => {
          const scheduler = new VirtualScheduler()
          const ran: number[] = []
          const cancels = specs.map(({ timeMs }, n) =>
            scheduler.at(timeMs, () => {
              expect(scheduler.now()).toBe(timeMs)
              ran.push(n)
            }),
          )
          for (const [n, { cancelled }] of specs.entries()) if (cancelled) cancels[n]?.()
          const expected = specs
            .map(({ timeMs, cancelled }, n) => ({ timeMs, cancelled, n }))
            .filter(({ cancelled }) => !cancelled)
            .sort((a, b) => a.timeMs - b.timeMs || a.n - b.n)
            .map(({ n }) => n)
          expect(scheduler.pending).toBe(expected.length)
          scheduler.runUntil(7)
          scheduler.runUntil(20)
          expect(ran).toEqual(expected)
          expect(scheduler.pending).toBe(0)
        },
      ),
    )
  })

  it('runs what events add, also for the same moment, and what is past at once', () => {
    const scheduler = new VirtualScheduler({ startMs: 100 })
    const ran: string[] = []
    scheduler.at(110, () => {
      ran.push('first')
      scheduler.at(110, () => ran.push('same moment'))
      scheduler.at(5, () => ran.push('past'))
      scheduler.at(121, () => ran.push('later'))
    })
    scheduler.runUntil(120)
    expect(ran).toEqual(['first', 'same moment', 'past'])
    expect(scheduler.now()).toBe(120)
    scheduler.runUntil(121)
    expect(ran.at(-1)).toBe('later')
  })

  it('stops an endless loop, a leak of timers, a call from inside, and a time that is none', () => {
    const endless = new VirtualScheduler({ maxEventsPerRun: 1_000 })
    const again = (): void => void endless.at(endless.now(), again)
    again()
    expect(() => endless.runUntil(1)).toThrow(/BAD_STATE.*asks for itself/)
    const leaking = new VirtualScheduler({ maxPending: 10 })
    expect(() => {
      for (let n = 0; n < 11; n++) leaking.at(1, () => {})
    }).toThrow(/BAD_STATE/)
    const nested = new VirtualScheduler()
    nested.at(1, () => nested.runUntil(5))
    expect(() => nested.runUntil(2)).toThrow(/BAD_STATE.*inside an event/)
    expect(() => nested.at(Number.NaN, () => {})).toThrow(/BAD_ARGUMENT/)
  })

  it('keeps no memory of timers that were cancelled and set anew for ever', () => {
    const scheduler = new VirtualScheduler({ maxPending: 100 })
    let cancel = scheduler.at(1e9, () => {})
    for (let n = 0; n < 100_000; n++) {
      cancel()
      cancel()
      cancel = scheduler.at(1e9, () => {})
    }
    expect(scheduler.pending).toBe(1)
  })
})
