import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Life } from '../../../src/cluster/life.ts'
import type { MoveKeeper, MoveOutcome, MoveParts } from '../../../src/cluster/migrate/migrate-api.ts'
import { Migrations } from '../../../src/cluster/migrate/migrations.ts'
import { type MoveMessage, parseMoveMessage } from '../../../src/cluster/migrate/move-messages.ts'
import type { HeldRoom } from '../../../src/cluster/standby/standby-api.ts'
import type { RoomEpoch } from '../../../src/cluster/view/view.ts'
import { lifeOf, memberOf, numbers, viewOf } from '../ring/test-view.ts'

const [OWNER, TARGET] = [lifeOf(0), lifeOf(1)]
const epochOf = (k: number): RoomEpoch => ({ generation: 1, view: 1, k })
const LATE = new Uint8Array([1, 2, 3])

/** An owner and a target on virtual time, with rooms, homes and standby as each test says. */
class MoveRig {
  nowMs = 0
  readonly log: string[] = []
  readonly outcomes: MoveOutcome[] = []
  /** What does not work. */
  broken = new Set<'holding' | 'naming' | 'players' | 'opening' | 'link' | 'held'>()
  readonly owned = new Map<string, RoomEpoch>()
  bestHaltMs = 0
  readonly taken = new Map<string, RoomEpoch>()
  readonly target: Migrations
  readonly owner: Migrations
  mostAtOnce = 0
  #k = 100
  readonly #letters: { readonly to: Life; readonly message: MoveMessage }[] = []

  constructor(rooms: readonly string[] = ['r']) {
    for (const [at, room] of rooms.entries()) this.owned.set(room, epochOf(at + 1))
    this.owner = this.#shard(OWNER, this.owned)
    this.target = this.#shard(TARGET, this.taken)
    for (const shard of [this.owner, this.target]) shard.viewInstalled(viewOf([memberOf(0), memberOf(1)]), 0)
    for (const room of rooms) this.owner.move(room, TARGET, 0, (outcome) => this.outcomes.push(outcome))
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs
    for (; this.nowMs < endMs; this.nowMs += 5) {
      for (const { to, message } of this.#letters.splice(0)) {
        const [shard, from] = to === OWNER ? [this.owner, TARGET] : [this.target, OWNER]
        shard.receive(from, message, this.nowMs)
      }
      for (const shard of [this.owner, this.target]) if (shard.nextMs <= this.nowMs) shard.tick(this.nowMs)
      this.mostAtOnce = Math.max(this.mostAtOnce, this.owner.moving.size)
    }
  }

