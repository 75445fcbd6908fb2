/** Standby on virtual time: who holds a room, up to where, and what happens when holders are slow, refuse, differ or die. */
import { describe, expect, it } from 'vitest'
import { lifeOf } from '../ring/test-view.ts'
import { BAD, Rig, TICK_MS, type ToyReplica } from './standby-rig.ts'

function held(rig: Rig, id = 'r'): string[] {
  return rig.shards.filter(({ isUp, standby }) => isUp && standby.held.has(id)).map(({ life }) => life)
}

describe('standby', () => {
  it('brings up one holder, and calls each tick held a round trip after it', () => {
    const rig = new Rig(3)
    const room = rig.open(0, 'r')
    rig.run(1_000)
    expect(room.holders).toEqual([lifeOf(1)])
    expect(held(rig)).toEqual([lifeOf(1)])
    expect(room.tick - room.heldTo).toBeLessThanOrEqual(1)
    expect(rig.violations).toEqual([])
  })

  it('keeps two if it is told so, and as many as there are', () => {
    const rig = new Rig(2, { holders: 2 })
    const room = rig.open(0, 'r')
    rig.run(500)
    expect(room.holders).toEqual([lifeOf(1)])
    const wide = new Rig(4, { holders: 2 })
    const other = wide.open(0, 'r')
    wide.run(500)
    expect(other.holders).toEqual([lifeOf(1), lifeOf(2)])
    wide.install([0, 1, 3])
    wide.run(500)
    expect(other.holders).toEqual([lifeOf(1), lifeOf(3)])
  })

  it('is held by nobody, and says so, where there is nobody else or nobody is wanted', () => {
    for (const rig of [new Rig(1), new Rig(3, { holders: 0 })]) {
      rig.open(0, 'r')
      rig.run(500)
      expect(rig.shard(0).standby.heldTick('r')).toBe(Number.POSITIVE_INFINITY)
      expect(held(rig)).toEqual([])
    }
  })

  it('finds another when the holder is removed from the view', () => {
    const rig = new Rig(3)
    const room = rig.open(0, 'r')
    rig.run(500)
    rig.kill(1)
    rig.run(300)
    const stuck = room.heldTo
    expect(room.tick - stuck).toBeGreaterThan(10)
    rig.install([0, 2])
    // The word stands still: nobody is to lose what was called held, nor what comes before another has it.
    expect(rig.shard(0).standby.heldTick('r')).toBe(stuck)
    rig.run(200)
    expect(room.holders).toEqual([lifeOf(2)])
    expect(room.heldTo).toBeGreaterThan(stuck + 10)
  })

  it('replaces a slow holder, without losing what was held, and not again and again', () => {
    const rig = new Rig(4)
    const room = rig.open(0, 'r')
    rig.run(500)
    rig.slow.set([lifeOf(0), lifeOf(1)].sort().join(' '), 700)
    rig.run(4_000)
    expect(room.holders).toEqual([lifeOf(2)])
    expect(held(rig)).toEqual([lifeOf(2)])
    expect(room.tick - room.heldTo).toBeLessThanOrEqual(1)
    expect(rig.shard(0).standby.status(rig.nowMs).replaced).toBe(1)
    expect(rig.violations).toEqual([])
  })

  it('replaces one that drains, and leaves a good one alone when a better placed one comes', () => {
    const rig = new Rig(3)
    const room = rig.open(1, 'r')
    rig.install([1, 2])
    rig.run(500)
    expect(room.holders).toEqual([lifeOf(2)])
    rig.install([0, 1, 2])
    rig.run(3_000)
    expect(room.holders).toEqual([lifeOf(2)])
    rig.install([0, 1, 2], [0, 1, 2], [2])
    rig.run(3_000)
    expect(room.holders).toEqual([lifeOf(0)])
    expect(held(rig)).toEqual([lifeOf(0)])
  })

  it('sends large keyframes in chunks over streams that break, and records behind them', () => {
    const rig = new Rig(2, { weather: { ...BAD, breaks: 0.05 } })
    rig.shard(0).keyframeBytes = 5_000_000
    rig.shard(0).recordBytes = 3_000
    const room = rig.open(0, 'r')
    rig.run(9_000)
    expect(room.holders).toEqual([lifeOf(1)])
    rig.weather = { ...BAD, breaks: 0, loss: 0 }
    rig.run(1_500)
    expect(room.tick - room.heldTo).toBeLessThan(20)
    expect(rig.violations).toEqual([])
  })

  it('drops a room that ended at its holders, and takes it from those that were not told', () => {
    const rig = new Rig(3)
    rig.open(0, 'r')
    rig.run(500)
    rig.shard(0).rooms.clear()
    rig.cut.add([lifeOf(0), lifeOf(1)].sort().join(' '))
    rig.shard(0).standby.unprotect('r', 'ended', rig.nowMs)
    rig.run(5_000)
    expect(held(rig)).toEqual([lifeOf(1)])
    rig.cut.clear()
    rig.run(2_500)
    expect(held(rig)).toEqual([])
    rig.run(70_000)
    expect(rig.shards.map(({ standby }) => standby.nextMs)).toEqual(Array(3).fill(Number.POSITIVE_INFINITY))
  })

  it('asks for a keyframe anew when a record is damaged', () => {
    const rig = new Rig(2)
    const room = rig.open(0, 'r')
    rig.run(300)
    const replica = rig.shard(1).replicas[0] as ToyReplica
    replica.breaksAt = room.tick + 3
    rig.run(300)
    expect(rig.shard(1).replicas.length).toBe(2)
    expect(replica.isClosed).toBe(true)
    expect(room.tick - room.heldTo).toBeLessThanOrEqual(1)
  })

  it('goes over to states for good when a holder comes out otherwise, and both sides say what differs', () => {
    const rig = new Rig(2)
    const room = rig.open(0, 'r')
    rig.run(300)
    const replica = rig.shard(1).replicas[0] as ToyReplica
    replica.diverged = 7
    rig.run(600)
    expect(room.mode).toBe('states')
    expect(rig.shard(1).replicas.at(-1)?.mode).toBe('states')
    for (const shard of rig.shards) expect(shard.diverged).toEqual(['r 7 state of 5 bytes differs'])
    expect(rig.violations).toEqual([])
  })

  it('does not try again and again to replay what stands still', () => {
    const rig = new Rig(2)
    rig.open(0, 'r')
    rig.run(500)
    const [replica] = rig.shard(1).replicas
    if (replica === undefined) throw new Error('nobody holds it')
    let tries = 0
    replica.replay = () => {
      tries++
    }
    rig.run(2_000)
    expect(replica.waiting).toBeGreaterThan(60)
    expect(tries).toBeLessThan(12)
  })

  it('tells states while a holder is of another build', () => {
    const rig = new Rig(3, { build: (shard) => (shard === 1 ? 'new' : 'old') })
    const room = rig.open(0, 'r')
    rig.run(300)
    expect([room.mode, room.holders]).toEqual(['states', [lifeOf(1)]])
    expect(rig.shard(1).replicas.at(-1)?.mode).toBe('states')
    rig.install([0, 2])
    rig.run(300)
    expect([room.mode, room.holders]).toEqual(['inputs', [lifeOf(2)]])
    expect(rig.shard(2).replicas.at(-1)?.mode).toBe('inputs')
  })

  it('tries another when one cannot hold the room', () => {
    const rig = new Rig(3)
    rig.shard(1).isFull = true
    const room = rig.open(0, 'r')
    rig.run(500)
    expect(room.holders).toEqual([lifeOf(2)])
  })

  it('adds a holder for a move beside the others, and lets it go again', () => {
    const rig = new Rig(4)
    const room = rig.open(0, 'r')
    rig.run(300)
    const { standby } = rig.shard(0)
    standby.addHolder('r', lifeOf(3), rig.nowMs)
    expect(standby.isHolding('r', lifeOf(3))).toBe(false)
    rig.run(300)
    expect(standby.isHolding('r', lifeOf(3))).toBe(true)
    expect(room.holders).toEqual([lifeOf(1), lifeOf(3)])
    rig.run(5_000)
    standby.releaseHolder('r', lifeOf(3), rig.nowMs)
    rig.run(300)
    expect(held(rig)).toEqual([lifeOf(1)])
    expect(rig.violations).toEqual([])
  })

  it('keeps little: what a holder that answers nothing would need is bounded by time and bytes', () => {
    const rig = new Rig(2)
    rig.shard(0).recordBytes = 50_000
    const room = rig.open(0, 'r')
    rig.run(300)
    rig.cut.add([lifeOf(0), lifeOf(1)].sort().join(' '))
    rig.sent = []
    rig.run(20_000)
    const bytes = rig.sent.reduce(
      (sum, message) => sum + (message.t === 'records' ? message.records.length * 25_000 : 0),
      0,
    )
    expect(bytes).toBeLessThan(16e6)
    rig.cut.clear()
    rig.run(3_000)
    expect(room.tick - room.heldTo).toBeLessThanOrEqual(3)
  })
})

