/** The simulation of a cluster: that the true rules pass, that a run can be played again, and that it finds what is wrong. A thousand seeds: `npm run simulate -- --runs 1000`. */
import { describe, expect, it } from 'vitest'
import { FAULTS, parseFaults } from '../src/simulate/fault-names.ts'
import { findMistake, PLANTED, violationsWithout } from '../src/simulate/planted.ts'
import { runSimulation } from '../src/simulate/run.ts'
import { replayCommand, settingsOf } from '../src/simulate/seeds.ts'

const anything = { shards: undefined, minutes: undefined, faults: FAULTS }

describe('a simulated cluster', () => {
  it.each([1, 2, 3])('breaks no rule whatever goes wrong, and is well again afterwards: seed %i', async (seed) => {
    const result = await runSimulation(settingsOf(seed, anything))
    expect(result.violations, result.lastEvents.join('\n')).toEqual([])
    expect(result.healedMs).toBeDefined()
    expect(result.faults).toBeGreaterThan(10)
    expect(result.views).toBeGreaterThan(3)
    expect(result.roomTicks).toBeGreaterThan(500)
  })

  it('keeps its first view, and runs every room, where nothing goes wrong', async () => {
    const result = await runSimulation(settingsOf(7, { ...anything, minutes: 0.5, faults: [] }))
    expect(result.violations).toEqual([])
    // Shards start within half a second: who is late joins.
    expect(result.views).toBeLessThan(4)
    expect(result.framesRefused).toBe(0)
    expect(result.answers.lost ?? 0).toBe(0)
  })

  it('gives the same trace for the same seed, and another for another', async () => {
    const short = { ...anything, shards: 3, minutes: 0.4 }
    const first = await runSimulation(settingsOf(11, short))
    const again = await runSimulation(settingsOf(11, short))
    expect(again).toEqual(first)
    expect((await runSimulation(settingsOf(12, short))).traceHash).not.toBe(first.traceHash)
  })

  it.each(PLANTED)('finds that $name', async (mistake) => {
    const found = await findMistake(mistake)
    expect(found, `not in ${mistake.withinSeeds} seeds`).toBeDefined()
    if (found !== undefined) expect(await violationsWithout(mistake, found.seed)).toEqual([])
  })

  it('has at least ten mistakes to find', () => {
    expect(new Set(PLANTED.map(({ name }) => name)).size).toBeGreaterThanOrEqual(10)
  })

  it('says how a seed is played again, and knows its faults', () => {
    expect(replayCommand(settingsOf(4, anything))).toBe(
      'npm run simulate -- --seed 4 --shards 7 --minutes 0.65 --faults all',
    )
    expect(replayCommand(settingsOf(5, { ...anything, faults: parseFaults('hang,drift') }))).toContain(
      '--faults hang,drift',
    )
    expect(parseFaults('none')).toEqual([])
    expect(() => parseFaults('hang,earthquake')).toThrow(/no fault "earthquake"/)
  })
})
