/**
 * A game's own messages, both ways. Kept by the live room. What comes before anybody listens waits for the first listener. Both sides count what came: what is said is
 * kept until the server has applied it for good, and said again, in order, over the next link, to whoever runs the room then. All is bounded.
 */
import {
  type CompiledGame,
  type CompiledMessage,
  decodeMessage,
  encodeMessage,
  NetError,
  packControl,
} from '@tickmesh/shared'
import { type Listeners, listenersOf } from '../listeners.ts'
import type { Unsubscribe } from '../room.ts'

type Values = Readonly<Record<string, unknown>>

/** Messages that wait for a first listener; more are dropped. */
const MAX_UNHEARD = 64
/** Messages that are kept until the server has applied them, and their bytes; beyond, the oldest are forgotten. */
const MAX_KEPT = 256
const MAX_KEPT_BYTES = 65_536
/** Messages that are sent at once. A server takes 64 in one tick. */
const AT_ONCE = 32

export class GameMessages {
  readonly #game: CompiledGame
  readonly #listeners = new Map<string, Listeners<[values: Values]>>()
  #unheard: { readonly name: string; readonly values: Values }[] = []
  /** How many came from the server, in all. */
  heard: number
  /** The next so many were heard over the link before this one. */
  #again = 0
  /** What is not known to be applied; before the first of them the server has applied so many. */
  readonly #kept: Uint8Array[] = []
  #keptBytes = 0
  #applied: number
  /** How many of those that are kept were sent over this link. */
  #sent = 0

  /** Goes on after `heard` messages from the server, and `applied` to it. */
  constructor(game: CompiledGame, heard: number, applied: number) {
    this.#game = game
    this.heard = heard
    this.#applied = applied
  }

  /** False: the game declares no such message. */
  receive(index: number, sent: unknown): boolean {
    const declared = this.#game.toClient[index]
    const values = declared === undefined ? undefined : decodeMessage(declared, sent)
    if (declared === undefined || values === undefined) return false
    if (this.#again > 0) {
      this.#again--
      return true
    }
    this.heard++
    const listeners = this.#listeners.get(declared.name)
    if (listeners !== undefined && listeners.size > 0) listeners.call(values)
    else if (this.#unheard.length < MAX_UNHEARD) this.#unheard.push({ name: declared.name, values })
    return true
  }

  on(name: string, listener: (values: Values) => void): Unsubscribe {
    checkDeclared('message to the client', name, this.#game.toClient)
    const unsubscribe = listenersOf(this.#listeners, name).add(listener)
    queueMicrotask(() => this.#tellUnheard(name))
    return unsubscribe
  }

  #tellUnheard(name: string): void {
    const told = this.#unheard.filter((message) => message.name === name)
    if (told.length === 0) return
    this.#unheard = this.#unheard.filter((message) => message.name !== name)
    for (const { values } of told) this.#listeners.get(name)?.call(values)
  }

  /** The bytes of a message to the server. Throws for what the game does not declare. */
  pack(name: string, values: Values): Uint8Array {
    const { toServer } = this.#game
    checkDeclared('message', name, toServer)
    const declared = toServer.find((message) => message.name === name) as CompiledMessage
    return packControl({ t: 'msg', i: declared.index, v: encodeMessage(declared, values) })
  }

  /** To be sent by the next `take`, and kept. */
  keep(bytes: Uint8Array): void {
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
    while (this.#kept.length > MAX_KEPT || this.#keptBytes > MAX_KEPT_BYTES) this.#forgetOldest()
  }

  #forgetOldest(): void {
    this.#keptBytes -= this.#kept.shift()?.length ?? 0
    this.#applied++
    this.#sent = Math.max(0, this.#sent - 1)
  }

  /** The server has applied so many, for good. */
  got(count: number): void {
    while (this.#applied < count && this.#kept.length > 0) this.#forgetOldest()
  }

  /**
   * Over another link, whose server has applied `count`: what it lacks is to be sent again. `said`: after how many of its own it goes on. What it has is kept all the same:
   * until `got` says so, another server may go on from before it.
   */
  resume(count: number, said = this.heard): void {
    this.#again = Math.max(0, this.heard - said)
    this.heard = Math.max(this.heard, said)
    // Some are forgotten that this server does not have: the next counts on from what it has.
    this.#applied = Math.min(this.#applied, count)
    this.#sent = Math.min(this.#kept.length, count - this.#applied)
  }

  /** What is to be sent now, in order. */
  take(): readonly Uint8Array[] {
    const taken = this.#kept.slice(this.#sent, this.#sent + AT_ONCE)
    this.#sent += taken.length
    return taken
  }
}

/** Throws BAD_ARGUMENT for a name that a game does not declare. */
export function checkDeclared(what: string, name: string, declared: readonly { readonly name: string }[]): void {
  if (declared.some((known) => known.name === name)) return
  throw new NetError(
    'BAD_ARGUMENT',
    `there is no ${what} "${name}".`,
    `Declared are: ${declared.map((known) => known.name).join(', ')}.`,
  )
}
