/**
 * Session: keeps a room connected. When its link is lost, or silent for too long, it dials again and goes on as the same player with the secret of the last
 * welcome; a better link is taken over in the same way. Made by the live room; one mechanism for all (docs/decisions/015-one-mechanism-resume.md).
 * Never two dials at a time. The old link stays until the new one is welcome: the newest wins.
 */
import { type CloseReason, type Link, retryOf } from '@tickmesh/shared'
import type { ClientHost } from '../play/client-host.ts'
import { CurrentLink } from '../play/current-link.ts'
import { Attempt, type AttemptOwner, type Redial } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import type { Line, LineOwner, Welcome } from './line.ts'
import { SilenceWatch } from './silence-watch.ts'
import { Whereabouts } from './whereabouts.ts'

/** How a room is connected. */
export interface ConnectionState {
  /** While reconnecting, play goes on as far as it can be predicted (`onStall`). */
  readonly state: 'connected' | 'reconnecting'
  /** Why the link was lost. */
  readonly reason?: CloseReason
  /** Attempts since then, this one included; 0 while connected. */
  readonly attempt: number
  /** When the attempt begins, from now. */
  readonly waitMs: number
}

/** What carries a room's messages. `other`: a link that was handed in. */
export type CarrierKind = 'websocket' | 'webrtc' | 'other'

export interface SessionOptions {
  /** Left out: a lost link is the end. */
  readonly redial: Redial | undefined
  /** What to say on a new link; the secret is undefined for a spectator, who joins anew. */
  hello(resume: string | undefined): object | Promise<object>
  wrap(link: Link): Link
  /** What carries the first link. */
  readonly kind: CarrierKind
  readonly silenceMs: number | undefined
  readonly where?: Whereabouts | undefined
  /** After WebRTC was lost in play, it is tried again while something else carries the room. */
  readonly prefersWebRtc: boolean
}

/** The room that is kept connected. */
export interface SessionRoom {
  readonly open: boolean
  /** A message of the server; borrowed. */
  receive(bytes: Uint8Array): void
  ping(): void
  /** A new link is in use. False: it leads to another room or seat. */
  resumed(welcome: Welcome, sentMs: number): boolean
  connectionChanged(state: ConnectionState): void
  end(reason: CloseReason): void
}

/** The server may keep the seat for longer than we know: it noticed the loss later. */
const SLACK_MS = 5_000
/** A spectator has no seat to lose. */
const SPECTATOR_MS = 30_000
/** A link that held for less is one more failure: the next attempt waits accordingly. */
const STABLE_MS = 5_000
/** How long something else carries the room before WebRTC is tried again; the last one repeats. */
const BETTER_MS = [30_000, 120_000, 300_000] as const
const CONNECTED: ConnectionState = { state: 'connected', attempt: 0, waitMs: 0 }

export class Session implements LineOwner, AttemptOwner {
  readonly link: CurrentLink
  state: ConnectionState = CONNECTED
  kind: CarrierKind
  /** How often another link was taken over. */
  reconnects = 0
  readonly redial: Redial
  readonly where: Whereabouts
  readonly #host: ClientHost
  readonly #room: SessionRoom
  readonly #options: SessionOptions
  readonly #silence: SilenceWatch
  #line: Line | undefined
  #attempt: Attempt | undefined
  #secret: string
  #graceMs: number
  readonly #watches: boolean
  #attempts = 0
  #deadlineMs = 0
  #connectedMs: number
  /** A hello left since the last welcome: the server may have taken us over. */
  #greeted = false
  /** The old link said so while the welcome on the new one was still to come. */
  #replaced: CloseReason | undefined
  /** How often WebRTC was tried again; -1: it never fell back. */
  #betterTries = -1
  #cancelWait = () => {}
  #cancelBetter = () => {}

  /** Becomes the owner of `line`, which `welcome` came on. */
  constructor(room: SessionRoom, host: ClientHost, line: Line, welcome: Welcome, options: SessionOptions) {
    this.#room = room
    this.#host = host
    this.#options = options
    this.redial = options.redial ?? (() => Promise.reject(new Error('there is no way to dial')))
    this.where = options.where ?? new Whereabouts('', welcome.epoch)
    this.link = new CurrentLink(line.link)
    this.#line = line
    line.owner = this
    this.kind = options.kind
    this.#secret = welcome.resume
    this.#watches = welcome.seat === 0
    this.#graceMs = welcome.graceMs ?? 0
    this.#connectedMs = host.now()
    this.#silence = new SilenceWatch(host.now(), options.silenceMs)
  }

  /** What a reloaded page goes on with, and for how long; undefined: this place cannot be resumed. */
  get resumable(): { readonly secret: string; readonly graceMs: number } | undefined {
    return this.#secret === '' ? undefined : { secret: this.#secret, graceMs: this.#graceMs }
  }