describe('a takeover', () => {
  it('gives the replica, and nobody takes anything of the old epoch after it', () => {
    const rig = new Rig(4, { holders: 2 })
    const room = rig.open(0, 'r')
    rig.run(500)
    // A move, say: its owner is still a member, and goes on by mistake.
    const taken = rig.takeOver('r', 2)
    expect(taken?.replica.tick).toBeGreaterThanOrEqual(room.heldTo)
    rig.run(20)
    const at = room.heldTo
    rig.run(1_000)
    expect(room.heldTo).toBe(at)
    expect(taken?.shard.standby.held.has('r')).toBe(false)
    // The other one keeps what it has, for the new owner or for ten seconds.
    expect(held(rig).length).toBe(1)
    rig.run(11_000)
    expect(held(rig)).toEqual([])
  })

  it('lets the new owner protect it at once, over what the old one left at others', () => {
    const rig = new Rig(4, { holders: 2 })
    const room = rig.open(0, 'r')
    rig.run(500)
    rig.kill(0)
    rig.install([1, 2, 3])
    const taken = rig.takeOver('r', 1)
    expect(taken?.replica.tick).toBeGreaterThanOrEqual(room.tick - 1)
    const next = rig.open(1, 'r', 1, taken?.replica.tick)
    rig.run(300)
    expect(next.holders).toEqual([lifeOf(2), lifeOf(3)])
    expect(next.tick - next.heldTo).toBeLessThanOrEqual(1)
    rig.run(15_000)
    expect(held(rig)).toEqual([lifeOf(2), lifeOf(3)])
    expect(TICK_MS * next.tick).toBeGreaterThan(15_000)
  })
})
