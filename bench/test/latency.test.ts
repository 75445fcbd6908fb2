/**
 * The latency bench measures what it says: on virtual time, where the truth is known.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { percentile } from '../src/figures.ts'
import type { Condition } from '../src/lab/conditions.ts'
import { cellOf, distributionOf } from '../src/latency/distribution.ts'
import { PressLog, type PressRecord, STAGES, stagesOf } from '../src/latency/press-log.ts'
import { type CellPlan, playVirtual } from '../src/latency/virtual-cell.ts'
import { ProgressMeter } from '../src/progress-meter.ts'

const PLAN: CellPlan = { seed: 5, warmUpMs: 5_000, measuredMs: 20_000, displayHz: 59.94, jitterShape: 'uniform' }
const CLEAN: Condition = { rttMs: 100, jitterMs: 0, lossPct: 0, link: 'datagram' }
const TICK_MS = 1000 / 60
const FRAME_MS = 1000 / PLAN.displayHz
/** Sums of times of up to a minute, as doubles. */
const EXACT_MS = 1e-6

const stageOf = (record: PressRecord, name: (typeof STAGES)[number]): number =>
  stagesOf(record)[STAGES.indexOf(name)] ?? Number.NaN

const shownOf = (records: readonly PressRecord[]): PressRecord[] =>
  records.filter(({ tick, shownMs }) => tick >= 0 && !Number.isNaN(shownMs))

describe('a press that is followed on virtual time', () => {
  const conditions: readonly Condition[] = [
    CLEAN,
    { rttMs: 40, jitterMs: 50, lossPct: 5, link: 'datagram' },
    { rttMs: 300, jitterMs: 20, lossPct: 10, link: 'datagram' },
    { rttMs: 40, jitterMs: 50, lossPct: 5, link: 'ordered' },
    { rttMs: 200, jitterMs: 0, lossPct: 10, link: 'ordered' },
  ]
  it.each(conditions)('takes stages that add up to the time until the other screen shows it: %o', async (condition) => {
    const records = await playVirtual(condition, PLAN)
    const shown = shownOf(records)
    expect(shown.length).toBeGreaterThan(150)
    expect(records.length - shown.length).toBeLessThan(0.1 * records.length)
    for (const record of shown) {
      const stages = stagesOf(record)
      for (const stage of stages) expect(stage).toBeGreaterThanOrEqual(0)
      const sum = stages.reduce((total, stage) => total + stage, 0)
      expect(Math.abs(sum - (record.shownMs - record.pressedMs))).toBeLessThan(EXACT_MS)
      // Nothing is faster than the network's floor, and no frame shows what its view time has not reached.
      expect(stageOf(record, 'uplink')).toBeGreaterThanOrEqual(condition.rttMs / 2 - EXACT_MS)
      expect(stageOf(record, 'downlink')).toBeGreaterThanOrEqual(condition.rttMs / 2 - EXACT_MS)
      expect(stageOf(record, 'display')).toBeLessThanOrEqual(FRAME_MS + EXACT_MS)
      expect(record.usableTick).toBeGreaterThanOrEqual(record.tick)
    }
  })

  it('finds on a clean network the delays that were put there', async () => {
    const shown = shownOf(await playVirtual(CLEAN, PLAN))
    for (const record of shown) {
      expect(Math.abs(stageOf(record, 'uplink') - 50)).toBeLessThan(EXACT_MS)
      expect(Math.abs(stageOf(record, 'downlink') - 50)).toBeLessThan(EXACT_MS)
      expect(stageOf(record, 'sampling')).toBeLessThanOrEqual(TICK_MS * 1.1)
      // A snapshot every third tick.
      const ticks = stageOf(record, 'snapshotWait') / TICK_MS
      expect(Math.abs(ticks - Math.round(ticks))).toBeLessThan(1e-3)
      expect(Math.round(ticks)).toBeLessThanOrEqual(2)
    }
    const waits = new Set(shown.map((record) => Math.round(stageOf(record, 'snapshotWait') / TICK_MS)))
    expect([...waits].sort()).toEqual([0, 1, 2])
  })

  it('shows on the own screen with the next display frame on a clean network, in every phase between ticks and frames', async () => {
    const records = await playVirtual(CLEAN, PLAN)
    for (const { ownFrames } of records) expect(ownFrames).toBe(1)
    const waits = records.map(({ ownMs, ownFrames, pressedMs }) => ownMs - pressedMs - (ownFrames - 1) * FRAME_MS)
    expect(Math.min(...waits)).toBeLessThan(0.1 * FRAME_MS)
    expect(Math.max(...waits)).toBeGreaterThan(0.9 * FRAME_MS)
  })

  it('is the same for the same seed, and another for another', async () => {
    const condition: Condition = { rttMs: 100, jitterMs: 20, lossPct: 5, link: 'ordered' }
    const plan = { ...PLAN, measuredMs: 3_000 }
    const first = await playVirtual(condition, plan)
    expect(await playVirtual(condition, plan)).toEqual(first)
    expect(await playVirtual(condition, { ...plan, seed: 6 })).not.toEqual(first)
  })
})

