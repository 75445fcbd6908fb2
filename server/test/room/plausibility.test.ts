/** What each kind of cheat leaves as evidence: the counts and shares that `onSuspicion` and `stats` show. Honest players: bench/test/plausibility.test.ts. */
import { describe, expect, it } from 'vitest'
import type { PlayerStats, Suspicion } from '../../src/index.ts'
import {
  LEAST_WEIGHED,
  Plausibility,
  PRESS_TOO_FAST,
  SHARE_SECONDS,
  SUSPICION_KINDS,
} from '../../src/room/plausibility.ts'
import { type RawClient, TestServer } from '../raw-client.ts'
import { makeWalkers, type Walkers, walkerRules } from '../test-game.ts'

const TICK_MS = 1000 / 60
const RIGHT = [127] as const

/** One player who sends an honest input in time for each tick, after which `cheat` acts. */
function play(ticks: number, cheat: (client: RawClient, tick: number, n: number) => void) {
  const heard: Suspicion[] = []
  const rules = { ...walkerRules, onSuspicion: (_r: unknown, _p: unknown, what: Suspicion) => void heard.push(what) }
  const server = new TestServer<Walkers>(makeWalkers({ presses: [], throwAt: -1 }), rules)
  const client = server.join()
  server.play([client], 90)
  expect(heard).toEqual([])
  for (let n = 0; n < ticks; n++) {
    const next = server.nextTick(client)
    cheat(client, next, n)
    server.run(TICK_MS)
  }
  const stats = [...(server.host.rooms.get('main')?.players.values() ?? [])][0]?.stats as PlayerStats
  const of = (kind: Suspicion['kind']) => heard.filter((what) => what.kind === kind)
  return { heard, stats, of, last: heard.at(-1), client }
}

/** The stamp of a moment, made of the frames that the client has. */
function stampAt({ heads }: RawClient, view: number): [number, number, number] {
  const ticks = heads.map(({ tick }) => tick)
  const older = ticks.findLast((tick) => tick <= view) ?? 0
  const newer = ticks.find((tick) => tick > view) ?? older
  return [older, newer, newer === older ? 0 : Math.round(((view - older) * 256) / (newer - older))]
}

describe('a client that', () => {
  it('always claims to have seen longer ago than its link explains comes to a share of all its stamps', () => {
    const { last, stats, client } = play(400, (cheat, tick) => {
      const seen = cheat.newest - 12
      cheat.input(tick, RIGHT, [], [seen - 3, seen, 0])
    })
    expect(client.closed).toBeUndefined()
    expect(last).toMatchObject({ kind: 'stamp-clamped', share: expect.closeTo(1, 1) })
    expect(last?.amount).toBeGreaterThan(50)
    expect(last?.count).toBe(stats.clampedStamps)
  })

  it('lies only when it shoots is weighed by its shots', () => {
    const { last, stats } = play(600, (cheat, tick, n) => {
      const shoots = n % 20 === 0
      cheat.interpolationDelayMs = 100
      // At first the server learns the new delay.
      cheat.input(tick, RIGHT, [shoots ? 1 : 0], stampAt(cheat, tick - 7 - (shoots && n > 60 ? 12 : 0)))
    })
    expect(last?.share).toBeGreaterThan(0.9)
    expect(stats.clampedStamps).toBeLessThan(50)
  })

  it('presses faster than a hand is told apart from one that presses as fast as one can', () => {
    const hand = play(600, (client, tick, n) => client.input(tick, RIGHT, [n % 4 === 0 ? 1 : 0]))
    expect(hand.of('press-too-fast')).toEqual([])
    const script = play(600, (client, tick) => client.input(tick, RIGHT, [1]))
    expect(script.last).toMatchObject({ kind: 'press-too-fast', count: script.stats.fastPresses })
    expect(script.last?.share).toBeGreaterThan(0.5)
  })

  it('makes up acknowledgements is heard at each, and at no other', () => {
    const { of, stats } = play(30, (client, tick, n) => {
      const { newest } = client
      if (n >= 20) client.newest = newest + 500
      client.input(tick, RIGHT)
      client.newest = newest
    })
    expect(stats.inventedAcks).toBe(10)
    expect(of('ack-impossible')).toHaveLength(10)
    expect(of('ack-impossible').at(-1)?.amount).toBeGreaterThan(490)
  })

  it('sends an input again is honest, and one that sends another for the same tick is not', () => {
    const again = play(60, (client, tick) => {
      client.input(tick, RIGHT)
      client.input(tick, RIGHT)
    })
    expect(again.heard).toEqual([])
    const changed = play(60, (client, tick) => {
      client.input(tick, RIGHT)
      client.input(tick, [-127])
    })
    expect(changed.stats.contradictedInputs).toBe(60)
    expect(changed.last).toMatchObject({ kind: 'input-contradicts', share: expect.closeTo(0.5, 0) })
  })

  it('sends inputs for ticks far ahead is heard, once a tick however many it sends', () => {
    const { of, stats } = play(10, (client, tick) => {
      for (let n = 0; n < 5; n++) client.input(tick + 5_000 + n, RIGHT)
    })
    expect(stats.ignoredInputs).toBe(50)
    expect(of('input-ignored')).toHaveLength(10)
    expect(of('input-ignored').at(-1)).toMatchObject({ count: 50 })
    expect(of('input-ignored').at(-1)?.amount).toBeGreaterThan(4_900)
  })

  it('claims to draw others a second ago over a quick link is heard', () => {
    const { last, stats } = play(300, (client, tick) => {
      client.interpolationDelayMs = 1_000
      client.input(tick, RIGHT)
    })
    expect(last).toMatchObject({ kind: 'delay-too-long', share: expect.closeTo(1, 0) })
    expect(last?.amount).toBeGreaterThan(500)
    expect(stats.excessDelays).toBe(300)
  })
})

describe('a share', () => {
  it('is of the last seconds, and of at least ten', () => {
    const plausibility = new Plausibility(60, 1)
    const second = (from: number, presses: number) => {
      for (let tick = from; tick < from + 60; tick++) {
        plausibility.startTick(tick)
        if (tick === from && presses > 0) plausibility.pressed(0, presses, tick)
      }
    }
    second(60, 21)
    expect(plausibility.totals[PRESS_TOO_FAST]).toBe(1)
    expect(plausibility.shareOf(PRESS_TOO_FAST)).toBeCloseTo(1 / 21)
    for (let n = 2; n < 2 + SHARE_SECONDS; n++) second(n * 60, 0)
    expect(plausibility.shareOf(PRESS_TOO_FAST)).toBe(0)
    plausibility.note(PRESS_TOO_FAST, 1, 1)
    expect(plausibility.shareOf(PRESS_TOO_FAST)).toBe(1 / LEAST_WEIGHED)
    expect(plausibility.totals[PRESS_TOO_FAST]).toBe(2)
    expect(SUSPICION_KINDS[PRESS_TOO_FAST]).toBe('press-too-fast')
  })
})
