/**
 * Standby under everything at once, from seeds: what is called held is held, by all who could be named the successor, and survives any one death; a taken room's old owner
 * gets no word any more. Each rule of standby-rules.ts, replaced by a mistake, has to be found.
 */
import { describe, expect, it } from 'vitest'
import { STANDBY_RULES, type StandbyRules } from '../../../src/cluster/standby/standby-rules.ts'
import { lifeOf } from '../ring/test-view.ts'
import { BAD, Rig, type ToyRoom } from './standby-rig.ts'

const SHARDS = 5

class Story {
  readonly rig: Rig
  room: ToyRoom
  #k = 1

  constructor(seed: number, rules: StandbyRules) {
    this.rig = new Rig(SHARDS, { seed, rules, weather: BAD, holders: 1 + (seed % 2) })
    this.room = this.rig.open(0, 'r', this.#k)
  }

  tell(): readonly string[] {
    const { rig } = this
    rig.run(200 + this.#below(600))
    for (let act = 0; act < 14 && rig.violations.length === 0; act++) {
      this.#happen()
      rig.run(20 + this.#below(500))
    }
    rig.run(this.#below(40))
    const ends = [() => this.#dies(), () => this.#freezes(), () => this.#moves()]
    ends[this.#below(ends.length)]?.()
    return rig.violations
  }

  #below(count: number): number {
    return this.rig.random.uint32() % count
  }

  /** The owner and one of the others. */
  #pair(): string {
    return [lifeOf(0), lifeOf(1 + this.#below(SHARDS - 1))].sort().join(' ')
  }

  #happen(): void {
    const { rig } = this
    const { standby } = rig.shard(0)
    const other = 1 + this.#below(SHARDS - 1)
    const act = this.#below(10)
    if (act < 2) rig.slow.set(this.#pair(), 400 + this.#below(600))
    else if (act === 2) rig.slow.clear()
    else if (act === 3) rig.cut.add(this.#pair())
    else if (act === 4) rig.cut.clear()
    else if (act === 5) standby.addHolder('r', lifeOf(other), rig.nowMs)
    else if (act === 6) standby.releaseHolder('r', lifeOf(other), rig.nowMs)
    else if (act === 7) rig.shard(other).isFrozen = !rig.shard(other).isFrozen
    else if (act === 8) for (const replica of rig.shard(other).replicas) replica.breaksAt = this.room.tick + 1
    else this.#endAndReopen()
  }

  /** A room of the same name, under a new epoch. */
  #endAndReopen(): void {
    const { rig } = this
    if (this.#below(3) > 0) return
    rig.shard(0).rooms.delete('r')
    rig.shard(0).standby.unprotect('r', 'ended', rig.nowMs)
    this.#k++
    this.room = rig.open(0, 'r', this.#k)
  }

  /** Nobody else is dead then: the others thaw, and hear of the view one by one. */
  #without0(): void {
    const { rig } = this
    const others = [1, 2, 3, 4]
    for (const number of others) rig.shard(number).isFrozen = false
    rig.install(others, [])
    for (const number of others) {
      rig.installAt(number)
      rig.run(this.#below(60))
    }
  }

  #dies(): void {
    const { rig, room } = this
    rig.kill(0)
    rig.run(this.#below(300))
    this.#without0()
    this.#succeed(room)
  }

  /** The old owner wakes up after another took the room over. */
  #freezes(): void {
    const { rig, room } = this
    rig.shard(0).isFrozen = true
    rig.run(this.#below(300))
    this.#without0()
    const tick = this.#succeed(room)
    rig.shard(0).isFrozen = false
    rig.slow.clear()
    rig.cut.clear()
    this.#getsNoWord(room, tick)
  }

  /** Its owner goes on by mistake, as a member. */
  #moves(): void {
    const { rig, room } = this
    rig.slow.clear()
    rig.cut.clear()
    const before = room.heldTo
    const [target] = room.holders
    const taken = rig.takeOver('r', this.#k + 1, target)
    if (target === undefined || taken === undefined || !Number.isFinite(before)) return
    if (!taken.replica.hasAll(before)) this.#violate(`${before} was held, the successor has ${taken.replica.tick}`)
    this.#getsNoWord(room, taken.replica.tick)
  }

  #succeed(room: ToyRoom): number {
    const held = room.heldTo
    const taken = this.rig.takeOver('r', 1)
    // Nobody was required: nothing was promised.
    if (!Number.isFinite(held) || room.holders.length === 0) return Number.POSITIVE_INFINITY
    if (taken === undefined) this.#violate(`${held} was called held, and nobody has it`)
    else if (!taken.replica.hasAll(held)) this.#violate(`${held} was held, the successor has ${taken.replica.tick}`)
    return taken?.replica.tick ?? held
  }

  #getsNoWord(room: ToyRoom, tick: number): void {
    this.rig.run(2_500)
    if (Number.isFinite(room.heldTo) && room.heldTo > tick)
      this.#violate(`the old owner was told that ${room.heldTo} is held, the new one went on from ${tick}`)
  }

  #violate(what: string): void {
    this.rig.violations.push(what)
  }
}

function firstFound(rules: StandbyRules, seeds: number, from = 1): string | undefined {
  for (let seed = from; seed < from + seeds; seed++) {
    const [violation] = new Story(seed, rules).tell()
    if (violation !== undefined) return `seed ${seed}: ${violation}`
  }
  return undefined
}

const MISTAKES: readonly (readonly [string, Partial<StandbyRules>])[] = [
  ['a lower epoch is taken', { isRefused: () => false }],
  [
    'a record is taken although one before it is missing',
    {
      fits: (have, offered) => {
        const fit = STANDBY_RULES.fits(have, offered)
        return fit === 'gap' ? 'take' : fit
      },
    },
  ],
  ['one that is to be out is not required any more', { isRequired: ({ state }) => state === 'holding' }],
  ['one that is being brought up is required', { isRequired: ({ state }) => state !== 'leaving' }],
  [
    'held is what one of them has',
    {
      heldTick: (required) =>
        required.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...required.map(({ tick }) => tick)),
    },
  ],
  ['one is a holder before it has all', { mayRequire: () => true }],
]

/** What seldom happens by itself. */
const RARE: readonly (readonly [string, Partial<StandbyRules>, (rig: Rig) => void])[] = [
  [
    'a late word drops what began after it',
    { mayDrop: () => true },
    (rig) => {
      const { epoch } = rig.open(0, 'r')
      rig.run(300)
      rig.shard(1).standby.receive(lifeOf(0), { t: 'drop', room: 'r', epoch, line: 0 }, rig.nowMs)
      rig.run(100)
    },
  ],
  [
    'an answer about an earlier keyframe counts',
    { counts: () => true },
    (rig) => {
      const { epoch } = rig.open(0, 'r')
      rig.run(300)
      rig.cut.add([lifeOf(0), lifeOf(1)].sort().join(' '))
      rig.run(100)
      const { tick } = rig.shard(0).standby.status(rig.nowMs).rooms[0] ?? { tick: 0 }
      rig.shard(0).standby.receive(lifeOf(1), { t: 'held', room: 'r', epoch, line: 0, tick, counts: true }, rig.nowMs)
    },
  ],
  [
    'a holder is let go before another has all',
    { mayLeave: () => true },
    (rig) => {
      rig.cut.add([lifeOf(0), lifeOf(1)].sort().join(' '))
      rig.open(0, 'r')
      rig.shard(0).standby.addHolder('r', lifeOf(2), rig.nowMs)
      rig.run(300)
      rig.shard(0).standby.releaseHolder('r', lifeOf(2), rig.nowMs)
      rig.run(300)
      rig.kill(0)
      rig.install([1, 2])
      if (rig.takeOver('r', 1) === undefined) rig.violations.push('r: nobody has it')
    },
  ],
]

describe('standby, from seeds', () => {
  it('keeps what it called held, whoever dies, wakes up, is slow, cut off or damaged', () => {
    expect(firstFound(STANDBY_RULES, 40)).toBeUndefined()
  })

  it.each(MISTAKES)('finds it when %s', (_, mistake) => {
    expect(firstFound({ ...STANDBY_RULES, ...mistake }, 100)).toBeDefined()
  })

  it.each(RARE)('finds it, told step by step, when %s', (_, mistake, story) => {
    const [sound, mistaken] = [new Rig(3), new Rig(3, { rules: { ...STANDBY_RULES, ...mistake } })]
    story(sound)
    story(mistaken)
    expect(sound.violations).toEqual([])
    expect(mistaken.violations.length).toBeGreaterThan(0)
  })
})
