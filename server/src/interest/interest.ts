/**
 * Interest: each client gets the part of the world that it is to see, within its budget. Made by the room core where the rules say so; asked by replication once
 * per client and frame (hot), and by the simulation for what a client had (`seenBy`).
 * A client's world is a projection: a memory with fewer rows. The codec makes a frame of it like any other, so the client need not know.
 * An entity that is left out stays in the client's world as its motion carries it on. The server can tell how, for all clients at once, because the
 * levels of all seats that a client sees are always exact (docs/decisions/016-interest-by-projection.md).
 */
import {
  type BodyPart,
  type EventLog,
  type EventSource,
  Extrapolator,
  type SeatViews,
  type SnapshotLayout,
  type SnapshotSource,
  type World,
} from '@tickmesh/shared'
import { EventFilter } from './event-filter.ts'
import { Expectations } from './expectations.ts'
import { type InterestGame, makeInterestGame } from './interest-game.ts'
import type { UntypedInterest } from './interest-rule.ts'
import { PastViews } from './past-views.ts'
import { Projection } from './projection.ts'
import { RowMaps } from './row-maps.ts'
import { SeatPast } from './seat-past.ts'
import { SharedBodies } from './shared-bodies.ts'
import { ViewFinder } from './view-finder.ts'
import { ViewList } from './view-list.ts'
import { Viewer } from './viewer.ts'

interface InterestSources {
  readonly history: SnapshotSource & { readonly capacity: number }
  readonly events: EventLog
  /** The live world. */
  readonly world: World
  /** What rules get as `room`. */
  room(): object
}

/** What a client's frame is made of. */
class Part implements BodyPart {
  expected: Int32Array | undefined
  readonly stage: Uint8Array
  readonly seats: Int32Array
  seatCount = 0
  since: Int32Array

  constructor({ stage, seats }: Projection) {
    this.stage = stage
    this.seats = seats
    this.since = new Int32Array(stage.length)
  }
}

export class Interest implements SeatViews {
  readonly setup: InterestGame
  readonly events: EventSource
  /** Per entity type: 1 = coded without motion for everybody, from the start. */
  readonly plainTypes: Uint8Array
  /** What the frame in hand is made of. */
  readonly part: Part
  /** The bodies of this tick. */
  readonly bodies: SharedBodies
  private readonly projection: Projection
  private readonly history: SnapshotSource
  private readonly maps: RowMaps
  private readonly expectations: Expectations
  private readonly finder: ViewFinder
  private readonly list: ViewList
  private readonly filter: EventFilter
  private readonly viewers: (Viewer | undefined)[]
  private readonly seatPast: SeatPast
  private now = -1
  private current: Int32Array = new Int32Array(0)
  private baselineTick = -1

  constructor(layout: SnapshotLayout, rule: UntypedInterest, sources: InterestSources) {
    const { history, events, world } = sources
    const { capacity } = history
    const setup = makeInterestGame(layout, rule)
    const extrapolator = new Extrapolator(layout)
    this.setup = setup
    this.plainTypes = Uint8Array.from(setup.tables, ({ plan, goesOn }) => (plan.moves && !goesOn ? 1 : 0))
    this.history = history
    this.maps = new RowMaps(setup, history, capacity)
    this.expectations = new Expectations(setup, history, capacity, this.maps, extrapolator)
    this.finder = new ViewFinder(setup, world, () => sources.room())
    this.list = new ViewList(setup, this.finder, this.maps, this.expectations, history)
    this.filter = new EventFilter(setup, events, history, this.finder)
    this.events = this.filter
    const past = new PastViews(setup, history, this.expectations, extrapolator)
    this.projection = new Projection(setup, history, this.expectations, past)
    this.part = new Part(this.projection)
    this.seatPast = new SeatPast(past, setup.game.worldInts)
    this.bodies = new SharedBodies(setup.game.seatRows)
    this.viewers = Array.from({ length: setup.game.seatRows }, () => undefined)
  }

  /** The client of a seat. `fresh`: it was sent nothing yet; what was remembered is of somebody else. */
  viewer(seat: number, facade: object, fresh: boolean): Viewer {
    const known = this.viewers[seat]
    if (known !== undefined && !fresh) return known
    const viewer = new Viewer(this.setup, seat, facade, this.filter.viewerInts)
    this.viewers[seat] = viewer
    this.seatPast.forget(seat)
    return viewer
  }

  /** The snapshot of `tick`, which is the live world, is about to be sent. */
  begin(tick: number, current: Int32Array): void {
    this.now = tick
    this.current = current
    this.maps.begin(tick, current)
    this.expectations.begin(tick, current)
    this.finder.begin()
    this.projection.begin(current)
    this.bodies.begin()
  }

  /** A type is coded without motion for everybody from now on. */
  goPlain(type: number): void {
    this.expectations.goPlain(type)
  }

  get baseline(): Int32Array {
    return this.projection.baseline
  }

  get visible(): Int32Array {
    return this.projection.current
  }

  /** Makes the memories of a client's frame. `baselineTick` below 0: a full one. `exact`: this client's motions differ from the server's, so nothing is left out. */
  fill(viewer: Viewer, baselineTick: number, nowMs: number, exact: boolean): void {
    const { list, projection, part, filter, now, current } = this
    const memory = baselineTick < 0 ? undefined : this.history.find(baselineTick)
    this.baselineTick = memory === undefined ? -1 : baselineTick
    viewer.allow(nowMs)
    list.fill(viewer, this.baselineTick, now, current, exact)
    projection.fill(viewer, list, this.baselineTick, memory, current)
    projection.noteShown(viewer, now)
    part.expected = list.exact ? undefined : projection.expected
    part.since = viewer.since
    part.seatCount = projection.seatCount
    if (memory === undefined) filter.startAt(viewer, now)
    else filter.show(viewer, baselineTick, now, current, list.has)
    this.bodies.describe(viewer, list, projection, filter, this.baselineTick, now)
  }

  /** The frame was sent, and took so many bytes. */
  sent(viewer: Viewer, bytes: number): void {
    const { list, now, baselineTick } = this
    const { sent } = viewer
    const since = now - baselineTick
    const start = sent.push(now, list.count)
    for (let i = 0; i < list.count; i++) {
      const at = start + i
      const k = list.base[i] ?? -1
      const place = list.place[i] ?? 0
      sent.rows[at] = place
      if (list.told[i] === 1) {
        sent.lags[at] = 0
        sent.origins[at] = place
      } else if (k >= 0) {
        sent.lags[at] = (list.baseLag[k] ?? 0) + since
        sent.origins[at] = list.baseOrigin[k] ?? 0
      } else {
        sent.putWaiting(at, list.waitOf(i))
      }
    }
    viewer.spent(bytes, list)
  }

  of(seat: number): SnapshotSource {
    return this.seatPast.of(seat, this.viewers[seat]?.sent)
  }
}
