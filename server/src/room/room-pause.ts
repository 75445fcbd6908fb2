/**
 * A room that stands still between two shards, or two epochs: stopped for a planned move, restored by another shard, or going on after a move that failed. Used by the room
 * core and by restore-room.ts. Pure: the timer is passed in.
 * A halted room runs no tick and says nothing new; only `goOnWith` wakes it, under a new epoch. Before a room goes on, those who were connected are waited for, not for long.
 *
 * What going on after a failed move costs a player: its link is closed with STALE_EPOCH, as frames of the old epoch's tag are not to be believed any more and a link has one
 * welcome. A client dials again at once (the same shard, by the address that it knows), resumes with its secret and the epoch of its last welcome, and gets a full frame: it is
 * expected for RESTORE_WAIT_MS, so rules do not hear of it, and the timeline is shifted by what was lost.
 */
import { type CloseReason, type CompiledGame, type EpochTriple, hashTick, type Simulation } from '@tickmesh/shared'
import type { TickHandle } from '../tick/tick-loop.ts'
import type { TickTimer } from '../tick/tick-timer.ts'
import { packLate } from './late-inputs.ts'
import type { PlayerCore } from './player-core.ts'

/** A room as far as it is stopped and woken: RoomCore is one. */
export interface PausedRoom {
  readonly game: CompiledGame
  readonly sim: Simulation
  readonly tickNumber: number
  readonly players: readonly PlayerCore[]
  readonly seats: {
    readonly expected: { readonly size: number }
    readonly silent: { readonly size: number }
    endWait(lateMs: number): void
    turnAway(reason: CloseReason): void
    redial(reason: CloseReason): void
  }
  readonly replication: { retag(epoch: EpochTriple): void }
  readonly output: { flush(): void }
  readonly stage: { redial(reason: CloseReason, epoch: EpochTriple): void } | undefined
  readonly options: { epoch?: EpochTriple | undefined; readonly timer?: TickTimer | undefined }
  readonly handle: TickHandle | undefined
  readonly epochMs: number
  readonly closed: boolean
  frozen: boolean
  pause: RoomPause | undefined
  timelineShifted(skippedTicks: number): void
  committed(): void
}

/** What its ticks say of when to stop it. */
export interface HaltableRoom {
  readonly game: { readonly ticksPerSnapshot: number }
  readonly tickNumber: number
  dueMs(tick: number): number
}

/** Where a room stopped. */
export interface HaltedRoom {
  readonly tick: number
  /** Of its state, as a replica has it. */
  readonly hash: number
  /** See late-inputs.ts. */
  readonly late: Uint8Array
}

/** Players who were connected are waited for so long. */
const RESTORE_WAIT_MS = 300
/** Once all are back, their inputs so long. */
const INPUTS_WAIT_MS = 150

/** A snapshot that was due so long ago has just left. */
const FRESH_MS = 5
/** A tick that is due has run after so long, mostly; one that has not is looked for again after so long. */
const RUN_MS = 1
const LATE_MS = 2

const MOVING: CloseReason = { code: 'NOT_READY', message: 'the room moves to another server. Try again.' }
const RENEWED: CloseReason = { code: 'STALE_EPOCH', message: 'the room goes on in a new epoch. Connect again.' }

export class RoomPause {
  /** No tick runs any more in this epoch. */
  isHalted = false
  /** Another shard ran it before: rules are to hear of it. */
  readonly isNew: boolean
  private readonly room: PausedRoom
  private readonly fromEpochMs: number
  private isOver = true
  private cancelWait: (() => void) | undefined
  private timer: TickTimer | undefined
  private isHurried = false
  /** At the latest. */
  private untilMs = 0

  constructor(room: PausedRoom, isNew: boolean) {
    this.room = room
    this.isNew = isNew
    this.fromEpochMs = room.epochMs
  }

  /** Waits for those who are expected; goes on at once if there are none, or there is no timer to wait by. The timeline is shifted by what was lost. */
  wait(timer: TickTimer | undefined): void {
    this.isOver = false
    const { room } = this
    if (room.seats.expected.size === 0 || timer === undefined) return this.end()
    room.frozen = true
    this.timer = timer
    this.untilMs = timer.nowMs() + RESTORE_WAIT_MS
    // Whoever is welcomed meanwhile is told of a timeline that is about right.
    room.handle?.shift()
    this.cancelWait = timer.wakeAt(this.untilMs, () => this.end())
  }

  /** When all are here, their inputs are waited for, too: without those the next ticks would not be what players see already. */
  someArrived(): void {
    const { room, timer } = this
    if (this.isOver || timer === undefined || room.seats.expected.size > 0) return
    if (room.seats.silent.size === 0) return this.end()
    if (this.isHurried) return
    this.isHurried = true
    this.cancelWait?.()
    this.cancelWait = timer.wakeAt(Math.min(this.untilMs, timer.nowMs() + INPUTS_WAIT_MS), () => this.end())
  }

  /** A planned move: the next tick is due when it would have been. */
  open(): void {
    this.isOver = false
    this.end(false)
  }

  /** Ticks run from now on. */
  end(shift = true): void {
    const { room } = this
    this.cancelWait?.()
    if (this.isOver || this.isHalted || room.closed) return
    this.isOver = true
    room.frozen = false
    const skipped = room.handle?.open(shift) ?? 0
    room.seats.endWait(this.lostMs)
    if (skipped > 0) room.timelineShifted(skipped)
  }

  /** For how long nobody could come back. */
  private get lostMs(): number {
    return Math.max(0, this.room.epochMs - this.fromEpochMs)
  }

  /** The room is gone. */
  cancel(): void {
    this.isOver = true
    this.cancelWait?.()
  }
}

/**
 * When it is best to stop it, on the clock of its ticks: a snapshot has just left then, and who goes on has the longest time until the next one is due. At most one snapshot's
 * interval from `nowMs`, unless ticks are late.
 */
export function bestHaltMs(room: HaltableRoom, nowMs: number): number {
  const { tickNumber } = room
  const { ticksPerSnapshot } = room.game
  const ticksSince = tickNumber % ticksPerSnapshot
  if (ticksSince === 0 && nowMs - room.dueMs(tickNumber) < FRESH_MS) return nowMs
  const nextMs = room.dueMs(tickNumber - ticksSince + ticksPerSnapshot) + RUN_MS
  return nextMs > nowMs ? nextMs : nowMs + LATE_MS
}

/** Stops a room for good in its epoch. Between two ticks; throws nothing. */
export function haltRoom(room: PausedRoom): HaltedRoom {
  room.pause?.cancel()
  const pause = new RoomPause(room, room.pause?.isNew === true)
  pause.isHalted = true
  room.pause = pause
  room.handle?.pause()
  // Whoever goes on sends its first frame when the next one is due.
  room.output.flush()
  room.seats.turnAway(MOVING)
  const late = packLate(room.players)
  // What comes from now on is not in `late`: it comes again, or to where the room goes on.
  room.frozen = true
  return { tick: room.tickNumber, hash: hashTick(room.sim, room.tickNumber), late }
}

/** A halted room was not moved: it goes on in a new epoch. */
export function goOnWith(room: PausedRoom, epoch: EpochTriple): void {
  const halted = room.pause
  if (halted?.isHalted !== true || room.closed) return
  room.options.epoch = epoch
  room.replication.retag(epoch)
  room.stage?.redial(RENEWED, epoch)
  room.seats.redial(RENEWED)
  const pause = new RoomPause(room, halted.isNew)
  room.pause = pause
  pause.wait(room.options.timer)
  room.committed()
}
