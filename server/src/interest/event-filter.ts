/**
 * Which events a client gets: its own, those that happen within its radius, those that name an entity or come of a player that it sees, and those of the rules
 * that are of no place. Decided once per client and event, with the first snapshot after it; later frames over the same ticks say the same. Hot.
 */
import {
  type CompiledGame,
  EVENT_FIELDS,
  EVENT_INDEX,
  EVENT_KEY,
  type EventLog,
  type EventSource,
  findRow,
  fromRaw,
  HEADER_COUNTS,
  MAX_WINDOW_TICKS,
  type SnapshotSource,
  seatOfKey,
} from '@tickmesh/shared'
import type { InterestGame } from './interest-game.ts'
import type { ViewFinder } from './view-finder.ts'
import type { Viewer } from './viewer.ts'

/** Ticks for which decisions are kept; more than a frame covers. */
const KEPT_TICKS = 2 * MAX_WINDOW_TICKS

/** What the filter reads of an event. */
interface EventPlace {
  readonly refs: Int32Array
  /** Places and steps of the fields that are named as the grid's; -1 if it has none. */
  readonly x: number
  readonly y: number
  readonly stepX: number
  readonly stepY: number
}

function placesOf(game: CompiledGame, setup: InterestGame): EventPlace[] {
  const { grid } = setup.rule
  return game.events.map(({ fields }) => {
    const numberNamed = (name: string | undefined) =>
      fields.findIndex((each) => each.name === name && each.field.names.length === 0 && each.field.kind !== 'float32')
    const [x, y] = [numberNamed(grid?.x), numberNamed(grid?.y)]
    const refs = fields.flatMap(({ field }, at) => (field.kind === 'entityRef' ? [at] : []))
    return {
      refs: Int32Array.from(refs),
      x: y < 0 ? -1 : x,
      y: x < 0 ? -1 : y,
      stepX: fields[x]?.field.step ?? 0,
      stepY: fields[y]?.field.step ?? 0,
    }
  })
}

export class EventFilter implements EventSource {
  readonly ints: Int32Array
  /** Integers that a viewer keeps of its decisions. */
  readonly viewerInts: number
  private readonly setup: InterestGame
  private readonly log: EventLog
  private readonly history: SnapshotSource
  private readonly finder: ViewFinder
  private readonly places: readonly EventPlace[]
  private readonly words: number
  /** The events of the frame in hand: where each starts, and for each tick how many come before it. */
  private readonly starts: Int32Array
  private readonly before = new Int32Array(MAX_WINDOW_TICKS + 2)
  private firstTick = 0
  private lastTick = -1

  constructor(setup: InterestGame, log: EventLog, history: SnapshotSource, finder: ViewFinder) {
    this.setup = setup
    this.log = log
    this.ints = log.ints
    this.history = history
    this.finder = finder
    this.places = placesOf(setup.game, setup)
    this.words = (log.maxPerTick + 31) >> 5
    this.viewerInts = KEPT_TICKS * this.words
    this.starts = new Int32Array(MAX_WINDOW_TICKS * log.maxPerTick)
  }

  count(tick: number): number {
    if (tick < this.firstTick || tick > this.lastTick) return 0
    const at = tick - this.firstTick
    return (this.before[at + 1] ?? 0) - (this.before[at] ?? 0)
  }

  at(tick: number, n: number): number {
    return this.starts[(this.before[tick - this.firstTick] ?? 0) + n] ?? 0
  }

  /** How many events the frame in hand has, and where each starts. */
  get total(): number {
    return this.lastTick < this.firstTick ? 0 : (this.before[this.lastTick - this.firstTick + 1] ?? 0)
  }

  startOf(n: number): number {
    return this.starts[n] ?? 0
  }

  /** A client begins anew at a tick: it gets no events of that tick or before. */
  startAt(viewer: Viewer, tick: number): void {
    viewer.heardTo = tick
    this.firstTick = 0
    this.lastTick = -1
  }

