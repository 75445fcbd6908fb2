/**
 * One connection, from its first byte to its end: hello, then a player or a spectator of a room, then gone. Made by the room host for each link.
 * Believes nothing that comes in: sizes, rates and forms are checked here. A peer that breaks a limit is told why, and dropped; nothing that it
 * sends throws past this object, and nobody else notices.
 */
import {
  type ClientMessage,
  type CloseReason,
  CONTROL,
  type CompiledGame,
  decodeControl,
  decodeMessage,
  type HelloMessage,
  INPUT,
  isLobbyHello,
  type Lane,
  type Link,
  type LinkReceiver,
  type LobbyHello,
  NetError,
  type NetErrorCode,
  parseClientMessage,
  parseLobbyHello,
} from '@tickmesh/shared'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'
import type { Attendance } from '../room/attendance.ts'
import { packToClient } from '../room/player-core.ts'
import { type AddressBudget, refuseIfOpensTooMany } from './address-budget.ts'
import type { EarlyArrival } from './early-arrivals.ts'
import { EarlyInputs } from './early-inputs.ts'
import type { Grant } from './grant.ts'
import type { Limits } from './limits.ts'
import { mismatchOf } from './mismatch.ts'
import type { CarriedFrom, Elsewhere, Pipe } from './room-directory.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a session needs of the host. */
export interface SessionHost {
  readonly game: CompiledGame
  readonly limits: Limits
  readonly log: Log
  readonly clock: { nowMs(): number }
  /** Finds out who somebody is, at once or in a while. Throws or rejects with a NetError if it may not come in. */
  check(hello: HelloMessage, address: string, signal: () => AbortSignal, budget?: AddressBudget): Grant | Promise<Grant>
  /** Carries somebody to the shard that runs its room. Undefined: it is told where that is. */
  carry(hello: HelloMessage, link: Link, place: Elsewhere, from: CarriedFrom): Pipe | undefined
  /** Lets somebody in, to play or to watch, or to go on. Throws a NetError if it cannot be. */
  admit(hello: HelloMessage, link: Link, grant: Grant, budget?: AddressBudget): Attendance
  /** The same for who wants to see the lobby, and then shows it. Throws BAD_STATE where there is none. */
  checkVisitor(hello: LobbyHello, address: string, signal: () => AbortSignal): Grant | Promise<Grant>
  visitLobby(hello: LobbyHello, link: Link, grant: Grant, connection: LobbyConnection): Pipe
  /** Takes note of somebody whose room is about to move here; gives how to take it back. Throws NOT_READY or RESUME_REFUSED. */
  prepare(hello: HelloMessage, address: string, arrival: EarlyArrival): () => void
  /** What clients' clocks go by. */
  serverMs(): number
  sessionEnded(session: Session): void
  /** Counts a peer that was dropped for what it did. */
  peerDropped(code: NetErrorCode): void
}

/** A connection, as the lobby sees it. */
export interface LobbyConnection {
  /** Ends it for what came over it. */
  refuse(code: NetErrorCode, message: string): void
  /** The client said that it leaves. */
  left(): void
  /** Its address makes another room. Throws TOO_FAST. */
  opens(): void
}

/** What whoever listens knows of a peer: an Entry of the doorkeeper is one. */
export interface PeerInfo {
  /** For limits and logs. */
  readonly address?: string
  /** `ws`, `uWebSockets.js`, `webrtc`: for metrics. */
  readonly transport?: string
  /** What all connections of its address may send together. */
  readonly budget?: AddressBudget
  /** Another shard carried it here, and vouches for its address. */
  readonly carried?: boolean
  /** Called when its hello is accepted. */
  admitted?(): void
}

/** Ends of a connection that its peer is to blame for, or its network. */
const FAULTS: ReadonlySet<NetErrorCode> = new Set([
  'MALFORMED',
  'TOO_LARGE',
  'TOO_FAST',
  'TOO_SLOW',
  'HANDSHAKE_TIMEOUT',
  'TIMED_OUT',
])

