import { createLinkPair, type Link, NetError, VirtualScheduler } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { type BadNetwork, badNetwork } from '../../src/netgraph/bad-network.ts'

interface Arrival {
  readonly atMs: number
  readonly first: number
}

interface Ends {
  readonly scheduler: VirtualScheduler
  /** The end behind the bad network, and what came to it. */
  readonly near: Link
  readonly nearGot: Arrival[]
  readonly far: Link
  readonly farGot: Arrival[]
}

/** Two ends of a perfect link, with a bad network before one of them. */
function wrapped(network: BadNetwork, ordered: boolean): Ends {
  const scheduler = new VirtualScheduler()
  const [a, far] = createLinkPair(scheduler, {}, {}, { ordered })
  const near = network.wrapLink(a, scheduler)
  const nearGot: Arrival[] = []
  const farGot: Arrival[] = []
  const into = (got: Arrival[]) => ({
    onMessage: (_lane: string, bytes: Uint8Array) => got.push({ atMs: scheduler.now(), first: bytes[0] ?? 0 }),
    onClose: () => {},
  })
  near.attach(into(nearGot))
  far.attach(into(farGot))
  return { scheduler, near, nearGot, far, farGot }
}

function send(link: Link, ...numbers: readonly number[]): void {
  for (const number of numbers) link.send('datagram', Uint8Array.of(number))
}

describe('a bad network', () => {
  it('adds nothing until it is told to', () => {
    const { scheduler, near, farGot, far, nearGot } = wrapped(badNetwork(), true)
    send(near, 1)
    send(far, 2)
    scheduler.runUntil(1)
    expect(farGot).toEqual([{ atMs: 0, first: 1 }])
    expect(nearGot).toEqual([{ atMs: 0, first: 2 }])
  })

  it('adds its delay each way, and a changed one to what is sent from then on', () => {
    const network = badNetwork({ delayMs: 50 })
    const { scheduler, near, farGot, far, nearGot } = wrapped(network, false)
    send(near, 1)
    send(far, 2)
    scheduler.runUntil(1)
    network.change({ delayMs: 120 })
    send(near, 3)
    network.reset()
    send(near, 4)
    scheduler.runUntil(500)
    expect(farGot).toEqual([
      { atMs: 1, first: 4 },
      { atMs: 50, first: 1 },
      { atMs: 121, first: 3 },
    ])
    expect(nearGot).toEqual([{ atMs: 50, first: 2 }])
  })

  it('loses datagrams, but only stalls an ordered link', () => {
    const arrivals = (ordered: boolean) => {
      const { scheduler, near, farGot } = wrapped(badNetwork({ loss: 0.3, retransmitMs: 200, seed: 5 }), ordered)
      for (let n = 0; n < 200; n++) {
        send(near, n)
        scheduler.runUntil((n + 1) * 10)
      }
      scheduler.runUntil(10_000)
      return farGot
    }
    expect(arrivals(false).length).toBeGreaterThan(110)
    expect(arrivals(false).length).toBeLessThan(170)
    const stalled = arrivals(true)
    expect(stalled.map(({ first }) => first)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(Math.max(...stalled.map(({ atMs, first }) => atMs - first * 10))).toBeGreaterThanOrEqual(200)
  })

  it('does not lose the same ones both ways', () => {
    const { scheduler, near, farGot, far, nearGot } = wrapped(badNetwork({ loss: 0.3 }), false)
    for (let n = 0; n < 200; n++) {
      send(near, n)
      send(far, n)
    }
    scheduler.runUntil(100)
    expect(farGot.map(({ first }) => first)).not.toEqual(nearGot.map(({ first }) => first))
  })

  it('lets nothing through, either way, while it is frozen', () => {
    const network = badNetwork()
    const { scheduler, near, farGot, far, nearGot } = wrapped(network, true)
    scheduler.runUntil(100)
    network.freeze(1000)
    send(near, 1)
    scheduler.runUntil(700)
    send(far, 2)
    scheduler.runUntil(2000)
    send(near, 3)
    scheduler.runUntil(2001)
    expect(farGot).toEqual([
      { atMs: 1100, first: 1 },
      { atMs: 2000, first: 3 },
    ])
    expect(nearGot).toEqual([{ atMs: 1100, first: 2 }])
  })

  it('refuses what is out of bounds, and stays as it was', () => {
    const network = badNetwork({ delayMs: 30 })
    expect(() => network.change({ delayMs: 10, loss: 2 })).toThrow(NetError)
    expect(network.options.delayMs).toBe(30)
    expect(() => badNetwork({ jitterMs: -1 })).toThrow(NetError)
  })

  it('tells what it adds, and what kind of link it wraps', () => {
    const network = badNetwork({ delayMs: 30, loss: 0.1 })
    expect(network.ordered).toBeUndefined()
    expect(() => network.freeze(100)).not.toThrow()
    wrapped(network, true)
    expect(network.ordered).toBe(true)
    network.change({ loss: undefined, bandwidth: 8000 })
    expect(network.options).toMatchObject({ delayMs: 30, bandwidth: 8000 })
    expect(network.options.loss).toBeUndefined()
    network.reset()
    expect(Object.values(network.options).filter((value) => value !== undefined)).toEqual([])
  })
})
