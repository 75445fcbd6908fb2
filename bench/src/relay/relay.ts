/**
 * What the TCP and the UDP relay have in common: their options, what they can be told while they run, and the models of their paths.
 * A relay is a process (or a part of one) between real sockets that makes the network between them bad.
 */
import { Impairment, type ImpairmentChange, type ImpairmentOptions, NetError, type Scheduler } from '@tickmesh/shared'

export interface RelayOptions {
  /** 0: any free one. */
  readonly listenPort: number
  /** `127.0.0.1` by default: nobody else's machine gets in. */
  readonly listenHost?: string
  readonly toHost: string
  readonly toPort: number
  /** The way from those who connect to the target. Each connection gets a model of its own, with a seed of its own. */
  readonly out?: ImpairmentOptions
  /** The way back. */
  readonly in?: ImpairmentOptions
  /** Hears of what goes wrong on the far side, in words. */
  readonly onProblem?: (problem: string) => void
}

/** What has gone through since the start. */
export interface RelayTotals {
  /** Connections, or addresses. */
  paths: number
  outBytes: number
  inBytes: number
}

export interface Relay {
  /** Where it listens. */
  readonly port: number
  readonly totals: Readonly<RelayTotals>
  /** Alters both directions of all connections, those to come too. What is left out stays. */
  change(options: ImpairmentChange): void
  /** Nothing gets through for so long, from now on. */
  freeze(durationMs: number): void
  /** Ends all connections at once. */
  close(): Promise<void>
}

export interface PathModels {
  readonly out: Impairment
  readonly in: Impairment
}

/** The models of all paths of one relay. */
export class RelayModels {
  readonly #clock: Scheduler
  readonly #out: Impairment
  readonly #in: Impairment
  readonly #outSeed: number
  readonly #inSeed: number
  readonly #live = new Set<PathModels>()
  #made = 0
  #frozenUntilMs = 0

  constructor(clock: Scheduler, options: RelayOptions) {
    this.#clock = clock
    this.#out = new Impairment(options.out)
    this.#in = new Impairment(options.in)
    this.#outSeed = options.out?.seed ?? 1
    this.#inSeed = options.in?.seed ?? 2
  }

  make(): PathModels {
    const models = {
      out: new Impairment({ seed: this.#outSeed + 2 * this.#made }),
      in: new Impairment({ seed: this.#inSeed + 2 * this.#made }),
    }
    this.#made++
    models.out.change(this.#out.options)
    models.in.change(this.#in.options)
    const nowMs = this.#clock.now()
    if (nowMs < this.#frozenUntilMs) freezeBoth(models, nowMs, this.#frozenUntilMs - nowMs)
    this.#live.add(models)
    return models
  }

  forget(models: PathModels): void {
    this.#live.delete(models)
  }

  change(options: ImpairmentChange): void {
    this.#out.change(options)
    this.#in.change(options)
    const nowMs = this.#clock.now()
    for (const models of this.#live) {
      models.out.change(options, nowMs)
      models.in.change(options, nowMs)
    }
  }

  freeze(durationMs: number): void {
    const nowMs = this.#clock.now()
    for (const models of this.#live) freezeBoth(models, nowMs, durationMs)
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, nowMs + durationMs)
  }
}

function freezeBoth(models: PathModels, nowMs: number, durationMs: number): void {
  models.out.freeze(nowMs, durationMs)
  models.in.freeze(nowMs, durationMs)
}

/** What a socket says when it cannot listen, in words. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number): NetError {
  return error.code === 'EADDRINUSE'
    ? new NetError(
        'PORT_IN_USE',
        `port ${port} of ${host} is taken.`,
        'Stop what listens there, or choose another port.',
      )
    : new NetError(
        'BAD_ARGUMENT',
        `cannot listen on ${host}:${port} (${error.code ?? error.message}).`,
        'Choose another.',
      )
}