  get #canRetry(): boolean {
    return this.#options.redial !== undefined && (this.#watches || this.#secret !== '')
  }

  get #reconnecting(): boolean {
    return this.state.state === 'reconnecting'
  }

  hello(): object | Promise<object> {
    return this.#options.hello(this.#watches ? undefined : this.#secret)
  }

  wrap(link: Link): Link {
    return this.#options.wrap(link)
  }

  onWelcome(): void {}

  /** Of the line in use: one that was dropped is silent. */
  onBytes(_line: Line, bytes: Uint8Array): void {
    this.#silence.heard(this.#host.now())
    if (this.#reconnecting && !this.#greeted) this.#calm()
    this.#room.receive(bytes)
  }

  onEnd(_line: Line, reason: CloseReason): void {
    this.lose(reason)
  }

  /** The silent link speaks again, and nobody was told of another one yet. */
  #calm(): void {
    this.#stopTrying({ code: 'LEFT', message: '' })
    this.#tell(CONNECTED)
    this.#tryBetterLater()
  }

  /** The link ended, or the server says that it does. */
  lose(reason: CloseReason): void {
    this.#line?.drop(reason)
    this.#line = undefined
    this.link.use(undefined)
    // A proxy or a browser closed it: who leaves a room leaves it from here.
    const cause = reason.code === 'LEFT' ? ({ ...reason, code: 'CONNECTION_LOST' } as const) : reason
    // Replaced by ourselves: the welcome is on its way, or was lost.
    const byUs = cause.code === 'REPLACED' && this.#greeted
    if (!this.#canRetry || (retryOf(cause.code) !== 'now' && !byUs)) return this.#room.end(reason)
    if (byUs && this.#attempt !== undefined) this.#replaced = cause
    else if (!this.#reconnecting) this.#begin(cause)
  }

  #begin(reason: CloseReason): void {
    const nowMs = this.#host.now()
    if (nowMs - this.#connectedMs > STABLE_MS) this.#attempts = 0
    this.#deadlineMs = nowMs + (this.#watches ? SPECTATOR_MS : this.#graceMs + SLACK_MS)
    this.#cancelBetter()
    this.state = { state: 'reconnecting', reason, attempt: 0, waitMs: 0 }
    // One that was under way for a better link may be about to succeed.
    if (this.#attempt?.greeted === true) return this.#tell({ ...this.state, attempt: ++this.#attempts })
    this.#attempt?.cancel(reason)
    this.#attempt = undefined
    this.#tryAgain(reason)
  }

  #tryAgain(reason: CloseReason, waitMs = backoffMs(this.#attempts, this.#host.random())): void {
    const startMs = this.#host.now() + waitMs
    if (startMs > this.#deadlineMs) return this.#room.end(reason)
    const attempt = this.#attempts++
    this.#cancelWait = this.#host.at(startMs, () => {
      this.#attempt = new Attempt(this, this.#host, attempt, false)
    })
    this.#tell({ state: 'reconnecting', reason, attempt: this.#attempts, waitMs })
  }

  onGreeting(): void {
    this.#greeted = true
  }

  onAttemptFailed({ better }: Attempt, reason: CloseReason): void {
    this.#attempt = undefined
    if (this.#reconnecting) {
      const cause = this.state.reason ?? reason
      if (reason.code === 'MOVED') this.#tryAgain(cause, 0)
      else if (retryOf(reason.code) !== 'never') this.#tryAgain(cause)
      // Another tab took our place, or the room failed: that is why the secret is void.
      else this.#room.end(cause.code === 'REPLACED' || cause.code === 'INTERNAL' ? cause : reason)
    } else if (this.#line === undefined) this.#begin(this.#replaced ?? reason)
    else if (better) this.#tryBetterLater()
  }

  onAttemptWelcome({ link }: Attempt, line: Line, welcome: Welcome): void {
    this.#attempt = undefined
    const old = this.#line
    const before = this.kind
    this.#line = line
    line.owner = this
    old?.drop({ code: 'REPLACED', message: 'another link is in use.' })
    this.#secret = welcome.resume
    this.#graceMs = welcome.graceMs ?? this.#graceMs
    this.kind = kindOf(link)
    this.link.use(line.link)
    this.#greeted = false
    this.reconnects++
    this.#connectedMs = this.#host.now()
    this.#silence.heard(this.#connectedMs)
    if (!this.#room.resumed(welcome, line.sentMs))
      return this.#room.end({ code: 'ROOM_CLOSED', message: 'the room began anew.' })
    // A listener may have left.
    if (!this.#room.open) return
    if (before === 'webrtc') this.#betterTries = Math.max(0, this.#betterTries)
    this.#tryBetterLater()
    this.#tell(CONNECTED)
  }

  /** Some time after a fallback in play; ever more seldom, also if WebRTC works for a while each time. */
  #tryBetterLater(): void {
    this.#cancelBetter()
    if (!this.#options.prefersWebRtc || this.#betterTries < 0 || this.kind === 'webrtc') return
    const waitMs = BETTER_MS[Math.min(this.#betterTries, BETTER_MS.length - 1)] ?? 0
    this.#cancelBetter = this.#host.at(this.#host.now() + waitMs, () => {
      this.#betterTries++
      this.#attempt = new Attempt(this, this.#host, 0, true)
    })
  }

  /** Looks for silence; called some times a second. */
  watch(nowMs: number): void {
    if (this.#line === undefined || !this.#canRetry) return
    const verdict = this.#silence.look(nowMs)
    if (verdict === 'ask') this.#room.ping()
    else if (verdict === 'lost' && !this.#reconnecting)
      this.#begin({ code: 'TIMED_OUT', message: `nothing was heard for ${this.#silence.limitMs} ms.` })
  }

  #tell(state: ConnectionState): void {
    this.state = state
    this.#room.connectionChanged(state)
  }

  #stopTrying(reason: CloseReason): void {
    this.#cancelWait()
    this.#cancelBetter()
    this.#attempt?.cancel(reason)
    this.#attempt = undefined
  }

  /** The room ended. */
  close(reason: CloseReason): void {
    this.#stopTrying(reason)
    this.#line?.drop(reason)
    this.#line = undefined
    this.link.use(undefined)
  }
}

/** What carries a link, if it says so. */
export function kindOf(link: (Link & { readonly kind?: CarrierKind }) | undefined): CarrierKind {
  return link?.kind ?? 'other'
}
