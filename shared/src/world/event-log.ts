/**
 * Event log: the events of the newest ticks as integers, in memory taken at the start. The simulation writes it, the codec sends from it
 * and fills one when it decodes. A full tick drops further events and counts them.
 */
import type { CompiledGame } from '../game/compiled.ts'

/** Places within one event: which event, its key (see spawn-key.ts; 0 = none), then the fields' raw values. */
export const EVENT_INDEX = 0
export const EVENT_KEY = 1
export const EVENT_FIELDS = 2

export class EventLog {
  /** Integers per event. */
  readonly stride: number
  readonly maxPerTick: number
  readonly ints: Int32Array
  /** Events that did not fit. */
  dropped = 0
  /** How many ticks events are kept for. */
  readonly historyTicks: number
  readonly #ticks: Int32Array
  readonly #counts: Int32Array

  constructor(game: CompiledGame, historyTicks: number, maxPerTick = 128) {
    let fields = 0
    for (const event of game.events) fields = Math.max(fields, event.fields.length)
    this.stride = EVENT_FIELDS + fields
    this.historyTicks = historyTicks
    this.maxPerTick = game.events.length === 0 ? 0 : maxPerTick
    this.ints = new Int32Array(historyTicks * this.maxPerTick * this.stride)
    this.#ticks = new Int32Array(historyTicks).fill(-1)
    this.#counts = new Int32Array(historyTicks)
  }

  /** Empties the place of `tick`. */
  begin(tick: number): void {
    const slot = tick % this.historyTicks
    this.#ticks[slot] = tick
    this.#counts[slot] = 0
  }

  /** Adds an event to a tick that was begun. Gives where it starts in `ints`, or -1 if there is no room. */
  add(tick: number, eventIndex: number, key: number): number {
    const slot = tick % this.historyTicks
    const count = this.#counts[slot] ?? 0
    if (this.#ticks[slot] !== tick || count >= this.maxPerTick) {
      this.dropped++
      return -1
    }
    this.#counts[slot] = count + 1
    const at = this.at(tick, count)
    this.ints.fill(0, at, at + this.stride)
    this.ints[at + EVENT_INDEX] = eventIndex
    this.ints[at + EVENT_KEY] = key
    return at
  }

  /** Forgets everything. */
  clear(): void {
    this.#ticks.fill(-1)
  }

  /** How many events a tick has; 0 if it is not kept. */
  count(tick: number): number {
    const slot = tick % this.historyTicks
    return this.#ticks[slot] === tick ? (this.#counts[slot] ?? 0) : 0
  }

  /** Where event `n` of a tick starts in `ints`. */
  at(tick: number, n: number): number {
    return ((tick % this.historyTicks) * this.maxPerTick + n) * this.stride
  }
}
