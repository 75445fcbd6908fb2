/**
 * The quality bench itself: a cell repeats from its seed, a clean network gives clean figures, and what goes wrong is seen.
 */
import { describe, expect, it } from 'vitest'
import { type Condition, gridOf } from '../src/lab/conditions.ts'
import { makeBrawl } from '../src/quality/brawl.ts'
import { measureCell } from '../src/quality/measure.ts'
import { type CellTraces, playCell } from '../src/quality/play-cell.ts'
import { PlayerTrace } from '../src/quality/player-trace.ts'
import { targetsOf } from '../src/quality/targets.ts'

const CLEAN: Condition = { rttMs: 100, jitterMs: 0, lossPct: 0, link: 'datagram' }

async function cell(condition: Condition, seed = 1, seconds = 12) {
  const traces = await playCell({
    condition,
    jitterShape: 'uniform',
    seed,
    players: 4,
    warmUpSeconds: 8,
    seconds,
    displayHz: 60,
  })
  return measureCell(condition, traces)
}

/** Ten seconds of one player whose inputs are made 100 ms ahead and take 40 ms. */
function madeUp(): { traces: CellTraces; player: PlayerTrace } {
  const player = new PlayerTrace(makeBrawl(() => {}))
  const tickMs = 1000 / 60
  for (let tick = 0; tick <= 700; tick++) {
    player.inputs.madeMs[tick] = tick * tickMs - 100
    player.inputs.arrivedMs[tick] = tick * tickMs - 60
  }
  player.drawnFrames = 600
  player.clockErrorsMs.push(0)
  player.pressFrames.push(1)
  const traces = { epochMs: 0, tickMs, fromMs: 1000, fromTick: 60, untilTick: 660, untilMs: 11_000, players: [player] }
  return { traces, player }
}

describe('a cell of the quality bench', () => {
  it('is the same for the same seed, and another for another', async () => {
    const condition: Condition = { ...CLEAN, jitterMs: 20, lossPct: 5 }
    const first = await cell(condition, 3, 5)
    expect(await cell(condition, 3, 5)).toEqual(first)
    expect(await cell(condition, 4, 5)).not.toEqual(first)
  })

  it('is perfect on a clean network', async () => {
    const clean = await cell(CLEAN)
    expect(clean).toMatchObject({
      lateInputsPct: 0,
      starvationPct: 0,
      unexplainedCorrections: 0,
      hitAgreementPct: 100,
      clampedPct: 0,
      shotsLost: 0,
      pressToScreenP99Frames: 1,
    })
    expect(clean.shotsCompared).toBeGreaterThan(60)
    expect(clean.interferencePerMinute).toBeGreaterThan(10)
    expect(clean.clockErrorP99Ms).toBeLessThan(1)
    expect(clean.excessLeadMs).toBeLessThan(10)
  })

  it('stays playable on a bad one: shots are judged as seen, and nothing is corrected without a reason', async () => {
    const bad = await cell({ rttMs: 200, jitterMs: 50, lossPct: 5, link: 'datagram' }, 2, 20)
    expect(bad).toMatchObject({ unexplainedCorrections: 0, hitAgreementPct: 100, pressToScreenP99Frames: 1 })
    expect(bad.shotsCompared).toBeGreaterThan(50)
    // In twenty seconds one burst of losses weighs much: the limits of a minute do not hold yet.
    expect(bad.lateInputsPct).toBeLessThan(3)
    expect(bad.starvationPct).toBeLessThan(2)
    expect(bad.clockErrorP99Ms).toBeLessThan(5)
  })
})

describe('measuring', () => {
  it('finds no fault where there is none', () => {
    const { traces } = madeUp()
    expect(measureCell(CLEAN, traces)).toMatchObject({
      lateInputsPct: 0,
      leadMs: 100,
      excessLeadMs: 60,
      correctionsPerMinute: 0,
      unexplainedCorrections: 0,
    })
  })

  it('counts inputs that came late, and those that never came', () => {
    const { traces, player } = madeUp()
    player.inputs.arrivedMs[200] = 200 * traces.tickMs + 1
    delete player.inputs.arrivedMs[300]
    // Of the 600 ticks the last second does not count.
    expect(measureCell(CLEAN, traces).lateInputsPct).toBeCloseTo((100 * 2) / 540, 2)
  })

  it('tells corrections that a push, a hit or a late input explains from those that nothing does', () => {
    const { traces, player } = madeUp()
    player.inputs.arrivedMs[200] = 200 * traces.tickMs + 1
    player.pushedTicks.add(301)
    player.hurtTicks.add(401)
    for (const tick of [201, 302, 402, 500])
      player.corrections.push({ atMs: tick * 16, sinceTick: tick - 3, tick, size: 2 })
    const figures = measureCell(CLEAN, traces)
    expect(figures.unexplainedCorrections).toBe(1)
    expect(figures.interferencePerMinute).toBe(12)
    expect(figures.latenessPerMinute).toBe(6)
    expect(figures.correctionP99).toBe(2)
  })

  it('compares only shots that were on time, unclamped, between two snapshots, and undisturbed', () => {
    const { traces, player } = madeUp()
    const shoot = (tick: number, hit: number, judged: number, starved = false) => {
      player.shots.set(tick, { tick, hit, starved, knownTick: tick - 10 })
      player.judged.set(tick, judged)
    }
    shoot(100, 7, 7)
    shoot(130, 7, 0)
    shoot(160, 7, 0, true)
    shoot(190, 7, 0)
    player.clampedTicks.push(190)
    shoot(220, 7, 0)
    player.pushedTicks.add(215)
    player.shots.set(250, { tick: 250, hit: 7, starved: false, knownTick: 240 })
    player.judged.set(255, 7)
    expect(measureCell(CLEAN, traces)).toMatchObject({
      shotsCompared: 2,
      hitAgreementPct: 50,
      disturbedShots: 1,
      disturbedHitAgreementPct: 0,
      otherShots: 3,
      shotsLost: 0,
    })
  })
})

describe('targets', () => {
  it('name the worst cell, and are missed if one cell in their scope misses them', () => {
    const good = measureCell(CLEAN, madeUp().traces)
    const bad = { ...good, lossPct: 5, lateInputsPct: 1.5 }
    const outside = { ...good, lossPct: 10, lateInputsPct: 9 }
    const late = targetsOf([good, bad, outside]).find(({ name }) => name.startsWith('Late inputs'))
    expect(late).toMatchObject({
      worst: 1.5,
      limit: 1,
      passed: false,
      worstCell: 'datagram 100 ms, jitter 0 ms, loss 5 %',
    })
    expect(targetsOf([good, outside]).find(({ name }) => name.startsWith('Late inputs'))?.passed).toBe(true)
  })

  it('are missed by a cell without a value', () => {
    const good = measureCell(CLEAN, madeUp().traces)
    const unknown = { ...good, clockErrorP99Ms: Number.NaN }
    expect(targetsOf([unknown, good]).find(({ name }) => name.startsWith('Clock'))?.passed).toBe(false)
  })
})

describe('the grids', () => {
  it('hold 96 and 12 conditions, each once', () => {
    for (const [name, count] of [
      ['full', 96],
      ['small', 12],
    ] as const) {
      const names = gridOf(name).map((condition) => JSON.stringify(condition))
      expect(new Set(names).size).toBe(count)
    }
  })
})
