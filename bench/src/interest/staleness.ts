/**
 * How old is what a client shows? Compares the frames that a sampled client decoded with the truth that the server process kept. Pure.
 *
 * A client shows a frame until its next one. So it is looked at in the moment before the next frame, of tick f, replaces it: for each entity that is in view
 * in truth at f (within the view radius of the client's own ship), what the client has is
 *
 * - equal to the truth of f: of age 0, however long ago it was sent (who sleeps is never stale);
 * - the truth of a snapshot tick s, or what the type's motion made of that by the time of the frame shown; the newest such s counts: of age f - s;
 * - neither: unmatched, of the greatest age that can be told (f - the first tick kept). A correct server has none;
 * - nothing, as the entity has not been sent: as old as the time for which it has been in view without a break.
 *
 * So at 20 snapshots a second all that moves is 50 ms old even if nothing ever waits. Time on the network comes on top: on loopback it is not counted.
 */
import type { CompiledEntity, CompiledGame } from '@tickmesh/shared'
import { CarriedOn } from './carried-on.ts'
import type { ShownFrame } from './frame-sample.ts'
import { idAt, placeOf, rowCount, rowOf, rowOfOwner, sameFields } from './world-rows.ts'

/** World i is of tick `firstTick + i`. */
export interface TruthIndex {
  readonly game: CompiledGame
  readonly firstTick: number
  readonly worlds: readonly Int32Array[]
}

export interface Staleness {
  worstTicks: number
  /** Values that never were true, nor followed from what was. */
  unmatched: number
  /** Entities that were in view and not yet shown, over all moments. */
  missing: number
  /** Of the ages of all that was not up to date: at index t how many were t ticks old. */
  readonly ages: number[]
  /** Entities in view in truth, over all moments, and those moments. */
  inView: number
  moments: number
}

export interface View {
  /** The type whose entity of the client's seat is the middle of the view. */
  readonly centre: string
  readonly radius: number
}

/** Worlds of consecutive ticks, one behind the other. */
export function indexTruth(
  game: CompiledGame,
  truth: { readonly ticks: readonly number[]; readonly worlds: Int32Array },
): TruthIndex {
  const { worldInts } = game
  const firstTick = truth.ticks[0] ?? 0
  if (truth.ticks.some((tick, index) => tick !== firstTick + index)) throw new Error('the truth has gaps.')
  const worlds = truth.ticks.map((_, index) => truth.worlds.subarray(index * worldInts, (index + 1) * worldInts))
  return { game, firstTick, worlds }
}

function noStaleness(): Staleness {
  return { worstTicks: 0, unmatched: 0, missing: 0, ages: [], inView: 0, moments: 0 }
}

interface Moment {
  /** What the client shows, and the index of its tick in the truth. */
  readonly shown: Int32Array
  readonly shownAt: number
  /** The index of the tick at which it is judged, and the truth of that. */
  readonly at: number
  readonly now: Int32Array
  readonly seat: number
}

export class StalenessMeter {
  readonly sum = noStaleness()
  private readonly truth: TruthIndex
  private readonly view: View
  private readonly carried: CarriedOn
  private readonly own: CompiledEntity

  constructor(truth: TruthIndex, view: View) {
    const own = truth.game.entities.find(({ name }) => name === view.centre)
    if (own === undefined) throw new Error(`there is no type ${view.centre}.`)
    this.truth = truth
    this.view = view
    this.own = own
    this.carried = new CarriedOn(truth.game)
  }

  /** Adds what one client showed. Frames of before `fromTick` are not judged: what is old in them may be of before the truth that was kept. */
  add(client: { readonly seat: number; readonly shown: readonly ShownFrame[] }, fromTick: number): void {
    const { worlds, firstTick } = this.truth
    for (let n = 1; n < client.shown.length; n++) {
      const [before, next] = [client.shown[n - 1], client.shown[n]]
      if (before === undefined || next === undefined || next.tick < fromTick) continue
      const at = next.tick - firstTick
      const now = worlds[at]
      if (now === undefined) continue
      this.sum.moments++
      this.judge({ shown: before.world, shownAt: before.tick - firstTick, at, now, seat: client.seat })
    }
  }

  private judge(moment: Moment): void {
    const { sum } = this
    for (const type of this.truth.game.entities) {
      const rows = rowCount(type, moment.now)
      for (let row = 0; row < rows; row++) {
        if (!this.isInView(moment.now, type, row, moment.seat)) continue
        sum.inView++
        const age = this.ageOf(moment, type, row)
        if (age === 0) continue
        sum.worstTicks = Math.max(sum.worstTicks, age)
        sum.ages[age] = (sum.ages[age] ?? 0) + 1
      }
    }
  }

  private ageOf(moment: Moment, type: CompiledEntity, row: number): number {
    const { now, shown, shownAt, at } = moment
    const { worlds } = this.truth
    const id = idAt(type, now, row)
    const shownRow = rowOf(type, shown, id)
    if (shownRow < 0) {
      this.sum.missing++
      return at - this.inViewSince(moment, type, id)
    }
    if (sameFields(type, now, row, shown, shownRow)) return 0
    for (let s = shownAt; s >= 0; s--) {
      // Snapshots of a room with interest are spread over all ticks.
      if (!this.carried.carry(type, id, worlds, s, shownAt)) continue
      if (sameFields(type, this.carried.world.ints, 0, shown, shownRow)) return at - s
    }
    this.sum.unmatched++
    return at
  }

  /** The index of the first tick of the stretch, up to the moment, in which an entity has been in view. */
  private inViewSince({ at, seat }: Moment, type: CompiledEntity, id: number): number {
    let since = at
    while (since > 0) {
      const then = this.truth.worlds[since - 1]
      const row = then === undefined ? -1 : rowOf(type, then, id)
      if (then === undefined || row < 0 || !this.isInView(then, type, row, seat)) break
      since--
    }
    return since
  }

  private isInView(world: Int32Array, type: CompiledEntity, row: number, seat: number): boolean {
    const { own, view } = this
    const ownRow = rowOfOwner(own, world, seat)
    if (ownRow < 0) return false
    const [mine, its] = [placeOf(own), placeOf(type)]
    const dx = (world[its.x + row] ?? 0) * its.step - (world[mine.x + ownRow] ?? 0) * mine.step
    const dy = (world[its.y + row] ?? 0) * its.step - (world[mine.y + ownRow] ?? 0) * mine.step
    return dx * dx + dy * dy <= view.radius * view.radius
  }
}
