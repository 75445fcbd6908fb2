/**
 * A network made worse on purpose, while one plays: delay, jitter, loss and so on, added to a room's link by `join`'s `wrapLink`. Development only.
 * Values are for each direction, as in `ImpairmentOptions`. Over a WebSocket a loss is a stall of all that is behind it.
 *
 *     const network = badNetwork({ delayMs: 50, jitterMs: 10, loss: 0.02 })
 *     const room = await join(game, url, { wrapLink: network.wrapLink })
 *     network.change({ loss: 0.1 })
 */
import {
  Impairment,
  type ImpairmentChange,
  type ImpairmentOptions,
  impairLink,
  type Link,
  type Scheduler,
} from '@tickmesh/shared'

export interface BadNetwork {
  /** What is added now, each way. */
  readonly options: ImpairmentChange
  /** Whether the link that it wraps is one ordered stream (a WebSocket); undefined before there is one. */
  readonly ordered: boolean | undefined
  /** For `join`'s options. All links that it wraps pass through this one network. */
  readonly wrapLink: (link: Link, scheduler: Scheduler) => Link
  /** Makes it worse, or better, from now on. Throws a NetError (BAD_ARGUMENT) for what is out of bounds, and changes nothing then. */
  change(options: ImpairmentChange): void
  /** Adds nothing from now on. */
  reset(): void
  /** Nothing gets through, either way, for so long. Does nothing before there is a link. */
  freeze(durationMs: number): void
}

export function badNetwork(options: ImpairmentOptions = {}): BadNetwork {
  return new ChangeableNetwork(options)
}

class ChangeableNetwork implements BadNetwork {
  ordered: boolean | undefined
  private readonly out: Impairment
  private readonly in: Impairment
  private scheduler: Scheduler | undefined

  constructor(options: ImpairmentOptions) {
    this.out = new Impairment(options)
    // Of its own seed: what is lost on the way out says nothing of the way in.
    this.in = new Impairment({ ...options, seed: (options.seed ?? 1) + 1 })
  }

  get options(): ImpairmentChange {
    return this.out.options
  }

  readonly wrapLink = (link: Link, scheduler: Scheduler): Link => {
    this.ordered = link.ordered
    this.scheduler = scheduler
    return impairLink(link, scheduler, { out: this.out, in: this.in })
  }

  change(options: ImpairmentChange): void {
    const nowMs = this.scheduler?.now()
    this.out.change(options, nowMs)
    this.in.change(options, nowMs)
  }

  reset(): void {
    this.change(Object.fromEntries(Object.keys(this.options).map((name) => [name, undefined])))
  }

  freeze(durationMs: number): void {
    if (this.scheduler === undefined) return
    const nowMs = this.scheduler.now()
    this.out.freeze(nowMs, durationMs)
    this.in.freeze(nowMs, durationMs)
  }
}
