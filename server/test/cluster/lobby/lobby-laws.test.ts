import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Life } from '../../../src/cluster/life.ts'
import { CausalLog } from '../../../src/cluster/lobby/causal-log.ts'
import { compareStamps, HybridClock } from '../../../src/cluster/lobby/hybrid-clock.ts'
import { LifeMap } from '../../../src/cluster/lobby/life-map.ts'
import { LOBBY_LIMITS, LOBBY_RULES } from '../../../src/cluster/lobby/lobby-rules.ts'
import type { OperationBody } from '../../../src/cluster/lobby/operation.ts'
import { SharedState } from '../../../src/cluster/lobby/shared-state.ts'
import { covers, sortedPairs } from '../../../src/cluster/lobby/version-vector.ts'
import { lifeOf, testHash } from './lobby-net.ts'

const limits = { ...LOBBY_LIMITS, maxLinesPerChannel: 4, maxLines: 7 }

/** A shard's shared state without a network. */
class Replica {
  readonly life: Life
  readonly state = new SharedState({ hash: testHash, rules: LOBBY_RULES, limits })
  readonly log: CausalLog
  readonly clock: HybridClock

  constructor(index: number) {
    this.life = lifeOf(index)
    this.clock = new HybridClock(this.life, 60_000)
    this.log = new CausalLog({ life: this.life, rules: LOBBY_RULES, limits }, (operation) => {
      this.clock.follow(operation.stamp, 0)
      this.state.apply(operation)
    })
  }

  do(kind: number, key: string, atMs: number): void {
    const { settings, bans } = this.state
    const bodies: OperationBody[] = [
      { kind: 'line', channel: key, from: this.life, text: `${atMs}` },
      { kind: 'store', store: 'settings', adds: true, key, value: atMs, removes: settings.store.dotsOf(key) },
      { kind: 'store', store: 'settings', adds: false, key, value: null, removes: settings.store.dotsOf(key) },
      { kind: 'store', store: 'bans', adds: true, key, value: null, removes: [] },
      { kind: 'store', store: 'bans', adds: false, key, value: null, removes: bans.store.dotsOf(key) },
    ]
    const body = bodies[kind % bodies.length]
    if (body !== undefined) this.log.say(body, this.clock.draw(atMs))
  }

  /** Takes in the operations it lacks; false: the other has only the whole. */
  follow(other: Replica): boolean {
    const lacked = other.log.lackedBy(this.log.delivered, Number.POSITIVE_INFINITY)
    if (lacked === 'whole') return false
    for (const operation of [...lacked.operations].reverse()) this.log.receive(operation)
    return true
  }

  join(other: Replica): this {
    const theirs = new Map(other.log.delivered)
    const whole = { entries: [...other.state.whole().entries], lines: [...other.state.whole().lines] }
    this.state.join(
      whole,
      (dot) => covers(theirs, dot),
      (dot) => this.log.covers(dot),
    )
    this.log.joined(theirs)
    return this
  }

  get text(): string {
    return JSON.stringify([sortedPairs(this.log.delivered), this.state.canonical(), this.state.root])
  }
}

const joinOf = (...replicas: readonly Replica[]): Replica =>
  replicas.reduce((all, each) => all.join(each), new Replica(99))

const step = fc.record({
  at: fc.nat(2),
  from: fc.nat(2),
  kind: fc.nat(6),
  key: fc.constantFrom('a', 'b', 'c'),
})

/** Three shards that wrote, and heard of each other now and then. */
const history = fc.array(step, { maxLength: 40 }).map((steps) => {
  const replicas = [new Replica(1), new Replica(2), new Replica(3)] as const
  for (const [index, { at, from, kind, key }] of steps.entries()) {
    const one = replicas[at] ?? replicas[0]
    const other = replicas[from] ?? replicas[0]
    if (kind > 4) one.follow(other)
    else one.do(kind, key, index)
  }
  return replicas
})

