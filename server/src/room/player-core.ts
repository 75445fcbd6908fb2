/**
 * One player of a room: its seat and link, what came from it, what was sent to it, and how its connection measures.
 * Owned by the room core. Its facade is what a game's rules see.
 */
import {
  type CloseReason,
  type CompiledGame,
  type InputMessageHead,
  type Link,
  type NetErrorCode,
  packControl,
  SERVER_CONTROL_LIMITS,
} from '@tickmesh/shared'
import type { Player } from './api.ts'
import { AttributeSet } from './attribute-set.ts'
import { HeldMessages } from './held-messages.ts'
import { InputBuffer, type InputBufferOptions } from './input-buffer.ts'
import { MessageLog } from './message-log.ts'
import { Outbox, type OutputCommit, type Receiver } from './output-commit.ts'
import { PathHealth } from './path-health.ts'
import { ACK_IMPOSSIBLE, DELAY_TOO_LONG, INPUT_CONTRADICTS, INPUT_IGNORED, Plausibility } from './plausibility.ts'
import { PlayerFacade } from './player-facade.ts'
import type { Newcomer, PlayerPass, Reservation } from './player-pass.ts'
import { RoundTrip } from './round-trip.ts'
import { SentTicks } from './sent-ticks.ts'
import type { LedgerSeat } from './session-ledger.ts'
import { MAX_TRUSTED_JITTER_MS, ViewStamps, type ViewTiming, type ViewWindow } from './view-stamp.ts'

export interface PlayerInit {
  readonly seat: number
  readonly newcomer: Newcomer
  readonly link: Link
  /** The newest tick that was computed. */
  readonly tick: number
  readonly nowMs: number
  readonly window: ViewWindow
  /** Of a protected room. */
  readonly commit?: OutputCommit | undefined
}

/** A queue is looked for no more often: the path's memory is cold. */
const PATH_EVERY_MS = 30

/** Ends of a link that are nobody's wish: the player may come back. */
export const MAY_COME_BACK: ReadonlySet<NetErrorCode> = new Set(['CONNECTION_LOST', 'TIMED_OUT', 'TOO_SLOW'])

/** A control message for clients, which take larger ones than they may send. */
export function packToClient(message: object): Uint8Array {
  return packControl(message, SERVER_CONTROL_LIMITS)
}

