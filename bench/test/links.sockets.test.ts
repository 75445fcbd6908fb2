import { describe, expect, it } from 'vitest'
import { figuresOf, type PlayerTally } from '../src/links/link-figures.ts'
import { compareLinks } from '../src/links/links.ts'
import { withoutCandidates } from '../src/links/signal-relay.ts'
import { TickTimes } from '../src/links/tick-times.ts'

const TALLY: PlayerTally = {
  lateInputs: 3,
  refusedPresses: 1,
  ticks: 600,
  starvedFrames: 6,
  drawnFrames: 600,
  framesLost: 10,
  frames: 190,
  reconnects: 0,
  rttMs: 100,
  leadMs: 80,
  interpolationDelayMs: 60,
  bytesDownPerSecond: 1000,
  bytesUpPerSecond: 500,
}

describe('the links bench', () => {
  it('plays over WebSocket and over WebRTC at once, all of it through the relays', { timeout: 60_000 }, async () => {
    const plan = { rttMs: 60, jitterMs: 0, lossPct: 0, lossBurst: 1, players: 1, seconds: 2, warmUpSeconds: 2, seed: 1 }
    const { links } = await compareLinks(plan)
    for (const figures of [links.websocket, links.webrtc]) {
      expect(figures.players).toBe(1)
      // What takes less has gone around the relay.
      expect(figures.rttMs).toBeGreaterThan(59)
      expect(figures.snapshotAgeP50Ms).toBeGreaterThan(29)
      expect(figures.bytesDownPerSecond).toBeGreaterThan(0)
      expect(figures.reconnects).toBe(0)
    }
  })

  it('takes shares of the sums over all players', () => {
    const quiet = { ...TALLY, lateInputs: 0, starvedFrames: 0, framesLost: 0, rttMs: 50 }
    const figures = figuresOf([30, 10, 20, 40], [TALLY, quiet])
    expect(figures).toMatchObject({ players: 2, snapshotAgeP50Ms: 20, snapshotAgeMaxMs: 40, rttMs: 75 })
    expect(figures.lateInputShare).toBeCloseTo(3 / 1200, 5)
    expect(figures.starvedShare).toBeCloseTo(6 / 1200, 5)
    expect(figures.snapshotsLostShare).toBeCloseTo(10 / 390, 5)
  })

  it('knows when a tick ended only as long as it keeps it, and by room', () => {
    const times = new TickTimes()
    for (let tick = 0; tick <= 600; tick++) times.note('a', tick, tick * 10)
    times.note('b', 7, 1)
    expect([times.at('a', 600), times.at('a', 200), times.at('a', 20), times.at('a', -1)]).toEqual([
      6000,
      2000,
      undefined,
      undefined,
    ])
    expect([times.at('b', 7), times.at('c', 7)]).toEqual([1, undefined])
  })

  it('takes the addresses out of an offer, and nothing else', () => {
    const offer = 'v=0\r\na=ice-ufrag:x\r\na=candidate:1 1 UDP 1 10.0.0.1 5000 typ host\r\na=setup:actpass\r\n'
    expect(withoutCandidates(offer)).toBe('v=0\r\na=ice-ufrag:x\r\na=setup:actpass\r\n')
  })
})
