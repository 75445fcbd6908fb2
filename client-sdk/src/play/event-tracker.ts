/**
 * Events on a client: predicted at once, confirmed or withdrawn when the server has spoken, never played twice however often a tick is
 * simulated again. Others' events wait for the moment at which others are drawn. Cold: events are few.
 */
import {
  type CompiledGame,
  EVENT_FIELDS,
  EVENT_INDEX,
  EVENT_KEY,
  type EventLog,
  fromRaw,
  seatOfKey,
} from '@tickmesh/shared'

type Values = Readonly<Record<string, unknown>>

export interface EventInfo {
  /** True if it is played before the server has confirmed it. */
  readonly predicted: boolean
  /** True if what this player owns caused it. */
  readonly own: boolean
  /** The tick in which it happened. */
  readonly tick: number
}

export interface EventListener {
  onEvent(name: string, values: Values, info: EventInfo): void
  /** A predicted event did not happen. */
  onWithdrawn(name: string, values: Values): void
}

interface Predicted {
  /** The tick in which it is now thought to happen, and the one for which it was played. */
  tick: number
  readonly playedTick: number
  readonly name: string
  readonly values: Values
  confirmed: boolean
  /** The last pass of the simulation in which it was emitted. */
  pass: number
}

interface Waiting {
  readonly tick: number
  readonly name: string
  readonly values: Values
}

/** Others' events that wait to be drawn; beyond, the oldest are dropped and counted. */
const MAX_WAITING = 512
/** A game declares no more (compile.ts). */
const MAX_EVENT_TYPES = 64
/** Confirmed predictions are remembered this long, in ticks. */
const MEMORY_TICKS = 600

export class EventTracker {
  predictedCount = 0
  withdrawnCount = 0
  /** Others' events that were too old to be played when somebody looked again. */
  staleCount = 0
  /** Ticks whose events nobody will tell, because a full frame had to stand in for them. */
  untoldTicks = 0
  readonly #game: CompiledGame
  readonly #listener: EventListener
  /** By key and type of event. */
  readonly #known = new Map<number, Predicted>()
  readonly #waiting: Waiting[] = []
  #pass = 0
  #seenTick = -1
  seat = 0

  constructor(game: CompiledGame, listener: EventListener) {
    this.#game = game
    this.#listener = listener
  }

  /** A new pass of simulation over recent ticks begins. */
  beginPass(): void {
    this.#pass++
  }

  /** Instead of a pass over the ticks after `tick`: they would emit what they did. */
  keepPass(tick: number): void {
    this.#pass++
    for (const event of this.#known.values()) if (event.tick > tick) event.pass = this.#pass
  }

  /** Takes in what the simulation emitted in a tick, for the first time or again. */
  onSimulated(log: EventLog, tick: number): void {
    const count = log.count(tick)
    for (let n = 0; n < count; n++) {
      const at = log.at(tick, n)
      const key = log.ints[at + EVENT_KEY] ?? 0
      if (key === 0) continue
      const identity = identityOf(log, at)
      const known = this.#known.get(identity)
      if (known !== undefined) {
        known.pass = this.#pass
        if (!known.confirmed) known.tick = tick
        continue
      }
      const { name, values } = this.#read(log, at)
      const renamed = this.#takeRenamed(name, values, tick, true)
      this.#known.set(identity, { tick, playedTick: tick, name, values, confirmed: false, pass: this.#pass })
      if (renamed) continue
      this.predictedCount++
      this.#listener.onEvent(name, values, { predicted: true, own: this.#isOwn(key), tick })
    }
  }

  /**
   * Forgets a predicted event that is the same effect under another key: a press that came late changes the keys of all that its tick emits, and presses
   * that are applied together, because the inputs between them were lost, share one key. Such an event was played for the same tick, or, when the server tells of it,
   * is predicted no more. False if there is none. To the simulation (`simulated`), what this pass emitted is known by its present key.
   */
  #takeRenamed(name: string, values: Values, tick: number, simulated: boolean): boolean {
    let text: string | undefined
    for (const [identity, event] of this.#known) {
      if (event.confirmed || event.name !== name) continue
      const emitted = event.pass === this.#pass
      if (simulated ? emitted || event.playedTick !== tick : emitted && event.playedTick !== tick) continue
      text ??= JSON.stringify(values)
      if (JSON.stringify(event.values) !== text) continue
      this.#known.delete(identity)
      return true
    }
    return false
  }

