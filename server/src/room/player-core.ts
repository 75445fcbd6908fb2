/**
 * One player of a room: its seat and link, what came from it, what was sent to it, and how its connection measures.
 * Owned by the room core. Its facade is what a game's rules see.
 */
import {
  type CloseReason,
  type CompiledGame,
  type InputMessageHead,
  type Link,
  type PlainObject,
  packControl,
  SERVER_CONTROL_LIMITS,
} from '@tickmesh/shared'
import type { Player, PlayerStats } from './api.ts'
import { AttributeSet } from './attribute-set.ts'
import { InputBuffer, type InputBufferOptions } from './input-buffer.ts'
import { PathHealth } from './path-health.ts'
import { RoundTrip } from './round-trip.ts'
import { SentTicks } from './sent-ticks.ts'
import { MAX_TRUSTED_JITTER_MS, ViewStamps, type ViewTiming, type ViewWindow } from './view-stamp.ts'

export interface PlayerInit {
  readonly seat: number
  readonly id: string
  readonly token: string
  readonly link: Link
  readonly options: unknown
  /** The newest tick that was computed. */
  readonly tick: number
  readonly nowMs: number
  readonly window: ViewWindow
}

/** A queue is looked for no more often: the path's memory is cold. */
const PATH_EVERY_MS = 30

/** A control message for clients, which take larger ones than they may send. */
export function packToClient(message: object): Uint8Array {
  return packControl(message, SERVER_CONTROL_LIMITS)
}

export class PlayerCore {
  readonly seat: number
  readonly id: string
  /** Names this player's session to itself only. */
  readonly token: string
  readonly link: Link
  readonly options: unknown
  readonly attributes: AttributeSet
  readonly inputs: InputBuffer
  readonly sent = new SentTicks()
  readonly stamps: ViewStamps
  readonly trip = new RoundTrip()
  readonly path = new PathHealth()
  readonly timing: ViewTiming = { marginMs: 0, rttMs: 0, jitterMs: 0, delayMs: 0 }
  readonly facade: Player
  readonly joinedAtMs: number
  /** True from the moment that its onJoin ran: it is in the room. */
  seated = false
  /** True once its welcome was sent; before that messages wait for it. */
  welcomed = false
  /** True once its link was closed from our side, or is gone. */
  ended = false
  leaveReason: CloseReason | undefined
  private readonly early: Uint8Array[] = []
  /** Messages to rules that wait for the next tick. */
  waitingMessages = 0
  clampedStamps = 0
  ignoredInputs = 0

  // What replication keeps.
  /** Newest snapshot that the client has decoded; -1: none. */
  ackTick = -1
  /** The tick of the last frame sent, and whether the client can decode deltas to it. */
  lastFrameTick: number
  lastFrameAtMs = 0
  wantsFull = true
  lastFullAtMs = Number.NEGATIVE_INFINITY
  lastFullTick = -1
  /** Per entity type: 1 = coded without motion for this client. Undefined: as for the room. */
  plainTypes: Uint8Array | undefined
  /** The frame that is being made: its baseline (-1: none), or -2 if this client gets none. */
  nextBaseline = -2
  /** The snapshot on which the frame at `nextBaseline` was built, from which trends are taken; -1: none. */
  nextEarlier = -1
  /** Low bits of the newest tick in the last input message since the last frame, and when that came; -1: none. */
  echo = -1
  echoAtMs = 0
  /** The newest tick of the last input message, and when that came. */
  heardTick = -1
  heardAtMs = 0
  private pathDueMs = 0
  bytesSent = 0
  framesSent = 0
  framesSkipped = 0

  constructor(game: CompiledGame, init: PlayerInit, options: InputBufferOptions, clock: { nowMs(): number }) {
    this.seat = init.seat
    this.id = init.id
    this.token = init.token
    this.link = init.link
    this.options = init.options
    this.joinedAtMs = init.nowMs
    this.lastFrameTick = init.tick
    this.lastFrameAtMs = init.nowMs
    this.attributes = new AttributeSet(game.playerAttributes)
    this.inputs = new InputBuffer(game, init.tick, options)
    this.stamps = new ViewStamps(this.sent, init.window, 1000 / game.tickRate, 1000 / game.snapshotRate)
    this.facade = new PlayerFacade(this, clock)
  }

