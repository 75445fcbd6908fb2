/**
 * Somebody in a room, as its session knows it: a player in a seat, or a spectator. What comes over the link goes here, and nowhere else.
 */
import type { CloseReason } from '@tickmesh/shared'
import type { PlayerCore } from './player-core.ts'

export interface Attendance {
  readonly player: PlayerCore
  readonly roomId: string
  /** An input message that came at `player.heardAtMs`. False: malformed. Hot. */
  receiveInput(bytes: Uint8Array): boolean
  /** A game's own message. False: too many came. */
  receiveMessage(index: number, values: Readonly<Record<string, unknown>>): boolean
  requestFull(nowMs: number): void
  /** The link ended, or is about to. */
  leave(reason: CloseReason): void
}
