/** The overload governor against synthetic loads, in a model of one room on one core. */
import { describe, expect, it } from 'vitest'
import { Governor, type GovernorLevel } from '../../src/tick/governor.ts'

const INTERVAL_MS = 1000 / 60
const MAX_LATE_MS = 4 * INTERVAL_MS

interface Load {
  readonly simulateMs: number
  readonly sendMs: number
}

/** Runs ticks one after another, late ones at once; snapshots, one each third tick at level 0, are sent as the governor allows. */
class Core {
  readonly governor = new Governor()
  levels: GovernorLevel[] = []
  lateMs = 0
  tick = 0

  run(seconds: number, load: (second: number) => Load): void {
    const ticks = Math.round(seconds * 60)
    for (let n = 0; n < ticks; n++) {
      const { simulateMs, sendMs } = load(n / 60)
      const sends = this.tick++ % (3 * this.governor.snapshotDivisor) === 0
      const durationMs = simulateMs + (sends ? sendMs : 0)
      this.levels.push(this.governor.update(durationMs, this.lateMs, INTERVAL_MS))
      this.lateMs = Math.min(MAX_LATE_MS, Math.max(0, this.lateMs + durationMs - INTERVAL_MS))
    }
  }

  get changes(): number {
    return this.levels.filter((level, n) => n > 0 && level !== this.levels[n - 1]).length
  }
}

describe('the overload governor', () => {
  it('leaves a room alone whose ticks fit', () => {
    const core = new Core()
    core.run(600, () => ({ simulateMs: 6, sendMs: 9 }))
    expect(core.changes).toBe(0)
  })

  it('ignores a stall of 60 ms in each five seconds', () => {
    const core = new Core()
    core.run(600, (second) => ({ simulateMs: Math.round(second * 60) % 300 === 0 ? 60 : 4, sendMs: 2 }))
    expect(core.changes).toBe(0)
  })

  it('thins snapshots within a second or two when sending is what is too much, and no more than needed', () => {
    const core = new Core()
    core.run(5, () => ({ simulateMs: 7, sendMs: 31 }))
    expect(core.governor.level).toBe(1)
    expect(core.lateMs).toBe(0)
    expect(core.levels.indexOf(1)).toBeLessThan(120)
    expect(core.governor.overloaded).toBe(false)
  })

  it('thins further under more', () => {
    const core = new Core()
    core.run(5, () => ({ simulateMs: 11, sendMs: 20 }))
    expect(core.governor.level).toBe(2)
    expect(core.governor.overloaded).toBe(false)
  })

  it('says so when nothing helps, and stays at that', () => {
    const core = new Core()
    core.run(120, () => ({ simulateMs: 25, sendMs: 1 }))
    expect(core.governor.overloaded).toBe(true)
    expect(core.changes).toBe(3)
    expect(core.governor.snapshotDivisor).toBe(4)
  })

  it('sees lateness that others cause', () => {
    const governor = new Governor()
    for (let n = 0; n < 120; n++) governor.update(1, 12, INTERVAL_MS)
    expect(governor.level).toBeGreaterThan(0)
  })

  it('comes back to normal level by level within half a minute when the load is gone', () => {
    const core = new Core()
    core.run(30, () => ({ simulateMs: 25, sendMs: 1 }))
    core.levels = []
    core.run(30, () => ({ simulateMs: 4, sendMs: 1 }))
    expect(core.governor.level).toBe(0)
    expect(core.levels.filter((level, n) => n > 0 && level !== core.levels[n - 1])).toEqual([2, 1, 0])
  })

  it('does not flap when one level is too little and the next is calm', () => {
    const core = new Core()
    core.run(1_800, () => ({ simulateMs: 2, sendMs: 46 }))
    // Half an hour. At most two changes a minute after the first tries.
    expect(core.changes).toBeLessThan(80)
    const lastTenMinutes = core.levels.slice(-36_000)
    expect(lastTenMinutes.filter((level, n) => n > 0 && level !== lastTenMinutes[n - 1]).length).toBeLessThan(24)
    expect(lastTenMinutes.filter((level) => level === 0).length).toBeLessThan(36_000 * 0.1)
  })
})
