import { describe, expect, it } from 'vitest'
import { History, RATE_SLOTS, type SampledStats, SLOT_MS, SLOTS } from '../../src/netgraph/history.ts'

const quiet: SampledStats = {
  rttMs: 40,
  lastRttMs: 42,
  jitterMs: 1,
  lossPct: 0,
  predictedTick: 0,
  leadMs: 30,
  marginMs: 5,
  lateInputs: 0,
  refusedPresses: 0,
  rollbacks: 0,
  corrections: 0,
  lastCorrection: 0,
  interpolationDelayMs: 60,
  snapshotLatenessMs: 20,
  starvedFrames: 0,
  drawnFrames: 0,
  frames: 0,
  framesLost: 0,
  checkFailures: 0,
  stalls: 0,
  bytesInByKind: { snapshots: 0, control: 0 },
  bytesOutByKind: { inputs: 0, control: 0 },
  serverOverload: 0,
  serverTickLateMs: 0,
}

/** Numbers of a column as they are drawn, the newest last. */
function drawn(history: History, name: Parameters<History['read']>[0], slots: number): number[] {
  const into = new Float32Array(slots)
  history.read(name, into)
  return [...into]
}

describe('the history of a net graph', () => {
  it('keeps one sample a slot, however many display frames there are', () => {
    const history = new History()
    const taken = [0, 16, 33, 50, 66, 83, 127, 128].map((nowMs) => history.record(quiet, nowMs))
    expect(taken).toEqual([true, false, false, false, true, false, false, true])
    expect(history.length).toBe(3)
  })

  it('keeps how counts grew, and starts from what was counted before', () => {
    const history = new History()
    for (const [n, lateInputs] of [7, 7, 9, 9, 12].entries()) history.record({ ...quiet, lateInputs }, n * SLOT_MS)
    expect(drawn(history, 'lateInputs', 5)).toEqual([0, 0, 2, 0, 3])
    expect(history.sum('lateInputs', 2)).toBe(3)
  })

  it('shows nothing where nothing was sampled yet', () => {
    const history = new History()
    history.record(quiet, 0)
    expect(drawn(history, 'rttMs', 3)).toEqual([Number.NaN, Number.NaN, 40])
  })

  it('forgets what is older than twenty seconds', () => {
    const history = new History()
    for (let n = 0; n < SLOTS * 2.5; n++) history.record({ ...quiet, rttMs: n, rollbacks: n }, n * SLOT_MS)
    expect(history.length).toBe(SLOTS)
    expect(drawn(history, 'rttMs', SLOTS)).toEqual(Array.from({ length: SLOTS }, (_, i) => SLOTS * 1.5 + i))
    expect(history.sum('rollbacks', 10 * SLOTS)).toBe(SLOTS)
  })

  it('holds the levels over slots that a slow display skipped, and counts once', () => {
    const history = new History()
    history.record(quiet, 0)
    history.record({ ...quiet, rttMs: 90, corrections: 2 }, 3 * SLOT_MS)
    expect(drawn(history, 'rttMs', 4)).toEqual([40, 40, 40, 90])
    expect(drawn(history, 'corrections', 4)).toEqual([0, 0, 0, 2])
  })

  it.each([SLOTS - 1, SLOTS, SLOTS + 1, 5 * SLOTS + 7])('draws a gap for a hidden tab of %i slots', (passed) => {
    const history = new History()
    for (let n = 0; n < SLOTS; n++) history.record({ ...quiet, rollbacks: n }, n * SLOT_MS)
    history.record({ ...quiet, rttMs: 90, rollbacks: SLOTS }, (SLOTS - 1 + passed) * SLOT_MS)
    const rtts = drawn(history, 'rttMs', SLOTS)
    expect(rtts.at(-1)).toBe(90)
    expect(rtts.slice(0, -1).filter((value) => !Number.isNaN(value))).toHaveLength(Math.max(0, SLOTS - passed))
    expect(history.sum('rollbacks', SLOTS)).toBe(passed < SLOTS ? SLOTS - passed + 1 : 1)
  })

  it('gives rates a second, as a figure and as a curve', () => {
    const history = new History()
    const at = (snapshots: number) => ({ ...quiet, bytesInByKind: { snapshots, control: 0 } })
    for (let n = 0; n <= 60; n++) history.record(at(n * 64), n * SLOT_MS)
    expect(history.perSecond('snapshotsIn', 32)).toBeCloseTo(1000, 6)
    const curve = new Float32Array(61)
    history.readRate('snapshotsIn', curve)
    expect(curve[60]).toBeCloseTo(1000, 3)
    expect(curve[RATE_SLOTS]).toBeCloseTo(1000, 3)
    expect(curve[0]).toBe(0)
  })

  it('gives the mean of the last second, of what is known', () => {
    const history = new History()
    expect(history.recent('lastRttMs')).toBeNaN()
    history.record({ ...quiet, lastRttMs: 900 }, 0)
    for (let n = 1; n <= RATE_SLOTS; n++)
      history.record({ ...quiet, lastRttMs: n === 2 ? Number.NaN : n === 3 ? 20 : 50 }, n * SLOT_MS)
    expect(history.recent('lastRttMs')).toBeCloseTo(48, 5)
  })

  it('gives shares in percent, 0 of nothing, and never less', () => {
    const history = new History()
    expect(history.percent('starvedFrames', 'drawnFrames', 100)).toBe(0)
    history.record(quiet, 0)
    history.record({ ...quiet, drawnFrames: 8, starvedFrames: 2, framesLost: -1, frames: 4 }, SLOT_MS)
    expect(history.percent('starvedFrames', 'drawnFrames', 100)).toBe(25)
    expect(history.percent('framesLost', 'frames', 100)).toBe(0)
  })

  it('takes the size of a correction only from samples in which there was one', () => {
    const history = new History()
    history.record({ ...quiet, corrections: 4, lastCorrection: 9 }, 0)
    expect(history.largestCorrection(100)).toBe(0)
    history.record({ ...quiet, corrections: 5, lastCorrection: 3 }, SLOT_MS)
    history.record({ ...quiet, corrections: 5, lastCorrection: 3 }, 2 * SLOT_MS)
    expect(history.largestCorrection(100)).toBe(3)
    expect(history.largestCorrection(1)).toBe(0)
  })
})