export class Session implements LinkReceiver {
  readonly info: PeerInfo
  private readonly host: SessionHost
  private readonly link: Link
  private readonly messageBucket: TokenBucket
  private readonly byteBucket: TokenBucket
  private readonly openedMs: number
  private lastHeardMs: number
  private attendance: Attendance | undefined
  /** The hello came, and is being checked. */
  private checking: AbortController | undefined
  /** It plays on another shard, by way of this one. */
  private pipe: Pipe | undefined
  /** Its room is about to move here. */
  private early: EarlyInputs | undefined
  private closing = false
  private counted = false

  /** Attaches to the link. */
  constructor(host: SessionHost, link: Link, info: PeerInfo) {
    const { limits } = host
    const nowMs = host.clock.nowMs()
    this.host = host
    this.link = link
    this.info = info
    this.openedMs = nowMs
    this.lastHeardMs = nowMs
    this.messageBucket = new TokenBucket(limits.messagesPerSecond, limits.messageBurst, nowMs)
    this.byteBucket = new TokenBucket(limits.bytesPerSecond, limits.byteBurst, nowMs)
    link.attach(this)
  }

  /** Hot. */
  onMessage(_lane: Lane, bytes: Uint8Array): void {
    if (this.closing || this.attendance?.ended === true) return
    try {
      this.lastHeardMs = this.host.clock.nowMs()
      this.take(bytes)
    } catch (error) {
      this.host.log(failureLine('session-failed', 'a message could not be handled', error, this.where()))
      this.drop('INTERNAL', 'The server failed at this message.')
    }
  }

  onClose(reason: CloseReason): void {
    this.closing = true
    // What the transport found, or the room, or the silence: counted as what is found here.
    if (!this.counted && FAULTS.has(reason.code)) this.host.peerDropped(reason.code)
    this.checking?.abort()
    this.early?.takeBack()
    this.attendance?.leave(reason)
    this.pipe?.close(reason)
    this.host.sessionEnded(this)
  }

  /** Called a few times a second: drops those who are silent. */
  check(nowMs: number): void {
    const { limits } = this.host
    if (this.closing) return
    if (this.early !== undefined) {
      if (this.early.isOver(nowMs)) this.drop('NOT_READY', 'the room did not move here in time.')
    } else if (this.attendance === undefined && this.pipe === undefined) {
      if (nowMs - this.openedMs > limits.handshakeMs) this.drop('HANDSHAKE_TIMEOUT', this.lateness(limits.handshakeMs))
    } else if (nowMs - this.lastHeardMs > limits.idleMs) {
      this.drop('TIMED_OUT', `nothing was heard for ${limits.idleMs} ms.`)
    }
  }

  private lateness(ms: number): string {
    if (this.checking === undefined) return `no hello came within ${ms} ms.`
    return `who you are could not be checked within ${ms} ms. Try again.`
  }

  /** Tells the peer why, and closes. */
  drop(code: NetErrorCode, message: string): void {
    if (this.closing) return
    this.closing = true
    const reason = { code, message }
    this.checking?.abort()
    if (this.attendance !== undefined) return this.attendance.end(reason)
    if (code === 'SERVER_STOPPING' && this.pipe?.outlivesUs === true) {
      return this.link.close({ code: 'CONNECTION_LOST', message: 'the shard between stops.' })
    }
    this.link.send('reliable', packToClient({ t: this.pipe === undefined ? 'refused' : 'bye', code, message }))
    this.link.close(reason)
  }

  private where(): { room?: string; player?: string } {
    if (this.attendance === undefined) return {}
    return { room: this.attendance.roomId, player: this.attendance.player.id }
  }

  private refuse(code: NetErrorCode, message: string): void {
    const line = { level: 'warn', event: 'peer-dropped', code, message: `${code}: ${message}` } as const
    this.host.log({ ...line, ...this.where() })
    this.host.peerDropped(code)
    this.counted = true
    this.drop(code, message)
  }

