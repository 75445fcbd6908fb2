/**
 * The rows of one client's frame: what it has in its baseline, what it is to see now, and what it is told of. Filled anew for each frame; hot.
 * Always told: own entities, changes of owner and flags, and what would be older than the bound before the next frame. Where the truth is what the client
 * expects, it has the truth at no cost. All else is told in order of weight x time waited, as far as the budget goes.
 */
import { SEAT_PRESENT, type SnapshotSource } from '@tickmesh/shared'
import { CLEAN, DIFFERS, type Expectations } from './expectations.ts'
import type { InterestGame } from './interest-game.ts'
import type { RowMaps } from './row-maps.ts'
import { RowQueue } from './row-queue.ts'
import { WAITING } from './sent-views.ts'
import type { ViewFinder } from './view-finder.ts'
import type { Viewer } from './viewer.ts'
import { Weights } from './weights.ts'

export class ViewList {
  /** Rows of the baseline: place then, ticks since the truth, place at that time, place now (-1: gone). */
  baseCount = 0
  readonly basePlace: Int32Array
  readonly baseLag: Int32Array
  readonly baseOrigin: Int32Array
  readonly baseNow: Int32Array
  /** Rows that the client is to see: place now, index in the baseline or -1, and whether it is told of them. */
  count = 0
  readonly place: Int32Array
  readonly base: Int32Array
  readonly told: Uint8Array
  /** A bit for each row that the client has with this frame, by place now. */
  readonly has: Int32Array
  /** True if what the client expects of some row is not what goes on by itself: then such rows are told, and the codec works out what it expects. */
  exact = false
  /** About how many bits the rows take. */
  rowBits = 0
  private readonly setup: InterestGame
  private readonly finder: ViewFinder
  private readonly maps: RowMaps
  private readonly expectations: Expectations
  private readonly history: SnapshotSource
  private readonly weights: Weights
  private readonly scores: Float64Array
  private readonly queue: RowQueue
  /** For how many ticks a row has waited to enter, by place now. */
  private readonly waited: Uint16Array
  private readonly waits: Uint16Array
  private readonly uneven: Uint8Array
  private readonly costs: Float64Array

  constructor(
    setup: InterestGame,
    finder: ViewFinder,
    maps: RowMaps,
    expectations: Expectations,
    history: SnapshotSource,
  ) {
    const { total } = setup
    this.setup = setup
    this.finder = finder
    this.maps = maps
    this.expectations = expectations
    this.history = history
    this.weights = new Weights(setup, finder)
    this.scores = new Float64Array(total)
    this.queue = new RowQueue(this.scores)
    this.basePlace = new Int32Array(total)
    this.baseLag = new Int32Array(total)
    this.baseOrigin = new Int32Array(total)
    this.baseNow = new Int32Array(total)
    this.place = new Int32Array(total)
    this.base = new Int32Array(total)
    this.told = new Uint8Array(total)
    this.has = new Int32Array((total + 31) >> 5)
    this.waited = new Uint16Array(total)
    this.waits = new Uint16Array(total)
    this.uneven = new Uint8Array(total)
    this.costs = new Float64Array(total)
  }

  /** Fills the list. `baselineTick` below 0: a full frame. `exact`: nothing may be left out. */
  fill(viewer: Viewer, baselineTick: number, now: number, current: Int32Array, exact: boolean): void {
    const { sent } = viewer
    this.exact = exact
    const newest = sent.newest < 0 ? undefined : this.maps.from(sent.newest)
    this.finder.find(viewer, newest)
    this.takeBaseline(viewer, baselineTick)
    this.merge()
    const memory = baselineTick < 0 ? undefined : this.history.find(baselineTick)
    if (memory !== undefined && this.markUneven(viewer, baselineTick, memory, current)) this.exact = true
    const all = memory === undefined || exact || this.expectations.turnedPlainAfter(baselineTick)
    if (all && memory !== undefined) this.exact = true
    if (newest !== undefined) this.noteWaiting(viewer, newest, now)
    this.choose(viewer, baselineTick, now, current, all)
    if (newest !== undefined) this.forgetWaiting(viewer, newest)
  }

  private takeBaseline(viewer: Viewer, baselineTick: number): void {
    const { sent } = viewer
    this.baseCount = 0
    const record = baselineTick < 0 ? -1 : sent.find(baselineTick)
    const map = record < 0 ? undefined : this.maps.from(baselineTick)
    if (map === undefined) return
    const start = sent.start(record)
    const end = start + sent.count(record)
    let kept = 0
    for (let n = start; n < end; n++) {
      const lag = sent.lags[n] ?? 0
      if (lag === WAITING) continue
      const place = sent.rows[n] ?? 0
      this.basePlace[kept] = place
      this.baseLag[kept] = lag
      this.baseOrigin[kept] = sent.origins[n] ?? 0
      this.baseNow[kept] = map[place] ?? -1
      kept++
    }
    this.baseCount = kept
  }

