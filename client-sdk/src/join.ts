/**
 * `join`: connects, shakes hands, and gives a room to play in. The composition root of the client: real clock, timers, sockets and display.
 * `joinOver` (join-over.ts) does the same over a given link and host.
 */
import {
  type CloseReason,
  type Game,
  type InputSample,
  type Link,
  type LobbyPlace,
  NetError,
  type NetErrorCode,
  PROTOCOL_VERSION,
  retryOf,
  type Scheduler,
  type Shape,
} from '@tickmesh/shared'
import { type DialOptions, dial, type LinkChoice } from './connection/dial.ts'
import { LiveRoom } from './live-room.ts'
import type { ClientHost } from './play/client-host.ts'
import { ClockSync } from './play/clock-sync.ts'
import type { Prediction } from './play/prediction.ts'
import type { RepeatTest } from './play/repeat-test.ts'
import { realHost } from './real-host.ts'
import type { Room } from './room.ts'
import type { Redial } from './session/attempt.ts'
import { Line, type LineOwner, type Welcome } from './session/line.ts'
import { followPage, SavedSession, type Taken } from './session/saved-session.ts'
import { kindOf, type Resume } from './session/session.ts'
import { Whereabouts } from './session/whereabouts.ts'

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
  /** What carries the messages; `'websocket'` by default. `'auto'` tries WebRTC, and takes a WebSocket where that does not open; in play, too. */
  readonly link?: LinkChoice
  /** STUN and TURN servers for WebRTC, as `stun:host:port`; none by default. */
  readonly iceServers?: readonly string[]
  /** For the server's `authenticate`. A function is asked anew for each join, but not when a lost link comes back. */
  readonly auth?: string | (() => string | Promise<string>)
  /** A signed ticket for a seat that was reserved; used once. It names the room, so `room` may be left out. */
  readonly ticket?: string
  /**
   * The player stays in the room while its page is reloaded (in this tab, within the server's grace), and is there again when the new page joins. Without,
   * a page that is left leaves the room.
   */
  readonly resumeAfterReload?: boolean
  /** A link on which nothing was heard for so long counts as lost; 4,000 ms by default, and 1,000 at most where others stand by for the server. */
  readonly silenceMs?: number
}

/** How to join in a place that the lobby gave: it says which room, and who may come in. */
export type PlaceOptions<S extends Shape> = Omit<JoinOptions<S>, 'room' | 'ticket'>

/** How a spectator joins: `spectate` gives it. */
export interface Spectating {
  readonly delayMs: number
  readonly prediction: typeof Prediction
}

export interface HandshakeOptions<S extends Shape> extends JoinOptions<S> {
  readonly spectate?: Spectating
  /** Opens another link when the one that was handed in is lost. Left out: then the room ends. */
  readonly redial?: Redial
  /** The sync test of development, which is loaded only where it is wanted. */
  readonly repeatTest?: typeof RepeatTest
  /** What to say first, if that is known already. */
  readonly hello?: object
  readonly saved?: SavedSession | undefined
  /** Where the room is; left out: behind the link that was handed in. */
  readonly where?: Whereabouts
  /** Of the link that was handed in, if that was dialled. */
  readonly url?: string
}

export const DEFAULT_TIMEOUT_MS = 15_000
/** A cluster that does not know yet where a room is will know soon. */
const AGAIN_MS = 500
/** A dead machine does not answer; there are other addresses. */
const ONE_OF_SOME_MS = 3_000

/**
 * Joins a room: at a server's URL, or in a place that the lobby gave, with the seat that is kept there. Resolves once there is a world to show. Rejects with
 * a NetError: CONNECT_FAILED, ROOM_FULL, SCHEMA_MISMATCH and so on; `retryOf` says which are worth another try.
 */
export function join<S extends Shape>(game: Game<S>, url: string, options?: JoinOptions<S>): Promise<Room<S>>
export function join<S extends Shape>(game: Game<S>, place: LobbyPlace, options?: PlaceOptions<S>): Promise<Room<S>>
export async function join<S extends Shape>(
  game: Game<S>,
  where: string | LobbyPlace,
  options: JoinOptions<S> = {},
): Promise<Room<S>> {
  if (typeof where === 'string') return connectAndJoin(game, where, await withSyncTest(options))
  const { url, room, ticket } = where
  const seat = ticket === undefined ? { room } : { room, ticket }
  return connectAndJoin(game, url, await withSyncTest({ ...options, ...seat }))
}

/** The options, and the checks of development if they ask for them: a page that players load does without its code. */
export async function withSyncTest<S extends Shape>(options: JoinOptions<S>): Promise<HandshakeOptions<S>> {
  const { development = false, syncTestTicks = development ? 1 : 0 } = options
  if (!development && syncTestTicks <= 0) return options
  const { RepeatTest: repeatTest } = await import('./play/repeat-test.ts')
  return { ...options, repeatTest }
}

