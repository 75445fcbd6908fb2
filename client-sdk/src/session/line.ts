/**
 * One link from the hello on: says hello, waits for the welcome, then hands messages on until the link ends. Made for every link that a join or a session opens.
 * Tells its owner of the end once, and of nothing at all after `drop`.
 */
import {
  type CloseReason,
  epochTag,
  type Lane,
  type Link,
  type LinkReceiver,
  NetError,
  NO_TAG,
  PROVISIONAL_SNAPSHOT,
  packControl,
  type ServerMessage,
  SNAPSHOT,
  TAGGED_SNAPSHOT,
} from '@tickmesh/shared'
import { readServerMessage } from '../connection/read-control.ts'
import type { ClientHost } from '../play/client-host.ts'
import type { Whereabouts } from './whereabouts.ts'

/** Whether a message of this kind is a frame. */
export function isSnapshot(kind: number | undefined): boolean {
  return kind === SNAPSHOT || kind === TAGGED_SNAPSHOT || kind === PROVISIONAL_SNAPSHOT
}

export type Welcome = Extract<ServerMessage, { t: 'welcome' }>

export interface LineOwner {
  /** The server let us in. Whoever is the owner after this call gets what follows. */
  onWelcome(line: Line, welcome: Welcome): void
  /** A message after the welcome; borrowed. */
  onBytes(line: Line, bytes: Uint8Array): void
  /** The server is ready for the room, which is to move there: its welcome may take a while. */
  onReady?(line: Line): void
  /** Refused, timed out, or broken; the link is closed. */
  onEnd(line: Line, reason: CloseReason): void
}

export class Line implements LinkReceiver {
  owner: LineOwner
  readonly link: Link
  /** What was dialled. */
  readonly url: string
  /** When the hello left. */
  sentMs = 0
  readonly #host: ClientHost
  readonly #cancel: () => void
  readonly #where: Whereabouts
  #welcomed = false
  /** Of the room's epoch: frames of another owner are not taken. */
  #tag = NO_TAG
  #over = false

  /** Attaches to the link. Ends with TIMED_OUT if there is no welcome after `timeoutMs`. */
  constructor(link: Link, host: ClientHost, owner: LineOwner, where: Whereabouts, url: string, timeoutMs: number) {
    this.link = link
    this.url = url
    this.#host = host
    this.owner = owner
    this.#where = where
    this.#cancel = host.at(host.now() + timeoutMs, () =>
      this.#fail(
        new NetError('TIMED_OUT', 'the server did not answer in time.', 'Look at the network, and try again.'),
      ),
    )
    link.attach(this)
  }

  /** Throws TOO_LARGE or BAD_ARGUMENT for what cannot be sent. */
  greet(hello: object): void {
    const bytes = packControl(hello)
    this.sentMs = this.#host.now()
    this.link.send('reliable', bytes)
  }

  onMessage(_lane: Lane, bytes: Uint8Array): void {
    if (this.#over) return
    const kind = bytes[0]
    const isFrame = isSnapshot(kind)
    // As if nothing had come. And a frame may overtake the welcome where there are two lanes.
    if (isFrame && (!this.#welcomed || this.#tag !== (kind === SNAPSHOT ? NO_TAG : bytes[1]))) return
    if (this.#welcomed) return this.owner.onBytes(this, bytes)
    const message = readServerMessage(bytes)
    if (message === undefined) {
      const problem = 'the server answered with something else than a welcome.'
      this.#fail(new NetError('MALFORMED', problem, 'Is this the address of a Tickmesh server?'))
    } else if (message.t === 'refused' || message.t === 'bye') {
      this.#end(message)
    } else if (message.t === 'moved') {
      const code = this.#where.follow(this.url, message) ? 'MOVED' : 'CONNECT_FAILED'
      this.#end({ code, message: `the room is at ${message.url}.` })
    } else if (message.t === 'welcome') {
      if (!this.#where.arrive(this.url, message))
        return this.#end({ code: 'STALE_EPOCH', message: 'another server runs this room by now.' })
      this.#welcomed = true
      this.#tag = epochTag(message.epoch)
      this.#cancel()
      this.owner.onWelcome(this, message)
    } else if (message.t === 'ready') {
      this.#cancel()
      this.owner.onReady?.(this)
    }
  }

  onClose(reason: CloseReason): void {
    this.#end(reason)
  }

  #fail({ reason }: NetError): void {
    this.#end(reason)
  }

  #end({ code, message }: CloseReason): void {
    if (this.#over) return
    const reason = { code, message }
    this.drop(reason)
    this.owner.onEnd(this, reason)
  }

  /** Hangs up; the owner hears nothing more. */
  drop(reason: CloseReason): void {
    if (this.#over) return
    this.#over = true
    this.#cancel()
    this.link.close(reason)
  }
}
