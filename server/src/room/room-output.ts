/**
 * What a room says at the end of each tick: attributes, how many messages were applied, frames, and what spectators see. Owned by the room core. Hot.
 * In a room that others stand by it goes out once the tick is held; frames at the latest before the next tick runs, provisional then, and at once if those who stand by
 * are far behind. No tick waits for anybody.
 */
import { type CompiledGame, MAX_WINDOW_TICKS } from '@tickmesh/shared'
import type { AttributeBroadcast } from './attribute-broadcast.ts'
import type { AttributeSet } from './attribute-set.ts'
import { OutputCommit } from './output-commit.ts'
import { type PlayerCore, packToClient } from './player-core.ts'
import type { Replication } from './replication.ts'
import type { RoomOptions } from './room-options.ts'
import type { RoomPace } from './room-pace.ts'
import type { SpectatorStage } from './spectator-stage.ts'
import type { StandbyLine } from './standby-line.ts'

export interface OutputRoom {
  readonly game: CompiledGame
  readonly options: RoomOptions
  readonly players: readonly PlayerCore[]
  readonly attributes: AttributeSet
  readonly broadcast: AttributeBroadcast
  readonly replication: Replication
  readonly stage: SpectatorStage | undefined
  readonly pace: RoomPace
  readonly epochMs: number
  dueMs(tick: number): number
}

/** Clients hear no more often that their messages were applied. */
const GOT_MS = 250
const NO_TICK = -1
/** Who stands by and is further behind has still to be brought up, is slow, or is gone: frames do not wait for that. */
const SOON_HELD_TICKS = 8
/** Spectators are shown no more ticks at once, however long nothing was held. */
const MAX_SHOWN_TICKS = 64

export class RoomOutput {
  /** Of a protected room. */
  readonly commit: OutputCommit | undefined
  private readonly line: StandbyLine | undefined
  private readonly room: OutputRoom
  private readonly gotTicks: number
  /** The tick whose frames have not left yet. */
  private frameTick = NO_TICK
  /** The newest tick that is over, and the newest that spectators were shown. */
  private tick = 0
  private shownTick = 0

  constructor(room: OutputRoom, players: readonly PlayerCore[]) {
    this.room = room
    this.line = room.options.standby
    if (this.line !== undefined) this.commit = new OutputCommit(this.line, players)
    this.gotTicks = Math.max(1, Math.round((GOT_MS * room.game.tickRate) / 1000))
  }

  /** A restored room goes on after `tick`. */
  startAfter(tick: number): void {
    this.tick = tick
    this.shownTick = tick
    this.commit?.end(tick)
  }

  /** Whether all who are to hold `tick` do. */
  isHeld(tick: number): boolean {
    return this.line === undefined || this.line.heldTick >= tick
  }

  /** The tick before is over for good: its frames leave now, held or not. */
  beginTick(tick: number): void {
    this.flush()
    this.commit?.begin(tick)
  }

  /** Frames that wait to be held leave now: the next tick begins, or none comes here any more. */
  flush(): void {
    const { commit, line } = this
    if (commit === undefined || line === undefined) return
    if (this.maySpeak()) {
      this.release(commit, line)
      if (this.frameTick !== NO_TICK) this.sendFrames(this.frameTick, this.frameTick - line.heldTick)
    }
    this.frameTick = NO_TICK
  }

  /** The tick is in the history, and its record on its way. */
  endTick(tick: number): void {
    const { room, commit, line } = this
    const { stage } = room
    this.tick = tick
    // The lease may have run out within this tick: what it says waits for the next that may speak.
    const speaks = this.maySpeak()
    if (speaks) {
      room.broadcast.flush(tick, room.attributes, room.players)
      if (tick % this.gotTicks === 0) this.tellApplied()
    }
    stage?.keep(tick)
    if (commit === undefined || line === undefined) {
      if (!speaks) return
      this.sendFrames(tick, 0)
      stage?.tick(tick, room.dueMs(tick), room.epochMs, room.pace.governor.level)
      return
    }
    commit.end(tick)
    this.frameTick = tick
    if (!speaks) return
    this.release(commit, line)
    if (this.frameTick === NO_TICK || tick - line.heldTick <= SOON_HELD_TICKS) return
    this.sendFrames(tick, tick - line.heldTick)
    this.frameTick = NO_TICK
  }

  /** Those who stand by have more than before. Between two ticks. */
  committed(): void {
    const { commit, line } = this
    if (commit === undefined || line === undefined || commit.inTick || !this.maySpeak()) return
    this.release(commit, line)
  }

  private maySpeak(): boolean {
    const { mayAct } = this.room.options
    return mayAct === undefined || mayAct()
  }

  private release(commit: OutputCommit, line: StandbyLine): void {
    commit.release()
    const { heldTick } = line
    if (this.frameTick !== NO_TICK && this.frameTick <= heldTick) {
      this.sendFrames(this.frameTick, 0)
      this.frameTick = NO_TICK
    }
    this.show(heldTick < this.tick ? heldTick : this.tick)
  }

  /** Spectators see nothing that may be undone. */
  private show(until: number): void {
    const { room } = this
    const { stage } = room
    if (stage === undefined || until <= this.shownTick) return
    for (let tick = Math.max(this.shownTick + 1, until - MAX_SHOWN_TICKS); tick <= until; tick++)
      stage.tick(tick, room.dueMs(tick), room.epochMs, room.pace.governor.level)
    this.shownTick = until
  }

  private sendFrames(tick: number, behind: number): void {
    const { game, pace, replication, players, options } = this.room
    const { governor } = pace
    const { ticksPerSnapshot } = game
    // Thinned, but never beyond what a delta can span.
    const divisor = Math.min(governor.snapshotDivisor, Math.floor(MAX_WINDOW_TICKS / ticksPerSnapshot))
    const everyTicks = ticksPerSnapshot * divisor
    const { level } = governor
    if (!replication.isDue(tick, everyTicks, level)) return
    replication.behind = behind
    replication.send(players, tick, options.clock.nowMs(), this.room.dueMs(tick), level, everyTicks)
  }

  /** Tells clients which of their messages they need not keep any more. */
  private tellApplied(): void {
    const { players } = this.room
    for (let i = 0; i < players.length; i++) {
      const player = players[i]
      if (player === undefined || player.appliedMessages === player.toldApplied || player.ended) continue
      player.toldApplied = player.appliedMessages
      player.tell(packToClient({ t: 'got', heard: player.appliedMessages }))
    }
  }
}