export class PlayerCore implements Receiver {
  readonly seat: number
  readonly id: string
  /** What the gate knows of it; undefined: a spectator. */
  readonly pass: PlayerPass | undefined
  /** The one in use: a resume brings another. */
  link: Link
  readonly options: unknown
  readonly identity: unknown
  /** The reservation that it used up. */
  reservation: Reservation | undefined
  readonly attributes: AttributeSet
  readonly inputs: InputBuffer
  readonly plausibility: Plausibility
  readonly sent = new SentTicks()
  readonly stamps: ViewStamps
  trip = new RoundTrip()
  path = new PathHealth()
  readonly timing: ViewTiming = { marginMs: 0, rttMs: 0, jitterMs: 0, delayMs: 0 }
  readonly facade: Player
  readonly joinedAtMs: number
  /** True from the moment that its onJoin ran: it is in the room. */
  seated = false
  /** True once its join succeeded. */
  hasSat = false
  /** True once an input came from it that could be used. */
  played = false
  /** It came with a ticket, which is used up now: it is no stranger, played or not. */
  readonly invited: boolean
  /** The ticket's id. */
  readonly invitedBy: string | undefined
  /** True once its welcome was made; before that messages wait for it. */
  welcomed = false
  /** Its welcome is made, and has not left yet: no frame may overtake it. */
  greeting = false
  /** True once its link was closed from our side, or is gone: nothing is sent. */
  ended = false
  /** Why we ended it. */
  endReason: CloseReason | undefined
  /** Set once it is to lose its seat. */
  leaveReason: CloseReason | undefined
  /** Its link is gone, and its seat is kept for it. */
  away = false
  private readonly held = new HeldMessages()
  /** Where what it is told waits for those who stand by; undefined: nothing ever does. */
  readonly outbox: Outbox | undefined
  /** The game's messages to it. */
  readonly said = new MessageLog()
  /** How many of those were told, over whatever link; and how many nobody will get. */
  private saidTold = 0
  private saidLost = 0
  /** Messages to rules that wait for the next tick. */
  waitingMessages = 0
  /** Messages to rules that were applied, in all; and how many of them it was told of. */
  appliedMessages = 0
  toldApplied = 0
  /** A message of this link was not taken: those after it cannot be either, as they are counted. */
  deaf = false

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
    const { newcomer } = init
    this.id = newcomer.id
    this.pass = newcomer.pass
    this.link = init.link
    this.options = newcomer.options
    this.identity = newcomer.identity
    this.invitedBy = newcomer.ticketId
    this.invited = newcomer.ticketId !== undefined
    this.joinedAtMs = init.nowMs
    this.lastFrameTick = init.tick
    this.lastFrameAtMs = init.nowMs
    this.attributes = new AttributeSet(game.playerAttributes)
    this.plausibility = new Plausibility(game.tickRate, game.presses.length)
    this.inputs = new InputBuffer(game, init.tick, options, this.plausibility)
    this.stamps = new ViewStamps(this.sent, init.window, 1000 / game.tickRate, 1000 / game.snapshotRate)
    this.facade = new PlayerFacade(this, clock)
    if (init.commit !== undefined) this.outbox = new Outbox(init.commit, this)
  }

  /** Takes note of what an input message says of the connection. Hot. */
  heard(head: InputMessageHead): void {
    const nowMs = this.heardAtMs
    this.weigh(head)
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
      } else if (this.sent.newest >= 0 && this.sent.isInvented(head.ackTick)) {
        this.plausibility.note(ACK_IMPOSSIBLE, 1, Math.max(1, head.ackTick - this.sent.newest))
      }
    }
    const { timing, trip } = this
    timing.rttMs = trip.meanMs
    timing.jitterMs = trip.jitterMs < MAX_TRUSTED_JITTER_MS ? trip.jitterMs : MAX_TRUSTED_JITTER_MS
    timing.delayMs = head.interpolationDelayMs
    const delayOverMs = this.stamps.boundDelay(timing)
    // Before the first round trip is measured nobody can say what is too much.
    if (delayOverMs > 0 && this.ackTick >= 0) this.plausibility.note(DELAY_TOO_LONG, 1, delayOverMs)
    timing.marginMs = this.inputs.usualMarginMs
  }

  private weigh(head: InputMessageHead): void {
    const { plausibility } = this
    plausibility.weigh(INPUT_IGNORED, 1)
    plausibility.weigh(DELAY_TOO_LONG, 1)
    plausibility.weigh(ACK_IMPOSSIBLE, 1)
    plausibility.weigh(INPUT_CONTRADICTS, 1)
    if (head.contradicts) plausibility.note(INPUT_CONTRADICTS, 1, 1)
  }

  /** Goes on from what another shard knew of it; its link comes later. */
  restore({ played, heard, said, saidCount }: LedgerSeat): void {
    this.seated = true
    this.hasSat = true
    this.ended = true
    this.played = played
    this.appliedMessages = heard
    this.said.startAt(saidCount - said.length)
    for (const { bytes } of said) this.said.add(bytes)
    this.saidTold = saidCount
  }

  /** Its link is another's business from now on: the player is to come back over a new one. Gives the link. */
  unlink(): Link {
    const { link } = this
    this.lostLink()
    this.link = NO_LINK
    return link
  }

  /**
   * Takes another link in the place of the one before, which is closed. What was measured of that says nothing of this one. `goesOn`: the same page connected here in
   * advance, and what it sent before it still holds.
   */
  relink(link: Link, tick: number, nowMs: number, goesOn = false): void {
    this.link = link
    this.ended = false
    this.endReason = undefined
    this.away = false
    this.welcomed = false
    this.greeting = false
    this.deaf = false
    this.outbox?.clear()
    this.path = new PathHealth()
    this.sent.newLink()
    if (!goesOn) {
      this.trip = new RoundTrip()
      this.inputs.newLink()
    }
    this.ackTick = -1
    this.wantsFull = true
    this.lastFullTick = -1
    this.lastFrameTick = tick
    this.lastFrameAtMs = nowMs
    this.echo = -1
    this.heardTick = -1
    this.heardAtMs = nowMs
    this.pathDueMs = 0
  }

  /** Sends something of the room's: while the player has no link it waits, as far as there is room. */
  say(bytes: Uint8Array): void {
    if (!this.ended || this.leaveReason !== undefined) return this.tell(bytes)
    this.held.add(bytes)
    this.held.trim()
  }

  /** Sends a message of the game's. It is counted; what does not come over this link is sent again over the next. */
  sayTyped(bytes: Uint8Array): void {
    this.said.add(bytes)
    if (this.ended) return
    this.saidTold = this.said.count
    this.tell(bytes)
  }

  /** Sends a packed control message; before the welcome it waits for that, and in a protected room for those who stand by. */
  tell(bytes: Uint8Array): void {
    if (this.ended) return
    if (!this.welcomed) return this.held.add(bytes)
    if (this.outbox?.holds === true) return this.outbox.add(bytes)
    this.transmit(bytes)
  }

  /** Sends what says nothing of the match: it waits for nothing but the welcome. */
  tellNow(bytes: Uint8Array): void {
    if (this.ended) return
    if (!this.welcomed || this.greeting) return this.tell(bytes)
    this.transmit(bytes)
  }

  transmit(bytes: Uint8Array): void {
    this.bytesSent += bytes.length
    this.link.send('reliable', bytes)
  }

  /** Sends the welcome, and what waited for it. */
  welcome(bytes: Uint8Array, more: readonly Uint8Array[] = []): void {
    this.greet(bytes, more)
    for (const waiting of this.held.take()) this.tell(waiting)
  }

  /** After how many of the game's messages it goes on that got `heard` of them; undefined: all that were told. */
  saidTo(heard = this.saidTold): number {
    return Math.min(Math.max(heard, this.said.forgotten), this.said.count)
  }

  /** Sends the welcome of one who came back, the messages that did not come before, and what waited. `heard`: how many came. */
  welcomeBack(bytes: Uint8Array, more: readonly Uint8Array[], heard = this.saidTold, isAtOnce = false): void {
    const { said } = this
    // It may not have heard, and a welcome does not say that it is for good.
    this.toldApplied = 0
    this.greet(bytes, more, isAtOnce)
    if (heard < said.forgotten) this.saidLost += said.forgotten - heard
    for (let n = this.saidTo(heard) + 1; n <= said.count; n++) {
      const message = said.at(n)
      if (message !== undefined) this.tell(message)
    }
    this.saidTold = said.count
    for (const waiting of this.held.take()) this.tell(waiting)
  }

  private greet(bytes: Uint8Array, more: readonly Uint8Array[], isAtOnce = false): void {
    this.welcomed = true
    this.greeting = true
    if (this.outbox?.holds === true && !isAtOnce) this.outbox.add(bytes, true)
    else {
      this.transmit(bytes)
      this.greeted()
    }
    for (const rest of more) this.tell(rest)
  }

  greeted(): void {
    this.greeting = false
  }

  /** Its link is gone. */
  lostLink(): void {
    this.ended = true
    this.outbox?.clear()
  }

  /** Of the game's to this player, that nobody will get. */
  get lostMessages(): number {
    return this.held.dropped + this.saidLost + (this.away ? Math.max(0, this.said.forgotten - this.saidTold) : 0)
  }

  /** Says why, and closes the link; the player leaves once the link reports its end, or, if it is away, with the next tick. `isOfLink`: rules did not wish it. */
  end(reason: CloseReason, isOfLink = false): void {
    if (this.ended) {
      // Who only lost its link can still be sent away.
      if (this.endReason === undefined ? this.away : MAY_COME_BACK.has(this.endReason.code)) this.endReason = reason
      return
    }
    this.ended = true
    this.endReason = reason
    if (this.outbox?.holdsEnd === true && !isOfLink) return this.outbox.addEnd(reason)
    this.outbox?.clear()
    this.depart(reason)
  }

  depart({ code, message }: CloseReason): void {
    const t = this.welcomed && !this.greeting ? 'bye' : 'refused'
    this.link.send('reliable', packToClient({ t, code, message }))
    this.link.close({ code, message })
  }
}

/** Of a player who has none: it takes nothing. */
export const NO_LINK: Link = { ordered: true, bufferedBytes: 0, attach: () => {}, send: () => {}, close: () => {} }