  private take(bytes: Uint8Array): void {
    const { limits } = this.host
    const nowMs = this.lastHeardMs
    if (bytes.length > limits.maxMessageBytes) {
      this.refuse('TOO_LARGE', `a message of ${bytes.length} bytes came; at most ${limits.maxMessageBytes} are taken.`)
    } else if (!this.messageBucket.take(1, nowMs)) {
      this.refuse('TOO_FAST', `more than ${limits.messagesPerSecond} messages a second came.`)
    } else if (!this.byteBucket.take(bytes.length, nowMs)) {
      this.refuse('TOO_FAST', `more than ${limits.bytesPerSecond} bytes a second came.`)
    } else if (this.info.budget?.take(bytes.length, nowMs) === false) {
      this.refuse('TOO_FAST', 'the connections of this address send too much together.')
    } else if (this.pipe !== undefined) {
      this.pipe.send(bytes)
    } else if (bytes[0] === INPUT) {
      this.takeInput(bytes)
    } else if (bytes[0] === CONTROL) {
      this.takeControl(bytes.subarray(1))
    } else {
      this.refuse('MALFORMED', `a message of unknown kind ${bytes[0] ?? 'none'} came.`)
    }
  }

  /** Hot. Times go by fields: a fractional argument would be allocated. */
  private takeInput(bytes: Uint8Array): void {
    const { attendance } = this
    if (attendance === undefined) {
      if (this.early !== undefined) return this.early.keep(bytes)
      // A client that waits may have gone on to play already.
      if (this.checking === undefined) this.refuse('MALFORMED', 'an input came before the hello.')
      return
    }
    attendance.player.heardAtMs = this.lastHeardMs
    attendance.heard()
    if (!attendance.receiveInput(bytes)) this.refuse('MALFORMED', 'an input message could not be read.')
  }

  private takeControl(bytes: Uint8Array): void {
    const decoded = decodeControl(bytes)
    if (!decoded.ok) return this.refuse(decoded.code, `a control message: ${decoded.problem}.`)
    const isFirst = this.attendance === undefined && this.checking === undefined && this.early === undefined
    if (isFirst && isLobbyHello(decoded.value)) return this.takeLobbyHello(decoded.value)
    const parsed = parseClientMessage(decoded.value)
    if (!parsed.ok) return this.refuse('MALFORMED', `a control message: ${parsed.problem}.`)
    if (this.early !== undefined) this.takeWaiting(parsed.message)
    else if (this.attendance === undefined) this.takeEarly(parsed.message)
    else this.takeLater(parsed.message, this.attendance)
  }

  /** Before it is in. */
  private takeEarly(message: ClientMessage): void {
    if (this.checking === undefined) this.takeFirst(message)
    else if (message.t === 'leave') this.drop('LEFT', 'The player left.')
    else if (message.t === 'hello') this.refuse('MALFORMED', 'a second hello came.')
  }

  private takeFirst(message: ClientMessage): void {
    if (message.t !== 'hello') return this.refuse('MALFORMED', `"${message.t}" came before the hello.`)
    const mismatch = mismatchOf(message, this.host.game)
    if (mismatch !== undefined) return this.refuse(mismatch.code, mismatch.message)
    if (message.prepare === true) return this.orRefuse(() => this.prepare(message))
    this.orRefuse(() => {
      const checked = this.host.check(message, this.info.address ?? '', () => this.signal(), this.info.budget)
      if (checked instanceof Promise) this.await(checked, (grant) => this.enter(message, grant))
      else this.enter(message, checked)
    })
  }

  /** It is here before its room, which knows it by its secret. */
  private prepare(hello: HelloMessage): void {
    const takeBack = this.host.prepare(hello, this.info.address ?? '', {
      enter: () => this.enterEarly(hello),
      sendAway: ({ code, message }) => this.drop(code, message),
    })
    this.early = new EarlyInputs(takeBack, this.lastHeardMs)
    this.info.admitted?.()
    this.link.send('reliable', packToClient({ t: 'ready' }))
  }

  /** Messages of the game are counted: those that come before the welcome are sent again after it. */
  private takeWaiting(message: ClientMessage): void {
    if (message.t === 'leave') this.drop('LEFT', 'The player left.')
    else if (message.t === 'hello') this.refuse('MALFORMED', 'a second hello came.')
    else if (message.t === 'ping')
      this.link.send('reliable', packToClient({ t: 'pong', id: message.id, serverMs: this.host.serverMs() }))
  }

