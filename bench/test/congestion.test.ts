/**
 * Congestion: a downlink that cannot carry all snapshots. It shows in the round trip, and snapshots are thinned before the queue becomes long.
 */
import { describe, expect, it } from 'vitest'
import { duel, duelRules } from '../src/lab/duel.ts'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'

interface Course {
  /** How long after its tick each snapshot came, in ms, of the last ten seconds. */
  readonly lateness: number[]
  readonly framesPerSecond: number
  readonly skipped: number
}

/** Two steer about; the first has the narrow downlink, with a queue that holds minutes. */
async function play(ordered: boolean, bandwidth: number | undefined): Promise<Course> {
  const lab = new Lab({ game: duel, rules: duelRules, seed: 31 })
  const direction = { delayMs: 30, jitterMs: 5, queueBytes: 1_000_000 }
  const toClient = bandwidth === undefined ? direction : { ...direction, bandwidth }
  const path = { rttMs: 60, ordered, direction }
  const narrow = await lab.join({ path: { ...path, toClient }, sample: pilot(311).sample })
  await lab.join({ path, sample: pilot(312).sample })
  await lab.run(20_000)
  const lateness: number[] = []
  let newest = narrow.stats.serverTick
  const before = narrow.stats.frames
  for (let n = 0; n < 2_000; n++) {
    await lab.run(5)
    const { serverTick } = narrow.stats
    if (serverTick === newest) continue
    newest = serverTick
    const server = [...lab.host.rooms.values()][0]
    lateness.push((((server?.tick ?? 0) - serverTick) * 1000) / 60)
  }
  const player = [...lab.host.rooms.values()][0]?.players.get(narrow.seat)
  return {
    lateness,
    framesPerSecond: (narrow.stats.frames - before) / 10,
    skipped: player?.stats.framesSkipped ?? 0,
  }
}

describe('a downlink that carries only half of the snapshots', () => {
  it.each([
    ['an ordered link', true],
    ['datagrams', false],
  ] as const)('over %s: thins them before they queue, and what comes is fresh', async (_name, ordered) => {
    const wide = await play(ordered, undefined)
    expect(wide.framesPerSecond).toBeCloseTo(20, 0)
    // Twenty frames a second, of about 20 bytes and 48 of headers, take some 1,400 bytes.
    const { lateness, framesPerSecond, skipped } = await play(ordered, 900)
    expect(skipped).toBeGreaterThan(50)
    expect(framesPerSecond).toBeGreaterThan(3)
    expect(framesPerSecond).toBeLessThan(15)
    // Without thinning the queue would grow by half a second in each second, to more than ten.
    expect(Math.max(...lateness)).toBeLessThan(1000)
    expect(lateness.toSorted((a, b) => a - b)[lateness.length >> 1]).toBeLessThan(400)
  })
})
