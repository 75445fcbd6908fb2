import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEADER_TICK } from '../../src/game/compiled.ts'
import { SnapshotRing } from '../../src/world/history.ts'

const filled = (from: number, to: number) => {
  const ring = new SnapshotRing(4, 6)
  for (let tick = from; tick <= to; tick++) ring.put(tick, new Int32Array(6).fill(tick * 10))
  return ring
}

describe('the history ring', () => {
  it('is empty at first', () => {
    const ring = new SnapshotRing(4, 6)
    expect(ring.newestTick).toBe(-1)
    expect([-1, 0, 3, 4].map((tick) => ring.find(tick))).toEqual([undefined, undefined, undefined, undefined])
  })

  it('keeps copies of the newest ticks, and exactly those', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(20), (from, more) => {
        const ring = filled(from, from + more)
        expect(ring.newestTick).toBe(from + more)
        for (let tick = from - 5; tick <= from + more + 5; tick++) {
          const kept = tick >= from && tick <= from + more && tick > from + more - 4
          expect(ring.find(tick)?.[5]).toBe(kept ? tick * 10 : undefined)
          if (kept) expect(ring.find(tick)?.[HEADER_TICK]).toBe(tick)
        }
      }),
    )
  })

  it('does not change with the memory that was put in', () => {
    const ring = new SnapshotRing(2, 6)
    const memory = new Int32Array(6).fill(1)
    ring.put(0, memory)
    memory.fill(2)
    expect(ring.find(0)?.[5]).toBe(1)
  })

  it('takes no memory after the start', () => {
    const ring = filled(0, 3)
    expect(ring.slotFor(4)).toBe(ring.slotFor(8))
  })

  it('forgets what lies after a tick, and knows the newest that is left', () => {
    const ring = filled(10, 14)
    ring.clear(12)
    expect(ring.newestTick).toBe(12)
    expect([11, 12, 13, 14].map((tick) => ring.find(tick) !== undefined)).toEqual([true, true, false, false])
    ring.clear()
    expect(ring.newestTick).toBe(-1)
    expect(ring.find(12)).toBeUndefined()
  })
})