  /** Shows the events of (from, to] that a client gets. `told` has a bit for each row that it is told of now. */
  show(viewer: Viewer, from: number, to: number, current: Int32Array, told: Int32Array): void {
    const { log, words, before } = this
    for (let tick = Math.max(viewer.heardTo, to - MAX_WINDOW_TICKS) + 1; tick <= to; tick++) {
      this.decide(viewer, tick, to, current, told)
    }
    viewer.heardTo = to
    this.firstTick = from + 1
    this.lastTick = to
    let kept = 0
    before[0] = 0
    for (let tick = from + 1; tick <= to; tick++) {
      const slot = (tick % KEPT_TICKS) * words
      const count = log.count(tick)
      for (let n = 0; n < count; n++) {
        if ((((viewer.events[slot + (n >> 5)] ?? 0) >> (n & 31)) & 1) === 1) this.starts[kept++] = log.at(tick, n)
      }
      before[tick - from] = kept
    }
  }

  private decide(viewer: Viewer, tick: number, now: number, current: Int32Array, told: Int32Array): void {
    const { log, words } = this
    const slot = (tick % KEPT_TICKS) * words
    const count = log.count(tick)
    for (let word = 0; word < words; word++) viewer.events[slot + word] = 0
    for (let n = 0; n < count; n++) {
      if (!this.isFor(viewer, log.at(tick, n), tick, now, current, told)) continue
      viewer.events[slot + (n >> 5)] = (viewer.events[slot + (n >> 5)] ?? 0) | (1 << (n & 31))
    }
  }

  private isFor(viewer: Viewer, at: number, tick: number, now: number, current: Int32Array, told: Int32Array): boolean {
    const { ints, setup } = this
    const place = this.places[ints[at + EVENT_INDEX] ?? 0]
    const seat = seatOfKey(ints[at + EVENT_KEY] ?? 0)
    if (place === undefined) return false
    if (setup.rule.hears !== undefined) return this.ask(viewer, at)
    const since = viewer.since[seat] ?? -1
    if (seat === viewer.seat || (seat !== 0 && since >= 0 && tick >= since)) return true
    if (place.x >= 0) {
      const { point, squared } = this.finder
      point[0] = (ints[at + EVENT_FIELDS + place.x] ?? 0) * place.stepX
      point[1] = (ints[at + EVENT_FIELDS + place.y] ?? 0) * place.stepY
      this.finder.measurePoint()
      if ((squared[0] ?? 0) <= setup.leaveRadius * setup.leaveRadius) return true
    }
    for (let n = 0; n < place.refs.length; n++) {
      const id = ints[at + EVENT_FIELDS + (place.refs[n] ?? 0)] ?? 0
      if (id !== 0 && this.isKnown(viewer, id, tick, now, current, told)) return true
    }
    return seat === 0 && place.x < 0 && place.refs.length === 0
  }

  /**
   * True if the client had an entity when something happened to it, as far as snapshots tell: it has it now, and had it before if that was before; or
   * it had it until it ended. What went out of sight is not known, nor what happened before it came.
   */
  private isKnown(
    viewer: Viewer,
    id: number,
    tick: number,
    now: number,
    current: Int32Array,
    told: Int32Array,
  ): boolean {
    const at = this.placeOf(id, current)
    if (at >= 0 && (((told[at >> 5] ?? 0) >> (at & 31)) & 1) === 0) return false
    return (at >= 0 && tick === now) || this.wasTold(viewer, id)
  }

  private wasTold({ sent }: Viewer, id: number): boolean {
    const record = sent.find(sent.newest)
    const memory = record < 0 ? undefined : this.history.find(sent.newest)
    const at = memory === undefined ? -1 : this.placeOf(id, memory)
    if (at < 0) return false
    const start = sent.start(record)
    const end = start + sent.count(record)
    for (let n = start; n < end; n++) if (sent.rows[n] === at) return sent.isThere(n)
    return false
  }

  private placeOf(id: number, memory: Int32Array): number {
    const { tables } = this.setup
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined) continue
      const row = findRow(table.plan.type, memory, memory[HEADER_COUNTS + index] ?? 0, id)
      if (row >= 0) return table.first + row
    }
    return -1
  }

  /** The game's own rule. Only here an object is made. */
  private ask(viewer: Viewer, at: number): boolean {
    const { rule, game } = this.setup
    const event = game.events[this.ints[at + EVENT_INDEX] ?? 0]
    const values: Record<string, unknown> = {}
    event?.fields.forEach(({ name, field }, n) => {
      values[name] = fromRaw(field, this.ints[at + EVENT_FIELDS + n] ?? 0)
    })
    return rule.hears?.(this.finder.roomFacade, viewer.facade, event?.name ?? '', values) === true
  }
}