  /** Takes note of what an input message says of the connection. Hot. */
  heard(head: InputMessageHead): void {
    const nowMs = this.heardAtMs
    // A message that is sent once more is answered as of when it came first.
    if (head.newestTick !== this.heardTick) {
      this.heardTick = head.newestTick
      this.echo = head.newestTick & 255
      this.echoAtMs = nowMs
    }
    if (head.ackTick > this.ackTick) {
      const sentAtMs = this.sent.sentAt(head.ackTick)
      if (!Number.isNaN(sentAtMs)) {
        const rttMs = nowMs - sentAtMs - head.ackHoldMs
        if (!this.link.ordered)
          this.path.onAcknowledged(nowMs, this.ackTick < 0 ? 0 : this.sent.countBetween(this.ackTick, head.ackTick))
        this.ackTick = head.ackTick
        this.trip.add(rttMs)
        if (nowMs >= this.pathDueMs) {
          this.pathDueMs = nowMs + PATH_EVERY_MS
          this.path.onRoundTrip(nowMs, rttMs)
        }
      }
    }
    const { timing, trip } = this
    timing.rttMs = trip.meanMs
    timing.jitterMs = trip.jitterMs < MAX_TRUSTED_JITTER_MS ? trip.jitterMs : MAX_TRUSTED_JITTER_MS
    timing.delayMs = head.interpolationDelayMs
    this.stamps.boundDelay(timing)
    timing.marginMs = this.inputs.usualMarginMs
  }

  /** Sends a packed control message; before the welcome it waits for that. */
  tell(bytes: Uint8Array): void {
    if (this.ended) return
    if (!this.welcomed) {
      this.early.push(bytes)
      return
    }
    this.bytesSent += bytes.length
    this.link.send('reliable', bytes)
  }

  /** Sends the welcome, and what waited for it. */
  welcome(bytes: Uint8Array): void {
    this.welcomed = true
    this.tell(bytes)
    for (const waiting of this.early) this.tell(waiting)
    this.early.length = 0
  }

  /** Says why, and closes the link; the player leaves once the link reports its end. */
  end(reason: CloseReason): void {
    if (this.ended) return
    this.ended = true
    this.link.send(
      'reliable',
      packToClient({ t: this.welcomed ? 'bye' : 'refused', code: reason.code, message: reason.message }),
    )
    this.link.close(reason)
  }
}

/** The first seat that nobody has, or will have after the next tick; 0: all are taken. `players` are in order of their seats. */
export function freeSeat(players: readonly PlayerCore[], maxPlayers: number): number {
  let seat = 1
  for (const player of players) if (player.seat === seat && player.leaveReason === undefined) seat++
  return seat <= maxPlayers ? seat : 0
}

/** What rules see of a player. */
class PlayerFacade implements Player {
  readonly seat: number
  readonly id: string
  readonly options: unknown
  readonly #core: PlayerCore
  readonly #clock: { nowMs(): number }

  constructor(core: PlayerCore, clock: { nowMs(): number }) {
    this.#core = core
    this.#clock = clock
    this.seat = core.seat
    this.id = core.id
    this.options = core.options
  }

  get attributes(): Readonly<PlainObject> {
    return this.#core.attributes.now
  }

  setAttributes(patch: Readonly<Record<string, unknown>>): void {
    this.#core.attributes.merge(patch)
  }

  get stats(): PlayerStats {
    const { trip, inputs, clampedStamps, ignoredInputs, bytesSent, joinedAtMs, framesSkipped } = this.#core
    const seconds = Math.max(1, (this.#clock.nowMs() - joinedAtMs) / 1000)
    return {
      rttMs: trip.meanMs,
      jitterMs: trip.jitterMs,
      marginMs: inputs.usualMarginMs,
      lateInputs: inputs.lateInputs,
      ignoredInputs,
      clampedStamps,
      refusedPresses: inputs.refusedPresses,
      bytesPerSecond: bytesSent / seconds,
      framesSkipped,
    }
  }
}
