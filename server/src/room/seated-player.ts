/**
 * A player in a seat, as its session knows it. Made by the room host.
 */
import type { CloseReason } from '@tickmesh/shared'
import type { Attendance } from './attendance.ts'
import type { PlayerCore } from './player-core.ts'
import type { RoomCore } from './room-core.ts'

export class SeatedPlayer implements Attendance {
  readonly player: PlayerCore
  readonly roomId: string
  private readonly room: RoomCore

  constructor(room: RoomCore, player: PlayerCore) {
    this.room = room
    this.player = player
    this.roomId = room.id
  }

  /** What comes before its first tick, or after the room's end, is ignored. */
  receiveInput(bytes: Uint8Array): boolean {
    const { room, player } = this
    return !player.seated || room.closed || room.receiveInput(player, bytes)
  }

  receiveMessage(index: number, values: Readonly<Record<string, unknown>>): boolean {
    return this.room.receiveMessage(this.player, index, values)
  }

  requestFull(nowMs: number): void {
    this.room.replication.requestFull(this.player, nowMs)
  }

  leave(reason: CloseReason): void {
    this.room.leave(this.player, reason)
  }
}
