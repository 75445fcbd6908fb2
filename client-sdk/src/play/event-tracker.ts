/**
 * Events on a client: predicted at once, confirmed or withdrawn when the server has spoken, never played twice however often a tick is
 * simulated again. Others' events wait for the moment at which others are drawn. Cold: events are few.
 * What a server says of ticks that nobody holds for it yet is not final, as it may die: it is kept, but neither plays nor confirms anything.
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
  /** The server says that it happened in this tick: that is final once the tick is held. */
  told: boolean
  /** The last pass of the simulation in which it was emitted. */
  pass: number
}

interface Waiting {
  readonly tick: number
  /** Plays as soon as its tick is held; others' when they are drawn. */
  readonly own: boolean
  readonly identity: number
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
  /** Up to this tick what the server says is final. */
  heldTick = -1

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
        if (!known.told) known.tick = tick
        continue
      }
      const { name, values } = this.#read(log, at)
      const renamed = this.#takeRenamed(name, values, tick, true)
      this.#known.set(identity, { tick, playedTick: tick, name, values, told: false, pass: this.#pass })
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
      if (event.told || event.name !== name) continue
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
    for (const event of this.#known.values()) if (event.tick <= tick) event.told = true
    if (this.#seenTick >= 0 && tick > this.#seenTick) this.untoldTicks += tick - this.#seenTick
    this.#seenTick = Math.max(this.#seenTick, tick)
  }

  /** All ticks up to `tick` are held. Own events of them play that were not predicted. */
  held(tick: number): void {
    if (tick <= this.heldTick) return
    this.heldTick = tick
    this.#playHeld()
  }

  #playHeld(): void {
    let left = 0
    for (const event of this.#waiting) {
      if (event.own && event.tick <= this.heldTick) this.#play(event)
      else this.#waiting[left++] = event
    }
    this.#waiting.length = left
  }

  #play({ name, values, own, tick }: Waiting): void {
    this.#listener.onEvent(name, values, { predicted: false, own, tick })
  }

  /** Another server goes on after `tick`: what was told of later ticks is void. What was predicted there still is, to be told anew or withdrawn. */
  forgetAfter(tick: number): void {
    this.#seenTick = Math.min(this.#seenTick, tick)
    this.heldTick = Math.min(this.heldTick, tick)
    for (const event of this.#known.values()) if (event.tick > tick) event.told = false
    let left = 0
    for (const event of this.#waiting) {
      if (event.tick <= tick) this.#waiting[left++] = event
      else if (event.own) this.#known.delete(event.identity)
    }
    this.#waiting.length = left
  }

  /** Takes in the server's events of the ticks after the last call up to `tick`, which is held unless `heldTick` says otherwise. Own ones play then, others wait. */
  onServer(log: EventLog, tick: number, heldTick = tick): void {
    const first = Math.max(this.#seenTick + 1, tick - 127)
    for (let t = first; t <= tick; t++) {
      const count = log.count(t)
      for (let n = 0; n < count; n++) this.#onServerEvent(log, log.at(t, n), t)
    }
    this.#seenTick = Math.max(this.#seenTick, tick)
    this.heldTick = Math.max(this.heldTick, heldTick)
    this.#playHeld()
  }

  #onServerEvent(log: EventLog, at: number, tick: number): void {
    const key = log.ints[at + EVENT_KEY] ?? 0
    const own = this.#isOwn(key)
    const identity = identityOf(log, at)
    const known = key === 0 ? undefined : this.#known.get(identity)
    if (known !== undefined) {
      known.told = true
      known.tick = tick
      return
    }
    const { name, values } = this.#read(log, at)
    const renamed = key !== 0 && this.#takeRenamed(name, values, tick, false)
    if (own || renamed)
      this.#known.set(identity, { tick, playedTick: tick, name, values, told: true, pass: this.#pass })
    if (renamed) return
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift()
      this.staleCount++
    }
    this.#waiting.push({ tick, own, identity, name, values })
  }

  /** After the ticks from the server's newest on were simulated again: what was predicted up to `serverTick`, is held and was not told did not happen. */
  withdraw(serverTick: number): void {
    const finalTick = Math.min(serverTick, this.heldTick)
    for (const [identity, event] of this.#known) {
      if (event.told) {
        if (event.tick < finalTick - MEMORY_TICKS) this.#known.delete(identity)
      } else if (event.tick <= finalTick && event.pass !== this.#pass) {
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
      if (event.own || event.tick > Math.min(viewTick, this.heldTick)) this.#waiting[left++] = event
      else if (event.tick < viewTick - this.#game.tickRate) this.staleCount++
      else this.#play(event)
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
