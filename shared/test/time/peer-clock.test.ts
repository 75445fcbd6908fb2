/** The clock that follows peers, with the true time known: each peer's error is chosen, and exchanges take 0.2 ms and an exponential jitter each way. */
import { describe, expect, it } from 'vitest'
import { PeerClock } from '../../src/time/peer-clock.ts'
import { VirtualScheduler } from '../../src/time/virtual-scheduler.ts'

interface FakePeer {
  stratum: number
  /** What its time is off by. */
  wrongMs: number
  rootErrorMs: number
  silent: boolean
}

class Group {
  readonly time = new VirtualScheduler({ startMs: 1_000 })
  readonly clock: PeerClock
  readonly peers = new Map<string, FakePeer>()
  readonly outcomes: string[] = []
  /** How much our own clock is ahead of the truth. */
  localAheadMs = 0
  driftPpm = 0
  worstMs = 0
  backwards = 0
  #last = Number.NEGATIVE_INFINITY
  #random = 12_345

  constructor(stratum: number, peers: Record<string, Partial<FakePeer>>) {
    this.clock = new PeerClock(stratum)
    for (const [id, peer] of Object.entries(peers)) {
      this.peers.set(id, { stratum: 1, wrongMs: 0, rootErrorMs: 0, silent: false, ...peer })
    }
  }

  local(trueMs: number): number {
    return trueMs * (1 - this.driftPpm * 1e-6) + this.localAheadMs
  }

  get errorMs(): number {
    return this.clock.now(this.local(this.time.now())) - this.time.now()
  }

