/** Clocks of a cluster on virtual time: each shard's local clock has an error of its own, datagrams take 0.3 ms and an exponential jitter, and may be lost. */
import { SeededRandom, VirtualScheduler } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { parseClockMessage } from '../../../src/cluster/clock/clock-message.ts'
import { ClusterClock } from '../../../src/cluster/clock/cluster-clock.ts'
import type { View } from '../../../src/cluster/view/view.ts'

const lifeOf = (index: number) => index.toString(16).padStart(16, '0')

class Shard {
  aheadMs = 0
  driftPpm = 0
  clock: ClusterClock | undefined
}

class Group {
  readonly time = new VirtualScheduler({ startMs: 50_000 })
  readonly shards: Shard[] = []
  readonly cut = new Set<string>()
  loss = 0
  #random = new SeededRandom(7)

  constructor(size: number, change: (shard: Shard, index: number) => void = () => {}) {
    for (let index = 0; index < size; index++) {
      const shard = new Shard()
      shard.aheadMs = 1_000_000 * (index + 1)
      change(shard, index)
      this.shards.push(shard)
      this.start(index)
    }
    this.install(this.shards.map((_, index) => index))
  }

  local(index: number): number {
    const shard = this.shard(index)
    return this.time.now() * (1 + shard.driftPpm * 1e-6) + shard.aheadMs
  }

  shard(index: number): Shard {
    const shard = this.shards[index]
    if (shard === undefined) throw new Error(`no shard ${index}`)
    return shard
  }

  clock(index: number): ClusterClock {
    const { clock } = this.shard(index)
    if (clock === undefined) throw new Error(`shard ${index} is down`)
    return clock
  }

  /** With a wall clock that is off by seconds. */
  start(index: number): void {
    const wallMs = 1.7e12 + this.time.now() + 3_000 * index
    this.shard(index).clock = new ClusterClock(
      { life: lifeOf(index), wallMs, nowMs: this.local(index) },
      { send: (to, message) => this.#send(index, Number.parseInt(to, 16), message) },
    )
  }

  /** A view of these, the first the oldest. */
  install(order: readonly number[]): void {
    const members = order.map((index, at) => ({
      life: lifeOf(index),
      name: `s${index}`,
      address: '',
      url: '',
      zone: '',
      weight: 1,
      draining: false,
      since: at + 1,
    }))
    const view: View = { cluster: 'c', generation: 1, number: 1, members, voters: [] }
    for (const index of order) this.shard(index).clock?.viewInstalled(view, this.local(index))
  }

  run(seconds: number): void {
    const endMs = this.time.now() + seconds * 1000
    while (this.time.now() < endMs) {
      for (const [index, { clock }] of this.shards.entries()) {
        if (clock !== undefined && clock.nextMs <= this.local(index)) clock.tick(this.local(index))
      }
      this.time.runUntil(this.time.now() + 10)
    }
  }

  /** The greatest difference between any two of these. */
  spreadMs(of = this.shards.map((_, index) => index)): number {
    const times = of.map((index) => this.clock(index).now(this.local(index)))
    return Math.max(...times) - Math.min(...times)
  }

  #send(from: number, to: number, message: unknown): void {
    if (this.cut.has(`${from}-${to}`) || this.#random.next() < this.loss) return
    const delayMs = 0.3 - 0.5 * Math.log(1 - this.#random.next())
    const parsed = parseClockMessage(structuredClone(message))
    this.time.at(this.time.now() + delayMs, () => {
      if (parsed !== undefined) this.shard(to).clock?.receive(lifeOf(from), parsed, this.local(to))
    })
  }
}

describe('the cluster’s clock', () => {
  it('is one time on all shards, the root’s, within what each says that it may be off by', () => {
    const group = new Group(6, (shard, index) => {
      shard.driftPpm = 40 * index - 100
    })
    group.loss = 0.2
    group.run(120)
    expect(group.spreadMs()).toBeLessThan(3)
    for (let index = 1; index < 6; index++) {
      const rootMs = group.clock(0).now(group.local(0))
      const offMs = Math.abs(group.clock(index).now(group.local(index)) - rootMs)
      expect(offMs).toBeLessThan(group.clock(index).errorMs(group.local(index)))
      for (const { errorMs, offsetMs } of group.clock(index).peers(group.local(index))) {
        expect(Math.abs(offsetMs)).toBeLessThan(errorMs + 5)
      }
    }
    expect(group.shards.map((_, index) => group.clock(index).stratum)).toEqual([1, 2, 3, 4, 5, 5])
    expect(group.clock(5).peers(group.local(5))).toHaveLength(5)
  })

  it('goes on without a jump when the root is gone and the next oldest takes its place', () => {
    const group = new Group(5)
    group.run(60)
    const before = group.clock(1).now(group.local(1)) - group.time.now()
    group.shard(0).clock = undefined
    group.install([1, 2, 3, 4])
    group.run(60)
    expect(group.clock(1).stratum).toBe(1)
    expect(Math.abs(group.clock(1).now(group.local(1)) - group.time.now() - before)).toBeLessThan(1)
    expect(group.spreadMs([1, 2, 3, 4])).toBeLessThan(3)
    expect(group.clock(4).steps).toBe(0)
  })

  it('sets a shard that comes back with a new life to the others’ time', () => {
    const group = new Group(4)
    group.run(30)
    group.shard(3).aheadMs += 5_000_000
    group.start(3)
    group.install([0, 1, 2, 3])
    group.run(3)
    expect(group.spreadMs()).toBeLessThan(3)
  })

  it('is not led astray by one clock that jumps, where three others agree', () => {
    const group = new Group(6)
    group.run(60)
    // Shard 2's machine is set forward by five seconds.
    group.shard(2).aheadMs += 5_000
    group.run(1)
    const others = [0, 1, 3, 4, 5]
    for (let second = 0; second < 60; second++) {
      group.run(1)
      expect(group.spreadMs(others)).toBeLessThan(5)
    }
    // And it is brought back, by a step.
    expect(group.spreadMs()).toBeLessThan(5)
    expect(group.clock(2).steps).toBe(1)
  })

  it('follows a younger member where it hears of no older one, and never one that follows it', () => {
    const group = new Group(3)
    group.run(30)
    group.cut.add('0-1').add('1-0')
    group.shard(1).driftPpm = 300
    for (let second = 0; second < 120; second++) {
      group.run(1)
      const [one, two] = [group.clock(1), group.clock(2)]
      expect(one.follows.includes(lifeOf(2)) && two.follows.includes(lifeOf(1))).toBe(false)
    }
    expect(group.clock(1).follows).toEqual([lifeOf(2)])
    expect(group.spreadMs()).toBeLessThan(5)
  })

  it('believes no answer that it did not ask for, nor a message out of form', () => {
    const group = new Group(2)
    group.run(10)
    const before = group.clock(1).now(group.local(1))
    const lie = { kind: 'answer', id: 999, receivedMs: 5, sentMs: 5, stratum: 1, rootErrorMs: 0, follows: [] } as const
    for (let n = 0; n < 10; n++) group.clock(1).receive(lifeOf(0), lie, group.local(1))
    expect(group.clock(1).now(group.local(1))).toBe(before)
    for (const wrong of [
      null,
      5,
      {},
      { ...lie, id: -1 },
      { ...lie, stratum: 0 },
      { ...lie, sentMs: Number.NaN },
      { ...lie, follows: ['x'] },
    ]) {
      expect(parseClockMessage(wrong)).toBeUndefined()
    }
    expect(parseClockMessage(lie)).toEqual(lie)
  })
})
