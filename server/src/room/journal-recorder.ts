/**
 * Records a room into a journal. Put into the room by its host, when the server records; called at three places of each tick. A recording that fails ends
 * with a line in the log, and the match goes on. Costs nothing where nobody records.
 */
import { type JournalSink, JournalWriter, type Simulation, type SnapshotRing } from '@tickmesh/shared'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'
import { type NotedRoom, NoteTaker } from './note-taker.ts'

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
export interface RecordedRoom extends NotedRoom {
  readonly id: string
  readonly sim: Simulation
  readonly history: SnapshotRing
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

export class JournalRecorder implements Stepper {
  private readonly room: RecordedRoom
  private readonly inner: Stepper
  private readonly taker: NoteTaker
  private readonly sink: JournalSink
  private writer: JournalWriter | undefined

  constructor(room: RecordedRoom, { sink, startedAt }: Recording) {
    this.room = room
    this.sink = sink
    this.inner = room.stepper
    this.taker = new NoteTaker(room)
    const { secretSeed } = room.options
    const { sim, history, id } = room
    const state = () => this.taker.state()
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
      this.taker.look()
      this.writer.endTick(this.taker.notes)
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
}