describe('a log of presses', () => {
  function logOf(presses: number): PressLog {
    const log = new PressLog()
    for (let n = 0; n < presses; n++) log.pressed(n)
    return log
  }

  it('counts a press that the server refused as lost, and gives its place to no other', () => {
    const log = logOf(3)
    log.left(3, 10)
    log.arrived(3, 20)
    log.computed(1, 1, 100, 30)
    log.computed(3, 1, 101, 31)
    log.sent(102, 40)
    log.usable(102, 50)
    log.otherFrame(0, 99, 51)
    log.otherFrame(3, 103, 60)
    expect(log.records.map(({ tick }) => tick)).toEqual([100, -1, 101])
    expect(cellOf(CLEAN, 'virtual', log.records)).toMatchObject({ pressesLost: 1, other: { count: 2, maxMs: 60 } })
  })

  it('knows between which frames the view time passed the snapshot, but not before the snapshot was there', () => {
    for (const [usableMs, reachedMs] of [
      [40, 55],
      [57, 57],
    ] as const) {
      const log = logOf(1)
      log.computed(1, 1, 100, 30)
      log.sent(100, 30)
      log.otherFrame(0, 99, 50)
      log.usable(100, usableMs)
      log.otherFrame(1, 101, 60)
      expect(log.records[0]).toMatchObject({ usableMs, reachedMs, shownMs: 60 })
    }
  })

  it('takes a snapshot that was starved for as reached when it comes', () => {
    const log = logOf(1)
    log.computed(1, 1, 100, 30)
    log.sent(102, 40)
    log.otherFrame(0, 110, 50)
    log.usable(102, 55)
    log.otherFrame(1, 111, 60)
    expect(log.records[0]).toMatchObject({ reachedMs: 55, shownMs: 60 })
  })

  it('counts the display frames from a press to its effect', () => {
    const log = new PressLog()
    log.ownFrame(0, 1)
    log.pressed(2)
    log.ownFrame(0, 3)
    log.ownFrame(1, 4)
    log.pressed(5)
    log.ownFrame(2, 6)
    expect(log.records.map(({ ownFrames, ownMs }) => [ownFrames, ownMs])).toEqual([
      [2, 4],
      [1, 6],
    ])
  })
})

describe('a distribution', () => {
  it('has the percentiles of its values, to four digits, and each value in one step', () => {
    const values = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 500 })
    fc.assert(
      fc.property(values, (times) => {
        const { count, p50Ms, p99Ms, maxMs, steps } = distributionOf(times)
        expect(count).toBe(times.length)
        for (const [found, share] of [
          [p50Ms, 0.5],
          [p99Ms, 0.99],
        ] as const) {
          const exact = percentile(times, share)
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.002 + exact * 2e-4)
        }
        expect(Math.abs(maxMs - Math.max(...times))).toBeLessThanOrEqual(0.001)
        let counted = 0
        for (const [at, [edge, inStep]] of steps.entries()) {
          counted += inStep
          expect(edge).toBeGreaterThan(steps[at - 1]?.[0] ?? -1)
          expect(counted).toBe(times.filter((time) => time <= edge).length)
        }
        expect(counted).toBe(times.length)
      }),
    )
  })

  it('of the stages of a cell has means that add up to the mean of the whole', async () => {
    const condition: Condition = { rttMs: 100, jitterMs: 20, lossPct: 5, link: 'datagram' }
    const { other, stages } = cellOf(condition, 'virtual', await playVirtual(condition, PLAN))
    const sum = stages.reduce((total, { meanMs }) => total + meanMs, 0)
    expect(Math.abs(sum - other.meanMs)).toBeLessThan(0.01)
  })
})

describe('progress', () => {
  function meterOn(isTTY: boolean) {
    let nowMs = 0
    const written: string[] = []
    const output = { isTTY, columns: 100, write: (text: string) => written.push(text) }
    const meter = new ProgressMeter(4, 10_000, () => nowMs, output)
    return { meter, written, pass: (ms: number) => (nowMs += ms) }
  }

  it('is one line that is written over where a person watches, and plain lines now and then elsewhere', () => {
    for (const isTTY of [true, false]) {
      const { meter, written, pass } = meterOn(isTTY)
      for (let n = 0; n < 4; n++) {
        meter.begin(`cell ${n}`)
        pass(1_000)
        meter.advance()
      }
      meter.end()
      if (isTTY) {
        expect(written).toHaveLength(5)
        for (const text of written) expect(text.startsWith('\r\u001b[K')).toBe(true)
        expect(written.join('')).not.toContain('\n')
      } else expect(written).toEqual(['  0 %  cell 0\n'])
    }
  })

  it('says how long is left by the pieces so far and what comes after them', () => {
    const { meter, written, pass } = meterOn(false)
    meter.begin('one')
    pass(6_000)
    meter.advance()
    meter.begin('two')
    expect(written.at(-1)).toBe(' 17 %  two, 28 s left\n')
    pass(18_000)
    for (let n = 0; n < 3; n++) meter.advance()
    pass(5_000)
    meter.begin('after')
    expect(written.at(-1)).toBe(' 85 %  after, 5 s left\n')
  })
})
