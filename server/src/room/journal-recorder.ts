/**
 * Records a room into a journal. Put into the room by its host, when the server records; called at three places of each tick. A recording that fails ends
 * with a line in the log, and the match goes on. Costs nothing where nobody records.
 */
import {
  type AttributePatch,
  diffAttributes,
  type JournalNote,
  type JournalSink,
  JournalWriter,
  type PlainObject,
  type Simulation,
  type SnapshotRing,
} from '@tickmesh/shared'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'
import type { AttributeSet } from './attribute-set.ts'
import type { PlayerCore } from './player-core.ts'

/** Where a room's journal goes. */
export interface Recording {
  readonly sink: JournalSink
  /** For people, such as an ISO date. */
  readonly startedAt: string
}

/** What computes a tick: the simulation, or the sync test around it. */
export interface Stepper {
  step(tick: number): void
}

/** What a recorder needs of a room. */
export interface RecordedRoom {
  readonly id: string
  readonly sim: Simulation
  readonly history: SnapshotRing
  readonly attributes: AttributeSet
  readonly players: readonly PlayerCore[]
  readonly epochMs: number
  readonly options: { readonly secretSeed: number; readonly log: Log }
  stepper: Stepper
  recorder: JournalRecorder | undefined
}

/** Records a room from now on, which must be between two ticks. */
export function startRecording(room: RecordedRoom, recording: Recording | undefined): void {
  if (recording === undefined) return
  room.recorder = new JournalRecorder(room, recording)
  room.stepper = room.recorder
}

/** What the journal knows of a seat. */
interface KnownSeat {
  player: PlayerCore | undefined
  attributes: Readonly<PlainObject>
}

const NONE: Readonly<PlainObject> = Object.freeze({})

export class JournalRecorder implements Stepper {
  private readonly room: RecordedRoom
  private readonly inner: Stepper
  private readonly seats: readonly KnownSeat[]
  private readonly present: (PlayerCore | undefined)[]
  private readonly notes: JournalNote[] = []
  private roomAttributes: Readonly<PlainObject>
  private epochMs: number
  private readonly sink: JournalSink
  private writer: JournalWriter | undefined

  constructor(room: RecordedRoom, { sink, startedAt }: Recording) {
    this.room = room
    this.sink = sink
    this.inner = room.stepper
    const { seatRows } = room.sim.game
    this.seats = Array.from({ length: seatRows }, () => ({ player: undefined, attributes: NONE }))
    this.present = new Array<PlayerCore | undefined>(seatRows).fill(undefined)
    this.roomAttributes = room.attributes.now
    this.epochMs = room.epochMs
    this.look()
    const { secretSeed } = room.options
    const { sim, history, id } = room
    const state = () => this.state()
    this.writer = new JournalWriter({ sink, sim, history, secretSeed, room: id, startedAt, state })
  }

  /** In the place of the room's own step. Hot. */
  step(tick: number): void {
    this.writer?.beforeStep()
    this.inner.step(tick)
    this.writer?.afterStep()
  }

  /** The tick is over, and in the history. */
  endTick(): void {
    if (this.writer === undefined) return
    try {
      this.look()
      this.writer.endTick(this.notes)
    } catch (error) {
      this.fail(error)
    }
  }

  /** The room is over. */
  end(reason: string): void {
    try {
      this.writer?.end(reason)
    } catch (error) {
      this.fail(error)
    }
    this.writer = undefined
  }

  private fail(error: unknown): void {
    const { room, sink } = this
    this.writer = undefined
    const problem = 'the recording of the match ended; the match goes on'
    room.options.log(failureLine('recording-failed', problem, error, { room: room.id }))
    sink.end()
  }

  /** Fills `notes` with what changed since the last look. Looks at each seat; allocates only for what changed. */
  private look(): void {
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
  private state(): JournalNote[] {
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