/** How links are opened: `dial`, or a test's. */
export type Dial = (url: string, options: DialOptions) => Promise<Link>

/** Connects, and joins to play or to watch; after a reload as who played before, if that is wanted and possible. */
export async function connectAndJoin<S extends Shape>(
  game: Game<S>,
  url: string,
  options: HandshakeOptions<S>,
  host: ClientHost = realHost(),
  open: Dial = dial,
): Promise<Room<S>> {
  const { link, iceServers, signal } = options
  if (signal?.aborted === true) throw takenBack()
  const untilMs = host.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const dialling = { scheduler: host, ...(iceServers === undefined ? {} : { iceServers }) }
  const chosen = link === undefined ? {} : { link }
  // A WebSocket opens sooner; only every other attempt waits for WebRTC.
  const again = link === 'auto' ? ({ link: 'websocket' } as const) : chosen
  const where = new Whereabouts(url)
  const redial: Redial = ({ attempt, better, url, signal }) =>
    open(url, {
      ...dialling,
      ...(better ? { link: 'webrtc' } : attempt % 2 === 0 ? again : chosen),
      signal,
    })
  const key = `${url} ${game.id} ${options.room ?? 'main'}`
  const saved =
    options.resumeAfterReload === true && host.page !== undefined ? new SavedSession(host.page, key) : undefined
  const attempt = async (before?: Taken): Promise<Room<S>> => {
    const hello = await helloOf(game, options, before, true, where)
    const aborting = signal === undefined ? {} : { signal }
    const url = where.next()
    const openMs = Math.min(untilMs - host.now(), where.hasOthers ? ONE_OF_SOME_MS : Number.POSITIVE_INFINITY)
    const first = await open(url, { ...dialling, ...chosen, ...aborting, timeoutMs: openMs })
    const timeoutMs = untilMs - host.now()
    return joinWith(game, first, host, { ...options, redial, saved, hello, where, url, timeoutMs })
  }
  const connect = (before?: Taken): Promise<Room<S>> =>
    attempt(before).catch((error: unknown) => {
      const waitMs = error instanceof NetError ? waitOf(error.code, where) : -1
      if (waitMs < 0 || signal?.aborted === true || host.now() + waitMs > untilMs) throw error
      return new Promise<void>((resolve) => host.at(host.now() + waitMs, resolve)).then(() => connect(before))
    })
  const before = saved?.take()
  if (before === undefined) return connect()
  where.epoch = before.epoch
  where.seek(before.urls)
  return connect(before).catch((error: unknown) => {
    // The seat is not ours any more: an ordinary join is.
    if (error instanceof NetError && error.code !== 'LEFT' && retryOf(error.code) === 'never') return connect()
    throw error
  })
}

/** When to try a join again that ended with this code, in ms; below 0: whoever joins decides. */
function waitOf(code: NetErrorCode, where: Whereabouts): number {
  if (code === 'MOVED') return 0
  const isCluster = code === 'STALE_EPOCH' || code === 'NOT_READY' || (code === 'CONNECT_FAILED' && where.hasOthers)
  return isCluster ? AGAIN_MS : -1
}

/** Joins over a link, to play or to watch. */
export function joinWith<S extends Shape>(
  game: Game<S>,
  link: Link,
  host: ClientHost,
  options: HandshakeOptions<S>,
): Promise<Room<S>> {
  return new Promise((resolve, reject) => {
    const joining = new Joining(game, link, host, options as HandshakeOptions<Shape>)
    joining.run(
      (room) => resolve(room as unknown as Room<S>),
      (error) => reject(error),
    )
  })
}

/** What to say on a new link: who joins, or who goes on with the secret of `before`. */
function helloOf<S extends Shape>(
  game: Game<S>,
  options: HandshakeOptions<S>,
  before: (Resume & Pick<Taken, 'room'>) | undefined,
  isFirst: boolean,
  where: Whereabouts | undefined,
): object | Promise<object> {
  const { options: data, spectate, ticket, auth } = options
  // A ticket names its room.
  const room = before?.room ?? options.room ?? (ticket === undefined ? 'main' : undefined)
  const about = { t: 'hello', protocol: PROTOCOL_VERSION, game: game.id, schema: game.schemaHash >>> 0 }
  const { epoch } = where ?? {}
  const who = { ...about, ...(room === undefined ? {} : { room }), ...(epoch === undefined ? {} : { epoch }) }
  if (before !== undefined && before.secret !== '') {
    const { secret, heard, prepare } = before
    return { ...who, create: false, resume: secret, heard, ...(prepare === undefined ? {} : { prepare }) }
  }
  const said = {
    ...who,
    create: true,
    ...(data === undefined ? {} : { options: data }),
    ...(spectate === undefined ? {} : { spectate: spectate.delayMs }),
    ...(ticket === undefined || !isFirst ? {} : { ticket }),
  }
  const given = typeof auth === 'function' ? auth() : auth
  if (given === undefined) return said
  return typeof given === 'string' ? { ...said, auth: given } : given.then((auth) => ({ ...said, auth }))
}

