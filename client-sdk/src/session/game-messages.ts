/**
 * A game's own messages, both ways. Kept by the live room. What comes before anybody listens waits for the first listener, and what is said while there is no
 * link waits for the next one; both are bounded.
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
/** Messages that wait for a link; more are dropped. A server takes 64 in one tick. */
const MAX_UNSENT = 32

export class GameMessages {
  readonly #game: CompiledGame
  readonly #listeners = new Map<string, Listeners<[values: Values]>>()
  #unheard: { readonly name: string; readonly values: Values }[] = []
  #unsent: Uint8Array[] = []

  constructor(game: CompiledGame) {
    this.#game = game
  }

  /** False: the game declares no such message. */
  receive(index: number, sent: unknown): boolean {
    const declared = this.#game.toClient[index]
    const values = declared === undefined ? undefined : decodeMessage(declared, sent)
    if (declared === undefined || values === undefined) return false
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

  /** There is no link for it now. */
  keep(bytes: Uint8Array): void {
    if (this.#unsent.length < MAX_UNSENT) this.#unsent.push(bytes)
  }

  /** What waits for a link, in order. */
  takeUnsent(): readonly Uint8Array[] {
    const unsent = this.#unsent
    this.#unsent = []
    return unsent
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
