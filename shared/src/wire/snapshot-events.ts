/**
 * The events of the ticks between a baseline and a body, in the order in which they happened. Encoder and decoder side by side.
 */
import { EVENT_FIELDS, EVENT_INDEX, EVENT_KEY, type EventLog } from '../world/event-log.ts'
import type { BitSink, ModelTable } from './bit-model.ts'
import { hashStep } from './hash.ts'
import type { RangeDecoder } from './range-coder.ts'
import { decodeResidual, decodeSymbol, encodeResidual, encodeSymbol } from './residual-coder.ts'
import { decodeKey, encodeKey, type KeyScope } from './snapshot-keys.ts'
import { MAX_EVENTS_PER_TICK, type SnapshotLayout } from './snapshot-layout.ts'
import { decodeValue, encodeValue, inRange } from './snapshot-values.ts'

/** Where the encoder finds events: a log, or what a client may know of one. */
export interface EventSource {
  readonly ints: Int32Array
  /** How many events a tick has. */
  count(tick: number): number
  /** Where event `n` of a tick starts in `ints`. */
  at(tick: number, n: number): number
}

/** Codes the events of (from, to]. Gives the hash of what it coded. */
export function encodeEvents(
  sink: BitSink,
  models: ModelTable,
  age: number,
  layout: SnapshotLayout,
  scope: KeyScope,
  log: EventSource | undefined,
  from: number,
  to: number,
): number {
  let hash = 0
  if (layout.events.length === 0 || from === to) return hash
  let last = from + 1
  let some = 0
  for (let tick = from + 1; tick <= to && log !== undefined; tick++) {
    const count = Math.min(log.count(tick), MAX_EVENTS_PER_TICK)
    for (let n = 0; n < count; n++) {
      sink.encodeBit(models, age + layout.moreEvents + some, 1)
      encodeResidual(sink, models, layout.eventTick, tick - last)
      last = tick
      some = 1
      hash = encodeEvent(sink, models, layout, scope, log.ints, log.at(tick, n), tick, hashStep(hash, tick))
    }
  }
  sink.encodeBit(models, age + layout.moreEvents + some, 0)
  return hash
}

function encodeEvent(
  sink: BitSink,
  models: ModelTable,
  layout: SnapshotLayout,
  scope: KeyScope,
  ints: Int32Array,
  at: number,
  tick: number,
  start: number,
): number {
  const index = ints[at + EVENT_INDEX] ?? 0
  const key = ints[at + EVENT_KEY] ?? 0
  let hash = hashStep(hashStep(start, index), key)
  encodeSymbol(sink, models, layout.eventIndex, layout.eventBits, index)
  sink.encodeBit(models, layout.eventUnkeyed, key === 0 ? 1 : 0)
  if (key !== 0) encodeKey(sink, models, scope, key, 0, tick)
  const fields = layout.events[index]?.fields ?? []
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]
    if (field === undefined) continue
    const value = ints[at + EVENT_FIELDS + field.offset] ?? 0
    encodeValue(sink, models, field, field.fresh, value, field.initial)
    hash = hashStep(hash, value)
  }
  return hash
}

/** The mirror of `encodeEvents`; one per decoder. */
export class EventReader {
  /** The hash of what was decoded. */
  hash = 0
  readonly #layout: SnapshotLayout
  readonly #scope: KeyScope

  constructor(layout: SnapshotLayout, scope: KeyScope) {
    this.#layout = layout
    this.#scope = scope
  }

  /** Replaces the events of (from, to] in the log. False for what no encoder writes. A full tick of the log drops what does not fit. */
  decode(
    decoder: RangeDecoder,
    models: ModelTable,
    age: number,
    log: EventLog | undefined,
    from: number,
    to: number,
  ): boolean {
    const layout = this.#layout
    this.hash = 0
    if (log !== undefined) for (let tick = from + 1; tick <= to; tick++) log.begin(tick)
    if (layout.events.length === 0 || from === to) return true
    let tick = from + 1
    let count = 0
    let some = 0
    while (decoder.decodeBit(models, age + layout.moreEvents + some) === 1) {
      const gap = decodeResidual(decoder, models, layout.eventTick)
      count = gap === 0 ? count + 1 : 1
      tick += gap
      some = 1
      if (gap < 0 || tick > to || count > MAX_EVENTS_PER_TICK || decoder.overrun > 4) return false
      if (!this.#decodeEvent(decoder, models, log, tick)) return false
    }
    return true
  }

  #decodeEvent(decoder: RangeDecoder, models: ModelTable, log: EventLog | undefined, tick: number): boolean {
    const layout = this.#layout
    const index = decodeSymbol(decoder, models, layout.eventIndex, layout.eventBits)
    const plan = layout.events[index]
    if (plan === undefined) return false
    let key = 0
    if (decoder.decodeBit(models, layout.eventUnkeyed) === 0) {
      key = decodeKey(decoder, models, this.#scope, 0, tick)
      if (key === 0) return false
    }
    const at = log === undefined ? -1 : log.add(tick, index, key)
    let hash = hashStep(hashStep(hashStep(this.hash, tick), index), key)
    for (let i = 0; i < plan.fields.length; i++) {
      const field = plan.fields[i]
      if (field === undefined) continue
      const value = decodeValue(decoder, models, field, field.fresh, field.initial)
      if (!inRange(field, value)) return false
      hash = hashStep(hash, value)
      if (log !== undefined && at >= 0) log.ints[at + EVENT_FIELDS + field.offset] = value
    }
    this.hash = hash
    return true
  }
}
