/**
 * A joined room: hands messages on, drives ticks and display frames, and calls the page's listeners. Its session keeps it connected.
 * Made by `join`; over any link and host.
 */
import {
  type CloseReason,
  type CompiledGame,
  NetError,
  packControl,
  type Seat,
  type ServerMessage,
  World,
} from '@tickmesh/shared'
import { readServerMessage } from './connection/read-control.ts'
import { Listeners, listenersOf, report } from './listeners.ts'
import type { ClientHost } from './play/client-host.ts'
import type { ClockSync } from './play/clock-sync.ts'
import type { EventInfo } from './play/event-tracker.ts'
import type { PlayChoices } from './play/play-options.ts'
import { RoomClient } from './play/room-client.ts'
import type { Stall } from './play/stall.ts'
import type { FrameInfo, RoomPlayer, Unsubscribe } from './room.ts'
import { ClockExchange } from './session/clock-exchange.ts'
import { checkDeclared, GameMessages } from './session/game-messages.ts'
import { isSnapshot, type Line, type Welcome } from './session/line.ts'
import { RoomAttributes } from './session/room-attributes.ts'
import { type ConnectionState, Session, type SessionOptions, type SessionRoom } from './session/session.ts'
import { type RoomStats, statsOf } from './stats.ts'

type Values = Readonly<Record<string, unknown>>

/** While no inputs are sent, whose echoes set the clock, it is asked for this often. */
const LOST_PING_MS = 500
const NOTHING: Values = {}
/** What a server that does not say so believes. */
const DEFAULT_MAX_REWIND_MS = 500

export interface LiveRoomOptions extends PlayChoices {
  readonly session: SessionOptions
}

export class LiveRoom implements SessionRoom {
  readonly id: string
  readonly seat: Seat
  readonly client: RoomClient
  readonly session: Session
  readonly debug: { readonly server: Readonly<Record<string, unknown>>; readonly serverNowMs: number }
  open = true
  readonly #game: CompiledGame
  readonly #host: ClientHost
  readonly #clock: ClockSync
  readonly #exchange: ClockExchange
  readonly #known: RoomAttributes
  readonly #messages: GameMessages
  readonly #worldSeed: number
  readonly #serverWorld: World
  #loadedTick = -1
  readonly #frameListeners = new Listeners<[view: object, frame: FrameInfo]>()
  readonly #stallListeners = new Listeners<[stall: Stall]>()
  readonly #connectionListeners = new Listeners<[state: ConnectionState]>()
  readonly #closeListeners = new Listeners<[reason: CloseReason]>()
  readonly #eventListeners = new Map<string, Listeners<[values: Values, info: EventInfo]>>()
  readonly #withdrawnListeners = new Map<string, Listeners<[values: Values]>>()
  readonly #view: object
  #cancelTick: () => void = () => {}
  #cancelFrame: () => void = () => {}
  #readyWaiters: (() => void)[] = []

  /** Takes over `line`, which `welcome` came on. */
  constructor(
    game: CompiledGame,
    line: Line,
    host: ClientHost,
    clock: ClockSync,
    welcome: Welcome,
    options: LiveRoomOptions,
  ) {
    this.#game = game
    this.#host = host
    this.#clock = clock
    this.id = welcome.roomId
    this.seat = welcome.seat
    this.#worldSeed = welcome.seed
    this.#known = new RoomAttributes(welcome)
    this.#messages = new GameMessages(game, welcome.said ?? 0, welcome.heard ?? 0)
    this.#exchange = new ClockExchange(host, clock, (message) => this.#sendControl(message))
    this.session = new Session(this, host, line, welcome, options.session)
    this.client = new RoomClient(game, this.session.link, host, clock, {
      ...options,
      seat: welcome.seat,
      epochMs: welcome.epochMs,
      maxRewindMs: welcome.maxRewindMs ?? DEFAULT_MAX_REWIND_MS,
      onStall: (stall) => this.#stallListeners.call(stall),
      sample: () => sampled(options.sample),
      events: {
        onEvent: (name, values, info) => this.#eventListeners.get(name)?.call(values, info),
        onWithdrawn: (name, values) => this.#withdrawnListeners.get(name)?.call(values),
      },
    })
    this.#protect()
    this.#serverWorld = new World(game, { hidesServerFields: true })
    const newest = () => this.#newestWorld()
    this.debug = {
      get server() {
        return newest()
      },
      get serverNowMs() {
        return clock.serverNow(host.now())
      },
    }
    const { world } = this.client.screen
    this.#view = { ...world.byName, find: (id: number) => world.find(id) }
  }

