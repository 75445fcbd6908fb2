/**
 * The attributes of a room and its players as the server says them: whole in a welcome, then by patches. Kept by the live room; the page holds
 * the same objects for as long as the room lives.
 */
import { type AttributePatch, applyPatch, type Seat, type ServerMessage } from '@tickmesh/shared'
import { Listeners } from '../listeners.ts'
import type { RoomPlayer } from '../room.ts'
import type { Welcome } from './line.ts'

export class RoomAttributes {
  readonly ofRoom: Record<string, unknown> = {}
  readonly players = new Map<Seat, RoomPlayer>()
  readonly listeners = new Listeners<[]>()
  readonly playerListeners = new Listeners<[]>()

  constructor(welcome: Welcome) {
    this.#take(welcome)
  }

  #take({ attributes, players }: Welcome): void {
    for (const name of Object.keys(this.ofRoom)) delete this.ofRoom[name]
    Object.assign(this.ofRoom, attributes)
    this.players.clear()
    for (const [seat, known] of players) this.players.set(seat, { seat, attributes: { ...known } })
  }

  /** All anew: patches may have been missed. */
  replace(welcome: Welcome): void {
    this.#take(welcome)
    this.listeners.call()
    this.playerListeners.call()
  }

  patch(message: Extract<ServerMessage, { t: 'attr' }>): void {
    if (message.room !== undefined) applyPatch(this.ofRoom, message.room)
    let cameOrLeft = false
    for (const [seat, patch] of message.players ?? []) {
      const known = this.players.get(seat)
      if (patch === null) this.players.delete(seat)
      else this.#patchPlayer(seat, { ...known?.attributes }, patch)
      if (patch === null || known === undefined) cameOrLeft = true
    }
    this.listeners.call()
    if (cameOrLeft) this.playerListeners.call()
  }

  #patchPlayer(seat: Seat, attributes: Record<string, unknown>, patch: AttributePatch): void {
    applyPatch(attributes, patch)
    this.players.set(seat, { seat, attributes })
  }
}