  /** Lists what is seen, in order, and finds each in the baseline. */
  private merge(): void {
    const { seen } = this.finder
    const { baseNow, baseCount } = this
    let count = 0
    let k = 0
    for (let word = 0; word < seen.length; word++) {
      let bits = seen[word] ?? 0
      while (bits !== 0) {
        const low = bits & -bits
        bits ^= low
        const at = word * 32 + (31 - Math.clz32(low))
        while (k < baseCount && (baseNow[k] ?? 0) < at) k++
        this.place[count] = at
        this.base[count] = k < baseCount && baseNow[k] === at ? k : -1
        count++
      }
    }
    this.count = count
  }

  /**
   * Marks the rows of which the client expects something else than others do: their owner has changed, or what it held is not all shown. True if there
   * are any.
   */
  private markUneven({ since }: Viewer, baselineTick: number, memory: Int32Array, current: Int32Array): boolean {
    const { tables, game } = this.setup
    const present = game.seatBase + SEAT_PRESENT * game.seatRows
    let any = false
    let index = 0
    let table = tables[0]
    for (let i = 0; i < this.count; i++) {
      this.uneven[i] = 0
      const k = this.base[i] ?? -1
      if (k < 0) continue
      const place = this.place[i] ?? 0
      while (table !== undefined && place >= table.first + table.max) table = tables[++index]
      if (table === undefined) return any
      const { owners } = table.plan
      const owner = memory[owners + (this.basePlace[k] ?? 0) - table.first] ?? 0
      const from = owner === 0 ? 0 : (since[owner] ?? -1)
      const stays = current[owners + place - table.first] === owner
      if (stays && from >= 0 && from <= baselineTick && (owner === 0 || current[present + owner] !== 0)) continue
      this.uneven[i] = 1
      any = true
    }
    return any
  }

  /** Notes for how long those have waited that the client was to see already. */
  private noteWaiting({ sent }: Viewer, map: Int32Array, now: number): void {
    const record = sent.find(sent.newest)
    if (record < 0 || !sent.hasWaiting(record)) return
    const start = sent.start(record)
    const end = start + sent.count(record)
    for (let n = start; n < end; n++) {
      const at = sent.lags[n] === WAITING ? (map[sent.rows[n] ?? 0] ?? -1) : -1
      if (at >= 0) this.waited[at] = Math.min(WAITING, (sent.origins[n] ?? 0) + now - sent.newest)
    }
  }

  private forgetWaiting({ sent }: Viewer, map: Int32Array): void {
    const record = sent.find(sent.newest)
    if (record < 0 || !sent.hasWaiting(record)) return
    const start = sent.start(record)
    const end = start + sent.count(record)
    for (let n = start; n < end; n++) {
      const at = sent.lags[n] === WAITING ? (map[sent.rows[n] ?? 0] ?? -1) : -1
      if (at >= 0) this.waited[at] = 0
    }
  }

  /** For how many ticks a row of the list has waited to enter. Holds until the list is filled again. */
  waitOf(i: number): number {
    return this.waits[i] ?? 0
  }

  private choose(viewer: Viewer, baselineTick: number, now: number, current: Int32Array, all: boolean): void {
    const { queue, setup, weights } = this
    const { tables } = setup
    const bound = setup.maxStaleTicks - setup.game.ticksPerSnapshot
    queue.size = 0
    this.rowBits = 0
    this.has.fill(0)
    let index = 0
    let table = tables[0]
    // Most rows are as of the same tick.
    let expectedOf = -1
    let expected: ReturnType<Expectations['from']>
    for (let i = 0; i < this.count; i++) {
      const place = this.place[i] ?? 0
      while (table !== undefined && place >= table.first + table.max) table = tables[++index]
      if (table === undefined) return
      const row = place - table.first
      const k = this.base[i] ?? -1
      let state = DIFFERS
      let age = 0
      let cost = 0
      if (k >= 0) {
        const asOf = baselineTick - (this.baseLag[k] ?? 0)
        if (asOf !== expectedOf) expected = this.expectations.from(asOf)
        expectedOf = asOf
        const origin = this.baseOrigin[k] ?? 0
        age = now - asOf
        state = expected?.state[origin] ?? DIFFERS
        cost = (expected?.bits[origin] ?? 0) / 8
      } else {
        age = this.waited[place] ?? 0
        this.waits[i] = age
        cost = weights.freshBits(table, row, current)
      }
      const own = current[table.plan.owners + row] === viewer.seat
      if (all || own || state !== DIFFERS || age > bound || (k >= 0 && this.uneven[i] === 1)) {
        if (state !== CLEAN) this.rowBits += cost
        this.tell(i, place)
        continue
      }
      this.told[i] = 0
      this.costs[i] = cost
      if (k >= 0) this.has[place >> 5] = (this.has[place >> 5] ?? 0) | (1 << (place & 31))
      weights.score(viewer, table, place, k < 0, age, this.scores, i)
      queue.push(i)
    }
    while (queue.size > 0 && this.rowBits < viewer.allowedBits) {
      const i = queue.pop()
      this.rowBits += this.costs[i] ?? 0
      this.tell(i, this.place[i] ?? 0)
    }
  }

  private tell(i: number, place: number): void {
    this.told[i] = 1
    this.has[place >> 5] = (this.has[place >> 5] ?? 0) | (1 << (place & 31))
  }
}
