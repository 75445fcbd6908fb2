/**
 * The lab: a whole server and its clients in one process on virtual time, over modelled links, from one seed.
 * The same seed gives the same run, bit for bit. Used by the proof tests and the quality bench.
 */
import {
  type ClientHost,
  type JoinOptions,
  joinOver,
  type Redial,
  type RedialOptions,
  type Room,
  spectateOver,
} from '@tickmesh/client'
import { type HostOptions, RoomHost, type Rules } from '@tickmesh/server'
import {
  createLinkPair,
  type Game,
  Impairment,
  type ImpairmentOptions,
  type Link,
  NetError,
  SeededRandom,
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
  /** What each direction does, in place of all the above; and what the one to the client does, if that differs. */
  readonly direction?: ImpairmentOptions
  readonly toClient?: ImpairmentOptions
}

export interface LabOptions<S extends Shape> {
  readonly game: Game<S>
  readonly rules: Rules<S>
  readonly seed: number
  readonly development?: boolean
  readonly record?: HostOptions['record']
  readonly spectators?: HostOptions['spectators']
  /** The server computes each tick twice and compares. */
  readonly syncTest?: boolean
  readonly log?: HostOptions['log']
}

export interface LabPlayerOptions<S extends Shape> extends JoinOptions<S> {
  readonly path: Path
  /** The path of the next link when one is lost; undefined: that dial fails. Left out: a lost link ends the room. */
  readonly redials?: (dial: RedialOptions) => Path | undefined
  /** Display frames a second; 60 by default. */
  readonly displayHz?: number
  /** The client's clock minus the server's. */
  readonly clockOffsetMs?: number
  /** Watches instead of playing, so far behind. */
  readonly spectateMs?: number
  /** Puts taps on the two ends of the link. */
  readonly tapClient?: (link: Link) => Link
  readonly tapServer?: (link: Link) => Link
}

/** Virtual time passes in steps of this much, so that promises get their turn. */
const STEP_MS = 5

export class Lab<S extends Shape> {
  readonly scheduler = new VirtualScheduler()
  readonly host: RoomHost<S>
  private readonly game: Game<S>
  private readonly seed: number
  private readonly development: boolean
  private links = 0

  constructor(options: LabOptions<S>) {
    this.game = options.game
    this.seed = options.seed
    this.development = options.development ?? true
    const { scheduler } = this
    this.host = new RoomHost(options.game, options.rules, {
      timer: { nowMs: () => scheduler.now(), wakeAt: (timeMs, run) => scheduler.at(timeMs, run) },
      seed: options.seed,
      development: this.development,
      ...(options.record === undefined ? {} : { record: options.record }),
      ...(options.syncTest === undefined ? {} : { syncTest: options.syncTest }),
      ...(options.log === undefined ? {} : { log: options.log }),
      ...(options.spectators === undefined ? {} : { spectators: options.spectators }),
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

  /** Joins a player or a spectator; virtual time passes until it is in the room. */
  async join(options: LabPlayerOptions<S>): Promise<Room<S>> {
    const { path, redials, displayHz = 60, clockOffsetMs = 0, tapClient, tapServer, spectateMs, ...rest } = options
    const connect = (path: Path): Link => this.connect(path, tapClient, tapServer)
    let room: Room<S> | undefined
    let failure: unknown
    const redial: Redial = async (dial) => {
      const next = redials?.(dial)
      if (next === undefined) throw new NetError('CONNECT_FAILED', 'nobody is there.', '')
      return connect(next)
    }
    const link = connect(path)
    const host = this.clientHost(displayHz, clockOffsetMs)
    const { development } = this
    const common = { development, ...(redials === undefined ? {} : { redial }), ...rest }
    const joining =
      spectateMs === undefined
        ? joinOver(this.game, link, host, common)
        : spectateOver(this.game, link, host, { ...common, delayMs: spectateMs })
    joining.then(
      (joined) => {
        room = joined
      },
      (error: unknown) => {
        failure = error
      },
    )
    for (let waited = 0; room === undefined && failure === undefined && waited < 60_000; waited += STEP_MS)
      await this.run(STEP_MS)
    if (room === undefined) throw failure ?? new Error('joining took over 60 s of virtual time')
    return room
  }

  /** A link to the server: the client's end. */
  private connect(path: Path, tapClient?: (link: Link) => Link, tapServer?: (link: Link) => Link): Link {
    const seed = this.seed * 1000 + this.links++ * 2
    const [near, far] = createLinkPair(this.scheduler, direction(path, seed), direction(downwards(path), seed + 1), {
      ordered: path.ordered ?? true,
    })
    this.host.accept(tapServer === undefined ? far : tapServer(far))
    return tapClient === undefined ? near : tapClient(near)
  }

  private clientHost(displayHz: number, clockOffsetMs: number): ClientHost {
    const { scheduler } = this
    const frameMs = 1000 / displayHz
    const numbers = new SeededRandom(this.seed)
    return {
      now: () => scheduler.now() + clockOffsetMs,
      at: (timeMs, run) => scheduler.at(timeMs - clockOffsetMs, run),
      requestFrame: (run) => scheduler.at((Math.floor(scheduler.now() / frameMs + 1e-6) + 1) * frameMs, run),
      isAway: () => false,
      random: () => numbers.next(),
    }
  }
}

function downwards(path: Path): Path {
  return path.toClient === undefined ? path : { ...path, direction: path.toClient }
}

/** One direction of a path. */
function direction(path: Path, seed: number): Impairment {
  if (path.direction !== undefined) return new Impairment({ ...path.direction, seed })
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
