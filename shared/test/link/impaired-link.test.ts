/** What every link does is in the server's conformance suite; here is what only this one does. */
import { describe, expect, it } from 'vitest'
import { impairLink } from '../../src/link/impaired-link.ts'
import { Impairment, type ImpairmentOptions } from '../../src/link/impairment.ts'
import type { CloseReason, Lane, Link } from '../../src/link/link.ts'
import { createLinkPair } from '../../src/link/memory-link.ts'
import { VirtualScheduler } from '../../src/time/virtual-scheduler.ts'

class Heard {
  readonly messages: { atMs: number; lane: Lane; n: number }[] = []
  readonly closes: { atMs: number; reason: CloseReason }[] = []
  constructor(link: Link, scheduler: VirtualScheduler) {
    link.attach({
      onMessage: (lane, bytes) => this.messages.push({ atMs: scheduler.now(), lane, n: bytes[0] ?? -1 }),
      onClose: (reason) => this.closes.push({ atMs: scheduler.now(), reason }),
    })
  }
}

/** A perfect pair, the near end wrapped. */
function wrapped(out: ImpairmentOptions, back: ImpairmentOptions, ordered = true) {
  const scheduler = new VirtualScheduler()
  const [near, far] = createLinkPair(scheduler, {}, {}, { ordered })
  const models = { out: new Impairment(out), in: new Impairment(back) }
  const link = impairLink(near, scheduler, models)
  const atNear = new Heard(link, scheduler)
  const atFar = new Heard(far, scheduler)
  return { scheduler, link, far, models, atNear, atFar }
}

const reason: CloseReason = { code: 'ROOM_CLOSED', message: 'The end.' }

describe('an impaired link', () => {
  it('delays what is sent by one model and what arrives by the other', () => {
    const { scheduler, link, far, atNear, atFar } = wrapped({ delayMs: 30 }, { delayMs: 70 })
    link.send('reliable', Uint8Array.of(1))
    far.send('reliable', Uint8Array.of(2))
    scheduler.runUntil(1_000)
    expect(atFar.messages).toEqual([{ atMs: 30, lane: 'reliable', n: 1 }])
    expect(atNear.messages).toEqual([{ atMs: 70, lane: 'reliable', n: 2 }])
  })

  it('loses, repeats and reorders datagrams of two lanes, and nothing of the reliable one', () => {
    const bad = { seed: 2, delayMs: 20, jitterMs: 20, loss: 0.2, duplicate: 0.1, reorder: 0.1, reorderMs: 50 }
    const { scheduler, link, atFar } = wrapped(bad, {}, false)
    for (let n = 0; n < 200; n++) {
      link.send('reliable', Uint8Array.of(n))
      link.send('datagram', Uint8Array.of(n))
      scheduler.runUntil(scheduler.now() + 10)
    }
    scheduler.runUntil(60_000)
    const on = (lane: Lane) => atFar.messages.filter((message) => message.lane === lane).map(({ n }) => n)
    expect(on('reliable')).toEqual(Array.from({ length: 200 }, (_, n) => n))
    const datagrams = on('datagram')
    expect(new Set(datagrams).size).toBeLessThan(180)
    expect(new Set(datagrams).size).toBeLessThan(datagrams.length)
    expect(datagrams.some((n, index) => n < (datagrams[index - 1] ?? 0))).toBe(true)
  })

  it('tells of the end after everything that arrived before it, and delivers nothing after', () => {
    const { scheduler, link, far, atNear } = wrapped({}, { delayMs: 100, jitterMs: 50, loss: 0.3 })
    for (let n = 0; n < 20; n++) far.send('reliable', Uint8Array.of(n))
    far.close(reason)
    scheduler.runUntil(50)
    expect(atNear.closes).toEqual([])
    scheduler.runUntil(60_000)
    link.send('reliable', Uint8Array.of(9))
    expect(atNear.messages.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(atNear.closes.map((close) => close.reason)).toEqual([reason])
    expect(atNear.closes[0]?.atMs).toBeGreaterThanOrEqual(atNear.messages.at(-1)?.atMs ?? 0)
  })

  it('delivers no datagram after the end, however late it is', () => {
    const { scheduler, far, atNear } = wrapped({}, { reorder: 1, reorderMs: 500 }, false)
    far.send('datagram', Uint8Array.of(1))
    far.close(reason)
    scheduler.runUntil(1_000)
    expect([atNear.messages.length, atNear.closes.length]).toEqual([0, 1])
  })

  it('hears of its own close at once, and the peer after the delay', () => {
    const { scheduler, link, atNear, atFar } = wrapped({ delayMs: 80 }, { delayMs: 80 })
    link.close(reason)
    expect(atNear.closes).toEqual([])
    scheduler.runUntil(1_000)
    expect([atNear.closes, atFar.closes]).toEqual([[{ atMs: 0, reason }], [{ atMs: 80, reason }]])
  })

  it('counts what waits at its own bottleneck, and is changed and frozen while it runs', () => {
    const { scheduler, link, models, atFar } = wrapped({ bandwidth: 1_000 }, {})
    link.send('reliable', new Uint8Array(952))
    expect(link.bufferedBytes).toBe(1_000)
    models.out.change({ bandwidth: undefined, delayMs: 10 }, scheduler.now())
    expect(link.bufferedBytes).toBe(0)
    scheduler.runUntil(2_000)
    models.out.freeze(2_000, 300)
    link.send('reliable', Uint8Array.of(7))
    scheduler.runUntil(5_000)
    expect(atFar.messages.map(({ atMs }) => atMs)).toEqual([1_000, 2_300])
  })

  it.each(['out', 'in'] as const)('ends with TOO_SLOW when more waits on the way %s than it has memory for', (way) => {
    const { scheduler, link, far, atNear } = wrapped({ delayMs: 60_000 }, { delayMs: 60_000 })
    const message = new Uint8Array(65_536)
    for (let n = 0; n < 200 && atNear.closes.length === 0; n++) {
      if (way === 'out') link.send('reliable', message)
      else far.send('reliable', message)
      scheduler.runUntil(scheduler.now() + 1)
    }
    expect(atNear.closes.map((close) => close.reason.code)).toEqual(['TOO_SLOW'])
    expect(scheduler.now()).toBeGreaterThan(100)
  })
})