describe('what several shards write', () => {
  it('joins associatively, commutatively and idempotently', () => {
    fc.assert(
      fc.property(history, ([a, b, c]) => {
        const expected = joinOf(a, b, c).text
        expect(joinOf(c, b, a).text).toBe(expected)
        expect(joinOf(joinOf(b, c), a).text).toBe(expected)
        expect(joinOf(a, joinOf(b, c)).text).toBe(expected)
        expect(joinOf(a, b, c, b, a).text).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('is the same by operations, however they overtook each other, as by the whole state', () => {
    fc.assert(
      fc.property(history, ([a, b, c]) => {
        const whole = joinOf(a, b, c)
        expect(a.follow(b) && a.follow(c)).toBe(true)
        expect(a.text).toBe(whole.text)
        expect(b.follow(a)).toBe(true)
        expect(b.text).toBe(a.text)
      }),
      { numRuns: 300 },
    )
  })

  it('never brings back what was removed, by whatever old state', () => {
    const [a, b, c] = [new Replica(1), new Replica(2), new Replica(3)]
    a.do(3, 'mallory', 1)
    b.join(a)
    c.join(a)
    b.do(4, 'mallory', 2)
    a.join(b)
    expect(a.state.bans.has('mallory')).toBe(false)
    expect(a.join(c).state.bans.has('mallory')).toBe(false)
    // A ban that the removal could not see survives it.
    c.do(4, 'mallory', 3)
    c.do(3, 'mallory', 4)
    expect(a.join(c).state.bans.has('mallory')).toBe(true)
  })
})

describe('a map that one life writes', () => {
  const write = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    value: fc.option(fc.nat(9)),
    sync: fc.nat(7),
  })

  it('is the same by any chunks as whole, with tombstones collected or not, and by way of another replica', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), fc.integer({ min: 60, max: 400 }), (writes, budget) => {
        const author = new LifeMap(lifeOf(1), testHash, LOBBY_RULES)
        const near = new LifeMap(lifeOf(1), testHash, LOBBY_RULES)
        let far = new LifeMap(lifeOf(1), testHash, LOBBY_RULES)
        const follow = (to: LifeMap, from: LifeMap): LifeMap => {
          const chunk = from.chunk(to, budget)?.chunk
          const into = chunk?.reset ? new LifeMap(lifeOf(1), testHash, LOBBY_RULES) : to
          if (chunk !== undefined) expect(into.follow(chunk)).toBeDefined()
          return into
        }
        for (const { key, value, sync } of writes) {
          author.write(key, value)
          if (sync === 1) expect(follow(near, author)).toBe(near)
          if (sync === 2) far = follow(far, near)
          // The far replica is not asked: it will have to be reset.
          if (sync === 3) author.collect(near.version)
          if (sync === 4) near.collect(near.version)
        }
        while (near.version < author.version) expect(follow(near, author)).toBe(near)
        while (far.version < author.version) far = follow(far, near)
        for (const replica of [near, far]) {
          expect([...replica.live()].sort()).toEqual([...author.live()].sort())
          expect(replica.complete).toBe(true)
          expect(replica.root).toBe(author.root)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the hybrid clock', () => {
  it('draws stamps after all that it followed, but follows no absurd time', () => {
    const clock = new HybridClock(lifeOf(1), 60_000)
    const ahead = { wallMs: 30_000, count: 7, life: lifeOf(2) }
    expect(clock.follow(ahead, 100)).toBe(true)
    const drawn = clock.draw(101)
    expect(compareStamps(drawn, ahead)).toBeGreaterThan(0)
    expect(compareStamps(clock.draw(90), drawn)).toBeGreaterThan(0)
    expect(clock.follow({ wallMs: 10 ** 12, count: 0, life: lifeOf(3) }, 102)).toBe(false)
    expect(clock.draw(31_000).wallMs).toBe(31_000)
    expect(clock.refused).toBe(1)
  })
})
