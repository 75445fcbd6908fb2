/**
 * The game's messages from players, which wait for the next tick and are applied there, in the order in which they came. One per room. Cold.
 * Each that is taken is counted once it is applied: a client sends again, over another link, what was not.
 */
import type { CloseReason } from '@tickmesh/shared'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'
import { MAY_COME_BACK, type PlayerCore } from './player-core.ts'
import type { UntypedRules } from './rules.ts'

export interface InboxRoom {
  readonly id: string
  readonly game: { readonly toServer: readonly { readonly name: string }[] }
  readonly rules: UntypedRules
  readonly facade: object
  readonly options: { readonly log: Log }
  /** No tick runs for now. */
  readonly frozen: boolean
}

interface WaitingMessage {
  readonly player: PlayerCore
  readonly index: number
  readonly values: Readonly<Record<string, unknown>>
}

/** Messages of one player that may wait for one tick. */
const MAX_WAITING_MESSAGES = 64
/** And for a room that stands still. */
const MAX_FROZEN_MESSAGES = 256
const UNHEARD: CloseReason = { code: 'TOO_SLOW', message: 'more came than could wait. Connect again.' }

export class MessageInbox {
  private readonly room: InboxRoom
  private messages: WaitingMessage[] = []
  /** Some of them came while the room stood still. */
  private wasFrozen = false
  private readonly deaf: PlayerCore[] = []

  constructor(room: InboxRoom) {
    this.room = room
  }

  /** False: too many wait. While the room is frozen that is nobody's fault: this link's are not taken any more, and come again over the next. */
  receive(player: PlayerCore, index: number, values: Readonly<Record<string, unknown>>): boolean {
    if (player.deaf) return true
    this.wasFrozen ||= this.room.frozen
    if (player.waitingMessages >= (this.wasFrozen ? MAX_FROZEN_MESSAGES : MAX_WAITING_MESSAGES)) {
      if (!this.wasFrozen) return false
      player.deaf = true
      this.deaf.push(player)
      return true
    }
    player.waitingMessages++
    this.messages.push({ player, index, values })
    return true
  }

  /** Applies all that wait. */
  run(): void {
    if (this.messages.length === 0) return
    const { messages } = this
    this.messages = []
    this.wasFrozen = false
    for (const player of this.deaf.splice(0)) if (player.deaf) player.end(UNHEARD)
    for (const { player, index, values } of messages) {
      player.waitingMessages--
      player.appliedMessages++
      if (player.seated && !isSentAway(player)) this.apply(player, index, values)
    }
  }

  private apply(player: PlayerCore, index: number, values: Readonly<Record<string, unknown>>): void {
    const { room } = this
    const name = room.game.toServer[index]?.name ?? ''
    try {
      room.rules.messages?.[name]?.(room.facade, player.facade, values)
    } catch (error) {
      // What one player sent must not end the match for all.
      const where = { room: room.id, player: player.id }
      room.options.log(failureLine('message-rule-failed', `rules.messages.${name} threw`, error, where))
      player.end({ code: 'INTERNAL', message: `The server failed at the message "${name}".` })
    }
  }
}

/** By us, for good. */
function isSentAway({ ended, away, endReason }: PlayerCore): boolean {
  return ended && !away && endReason !== undefined && !MAY_COME_BACK.has(endReason.code)
}
