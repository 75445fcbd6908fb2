/**
 * One attempt to get back into a room: dial, say hello, be welcomed. Made by the session, for a lost link and for a better one.
 * Each half has a time limit. Exactly one of the owner's two calls ends it, unless it is cancelled; then nothing of it stays behind.
 */
import { type CloseReason, type Link, NetError } from '@tickmesh/shared'
import type { ClientHost } from '../play/client-host.ts'
import { Line, type LineOwner, type Welcome } from './line.ts'
import type { Whereabouts } from './whereabouts.ts'

/** What a dial is for. */
export interface RedialOptions {
  /** Attempts since the link was lost; 0 is the first. */
  readonly attempt: number
  /** The old link plays on: only a better one is wanted (WebRTC). */
  readonly better: boolean
  /** Takes the dial back. */
  readonly signal: AbortSignal
}

/** Opens another link to the same server. */
export type Redial = (options: RedialOptions) => Promise<Link>

export interface AttemptOwner {
  readonly redial: Redial
  /** What to say; asked for before each dial. */
  readonly where: Whereabouts
  hello(): object | Promise<object>
  wrap(link: Link): Link
  /** The hello is about to leave: from now on the server may take us over to this link. */
  onGreeting(): void
  onAttemptWelcome(attempt: Attempt, line: Line, welcome: Welcome): void
  onAttemptFailed(attempt: Attempt, reason: CloseReason): void
}

const LIMIT_MS = 5_000

export class Attempt implements LineOwner {
  readonly better: boolean
  /** The link as it was dialled, before it was wrapped. */
  link: Link | undefined
  readonly #owner: AttemptOwner
  readonly #host: ClientHost
  readonly #controller = new AbortController()
  #cancelLimit: () => void
  #line: Line | undefined
  #over = false

  constructor(owner: AttemptOwner, host: ClientHost, attempt: number, better: boolean) {
    this.#owner = owner
    this.#host = host
    this.better = better
    this.#cancelLimit = host.at(host.now() + LIMIT_MS, () =>
      this.#fail({ code: 'TIMED_OUT', message: `no connection within ${LIMIT_MS} ms.` }),
    )
    void this.#run(attempt)
  }

  /** True once the hello left. */
  get greeted(): boolean {
    return this.#line !== undefined
  }

  async #run(attempt: number): Promise<void> {
    try {
      const hello = await this.#owner.hello()
      if (this.#over) return
      const link = await this.#owner.redial({ attempt, better: this.better, signal: this.#controller.signal })
      if (this.#over) return link.close({ code: 'LEFT', message: '' })
      this.#greet(link, hello)
    } catch (error) {
      this.#fail(error instanceof NetError ? error.reason : { code: 'CONNECT_FAILED', message: String(error) })
    }
  }

  #greet(link: Link, hello: object): void {
    this.#cancelLimit()
    this.link = link
    this.#line = new Line(this.#owner.wrap(link), this.#host, this, this.#owner.where, LIMIT_MS)
    this.#owner.onGreeting()
    this.#line.greet(hello)
  }

  onWelcome(line: Line, welcome: Welcome): void {
    this.#over = true
    this.#owner.onAttemptWelcome(this, line, welcome)
  }

  onBytes(): void {}

  onEnd(_line: Line, reason: CloseReason): void {
    this.#fail(reason)
  }

  #fail(reason: CloseReason): void {
    if (this.#over) return
    this.cancel(reason)
    this.#owner.onAttemptFailed(this, reason)
  }

  cancel(reason: CloseReason): void {
    if (this.#over) return
    this.#over = true
    this.#cancelLimit()
    this.#controller.abort()
    if (this.#line !== undefined) this.#line.drop(reason)
    else this.link?.close(reason)
  }
}