  get attributes(): Readonly<Record<string, unknown>> {
    return this.#known.ofRoom
  }
  get players(): ReadonlyMap<Seat, RoomPlayer> {
    return this.#known.players
  }
  get tick(): number {
    return this.client.prediction.tick
  }
  get connection(): ConnectionState {
    return this.session.state
  }
  get url(): string {
    return this.session.where.url
  }
  /** The game's messages that came, in all. */
  get heard(): number {
    return this.#messages.heard
  }
  get stats(): RoomStats {
    return statsOf(this.client, this.#clock, this.session)
  }

  /** Starts to exchange clocks and to run ticks and frames. */
  start(): void {
    this.#exchange.burst()
    this.#tickSoon()
    this.#frameSoon()
  }

  /** Resolves when there is a world to show. */
  whenReady(): Promise<void> {
    return this.client.ready ? Promise.resolve() : new Promise((resolve) => this.#readyWaiters.push(resolve))
  }

  ping(): void {
    this.#exchange.ping()
  }

  #tickSoon(): void {
    if (!this.open) return
    const now = this.#host.now()
    // If the game's code throws, its error passes, but the room goes on.
    let next = now + LOST_PING_MS
    try {
      next = this.client.runTicks(now)
      if (!this.client.inStep(now) && now - this.#exchange.lastMs > LOST_PING_MS) this.ping()
      this.session.watch(now)
      this.#flush()
    } finally {
      if (this.open) this.#cancelTick = this.#host.at(next, () => this.#onTickTimer())
    }
  }

  #onTickTimer(): void {
    this.#tickSoon()
    if (this.#host.requestFrame === undefined) this.#drawFrame()
  }

  #frameSoon(): void {
    if (!this.open || this.#host.requestFrame === undefined) return
    this.#cancelFrame = this.#host.requestFrame(() => {
      this.#frameSoon()
      this.#drawFrame()
    })
  }