  #isOwn(key: number): boolean {
    return this.seat !== 0 && seatOfKey(key) === this.seat
  }

  /**
   * A full frame of `tick` came, which has no events: nobody will say what happened since the last frame. What was predicted there is
   * left as it is, neither played again nor withdrawn.
   */
  onGap(tick: number): void {
    for (const event of this.#known.values()) if (event.tick <= tick) event.confirmed = true
    if (this.#seenTick >= 0 && tick > this.#seenTick) this.untoldTicks += tick - this.#seenTick
    this.#seenTick = Math.max(this.#seenTick, tick)
  }

  /** Takes in the server's events of the ticks after the last call up to `tick`. Own ones play now, others wait. */
  onServer(log: EventLog, tick: number): void {
    const first = Math.max(this.#seenTick + 1, tick - 127)
    for (let t = first; t <= tick; t++) {
      const count = log.count(t)
      for (let n = 0; n < count; n++) this.#onServerEvent(log, log.at(t, n), t)
    }
    this.#seenTick = Math.max(this.#seenTick, tick)
  }

  #onServerEvent(log: EventLog, at: number, tick: number): void {
    const key = log.ints[at + EVENT_KEY] ?? 0
    const own = this.#isOwn(key)
    const identity = identityOf(log, at)
    const known = key === 0 ? undefined : this.#known.get(identity)
    if (known !== undefined) {
      known.confirmed = true
      known.tick = tick
      return
    }
    const { name, values } = this.#read(log, at)
    const renamed = key !== 0 && this.#takeRenamed(name, values, tick, false)
    if (own || renamed) {
      this.#known.set(identity, { tick, playedTick: tick, name, values, confirmed: true, pass: this.#pass })
      if (!renamed) this.#listener.onEvent(name, values, { predicted: false, own, tick })
      return
    }
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift()
      this.staleCount++
    }
    this.#waiting.push({ tick, name, values })
  }

  /** After the ticks from the server's newest on were simulated again: what was predicted up to `serverTick` and is not confirmed did not happen. */
  withdraw(serverTick: number): void {
    for (const [identity, event] of this.#known) {
      if (event.confirmed) {
        if (event.tick < serverTick - MEMORY_TICKS) this.#known.delete(identity)
      } else if (event.tick <= serverTick && event.pass !== this.#pass) {
        this.#known.delete(identity)
        this.withdrawnCount++
        this.#listener.onWithdrawn(event.name, event.values)
      }
    }
  }

  /** Plays others' events up to the moment that is drawn. Those of more than a second ago (the tab was hidden) are only counted. */
  playUntil(viewTick: number): void {
    let left = 0
    for (const event of this.#waiting) {
      if (event.tick > viewTick) this.#waiting[left++] = event
      else if (event.tick < viewTick - this.#game.tickRate) this.staleCount++
      else this.#listener.onEvent(event.name, event.values, { predicted: false, own: false, tick: event.tick })
    }
    this.#waiting.length = left
  }

  #read(log: EventLog, at: number): { name: string; values: Values } {
    const event = this.#game.events[log.ints[at + EVENT_INDEX] ?? 0]
    if (event === undefined) return { name: '', values: {} }
    const values: Record<string, unknown> = {}
    event.fields.forEach(({ name, field }, index) => {
      values[name] = fromRaw(field, log.ints[at + EVENT_FIELDS + index] ?? 0)
    })
    return { name: event.name, values }
  }
}

/** Keys are counted per type of event. */
function identityOf(log: EventLog, at: number): number {
  return (log.ints[at + EVENT_KEY] ?? 0) * MAX_EVENT_TYPES + (log.ints[at + EVENT_INDEX] ?? 0)
}
