/**
 * What ties one room that runs here to those who stand by for it: the room tells its ticks, and hears how far they are held. Made by HostedRooms, one for each opening.
 */
import type { Keyframe, StandbyLine, StandbyMode, TickRecord } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { JournalSource } from '../standby/standby-api.ts'

/** A room, as its line sees it: RoomCore is one. */
export interface LinedRoom {
  keyframe(): Keyframe
  stateAt(tick: number): Uint8Array | undefined
  /** The line's `heldTick` moved. */
  committed(): void
  /** The line's `urls` changed. */
  standbyChanged(): void
}

/** Nothing of the room is held. */
export const NOT_YET = -1

export class RoomLine implements StandbyLine, JournalSource {
  mode: StandbyMode
  heldTick = NOT_YET
  urls: readonly string[] = []
  holders: readonly Life[] = []
  room: LinedRoom | undefined
  readonly #send: (record: TickRecord) => void

  constructor(mode: StandbyMode, send: (record: TickRecord) => void) {
    this.mode = mode
    this.#send = send
  }

  append(record: TickRecord): void {
    this.#send(record)
  }

  keyframe(): Keyframe {
    const { room } = this
    // A room asks for none before it is made.
    if (room === undefined) throw new TypeError('a keyframe of a room that is not there')
    return room.keyframe()
  }

  stateAt(tick: number): Uint8Array | undefined {
    return this.room?.stateAt(tick)
  }

  heldTo(tick: number): void {
    if (tick === this.heldTick) return
    this.heldTick = tick
    this.room?.committed()
  }

  holdersChanged(holders: readonly Life[], urls: readonly string[], mode: StandbyMode): void {
    this.mode = mode
    this.holders = holders
    if (urls.length === this.urls.length && urls.every((url, at) => url === this.urls[at])) return
    this.urls = urls
    this.room?.standbyChanged()
  }
}
