/**
 * `join`: connects, shakes hands, and gives a room to play in. The composition root of the client: real clock, timers, sockets and display.
 * `joinOver` does the same over a given link and host, for tests and the bench.
 */
import {
  type CloseReason,
  type Game,
  type InputSample,
  type Link,
  NetError,
  type NetErrorCode,
  PROTOCOL_VERSION,
  packControl,
  type Scheduler,
  type ServerMessage,
  type Shape,
  SNAPSHOT,
} from '@tickmesh/shared'
import { readServerMessage } from './connection/read-control.ts'
import { connectWebSocket } from './connection/websocket-link.ts'
import { LiveRoom } from './live-room.ts'
import type { ClientHost } from './play/client-host.ts'
import { ClockSync } from './play/clock-sync.ts'
import type { Prediction } from './play/prediction.ts'
import { realHost } from './real-host.ts'
import type { Room } from './room.ts'

export interface JoinOptions<S extends Shape> {
  /** Reads the player's devices: levels as they are now (left out: neutral), presses as how many since the last call, or whether. Called at least once a tick. */
  readonly sample?: () => InputSample<S['inputs']>
  /** Which room; made if there is none. `'main'` by default. */
  readonly room?: string
  /** Plain data for the server's `onJoin`, such as a name. At most 16 kB packed. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Takes the attempt back. */
  readonly signal?: AbortSignal
  /** Checks that a program must pass before it is shipped; off by default. */
  readonly development?: boolean
  /** What the link is put through before it is used: the development tools' model of a bad network (`impairLink`). */
  readonly wrapLink?: (link: Link, scheduler: Scheduler) => Link
  /**
   * Most ticks that are computed again when a snapshot comes, and so how long the server may be silent before the client stops predicting, says so
   * (`room.onStall`) and waits. Half a second by default, but at least 64 ticks; 120 at most. It must cover the round trip: raise it for tick rates above 120,
   * lower it where a tick costs much.
   */
  readonly maxRollbackTicks?: number
  /**
   * Ticks by which every own input takes effect later, 0 to 30; the game's `inputDelayTicks` by default. Own actions then show so much later, but so much less
   * is predicted: others interfere less often, and corrections are smaller.
   */
  readonly inputDelayTicks?: number
  /** After each tick so many of the newest are computed once more and compared: what differs throws NON_DETERMINISTIC. 1 in development, else 0. */
  readonly syncTestTicks?: number
  /** How long connecting and the first snapshot may take together; 15,000 ms by default. */
  readonly timeoutMs?: number
}

/** How a spectator joins: `spectate` gives it. */
export interface Spectating {
  readonly delayMs: number
  readonly prediction: typeof Prediction
}

export interface HandshakeOptions<S extends Shape> extends JoinOptions<S> {
  readonly spectate?: Spectating
}

export const DEFAULT_TIMEOUT_MS = 15_000

/** Joins a room. Resolves once there is a world to show. Rejects with a NetError: CONNECT_FAILED, ROOM_FULL, SCHEMA_MISMATCH and so on. */
export async function join<S extends Shape>(
  game: Game<S>,
  url: string,
  options: JoinOptions<S> = {},
): Promise<Room<S>> {
  return connectAndJoin(game, url, options)
}

/** Connects, and joins to play or to watch. */
export async function connectAndJoin<S extends Shape>(
  game: Game<S>,
  url: string,
  options: HandshakeOptions<S>,
): Promise<Room<S>> {
  const host = realHost()
  const { signal } = options
  if (signal?.aborted === true) throw takenBack()
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const untilMs = host.now() + timeoutMs
  const link = await connectWebSocket(url, { scheduler: host, timeoutMs, ...(signal === undefined ? {} : { signal }) })
  return joinWith(game, link, host, { ...options, timeoutMs: untilMs - host.now() })
}

/** Joins over a link that is open. Attaches to it before it returns. */
export function joinOver<S extends Shape>(
  game: Game<S>,
  link: Link,
  host: ClientHost,
  options: JoinOptions<S> = {},
): Promise<Room<S>> {
  return joinWith(game, link, host, options)
}

/** Joins over a link, to play or to watch. */
export function joinWith<S extends Shape>(
  game: Game<S>,
  link: Link,
  host: ClientHost,
  options: HandshakeOptions<S>,
): Promise<Room<S>> {
  return new Promise((resolve, reject) => {
    const wrapped = options.wrapLink?.(link, host) ?? link
    const handshake = new Handshake(game, wrapped, host, options as HandshakeOptions<Shape>)
    handshake.run(
      (room) => resolve(room as unknown as Room<S>),
      (error) => reject(error),
    )
  })
}

