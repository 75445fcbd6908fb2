/**
 * One attempt to get into a room again: dial, say hello, be welcomed. Made by the session for a lost link, for a better one, and where the room is about to move.
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
  /** Where to dial. Empty: a link was handed in, and nobody said where its server is. */
  readonly url: string
  /** Takes the dial back. */
  readonly signal: AbortSignal
}

/** Opens another link to the room. */
export type Redial = (options: RedialOptions) => Promise<Link>

/** `again`: the link was lost. `better`: it plays on. `prepare`: the room is about to move there. */
export type Purpose = 'again' | 'better' | 'prepare'

export interface Plan extends Pick<RedialOptions, 'attempt' | 'url'> {
  readonly purpose: Purpose
}

export interface AttemptOwner {
  readonly redial: Redial
  /** What to say; asked for before each dial. */
  readonly where: Whereabouts
  hello(isPrepared: boolean): object | Promise<object>
  wrap(link: Link): Link
  /** The hello is about to leave: from now on the server may take us over to this link. */
  onGreeting(attempt: Attempt): void
  /** The server there expects the room, and takes inputs. */
  onAttemptReady(attempt: Attempt, link: Link): void
  onAttemptWelcome(attempt: Attempt, line: Line, welcome: Welcome): void
  onAttemptFailed(attempt: Attempt, reason: CloseReason): void
}

const LIMIT_MS = 5_000

export class Attempt implements LineOwner {
  readonly plan: Plan
  /** The link as it was dialled, before it was wrapped. */
  link: Link | undefined
  readonly #owner: AttemptOwner
  readonly #host: ClientHost
  readonly #controller = new AbortController()
  #cancelLimit: () => void
  #line: Line | undefined
  #over = false

  constructor(owner: AttemptOwner, host: ClientHost, plan: Plan) {
    this.#owner = owner
    this.#host = host
    this.plan = plan
    this.#cancelLimit = host.at(host.now() + LIMIT_MS, () =>
      this.#fail({ code: 'TIMED_OUT', message: `no connection within ${LIMIT_MS} ms.` }),
    )
    void this.#run()
  }

  /** True once the hello left. */
  get greeted(): boolean {
    return this.#line !== undefined
  }

  async #run(): Promise<void> {
    const { attempt, url, purpose } = this.plan
    try {
      const hello = await this.#owner.hello(purpose === 'prepare')
      if (this.#over) return
      const { signal } = this.#controller
      const link = await this.#owner.redial({ attempt, better: purpose === 'better', url, signal })
      if (this.#over) return link.close({ code: 'LEFT', message: '' })
      this.#greet(link, hello)
    } catch (error) {
      this.#fail(error instanceof NetError ? error.reason : { code: 'CONNECT_FAILED', message: String(error) })
    }
  }

  #greet(link: Link, hello: object): void {
    this.#cancelLimit()
    this.link = link
    this.#line = new Line(this.#owner.wrap(link), this.#host, this, this.#owner.where, this.plan.url, LIMIT_MS)
    this.#owner.onGreeting(this)
    this.#line.greet(hello)
  }

  onWelcome(line: Line, welcome: Welcome): void {
    this.#over = true
    this.#owner.onAttemptWelcome(this, line, welcome)
  }

  onReady({ link }: Line): void {
    this.#owner.onAttemptReady(this, link)
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
    // The server may have taken us over to this link: whatever ends it, the player has not left by that.
    const { code, message } = reason
    if (this.#line === undefined) this.link?.close(reason)
    else this.#line.drop(code === 'LEFT' ? reason : { code: 'CONNECTION_LOST', message })
  }
}