  #shard(life: Life, owned: Map<string, RoomEpoch>): Migrations {
    const note = (what: string) => this.log.push(what)
    const keeper: MoveKeeper = {
      announce: (_room, url) => note(`announced ${url}`),
      connected: () => 4,
      arrived: () => (this.broken.has('players') ? 3 : 4),
      bestHaltMs: () => this.bestHaltMs,
      halt: () => ({ tick: 7, hash: 9, late: LATE }),
      goOn: (_room, { k }) => note(`goes on ${k}`),
      calledOff: () => note('called off'),
      handedOver: (_room, to, url, { k }) => note(`handed to ${to} ${url} ${k}`),
      expect: (_room, isExpected) => note(isExpected ? 'expected' : 'not expected'),
      openAt: (room, { k }, halt) => {
        expect(halt).toEqual({ tick: 7, hash: 9, late: LATE })
        if (this.broken.has('opening')) return false
        note(`opened ${k}`)
        return owned.set(room, epochOf(k)).has(room)
      },
      close: () => note('closed'),
    }
    const held = (id: string, epoch: RoomEpoch): HeldRoom => ({ id, epoch, owner: OWNER, tick: 7, isHolder: true })
    const before = new Map([...this.owned].map(([id, epoch]) => [id, held(id, epoch)]))
    const parts: MoveParts = {
      mayAct: () => true,
      standby: {
        addHolder: () => {},
        isHolding: () => !this.broken.has('holding'),
        releaseHolder: () => note('released'),
        isHeld: () => !this.broken.has('held'),
        held: before,
      },
      rooms: {
        owned,
        nextEpoch: (_id, _from, _to, _nowMs, done) => done(this.broken.has('naming') ? undefined : epochOf(++this.#k)),
        locate: () => {},
        halted: (id) => owned.delete(id),
        gave: () => note('gave'),
        runs: (id, epoch) => owned.set(id, epoch),
      },
    }
    const send = (to: Life, message: MoveMessage) => {
      if (this.broken.has('link')) return
      const parsed = parseMoveMessage(structuredClone(message))
      if (parsed === undefined) throw new Error(`unreadable: ${JSON.stringify(message)}`)
      this.#letters.push({ to, message: parsed })
    }
    return new Migrations({ life, parts }, keeper, { send })
  }
}

describe('a move', () => {
  it('goes through all steps, within a moment when all players came in advance', () => {
    const rig = new MoveRig()
    rig.run(200)
    expect(rig.outcomes).toEqual(['moved'])
    // Players are told once they are expected there.
    expect(rig.log).toEqual([
      'expected',
      'announced ws://shard-1',
      'opened 101',
      'gave',
      `handed to ${TARGET} ws://shard-1 101`,
    ])
    expect([rig.owned.size, rig.taken.get('r')]).toEqual([0, epochOf(101)])
    expect([rig.owner.counts.moved, rig.target.counts.taken]).toEqual([1, 1])
  })

  it('waits for players at most 1.5 seconds', () => {
    const rig = new MoveRig()
    rig.broken.add('players')
    rig.run(1_450)
    expect(rig.outcomes).toEqual([])
    rig.run(200)
    expect(rig.outcomes).toEqual(['moved'])
  })

  it('stops the room at the best moment, if that comes within 100 ms', () => {
    const stoppedMs = (bestMs: number): number => {
      const rig = new MoveRig()
      rig.bestHaltMs = bestMs
      while (rig.owner.moving.get('r')?.step !== 'halted' && rig.nowMs < 1_000) rig.run(5)
      return rig.nowMs
    }
    const atOnceMs = stoppedMs(0)
    expect(stoppedMs(atOnceMs + 50)).toBe(atOnceMs + 55)
    expect(stoppedMs(60_000)).toBe(atOnceMs + 100)
  })

  it.each([
    ['holding', 10_000],
    ['naming', 3_000],
    ['link', 1_500],
  ] as const)('is aborted when the step with %s takes longer than %i ms, and the room runs on', (broken, limitMs) => {
    const rig = new MoveRig()
    rig.broken.add(broken)
    rig.run(limitMs - 50)
    expect(rig.outcomes).toEqual([])
    rig.run(150)
    expect(rig.outcomes).toEqual(['aborted'])
    expect(rig.owned.get('r')).toEqual(epochOf(1))
    expect(rig.log).not.toContain('goes on 102')
  })

  it('goes on under another epoch when the target cannot open', () => {
    const rig = new MoveRig()
    rig.broken.add('opening')
    rig.run(300)
    expect(rig.outcomes).toEqual(['refused'])
    expect(rig.owned.get('r')).toEqual(epochOf(102))
    expect(rig.log).toEqual(['expected', 'announced ws://shard-1', 'not expected', 'goes on 102', 'released'])
  })

  it('stays halted without an answer, until the link is back', () => {
    const rig = new MoveRig()
    rig.broken.add('players')
    rig.run(1_400)
    rig.broken.add('link')
    rig.run(30_000)
    expect([rig.outcomes, rig.owner.moving.get('r')?.step]).toEqual([[], 'halted'])
    rig.broken.delete('link')
    rig.run(1_000)
    // It was called off by then.
    expect([rig.outcomes, rig.owned.get('r')]).toEqual([['refused'], epochOf(102)])
  })

  it('leaves the room with its old owner until others hold it for the new one, at most five seconds', () => {
    const rig = new MoveRig()
    rig.broken.add('held')
    rig.run(1_000)
    expect([rig.outcomes, rig.owner.moving.get('r')?.step]).toEqual([[], 'opened'])
    rig.broken.delete('held')
    rig.run(500)
    expect(rig.outcomes).toEqual(['moved'])
    const never = new MoveRig()
    never.broken.add('held')
    never.run(5_500)
    expect(never.outcomes).toEqual(['moved'])
  })

  it('waits in line behind two others', () => {
    const rig = new MoveRig(['a', 'b', 'c', 'd', 'e'])
    rig.run(1_000)
    expect(rig.outcomes).toEqual(['moved', 'moved', 'moved', 'moved', 'moved'])
    expect(rig.mostAtOnce).toBe(2)
  })

  it('can be aborted in line and before the word, and not after it', () => {
    const rig = new MoveRig(['a', 'b', 'c'])
    rig.broken.add('players')
    rig.run(500)
    rig.owner.abort('a', rig.nowMs)
    rig.owner.abort('c', rig.nowMs)
    expect(rig.outcomes).toEqual(['aborted', 'aborted'])
    rig.broken.add('held')
    rig.run(1_500)
    rig.owner.abort('b', rig.nowMs)
    expect([rig.outcomes.length, rig.owner.moving.get('b')?.step]).toEqual([2, 'opened'])
  })
})

test('what comes from a peer is read as a message or not at all', () => {
  const room = { room: 'r', next: epochOf(2) }
  const view = { generation: 1, number: 1 }
  const known: readonly MoveMessage[] = [
    { view, t: 'prepare', ...room, epoch: epochOf(1) },
    { view, t: 'arrived', ...room, players: 3 },
    { view, t: 'off', ...room },
    { view, t: 'word', ...room, epoch: epochOf(1), tick: 7, hash: 9, late: LATE },
    { view, t: 'cancel', ...room },
    { view, t: 'ask', ...room },
    { view, t: 'answer', ...room, answer: 'opened', isHeld: true },
  ]
  const values = fc.anything({ withTypedArray: true })
  for (const message of known) {
    expect(parseMoveMessage(message)).toEqual(message)
    for (const field of Object.keys(message))
      fc.assert(
        fc.property(values, (value) => {
          const parsed = parseMoveMessage({ ...message, [field]: value })
          if (parsed !== undefined) expect(parseMoveMessage(parsed)).toEqual(parsed)
        }),
        { numRuns: 30 },
      )
  }
  expect(numbers(3).map((k) => parseMoveMessage({ ...known[3], tick: -k - 1 }))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
