/**
 * A player in a seat over one link, as the session of that link knows it. Made by the room host, once per link.
 * Once the player has another link, this does nothing any more: the end of the old link is not the player's.
 */
import type { CloseReason } from '@tickmesh/shared'
import type { Attendance } from './attendance.ts'
import type { PlayerCore } from './player-core.ts'
import type { RoomCore } from './room-core.ts'

export class SeatedPlayer implements Attendance {
  readonly player: PlayerCore
  readonly roomId: string
  private readonly room: RoomCore
  private readonly link: PlayerCore['link']
  private readonly isInAdvance: boolean
  private isKnownToHear = false

  /** `isInAdvance`: it was there before its room, and has sent inputs over this link before there was a welcome. */
  constructor(room: RoomCore, player: PlayerCore, isInAdvance = false) {
    this.room = room
    this.player = player
    this.isInAdvance = isInAdvance
    this.link = player.link
    this.roomId = room.id
  }

  get ended(): boolean {
    return this.player.ended || this.player.link !== this.link
  }

  heard(): void {
    if (this.isKnownToHear || !this.player.welcomed || this.player.greeting) return
    // What it sends may have been under way when the welcome left; an acknowledged frame has not.
    if (this.isInAdvance && this.player.ackTick < 0) return
    this.isKnownToHear = true
    this.player.pass?.secretArrived()
  }

  /** What comes before its first tick, or after the room's end, is ignored. */
  receiveInput(bytes: Uint8Array): boolean {
    const { room, player } = this
    if (!player.seated || room.closed) return true
    const isSound = room.intake.receive(player, bytes)
    if (room.seats.silent.size > 0) room.seats.spoke(player)
    return isSound
  }

  receiveMessage(index: number, values: Readonly<Record<string, unknown>>): boolean {
    return this.room.inbox.receive(this.player, index, values)
  }

  serverMs(): number {
    return this.room.serverMs()
  }

  requestFull(nowMs: number): void {
    this.room.replication.requestFull(this.player, nowMs)
  }

  end(reason: CloseReason): void {
    if (this.player.link === this.link) this.player.end(reason)
  }

  leave(reason: CloseReason): void {
    if (this.player.link === this.link) this.room.seats.leave(this.player, reason)
  }
}