  /** Its room is here. */
  private enterEarly(hello: HelloMessage): void {
    const { early } = this
    this.early = undefined
    this.orRefuse(() => {
      const attendance = this.host.admit(hello, this.link, {}, this.info.budget)
      this.attendance = attendance
      attendance.player.heardAtMs = this.host.clock.nowMs()
      for (const bytes of early?.messages ?? [])
        if (!attendance.receiveInput(bytes)) return this.refuse('MALFORMED', 'an input message could not be read.')
    })
  }

  /** From now on the lobby has this connection. */
  private takeLobbyHello(value: unknown): void {
    const parsed = parseLobbyHello(value)
    if (!parsed.ok) return this.refuse('MALFORMED', `a control message: ${parsed.problem}.`)
    const hello = parsed.message
    const mismatch = mismatchOf(hello, this.host.game)
    if (mismatch !== undefined) return this.refuse(mismatch.code, mismatch.message)
    const enter = (grant: Grant): void => {
      this.pipe = this.host.visitLobby(hello, this.link, grant, {
        refuse: (code, message) => this.refuse(code, message),
        left: () => this.drop('LEFT', 'The lobby was left.'),
        opens: () => refuseIfOpensTooMany(this.info.budget, this.host.clock.nowMs()),
      })
      this.checking = undefined
      this.info.admitted?.()
    }
    this.orRefuse(() => {
      const checked = this.host.checkVisitor(hello, this.info.address ?? '', () => this.signal())
      if (checked instanceof Promise) this.await(checked, enter)
      else enter(checked)
    })
  }

  private signal(): AbortSignal {
    this.checking ??= new AbortController()
    return this.checking.signal
  }

  /** Whoever has gone meanwhile does not come in. */
  private await(checked: Promise<Grant>, enter: (grant: Grant) => void): void {
    checked.then(
      (grant) => this.orRefuse(() => enter(grant)),
      (error: unknown) =>
        this.orRefuse(() => {
          throw error
        }),
    )
  }

  private enter(hello: HelloMessage, grant: Grant): void {
    if (grant.elsewhere !== undefined) return this.goElsewhere(hello, grant.elsewhere)
    this.attendance = this.host.admit(hello, this.link, grant, this.info.budget)
    this.checking = undefined
    this.info.admitted?.()
  }

  private goElsewhere(hello: HelloMessage, place: Elsewhere): void {
    const { address = '', carried = false } = this.info
    this.pipe = this.host.carry(hello, this.link, place, { address, carried })
    this.checking = undefined
    this.info.admitted?.()
    if (this.pipe !== undefined) return
    this.closing = true
    this.link.send('reliable', packToClient({ t: 'moved', ...place }))
    this.link.close({ code: 'MOVED', message: `the room "${place.room}" is at ${place.url}.` })
  }

  /** What is wrong with a hello is told to the peer; a defect of ours is logged. */
  private orRefuse(run: () => void): void {
    if (this.closing) return
    try {
      run()
    } catch (error) {
      if (error instanceof NetError) return this.refuse(error.code, error.text)
      this.host.log(failureLine('session-failed', 'a hello could not be handled', error, this.where()))
      this.drop('INTERNAL', 'The server failed at this hello.')
    }
  }

  private takeLater(message: ClientMessage, attendance: Attendance): void {
    // A ping may have been sent before the welcome came.
    if (message.t === 'full' || message.t === 'msg') attendance.heard()
    switch (message.t) {
      case 'hello':
        return this.refuse('MALFORMED', 'a second hello came.')
      case 'leave':
        this.drop('LEFT', 'The player left.')
        // Not only when the link has ended: the seat is free for whoever comes now.
        return attendance.leave({ code: 'LEFT', message: 'The player left.' })
      case 'ping':
        return attendance.player.tellNow(packToClient({ t: 'pong', id: message.id, serverMs: attendance.serverMs() }))
      case 'full':
        return attendance.requestFull(this.host.clock.nowMs())
      case 'msg': {
        const declared = this.host.game.toServer[message.i]
        const values = declared === undefined ? undefined : decodeMessage(declared, message.v)
        if (values === undefined) return this.refuse('MALFORMED', 'a message came that the game does not declare.')
        if (!attendance.receiveMessage(message.i, values))
          this.refuse('TOO_FAST', 'too many messages came in one tick.')
      }
    }
  }
}
