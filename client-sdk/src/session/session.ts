/**
 * Session: keeps a room connected. When its link is lost, or silent for too long, it dials again and goes on as the same player with the secret of the last
 * welcome; a better link, and the server to which the room moves, are taken over in the same way. Made by the live room; one mechanism for all
 * (docs/decisions/015-one-mechanism-resume.md). Never two dials at a time, but where others stand by. The old link stays until the new one is welcome: the newest wins.
 */
import { type CloseReason, type Link, retryOf, type ServerMessage } from '@tickmesh/shared'
import type { ClientHost } from '../play/client-host.ts'
import { CurrentLink } from '../play/current-link.ts'
import { Attempt, type AttemptOwner, type Plan, type Redial } from './attempt.ts'
import type { Line, LineOwner, Welcome } from './line.ts'
import { Redials, type RedialsOwner } from './redials.ts'
import { DEFAULT_SILENCE_MS, SilenceWatch } from './silence-watch.ts'
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

/** Who goes on over a new link. */
export interface Resume {
  readonly secret: string
  /** The game's messages that came, in all. */
  readonly heard: number
  /** The room is about to move there. */
  readonly prepare?: boolean
}

export interface SessionOptions {
  /** The secret that the first hello showed. */
  readonly shown?: string | undefined
  /** Left out: a lost link is the end. */
  readonly redial: Redial | undefined
  /** What to say on a new link; nobody to resume for a spectator, who joins anew. */
  hello(resume: Resume | undefined): object | Promise<object>
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
  /** The game's messages that came, in all. */
  readonly heard: number
  /** A message of the server; borrowed. */
  receive(bytes: Uint8Array): void
  ping(): void
  /** A new link is in use: to the server that ran the room before, to the one it was moved to, or to another. False: it leads to another room or seat. */
  resumed(welcome: Welcome, sentMs: number, owner: 'same' | 'moved' | 'other'): boolean
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
/** Where others stand by, a server that runs says something some twenty times a second. */
const PROTECTED_SILENCE_MS = 1_000
/** The old server let go of the room, the one that it moved to is about to say so. */
const HANDOVER_MS = 300
/** It said that the room is there: a busy machine may take a while to welcome all. */
const MOVED_MS = 1_000
/** Of a link that was tried. Whoever leaves says so. */
const NOT_NEEDED: CloseReason = { code: 'REPLACED', message: 'another link is in use.' }
const CONNECTED: ConnectionState = { state: 'connected', attempt: 0, waitMs: 0 }

export class Session implements LineOwner, AttemptOwner, RedialsOwner {
  readonly link: CurrentLink
  state: ConnectionState = CONNECTED
  kind: CarrierKind
  /** How often another link was taken over. */
  reconnects = 0
  /** Of them, to where the room had moved; and to who went on with it after its server had died. */
  moves = 0
  failovers = 0
  readonly redial: Redial
  readonly where: Whereabouts
  readonly #host: ClientHost
  readonly #room: SessionRoom
  readonly #options: SessionOptions
  readonly #silence: SilenceWatch
  #line: Line | undefined
  readonly #redials: Redials
  /** For a better link, or where the room is about to move; while the old link plays on. */
  #aside: Attempt | undefined
  #secret: string
  #graceMs: number
  /** Of the last welcome. */
  #epoch: string
  #url: string
  readonly #watches: boolean
  #attempts = 0
  #connectedMs: number
  /** A hello left since the last welcome: the server may have taken us over. */
  #greeted = false
  /** The old link said so while the welcome on the new one was still to come. */
  #replaced: CloseReason | undefined
  /** How often WebRTC was tried again; -1: it never fell back. */
  #betterTries = -1
  /** The room is moved on purpose: nobody is told of that. */
  #isQuiet = false
  #cancelHandover = () => {}
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
    this.#secret = secretAfter(welcome, options.shown ?? '')
    this.#watches = welcome.seat === 0
    this.#graceMs = welcome.graceMs ?? 0
    this.#connectedMs = host.now()
    this.#silence = new SilenceWatch(host.now())
    this.#redials = new Redials(this, host)
    this.#epoch = `${welcome.epoch}`
    this.#url = line.url
    this.where.stand(welcome.standby ?? [])
    this.#setSilence()
  }

  /** What a reloaded page goes on with, and for how long; undefined: this place cannot be resumed. */
  get resumable(): { readonly secret: string; readonly graceMs: number } | undefined {
    return this.#secret === '' ? undefined : { secret: this.#secret, graceMs: this.#graceMs }
  }