  /** An exchange with each peer, and an update, once a second. */
  run(seconds: number): void {
    this.worstMs = 0
    this.outcomes.length = 0
    for (let second = 0; second < seconds; second++) {
      const now = this.time.now()
      for (const [id, peer] of this.peers) {
        if (peer.silent) continue
        const there = now + 0.2 + this.#jitter()
        const back = there + 0.2 + this.#jitter()
        const stamp = there + peer.wrongMs
        const { stratum, rootErrorMs } = peer
        this.clock.addSample({ id, stratum, rootErrorMs }, this.local(now), stamp, stamp, this.local(back))
      }
      this.time.runUntil(now + 500)
      const before = this.clock.now(this.local(now + 500))
      if (before < this.#last) this.backwards++
      const outcome = this.clock.update(this.local(now + 500))
      this.outcomes.push(outcome)
      this.#last = this.clock.now(this.local(now + 500))
      if (outcome !== 'stepped' && this.#last < before) this.backwards++
      this.time.runUntil(now + 1_000)
      this.worstMs = Math.max(this.worstMs, Math.abs(this.errorMs))
    }
  }

  peer(id: string): FakePeer {
    const peer = this.peers.get(id)
    if (peer === undefined) throw new Error(`no peer ${id}`)
    return peer
  }

  #jitter(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0
    return -Math.log(1 - this.#random / 2 ** 32) * 0.3
  }
}

const three = { a: {}, b: {}, c: {} }

describe('a clock that follows peers', () => {
  it.each([-200, 0, 200])('keeps within 0.5 ms of them under a drift of %i ppm, and says so', (driftPpm) => {
    const group = new Group(2, three)
    group.driftPpm = driftPpm
    group.localAheadMs = 40
    group.run(120)
    group.run(300)
    expect(group.worstMs).toBeLessThan(0.5)
    expect(group.worstMs).toBeLessThan(group.clock.rootErrorMs(group.local(group.time.now())))
    expect(group.clock.rootErrorMs(group.local(group.time.now()))).toBeLessThan(3)
    expect([group.clock.steps, group.backwards]).toEqual([0, 0])
  })

  it('is its own machine’s time until there is a peer, then is set to theirs, however far', () => {
    const group = new Group(2, { a: { silent: true } })
    group.localAheadMs = 3_600_000
    group.run(5)
    expect(new Set(group.outcomes)).toEqual(new Set(['alone']))
    expect(group.errorMs).toBeCloseTo(3_600_000, 6)
    expect(group.clock.rootErrorMs(0)).toBe(Number.POSITIVE_INFINITY)
    group.peer('a').silent = false
    group.run(1)
    expect(group.outcomes).toEqual(['stepped'])
    expect(Math.abs(group.errorMs)).toBeLessThan(1)
    expect(group.clock.steps).toBe(0)
  })

  it('follows no peer of its own stratum or a higher one, and none at all as the source', () => {
    const group = new Group(2, { a: { stratum: 2, wrongMs: 50 }, b: { stratum: 3, wrongMs: 50 } })
    group.run(10)
    expect(new Set(group.outcomes)).toEqual(new Set(['alone']))
    // The source of time died: another takes its place, and the time goes on.
    const heir = new Group(2, { a: { wrongMs: 50 } })
    heir.run(30)
    heir.clock.stratum = 1
    heir.run(30)
    expect(new Set(heir.outcomes)).toEqual(new Set(['alone']))
    expect(Math.abs(heir.errorMs - 50)).toBeLessThan(0.5)
    expect(heir.clock.rootErrorMs(heir.local(heir.time.now()))).toBe(0)
  })

  it('slews up to 128 ms, at no more than 500 ppm', () => {
    const group = new Group(2, three)
    group.run(30)
    for (const peer of group.peers.values()) peer.wrongMs = 100
    group.run(10)
    expect(new Set(group.outcomes)).toEqual(new Set(['slewed']))
    expect(Math.abs(group.errorMs)).toBeLessThan(10 * 0.5 + 0.5)
    group.run(400)
    expect(Math.abs(group.errorMs - 100)).toBeLessThan(1)
    expect([group.clock.steps, group.backwards]).toEqual([0, 0])
  })

  it('steps above 128 ms, but not twice within a minute', () => {
    const group = new Group(2, three)
    group.run(30)
    for (const peer of group.peers.values()) peer.wrongMs = 1_000
    // Each peer’s own filter believes its third exchange.
    group.run(5)
    expect(group.outcomes.filter((outcome) => outcome === 'stepped')).toHaveLength(1)
    expect(Math.abs(group.errorMs - 1_000)).toBeLessThan(2)
    for (const peer of group.peers.values()) peer.wrongMs = -1_000
    group.run(50)
    expect(group.clock.steps).toBe(1)
    expect(group.outcomes.at(-1)).toBe('held')
    expect(Math.abs(group.errorMs - 1_000)).toBeLessThan(2)
    group.run(20)
    expect(group.clock.steps).toBe(2)
    expect(Math.abs(group.errorMs + 1_000)).toBeLessThan(2)
  })

  it('is set right by the third exchange after its own machine’s clock was set forward by 30 s, as three peers agree on it', () => {
    const group = new Group(2, three)
    group.run(70)
    group.localAheadMs += 30_000
    group.run(3)
    group.run(60)
    expect(group.worstMs).toBeLessThan(1)
    expect(group.clock.steps).toBe(1)
  })

  it('loses only what passed unseen when its own machine’s clock was set back by 30 s', () => {
    const group = new Group(2, three)
    group.run(70)
    group.localAheadMs -= 30_000
    group.run(1)
    expect(group.worstMs).toBeLessThan(1)
    group.run(60)
    // Half a second passed between the last look and the first after it: above 128 ms, so that is stepped.
    expect(Math.abs(group.errorMs)).toBeLessThan(1)
    expect(group.clock.steps).toBe(1)
    expect(group.backwards).toBe(0)
  })
})

describe('insane time', () => {
  it.each([30_000, -30_000])(
    'of %i ms is left alone while one or two peers say so, and believed from three',
    (wrongMs) => {
      const group = new Group(2, { a: {} })
      group.run(70)
      group.peer('a').wrongMs = wrongMs
      group.run(60)
      expect(group.outcomes.at(-1)).toBe('insane')
      expect(group.clock.insane).toBeGreaterThan(50)
      expect(Math.abs(group.errorMs)).toBeLessThan(1)
      group.peers.set('b', { ...group.peer('a') })
      group.run(60)
      expect(group.outcomes.at(-1)).toBe('insane')
      expect(Math.abs(group.errorMs)).toBeLessThan(1)
      group.peers.set('c', { ...group.peer('a') })
      group.run(2)
      expect(group.outcomes).toContain('stepped')
      expect(Math.abs(group.errorMs - wrongMs)).toBeLessThan(2)
    },
  )

  it('of one peer does not keep the others from being followed', () => {
    const group = new Group(2, { a: {}, mad: {} })
    group.run(30)
    group.peer('mad').wrongMs = 50_000
    group.driftPpm = 0
    group.peer('a').wrongMs = 5
    group.run(200)
    expect(group.outcomes.at(-1)).toBe('slewed')
    expect(Math.abs(group.errorMs - 5)).toBeLessThan(0.5)
  })
})

describe('peers that disagree', () => {
  it('are outvoted by a majority, without being insane', () => {
    const group = new Group(2, { ...three, wrong: { wrongMs: 400 } })
    group.run(100)
    group.run(60)
    expect(group.worstMs).toBeLessThan(0.5)
    expect(group.clock.steps).toBe(0)
  })

  it('without a majority leave the clock as it goes', () => {
    const group = new Group(2, { a: {} })
    group.run(70)
    group.peers.set('b', { ...group.peer('a'), wrongMs: 400 })
    group.run(100)
    expect(group.outcomes.at(-1)).toBe('split')
    expect(Math.abs(group.errorMs)).toBeLessThan(1)
    // The uncertainty grows meanwhile, at the rate of the worst clock.
    expect(group.clock.rootErrorMs(group.local(group.time.now()))).toBeGreaterThan(100_000 * 400e-6)
  })

  it('are forgotten a minute after they fell silent, or at once when they are gone', () => {
    const group = new Group(2, { a: {} })
    group.run(10)
    group.peer('a').silent = true
    group.run(59)
    expect(group.outcomes.at(-1)).toBe('slewed')
    group.run(5)
    expect(group.outcomes.at(-1)).toBe('alone')
    const other = new Group(2, { a: {} })
    other.run(10)
    other.peer('a').silent = true
    other.clock.forget('a')
    other.run(1)
    expect(other.outcomes).toEqual(['alone'])
  })

  it('are 32 at most', () => {
    const clock = new PeerClock(2)
    const kept = Array.from({ length: 40 }, (_, n) =>
      clock.addSample({ id: `p${n}`, stratum: 1, rootErrorMs: 0 }, 0, 10, 10, 1),
    )
    expect(kept.filter(Boolean)).toHaveLength(32)
  })

  it('cannot be followed from a stratum that does not exist', () => {
    expect(() => new PeerClock(0)).toThrow('stratum 0')
  })
})