/** From an open link to a room with a world. */
class Joining implements LineOwner {
  readonly #game: Game
  readonly #link: Link
  readonly #host: ClientHost
  readonly #options: HandshakeOptions<Shape>
  readonly #timeoutMs: number
  readonly #where: Whereabouts
  readonly #line: Line
  readonly #clock = new ClockSync()
  #room: LiveRoom | undefined
  #settled = false
  #fail: (error: unknown) => void = () => {}
  #succeed: (room: LiveRoom) => void = () => {}

  constructor(game: Game, link: Link, host: ClientHost, options: HandshakeOptions<Shape>) {
    this.#game = game
    this.#link = link
    this.#host = host
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#where = options.where ?? new Whereabouts()
    const url = options.url ?? this.#where.url
    this.#line = new Line(this.#wrap(link), host, this, this.#where, url, this.#timeoutMs)
  }

  readonly #wrap = (link: Link): Link => this.#options.wrapLink?.(link, this.#host) ?? link

  run(succeed: (room: LiveRoom) => void, fail: (error: unknown) => void): void {
    const host = this.#host
    const options = this.#options
    const cancel = host.at(host.now() + this.#timeoutMs, () =>
      this.#refuse(
        new NetError('TIMED_OUT', 'the server did not answer in time.', 'Look at the network, and try again.'),
      ),
    )
    const abort = () => this.#refuse(takenBack())
    options.signal?.addEventListener('abort', abort, { once: true })
    const done = () => {
      this.#settled = true
      cancel()
      options.signal?.removeEventListener('abort', abort)
    }
    this.#succeed = (room) => {
      done()
      succeed(room)
    }
    this.#fail = (error) => {
      done()
      fail(error)
    }
    if (options.signal?.aborted === true) return abort()
    void this.#greet()
  }

  async #greet(): Promise<void> {
    try {
      const hello = this.#options.hello ?? helloOf(this.#game, this.#options, undefined, true, this.#where)
      this.#line.greet(hello instanceof Promise ? await hello : hello)
    } catch (error) {
      // The player's options cannot be sent, or there is no credential.
      this.#refuse(error)
    }
  }

  onWelcome(line: Line, welcome: Welcome): void {
    const game = this.#game
    const host = this.#host
    const options = this.#options
    if ((welcome.seat === 0) !== (options.spectate !== undefined)) {
      return this.#refuse(new NetError('MALFORMED', 'the server gave another place than was asked for.', ''))
    }
    if (welcome.maxPlayers !== game.maxPlayers || welcome.tickRate !== game.tickRate) {
      return this.#refuse(
        new NetError(
          'SCHEMA_MISMATCH',
          'the server plays this game by another definition.',
          'Reload the page, or deploy both from one build.',
        ),
      )
    }
    this.#clock.onSample(line.sentMs, welcome.serverNowMs, welcome.serverNowMs, host.now())
    const sample = options.sample ?? (() => ({}))
    const room = new LiveRoom(game, line, host, this.#clock, welcome, {
      ...options,
      development: options.development ?? false,
      sample: sample as () => Readonly<Record<string, unknown>>,
      session: {
        redial: options.redial,
        shown: shownBy(options.hello),
        hello: (resume = { secret: '', heard: 0 }) =>
          helloOf(game, options, { ...resume, room: welcome.roomId }, false, this.#where),
        where: this.#where,
        wrap: this.#wrap,
        kind: kindOf(this.#link),
        silenceMs: options.silenceMs,
        prefersWebRtc: options.link === 'auto',
      },
      prediction: options.spectate?.prediction,
    })
    this.#room = room
    room.onClose((reason) => this.onEnd(line, reason))
    if (host.page !== undefined) followPage(host.page, room, options.saved)
    room.start()
    void room.whenReady().then(() => {
      if (!this.#settled && room.open) this.#succeed(room)
    })
  }

  onBytes(): void {}

  /** The link broke or the room ended before there was anything to show. */
  onEnd(_line: Line, { code, message }: CloseReason): void {
    if (!this.#settled) this.#fail(new NetError(code, message, ''))
  }

  #refuse(error: unknown): void {
    if (this.#settled) return
    this.#fail(error)
    const reason = error instanceof NetError ? error.reason : ({ code: 'LEFT', message: '' } as const)
    this.#room?.end(reason)
    this.#line.drop(reason)
  }
}

function takenBack(): NetError {
  return new NetError('LEFT', 'joining was taken back.', '')
}

/** The secret in a hello. */
function shownBy(hello: object = {}): string | undefined {
  return 'resume' in hello && typeof hello.resume === 'string' ? hello.resume : undefined
}