  /** Composes a frame and shows it to the listeners; without any, only the view moves on. */
  #drawFrame(): void {
    if (!this.open) return
    const nowMs = this.#host.now()
    const { client } = this
    if (this.#frameListeners.size === 0) {
      client.look(nowMs)
      return
    }
    if (!client.draw(nowMs)) return
    this.#frameListeners.call(this.#view, {
      nowMs,
      tick: client.drawnTick,
      viewTick: client.playback.viewTick,
      own: this.seat,
    })
  }

  #newestWorld(): World['byName'] {
    const newest = this.client.frames.find(this.client.newestTick)
    if (newest !== undefined && this.#loadedTick !== this.client.newestTick) this.#serverWorld.load(newest)
    this.#loadedTick = this.client.newestTick
    return this.#serverWorld.byName
  }

  /** A message of the server. */
  receive(bytes: Uint8Array): void {
    if (!this.open) return
    const nowMs = this.#host.now()
    if (isSnapshot(bytes[0])) {
      if (!this.client.onFrame(bytes, nowMs))
        return this.end({ code: 'MALFORMED', message: 'the server sent a frame that cannot be read' })
      this.#tellReady()
      return
    }
    this.client.counts.controlIn += bytes.length
    const message = readServerMessage(bytes)
    if (message === undefined)
      return this.end({ code: 'MALFORMED', message: 'the server sent a message that cannot be read' })
    this.#onControl(message, nowMs)
  }

  #tellReady(): void {
    if (!this.client.ready || this.#readyWaiters.length === 0) return
    for (const resolve of this.#readyWaiters) resolve()
    this.#readyWaiters = []
  }

  #onControl(message: ServerMessage, nowMs: number): void {
    switch (message.t) {
      case 'attr':
        return this.#known.patch(message)
      case 'msg':
        if (!this.#messages.receive(message.i, message.v))
          this.end({ code: 'MALFORMED', message: 'the server sent a message that this game does not declare' })
        return
      case 'pong':
        return this.#exchange.onPong(message.id, message.serverMs, nowMs)
      case 'notice':
        return this.#onNotice(message, nowMs)
      case 'got':
        return this.#messages.got(message.heard)
      case 'standby':
        this.session.stand(message.urls)
        return this.#protect()
      case 'moving':
        return this.session.moving(message.url)
      case 'moved':
        return this.session.moved(message)
      case 'bye':
        return this.session.lose({ code: message.code, message: message.message })
      default:
        return
    }
  }

  #onNotice({ kind, epochMs }: Extract<ServerMessage, { t: 'notice' }>, nowMs: number): void {
    const { timeline } = this.client
    if (kind === 'paused') timeline.pause(nowMs)
    if (epochMs !== undefined) timeline.shift(epochMs, nowMs)
    if (kind === 'resumed') timeline.goOn()
  }

  #protect(): void {
    this.client.timeline.isProtected = this.session.where.isProtected
  }

  /** Goes on over another link, as the same player. */
  resumed(welcome: Welcome, sentMs: number, owner: 'same' | 'moved' | 'other'): boolean {
    const { client } = this
    // Who joins again, to watch, may come into a room of the same name that began anew.
    const isSame = welcome.seed === this.#worldSeed && welcome.tick > client.newestTick - this.#game.tickRate
    if (welcome.seat !== this.seat || (welcome.resumed !== true && (this.seat > 0 || !isSame))) return false
    const nowMs = this.#host.now()
    // A hello that waited there for the room says nothing of clocks.
    if (owner === 'same') this.#clock.onSample(sentMs, welcome.serverNowMs, welcome.serverNowMs, nowMs)
    client.timeline.look(nowMs)
    client.timeline.shift(welcome.epochMs, nowMs)
    client.timeline.linkReplaced(nowMs)
    if (owner !== 'same') client.ownerChanged(welcome.tick, owner === 'moved', nowMs)
    else client.linkReplaced(nowMs)
    this.#protect()
    this.#exchange.burst()
    this.#messages.resume(welcome.heard ?? 0, welcome.said)
    this.#flush()
    this.#known.replace(welcome)
    return true
  }

  /** The session's state changed. */
  connectionChanged(state: ConnectionState): void {
    this.#connectionListeners.call(state)
  }

  /** Sends what the game said, and what the server lacks of it. */
  #flush(): void {
    if (this.session.isLinked) for (const bytes of this.#messages.take()) this.#sendPacked(bytes)
  }

  /** Spectators only watch. */
  #mustPlay(): void {
    if (this.seat !== 0) return
    throw new NetError('BAD_STATE', 'a spectator only watches: it cannot press or send.', 'Play with `join`.')
  }

  press(name: string, count = 1): void {
    this.#mustPlay()
    if (this.open) this.client.latch.press(name, count, this.client.playback.stamp)
  }

  send(name: string, values: Values): void {
    this.#mustPlay()
    const bytes = this.#messages.pack(name, values)
    if (!this.open) return
    this.#messages.keep(bytes)
    this.#flush()
  }

  #sendControl(message: object): void {
    if (this.open) this.#sendPacked(packControl(message))
  }

  #sendPacked(bytes: Uint8Array): void {
    this.client.counts.controlOut += bytes.length
    this.session.link.send('reliable', bytes)
  }

  onFrame(listener: (view: never, frame: FrameInfo) => void): Unsubscribe {
    return this.#frameListeners.add(listener as (view: object, frame: FrameInfo) => void)
  }
  onAttributes(listener: () => void): Unsubscribe {
    return this.#known.listeners.add(listener)
  }
  onPlayers(listener: () => void): Unsubscribe {
    return this.#known.playerListeners.add(listener)
  }
  onStall(listener: (stall: Stall) => void): Unsubscribe {
    return this.#stallListeners.add(listener)
  }
  onConnection(listener: (state: ConnectionState) => void): Unsubscribe {
    return this.#connectionListeners.add(listener)
  }
  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    return this.#closeListeners.add(listener)
  }
  onEvent(name: string, listener: (values: never, info: EventInfo) => void): Unsubscribe {
    checkDeclared('event', name, this.#game.events)
    return listenersOf(this.#eventListeners, name).add(listener as (values: Values, info: EventInfo) => void)
  }
  onEventWithdrawn(name: string, listener: (values: never) => void): Unsubscribe {
    checkDeclared('event', name, this.#game.events)
    return listenersOf(this.#withdrawnListeners, name).add(listener as (values: Values) => void)
  }
  onMessage(name: string, listener: (values: never) => void): Unsubscribe {
    return this.#messages.on(name, listener as (values: Values) => void)
  }

  leave(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.open) return resolve()
      this.onClose(() => resolve())
      this.#sendControl({ t: 'leave' })
      this.end({ code: 'LEFT', message: 'the player left' })
    })
  }

  /** Ends the room on this side, and tells why. */
  end(reason: CloseReason): void {
    if (!this.open) return
    this.open = false
    this.#cancelTick()
    this.#cancelFrame()
    this.session.close(reason)
    this.#closeListeners.call(reason)
    this.#tellReady()
    for (const resolve of this.#readyWaiters) resolve()
    this.#readyWaiters = []
  }
}

/** What the player does; nothing if the page's code throws. */
function sampled(sample: () => Values): Values {
  try {
    return sample()
  } catch (error) {
    report(error)
    return NOTHING
  }
}
