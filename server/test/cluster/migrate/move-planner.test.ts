import { SeededRandom } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { Life } from '../../../src/cluster/life.ts'
import { MovePlanner, type Plan } from '../../../src/cluster/migrate/move-planner.ts'
import type { View } from '../../../src/cluster/view/view.ts'
import { lifeOf, memberOf, numbers, viewOf } from '../ring/test-view.ts'

/** Rooms of a shard that is full. */
const FULL = 100
const NEWS_MS = 1_000
const MOVE_MS = 400

/** Shards that plan by themselves, with loads that are a second old, and moves that take a while. */
class PlannersRig {
  nowMs = 0
  moves = 0
  readonly rooms: Set<string>[]
  readonly #planners: MovePlanner[]
  readonly #known: number[]
  readonly #moving: { readonly from: number; readonly plan: Plan; readonly endMs: number }[] = []
  fails: (plan: Plan) => boolean = () => false
  #view: View

  constructor(counts: readonly number[], { seed = 1, members = counts.length, rebalance = true } = {}) {
    this.rooms = counts.map((count, shard) => new Set(numbers(count).map((room) => `r${shard}-${room}`)))
    this.#planners = counts.map((_, shard) => {
      const random = new SeededRandom(seed * 100 + shard)
      return new MovePlanner({ life: lifeOf(shard), random: () => random.uint32(), rebalance })
    })
    this.#known = [...counts]
    this.#view = viewOf(numbers(members).map((shard) => memberOf(shard)))
    this.install(this.#view)
  }

  install(view: View): void {
    this.#view = view
    for (const planner of this.#planners) planner.viewInstalled(view, this.nowMs)
  }

  join(): void {
    this.install(
      viewOf(
        numbers(this.rooms.length).map((shard) => memberOf(shard)),
        this.#view.number + 1,
      ),
    )
  }

  drain(shard: number): void {
    const members = this.#view.members.map((member) => ({ ...member, draining: member.life === lifeOf(shard) }))
    this.install(viewOf(members, this.#view.number + 1))
    this.#planners[shard]?.drain(this.nowMs)
  }

  get counts(): number[] {
    return this.rooms.map(({ size }) => size)
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs
    for (; this.nowMs < endMs; this.nowMs += 50) {
      if (this.nowMs % NEWS_MS === 0) for (const [shard, { size }] of this.rooms.entries()) this.#known[shard] = size
      for (const move of this.#moving.filter((one) => one.endMs <= this.nowMs)) this.#end(move)
      for (const shard of this.rooms.keys()) this.#plan(shard)
    }
  }

  #plan(shard: number): void {
    const mine = this.#moving.filter(({ from }) => from === shard)
    const rooms = [...(this.rooms[shard] ?? [])].filter((room) => !mine.some(({ plan }) => plan.room === room))
    const roomsOf = (life: Life) => {
      const of = Number.parseInt(life, 16)
      return of === shard ? (this.rooms[of]?.size ?? 0) : (this.#known[of] ?? 0)
    }
    const loadOf = (life: Life) => Math.min(1, roomsOf(life) / FULL)
    const facts = { view: this.#view, rooms, moving: mine.length, isHolding: () => false, loadOf, roomsOf }
    for (const plan of this.#planners[shard]?.next(facts, this.nowMs) ?? []) {
      this.moves++
      this.#moving.push({ from: shard, plan, endMs: this.nowMs + MOVE_MS })
      const moves = this.#moving.filter(({ from }) => from === shard).length
      expect(moves).toBeLessThanOrEqual(2)
    }
  }

  #end(move: { readonly from: number; readonly plan: Plan }): void {
    this.#moving.splice(this.#moving.indexOf(move as never), 1)
    const { from, plan } = move
    const failed = this.fails(plan)
    this.#planners[from]?.ended(plan, failed ? 'aborted' : 'moved', this.nowMs)
    if (failed) return
    this.rooms[from]?.delete(plan.room)
    this.rooms[Number.parseInt(plan.to, 16)]?.add(plan.room)
  }
}

describe('rebalancing', () => {
  it.each(numbers(20))(
    'gives a shard that joined its part within two minutes, and then nothing moves (seed %i)',
    (seed) => {
      const rig = new PlannersRig([10, 10, 10, 0], { seed, members: 3 })
      rig.run(60_000)
      expect(rig.moves).toBe(0)
      rig.join()
      rig.run(120_000)
      for (const count of rig.counts) expect(Math.abs(count - 7.5) / 7.5).toBeLessThanOrEqual(0.25)
      const { moves } = rig
      rig.run(600_000)
      expect(rig.moves).toBe(moves)
    },
  )

  it.each([[[1, 0, 0]], [[1, 1, 0]], [[5, 5, 4]], [[0, 0, 0]]])('leaves %j as it is', (counts) => {
    const rig = new PlannersRig(counts)
    rig.run(300_000)
    expect(rig.moves).toBe(0)
  })

  it('moves nothing while the view is young, or if it is switched off', () => {
    const young = new PlannersRig([20, 0])
    young.run(9_900)
    const off = new PlannersRig([20, 0], { rebalance: false })
    off.run(300_000)
    expect([young.moves, off.moves]).toEqual([0, 0])
  })
})

describe('draining', () => {
  it('moves all rooms to those that do not drain, two at a time, the least loaded first', () => {
    const rig = new PlannersRig([9, 2, 8, 50], { rebalance: false })
    rig.drain(0)
    rig.run(4_000)
    const [left, second = 0, third = 0, fourth] = rig.counts
    expect([left, second + third, fourth]).toEqual([0, 19, 50])
    // Loads are a second old.
    expect(Math.abs(second - third)).toBeLessThanOrEqual(4)
  })

  it('tries a room again after a second, elsewhere, as long as it takes', () => {
    const rig = new PlannersRig([1, 0, 0], { rebalance: false })
    const tried: string[] = []
    rig.fails = ({ to }) => tried.push(to) < 5
    rig.drain(0)
    rig.run(4 * MOVE_MS + 2_000)
    expect(new Set(tried.slice(0, 2)).size).toBe(2)
    rig.run(10_000)
    expect(rig.counts[0]).toBe(0)
    expect(tried).toHaveLength(5)
  })

  it('begins when the view says so, which interrupts moves, or a second later', () => {
    const planner = new MovePlanner({ life: lifeOf(0), random: () => 0, rebalance: true })
    const facts = { rooms: ['r'], moving: 0, isHolding: () => false, loadOf: () => 0, roomsOf: () => 0 }
    const view = viewOf([memberOf(0), memberOf(1)])
    const draining = viewOf([{ ...memberOf(0), draining: true }, memberOf(1)], 2)
    planner.viewInstalled(view, 0)
    planner.drain(100)
    const plan = { room: 'r', to: lifeOf(1) }
    expect([150, 600, 1_050].map((nowMs) => planner.next({ ...facts, view }, nowMs))).toEqual([[], [], []])
    expect(planner.next({ ...facts, view: draining }, 1_100)).toEqual([plan])
    expect(planner.next({ ...facts, view }, 1_150)).toEqual([plan])
  })

  it('is looked at now and then only, also when another view comes', () => {
    const planner = new MovePlanner({ life: lifeOf(0), random: () => 0, rebalance: true })
    const facts = { rooms: [], moving: 0, isHolding: () => false, loadOf: () => 0, roomsOf: () => 0 }
    const views = [1, 2].map((number) => viewOf([memberOf(0), memberOf(1)], number))
    planner.drain(0)
    for (const [at, view] of views.entries()) {
      planner.viewInstalled(view, at)
      planner.next({ ...facts, view }, 20_000 + at)
    }
    expect(planner.nextMs).toBeGreaterThan(20_000)
  })

  it('keeps what nobody has room for', () => {
    const rig = new PlannersRig([3, FULL], { rebalance: false })
    rig.drain(0)
    rig.run(10_000)
    expect([rig.moves, rig.counts[0]]).toEqual([0, 3])
  })
})