/** From an open link to a room with a world. */
class Handshake {
  private readonly game: Game
  private readonly link: Link
  private readonly host: ClientHost
  private readonly options: HandshakeOptions<Shape>
  private readonly clock = new ClockSync()
  private room: LiveRoom | undefined
  private sentMs = 0
  private settled = false
  private fail: (error: Error) => void = () => {}
  private succeed: (room: LiveRoom) => void = () => {}

  constructor(game: Game, link: Link, host: ClientHost, options: HandshakeOptions<Shape>) {
    this.game = game
    this.link = link
    this.host = host
    this.options = options
  }

  run(succeed: (room: LiveRoom) => void, fail: (error: Error) => void): void {
    const { host, options, link } = this
    const cancel = host.at(host.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS), () =>
      this.refuse(
        new NetError('TIMED_OUT', 'the server did not answer in time.', 'Look at the network, and try again.'),
      ),
    )
    const abort = () => this.refuse(takenBack())
    options.signal?.addEventListener('abort', abort, { once: true })
    const done = () => {
      this.settled = true
      cancel()
      options.signal?.removeEventListener('abort', abort)
    }
    this.succeed = (room) => {
      done()
      succeed(room)
    }
    this.fail = (error) => {
      done()
      fail(error)
    }
    link.attach({ onMessage: (_lane, bytes) => this.onMessage(bytes), onClose: (reason) => this.onClose(reason) })
    if (options.signal?.aborted === true) return abort()
    try {
      this.hello()
    } catch (error) {
      // The player's options cannot be sent.
      this.refuse(error as NetError)
    }
  }

  private hello(): void {
    const { game, options } = this
    const bytes = packControl({
      t: 'hello',
      protocol: PROTOCOL_VERSION,
      game: game.id,
      schema: game.schemaHash >>> 0,
      room: options.room ?? 'main',
      create: true,
      ...(options.options === undefined ? {} : { options: options.options }),
      ...(options.spectate === undefined ? {} : { spectate: options.spectate.delayMs }),
    })
    this.sentMs = this.host.now()
    this.link.send('reliable', bytes)
  }

  private onMessage(bytes: Uint8Array): void {
    if (this.room !== undefined) return this.room.receive(bytes)
    // A frame may overtake the welcome where there are two lanes.
    if (this.settled || bytes[0] === SNAPSHOT) return
    const message = readServerMessage(bytes)
    if (message === undefined)
      return this.refuse(
        new NetError(
          'MALFORMED',
          'the server answered with something else than a welcome.',
          'Is this the address of a Tickmesh server?',
        ),
      )
    if (message.t === 'refused' || message.t === 'bye') return this.refuse(refusal(message.code, message.message))
    if (message.t === 'welcome') this.onWelcome(message)
  }

  private onWelcome(welcome: Extract<ServerMessage, { t: 'welcome' }>): void {
    const { game, host, options } = this
    if ((welcome.seat === 0) !== (options.spectate !== undefined)) {
      return this.refuse(new NetError('MALFORMED', 'the server gave another place than was asked for.', ''))
    }
    if (welcome.maxPlayers !== game.maxPlayers || welcome.tickRate !== game.tickRate) {
      return this.refuse(
        new NetError(
          'SCHEMA_MISMATCH',
          'the server plays this game by another definition.',
          'Reload the page, or deploy both from one build.',
        ),
      )
    }
    this.clock.onSample(this.sentMs, welcome.serverNowMs, welcome.serverNowMs, host.now())
    const sample = options.sample ?? (() => ({}))
    const room = new LiveRoom(game, this.link, host, this.clock, welcome, {
      development: options.development ?? false,
      sample: sample as () => Readonly<Record<string, unknown>>,
      prediction: options.spectate?.prediction,
      maxRollbackTicks: options.maxRollbackTicks,
      inputDelayTicks: options.inputDelayTicks,
      syncTestTicks: options.syncTestTicks,
    })
    this.room = room
    room.start()
    void room.whenReady().then(() => {
      if (!this.settled && room.open) this.succeed(room)
    })
  }

  private onClose(reason: CloseReason): void {
    this.room?.end(reason)
    if (!this.settled) this.fail(refusal(reason.code, reason.message))
  }

  private refuse(error: NetError): void {
    if (this.settled) return
    this.fail(error)
    const { reason } = error
    this.room?.end(reason)
    this.link.close(reason)
  }
}

function refusal(code: NetErrorCode, message: string): NetError {
  return new NetError(code, message, '')
}

function takenBack(): NetError {
  return new NetError('LEFT', 'joining was taken back.', '')
}
