/**
 * Looks at a room's players, attributes and timeline once a tick, and says what changed, as journal notes. Used by whoever writes a journal of a room: each has its
 * own, as each began at another time. Looks at each seat; allocates only for what changed.
 */
import { type AttributePatch, diffAttributes, type JournalNote, type PlainObject } from '@tickmesh/shared'
import type { AttributeSet } from './attribute-set.ts'
import type { PlayerCore } from './player-core.ts'

/** What is looked at. */
export interface NotedRoom {
  readonly sim: { readonly game: { readonly seatRows: number } }
  readonly attributes: AttributeSet
  readonly players: readonly PlayerCore[]
  readonly epochMs: number
}

/** What the notes so far say of a seat. */
interface KnownSeat {
  player: PlayerCore | undefined
  attributes: Readonly<PlainObject>
}

const NONE: Readonly<PlainObject> = Object.freeze({})

export class NoteTaker {
  /** Of the last look. */
  readonly notes: JournalNote[] = []
  /** Who sits where, by seat, as of the last look. */
  readonly present: (PlayerCore | undefined)[]
  private readonly room: NotedRoom
  private readonly seats: readonly KnownSeat[]
  private roomAttributes: Readonly<PlainObject>
  private epochMs: number

  constructor(room: NotedRoom) {
    this.room = room
    const { seatRows } = room.sim.game
    this.seats = Array.from({ length: seatRows }, () => ({ player: undefined, attributes: NONE }))
    this.present = new Array<PlayerCore | undefined>(seatRows).fill(undefined)
    this.roomAttributes = room.attributes.now
    this.epochMs = room.epochMs
    this.look()
  }

  /** Fills `notes` with what changed since the last look. */
  look(): void {
    const { room, notes, present, seats } = this
    notes.length = 0
    if (room.epochMs !== this.epochMs) {
      this.epochMs = room.epochMs
      notes.push(['epoch', room.epochMs])
    }
    if (room.attributes.now !== this.roomAttributes) {
      this.noteAttributes(0, diffAttributes(this.roomAttributes, room.attributes.now))
      this.roomAttributes = room.attributes.now
    }
    present.fill(undefined)
    for (let i = 0; i < room.players.length; i++) {
      const player = room.players[i]
      if (player?.seated === true) present[player.seat] = player
    }
    for (let seat = 1; seat < seats.length; seat++) {
      const known = seats[seat]
      if (known !== undefined) this.lookAt(seat, known, present[seat])
    }
  }

  private lookAt(seat: number, known: KnownSeat, player: PlayerCore | undefined): void {
    if (known.player !== player) {
      if (known.player !== undefined) this.notes.push(['leave', seat])
      if (player !== undefined) this.notes.push(['join', seat, player.id])
      known.player = player
      known.attributes = NONE
    }
    if (player === undefined || player.attributes.now === known.attributes) return
    this.noteAttributes(seat, diffAttributes(known.attributes, player.attributes.now))
    known.attributes = player.attributes.now
  }

  private noteAttributes(seat: number, patch: AttributePatch | undefined): void {
    if (patch !== undefined) this.notes.push(['attr', seat, patch])
  }

  /** All that notes have told so far. */
  state(): JournalNote[] {
    const notes: JournalNote[] = [
      ['epoch', this.epochMs],
      ['attr', 0, { set: this.roomAttributes }],
    ]
    this.seats.forEach(({ player, attributes }, seat) => {
      if (player !== undefined) notes.push(['join', seat, player.id], ['attr', seat, { set: attributes }])
    })
    return notes
  }
}
