/**
 * The lab: a whole server and its clients in one process on virtual time, over modelled links, from one seed.
 * The same seed gives the same run, bit for bit. Used by the proof tests and the quality bench.
 */
import { type ClientHost, type JoinOptions, joinOver, type Room } from '@tickmesh/client'
import { RoomHost, type Rules } from '@tickmesh/server'
import {
  createLinkPair,
  type Game,
  Impairment,
  type ImpairmentOptions,
  type Shape,
  VirtualScheduler,
} from '@tickmesh/shared'

/** A path between a client and the server. */
export interface Path {
  /** Least round trip. */
  readonly rttMs: number
  /** Each direction adds 0 to this much, uniformly. */
  readonly jitterMs?: number
  readonly loss?: number
  /** True: a WebSocket's one ordered stream (default). */
  readonly ordered?: boolean
}

export interface LabOptions<S extends Shape> {
  readonly game: Game<S>
  readonly rules: Rules<S>
  readonly seed: number
  readonly development?: boolean
}

export interface LabPlayerOptions<S extends Shape> extends JoinOptions<S> {
  readonly path: Path
  /** Display frames a second; 60 by default. */
  readonly displayHz?: number
  /** The client's clock minus the server's. */
  readonly clockOffsetMs?: number
}

/** Virtual time passes in steps of this much, so that promises get their turn. */
const STEP_MS = 5

export class Lab<S extends Shape> {
  readonly scheduler = new VirtualScheduler()
  readonly host: RoomHost<S>
  private readonly game: Game<S>
  private readonly seed: number
  private readonly development: boolean
  private players = 0

  constructor(options: LabOptions<S>) {
    this.game = options.game
    this.seed = options.seed
    this.development = options.development ?? true
    const { scheduler } = this
    this.host = new RoomHost(options.game, options.rules, {
      timer: { nowMs: () => scheduler.now(), wakeAt: (timeMs, run) => scheduler.at(timeMs, run) },
      seed: options.seed,
      development: this.development,
    })
  }

  /** Lets virtual time pass. */
  async run(ms: number): Promise<void> {
    const end = this.scheduler.now() + ms
    while (this.scheduler.now() < end) {
      this.scheduler.runUntil(Math.min(end, this.scheduler.now() + STEP_MS))
      await Promise.resolve()
    }
  }

  /** Joins a player; virtual time passes until it is in the room. */
  async join(options: LabPlayerOptions<S>): Promise<Room<S>> {
    const { path, displayHz = 60, clockOffsetMs = 0, ...rest } = options
    const seed = this.seed * 1000 + this.players++ * 2
    const [near, far] = createLinkPair(this.scheduler, direction(path, seed), direction(path, seed + 1), {
      ordered: path.ordered ?? true,
    })
    this.host.accept(far)
    let room: Room<S> | undefined
    let failure: unknown
    joinOver(this.game, near, this.clientHost(displayHz, clockOffsetMs), {
      development: this.development,
      ...rest,
    }).then(
      (joined) => {
        room = joined
      },
      (error: unknown) => {
        failure = error
      },
    )
    for (let waited = 0; room === undefined && failure === undefined && waited < 20_000; waited += STEP_MS)
      await this.run(STEP_MS)
    if (room === undefined) throw failure ?? new Error('joining took over 20 s of virtual time')
    return room
  }

  private clientHost(displayHz: number, clockOffsetMs: number): ClientHost {
    const { scheduler } = this
    const frameMs = 1000 / displayHz
    return {
      now: () => scheduler.now() + clockOffsetMs,
      at: (timeMs, run) => scheduler.at(timeMs - clockOffsetMs, run),
      requestFrame: (run) => scheduler.at((Math.floor(scheduler.now() / frameMs + 1e-6) + 1) * frameMs, run),
      isAway: () => false,
    }
  }
}

/** One direction of a path. */
function direction(path: Path, seed: number): Impairment {
  const jitterMs = (path.jitterMs ?? 0) / 2
  const options: ImpairmentOptions = {
    seed,
    delayMs: path.rttMs / 2,
    jitterMs,
    jitterShape: 'uniform',
    ...(path.loss === undefined ? {} : { loss: path.loss, lossBurst: 3 }),
  }
  return new Impairment(options)
}