  get #canRetry(): boolean {
    return this.#options.redial !== undefined && (this.#watches || this.#secret !== '')
  }

  /** Something carries what is sent now. */
  get isLinked(): boolean {
    return this.#line !== undefined && !this.#reconnecting
  }

  get #reconnecting(): boolean {
    return this.state.state === 'reconnecting'
  }

  hello(isPrepared: boolean): object | Promise<object> {
    const resume = { secret: this.#secret, heard: this.#room.heard, ...(isPrepared ? { prepare: true } : {}) }
    return this.#options.hello(this.#watches ? undefined : resume)
  }

  dial(plan: Plan): Attempt {
    return new Attempt(this, this.#host, plan)
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
    this.#stopTrying(NOT_NEEDED)
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
    const isExpected = this.link.also !== undefined && retryOf(cause.code) !== 'never' && cause.code !== 'STALE_EPOCH'
    if (!this.#canRetry || (retryOf(cause.code) !== 'now' && !byUs && !isExpected)) return this.#room.end(reason)
    // The move that was announced failed.
    if (cause.code === 'STALE_EPOCH' && this.#aside?.plan.purpose === 'prepare') this.#isQuiet = true
    if (isExpected) this.#awaitHandover(cause)
    else if (byUs && this.#aside !== undefined) this.#replaced = cause
    else if (!this.#reconnecting) this.#begin(cause)
  }

  #awaitHandover(cause: CloseReason): void {
    const waitMs = cause.code === 'MOVED' ? MOVED_MS : HANDOVER_MS
    this.#cancelHandover = this.#host.at(this.#host.now() + waitMs, () => this.#begin(cause))
  }

  /** The room is about to move to `url`; empty: it stays. */
  moving(url: string): void {
    const aside = this.#aside
    if (aside?.plan.url === url || this.#reconnecting || !this.#canRetry || this.#watches) return
    // A better link that is about to be taken over: then the room will have moved without us, and say so.
    if (aside?.plan.purpose === 'better' && aside.greeted) return
    this.#stopAside(NOT_NEEDED)
    if (url === '') return this.#tryBetterLater()
    if (!this.where.leads(this.where.url, url)) return
    this.#aside = this.dial({ attempt: this.kind === 'webrtc' ? 1 : 0, url, purpose: 'prepare' })
  }

  /** The room has moved, and we are still here. */
  moved(message: Pick<Extract<ServerMessage, { t: 'moved' }>, 'url' | 'epoch'>): void {
    // There they know of us: the welcome is on its way.
    if (this.link.also !== undefined) return
    const reason = { code: 'MOVED', message: `the room is at ${message.url}.` } as const
    if (this.where.follow(this.where.url, message)) {
      this.#isQuiet = true
      this.#attempts = 0
    }
    this.lose(reason)
  }

  #begin(reason: CloseReason): void {
    this.#cancelHandover()
    const nowMs = this.#host.now()
    if (nowMs - this.#connectedMs > STABLE_MS) this.#attempts = 0
    this.#cancelBetter()
    this.state = { state: 'reconnecting', reason, attempt: 0, waitMs: 0 }
    // One that was under way for a better link may be about to succeed.
    const { plan, greeted = false } = this.#aside ?? {}
    if (plan?.purpose === 'better' && greeted) return this.#tell({ ...this.state, attempt: ++this.#attempts })
    this.#stopAside(reason)
    this.#redial()
  }

  #redial(waitMs?: number): void {
    const graceMs = this.#watches ? SPECTATOR_MS : this.#graceMs + SLACK_MS
    this.#redials.start(this.#attempts, this.#host.now() + graceMs, waitMs)
  }

  onWait(attempt: number, waitMs: number): void {
    this.#attempts = attempt
    if (waitMs > 0) this.#isQuiet = false
    const { reason } = this.state
    this.#tell({ state: 'reconnecting', ...(reason === undefined ? {} : { reason }), attempt, waitMs })
  }

  onGivenUp(refusal: CloseReason | undefined): void {
    const cause = this.state.reason ?? refusal ?? { code: 'CONNECTION_LOST', message: '' }
    // Another tab took our place, or the room failed: that is why the secret is void.
    this.#room.end(cause.code === 'REPLACED' || cause.code === 'INTERNAL' ? cause : (refusal ?? cause))
  }

  onGreeting({ plan }: Attempt): void {
    // Who only stands by does not take us from a server that still speaks.
    if (plan.purpose !== 'prepare' && !this.where.standbys.includes(plan.url)) this.#greeted = true
  }

  onAttemptReady(attempt: Attempt, link: Link): void {
    if (attempt === this.#aside) this.link.also = link
  }

  onAttemptFailed(attempt: Attempt, reason: CloseReason): void {
    if (attempt !== this.#aside) return this.#redials.failed(attempt, reason)
    this.#aside = undefined
    this.link.also = undefined
    if (this.#reconnecting) {
      if (retryOf(reason.code) === 'never') this.onGivenUp(reason)
      else this.#redial(reason.code === 'MOVED' ? 0 : undefined)
    } else if (this.#line === undefined) this.#begin(this.#replaced ?? reason)
    else this.#tryBetterLater()
  }

  onAttemptWelcome(attempt: Attempt, line: Line, welcome: Welcome): void {
    const isMoved = attempt.plan.purpose === 'prepare' || this.state.reason?.code === 'MOVED'
    const isOtherOwner = this.#epoch !== `${welcome.epoch}`
    this.#epoch = `${welcome.epoch}`
    // After a move that failed its server goes on under another epoch.
    const isElsewhere = isOtherOwner && (line.url !== this.#url || line.url === '')
    this.#url = line.url
    if (isElsewhere && isMoved) this.moves++
    else if (isElsewhere) this.failovers++
    if (attempt.plan.purpose === 'prepare') this.#isQuiet = true
    if (attempt === this.#aside) this.#aside = undefined
    this.#stopTrying(NOT_NEEDED)
    const old = this.#line
    const before = this.kind
    this.#line = line
    line.owner = this
    old?.drop(NOT_NEEDED)
    this.#secret = secretAfter(welcome, this.#secret)
    this.#graceMs = welcome.graceMs ?? this.#graceMs
    this.kind = kindOf(attempt.link)
    this.link.use(line.link)
    this.#greeted = false
    this.reconnects++
    this.#connectedMs = this.#host.now()
    this.#silence.heard(this.#connectedMs)
    this.#setSilence()
    if (!this.#room.resumed(welcome, line.sentMs, !isOtherOwner ? 'same' : isMoved ? 'moved' : 'other'))
      return this.#room.end({ code: 'ROOM_CLOSED', message: 'the room began anew.' })
    // A listener may have left.
    if (!this.#room.open) return
    if (before === 'webrtc') this.#betterTries = Math.max(0, this.#betterTries)
    this.#tryBetterLater()
    this.#tell(CONNECTED)
    this.#isQuiet = false
  }

  /** Some time after a fallback in play; ever more seldom, also if WebRTC works for a while each time. */
  #tryBetterLater(): void {
    this.#cancelBetter()
    if (!this.#options.prefersWebRtc || this.#betterTries < 0 || this.kind === 'webrtc') return
    const waitMs = BETTER_MS[Math.min(this.#betterTries, BETTER_MS.length - 1)] ?? 0
    this.#cancelBetter = this.#host.at(this.#host.now() + waitMs, () => {
      this.#betterTries++
      this.#aside ??= this.dial({ attempt: 0, url: this.where.url, purpose: 'better' })
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

  /** Who stands by may have changed. */
  stand(urls: readonly string[]): void {
    this.where.stand(urls)
    this.#setSilence()
  }

  #setSilence(): void {
    const { silenceMs = DEFAULT_SILENCE_MS } = this.#options
    this.#silence.limitMs = this.where.isProtected ? Math.min(silenceMs, PROTECTED_SILENCE_MS) : silenceMs
  }

  #tell(state: ConnectionState): void {
    this.state = state
    if (!this.#isQuiet) this.#room.connectionChanged(state)
  }

  #stopAside(reason: CloseReason): void {
    this.#cancelHandover()
    this.link.also = undefined
    this.#aside?.cancel(reason)
    this.#aside = undefined
  }

  #stopTrying(reason: CloseReason): void {
    this.#redials.stop(reason)
    this.#cancelBetter()
    this.#stopAside(reason)
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

/** An empty one with a time to come back says that the one that was shown stays good. */
function secretAfter({ resume, resumed, graceMs = 0 }: Welcome, shown: string): string {
  return resume === '' && resumed === true && graceMs > 0 ? shown : resume
}
