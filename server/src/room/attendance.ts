/**
 * Somebody in a room over one link, as the session of that link knows it: a player in a seat, or a spectator. What comes over the link goes here, and
 * nowhere else. A player who comes back over another link gets another attendance; what is left of the first one does nothing any more.
 */
import type { CloseReason } from '@tickmesh/shared'
import type { PlayerCore } from './player-core.ts'

export interface Attendance {
  readonly player: PlayerCore
  readonly roomId: string
  /** Nothing that comes over this link counts any more. Hot. */
  readonly ended: boolean
  /** Something came that only somebody sends who has the welcome. Hot. */
  heard(): void
  /** An input message that came at `player.heardAtMs`. False: malformed. Hot. */
  receiveInput(bytes: Uint8Array): boolean
  /** A game's own message. False: too many came. */
  receiveMessage(index: number, values: Readonly<Record<string, unknown>>): boolean
  /** What a client's clock goes by: cluster time, in a cluster. */
  serverMs(): number
  requestFull(nowMs: number): void
  /** Says why, and closes the link. */
  end(reason: CloseReason): void
  /** The link ended, or is about to. */
  leave(reason: CloseReason): void
}
