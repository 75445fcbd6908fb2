/**
 * A joined room: hands messages on, keeps attributes and players, drives ticks and display frames, and calls the page's listeners.
 * Made by `join`; over any link and host.
 */
import {
  type AttributePatch,
  applyPatch,
  type CloseReason,
  type CompiledGame,
  type CompiledMessage,
  decodeMessage,
  encodeMessage,
  type Link,
  NetError,
  packControl,
  type Seat,
  type ServerMessage,
  SNAPSHOT,
  World,
} from '@tickmesh/shared'
import { readServerMessage } from './connection/read-control.ts'
import { Listeners, listenersOf, report } from './listeners.ts'
import type { ClientHost } from './play/client-host.ts'
import type { ClockSync } from './play/clock-sync.ts'
import type { EventInfo } from './play/event-tracker.ts'
import type { Prediction } from './play/prediction.ts'
import { RoomClient } from './play/room-client.ts'
import type { Stall } from './play/stall.ts'
import type { FrameInfo, RoomPlayer, Unsubscribe } from './room.ts'
import { type RoomStats, statsOf } from './stats.ts'

type Values = Readonly<Record<string, unknown>>
type Welcome = Extract<ServerMessage, { t: 'welcome' }>

/** Messages that wait for a first listener; more are dropped. */
const MAX_UNHEARD = 64
/** Extra clock exchanges right after joining, and the time between them. */
const BURST = 5
const BURST_INTERVAL_MS = 40
/** While no inputs are sent, whose echoes set the clock, it is asked for this often. */
const LOST_PING_MS = 500
/** Exchanges that may be under way; older ones are taken for lost. */
const MAX_PINGS = 16
const NOTHING: Values = {}
/** What a server that does not say so believes. */
const DEFAULT_MAX_REWIND_MS = 500

export interface LiveRoomOptions {
  readonly development: boolean
  readonly sample: () => Values
  readonly prediction?: typeof Prediction | undefined
  readonly maxRollbackTicks?: number | undefined
  readonly inputDelayTicks?: number | undefined
  readonly syncTestTicks?: number | undefined
}

export class LiveRoom {
  readonly id: string
  readonly seat: Seat
  readonly players = new Map<Seat, RoomPlayer>()
  readonly client: RoomClient
  readonly debug: { readonly server: Readonly<Record<string, unknown>>; readonly serverNowMs: number }
  open = true
  private readonly roomAttributes: Record<string, unknown>
  private readonly game: CompiledGame
  private readonly link: Link
  private readonly host: ClientHost
  private readonly clock: ClockSync
  private readonly serverWorld: World
  private loadedTick = -1
  private readonly frameListeners = new Listeners<[view: object, frame: FrameInfo]>()
  private readonly attributeListeners = new Listeners<[]>()
  private readonly playerListeners = new Listeners<[]>()
  private readonly stallListeners = new Listeners<[stall: Stall]>()
  private readonly closeListeners = new Listeners<[reason: CloseReason]>()
  private readonly eventListeners = new Map<string, Listeners<[values: Values, info: EventInfo]>>()
  private readonly withdrawnListeners = new Map<string, Listeners<[values: Values]>>()
  /** Messages that came before anybody listened: those that the server sends as soon as a player joins. */
  private unheard: { readonly name: string; readonly values: Values }[] = []
  private readonly messageListeners = new Map<string, Listeners<[values: Values]>>()
  private readonly pings = new Map<number, number>()
  private lastPing = 0
  private lastPingMs = 0
  private readonly view: object
  private cancelTick: () => void = () => {}
  private cancelFrame: () => void = () => {}
  private readyWaiters: (() => void)[] = []

  constructor(
    game: CompiledGame,
    link: Link,
    host: ClientHost,
    clock: ClockSync,
    welcome: Welcome,
    options: LiveRoomOptions,
  ) {
    this.game = game
    this.link = link
    this.host = host
    this.clock = clock
    this.id = welcome.roomId
    this.seat = welcome.seat
    this.roomAttributes = { ...welcome.attributes }
    for (const [seat, attributes] of welcome.players) this.players.set(seat, { seat, attributes: { ...attributes } })
    this.client = new RoomClient(game, link, host, clock, {
      seat: welcome.seat,
      epochMs: welcome.epochMs,
      maxRewindMs: welcome.maxRewindMs ?? DEFAULT_MAX_REWIND_MS,
      development: options.development,
      prediction: options.prediction,
      maxRollbackTicks: options.maxRollbackTicks,
      inputDelayTicks: options.inputDelayTicks,
      syncTestTicks: options.syncTestTicks,
      onStall: (stall) => this.stallListeners.call(stall),
      sample: () => sampled(options.sample),
      events: {
        onEvent: (name, values, info) => this.eventListeners.get(name)?.call(values, info),
        onWithdrawn: (name, values) => this.withdrawnListeners.get(name)?.call(values),
      },
    })
    this.serverWorld = new World(game, { hidesServerFields: true })
    const newest = () => this.newestWorld()
    this.debug = {
      get server() {
        return newest()
      },
      get serverNowMs() {
        return clock.serverNow(host.now())
      },
    }
    const { world } = this.client.screen
    this.view = { ...world.byName, find: (id: number) => world.find(id) }
  }

  get attributes(): Readonly<Record<string, unknown>> {
    return this.roomAttributes
  }
  get tick(): number {
    return this.client.prediction.tick
  }
  get stats(): RoomStats {
    return statsOf(this.client, this.clock)
  }

  /** Starts to exchange clocks and to run ticks and frames. */
  start(): void {
    for (let n = 0; n < BURST; n++) this.host.at(this.host.now() + n * BURST_INTERVAL_MS, () => this.ping())
    this.tickSoon()
    this.frameSoon()
  }

  /** Resolves when there is a world to show. */
  whenReady(): Promise<void> {
    return this.client.ready ? Promise.resolve() : new Promise((resolve) => this.readyWaiters.push(resolve))
  }

  private ping(): void {
    if (!this.open) return
    this.lastPing = (this.lastPing + 1) % 65_536
    this.lastPingMs = this.host.now()
    this.pings.set(this.lastPing, this.lastPingMs)
    for (const id of this.pings.keys()) if (this.pings.size > MAX_PINGS) this.pings.delete(id)
    this.sendControl({ t: 'ping', id: this.lastPing })
  }

  private tickSoon(): void {
    if (!this.open) return
    const now = this.host.now()
    // If the game's code throws, its error passes, but the room goes on.
    let next = now + LOST_PING_MS
    try {
      next = this.client.runTicks(now)
      if (!this.client.inStep(now) && now - this.lastPingMs > LOST_PING_MS) this.ping()
    } finally {
      if (this.open) this.cancelTick = this.host.at(next, () => this.onTickTimer())
    }
  }

  private onTickTimer(): void {
    this.tickSoon()
    if (this.host.requestFrame === undefined) this.drawFrame()
  }

  private frameSoon(): void {
    if (!this.open || this.host.requestFrame === undefined) return
    this.cancelFrame = this.host.requestFrame(() => {
      this.frameSoon()
      this.drawFrame()
    })
  }

  /** Composes a frame and shows it to the listeners; without any, only the view moves on. */
  private drawFrame(): void {
    if (!this.open) return
    const nowMs = this.host.now()
    const { client } = this
    if (this.frameListeners.size === 0) {
      client.look(nowMs)
      return
    }
    if (!client.draw(nowMs)) return
    this.frameListeners.call(this.view, {
      nowMs,
      tick: client.drawnTick,
      viewTick: client.playback.viewTick,
      own: this.seat,
    })
  }

  private newestWorld(): World['byName'] {
    const newest = this.client.frames.find(this.client.newestTick)
    if (newest !== undefined && this.loadedTick !== this.client.newestTick) this.serverWorld.load(newest)
    this.loadedTick = this.client.newestTick
    return this.serverWorld.byName
  }

  /** A message of the server. */
  receive(bytes: Uint8Array): void {
    if (!this.open) return
    const nowMs = this.host.now()
    if (bytes[0] === SNAPSHOT) {
      if (!this.client.onFrame(bytes, nowMs))
        return this.end({ code: 'MALFORMED', message: 'the server sent a frame that cannot be read' })
      this.tellReady()
      return
    }
    this.client.counts.controlIn += bytes.length
    const message = readServerMessage(bytes)
    if (message === undefined)
      return this.end({ code: 'MALFORMED', message: 'the server sent a message that cannot be read' })
    this.onControl(message, nowMs)
  }

  private tellReady(): void {
    if (!this.client.ready || this.readyWaiters.length === 0) return
    for (const resolve of this.readyWaiters) resolve()
    this.readyWaiters = []
  }

  private onControl(message: ServerMessage, nowMs: number): void {
    switch (message.t) {
      case 'attr':
        return this.onPatch(message)
      case 'msg':
        return this.onGameMessage(message.i, message.v)
      case 'pong':
        return this.onPong(message.id, message.serverMs, nowMs)
      case 'notice':
        if (message.kind === 'timeline' && message.epochMs !== undefined) this.client.epochMs = message.epochMs
        return
      case 'bye':
        return this.end({ code: message.code, message: message.message })
      default:
        return
    }
  }

  private onPong(id: number, serverMs: number, nowMs: number): void {
    const sentMs = this.pings.get(id)
    if (sentMs === undefined) return
    this.pings.delete(id)
    this.clock.onSample(sentMs, serverMs, serverMs, nowMs)
  }

  private onPatch(message: Extract<ServerMessage, { t: 'attr' }>): void {
    if (message.room !== undefined) applyPatch(this.roomAttributes, message.room)
    let cameOrLeft = false
    for (const [seat, patch] of message.players ?? []) {
      const known = this.players.get(seat)
      if (patch === null) this.players.delete(seat)
      else this.patchPlayer(seat, { ...known?.attributes }, patch)
      if (patch === null || known === undefined) cameOrLeft = true
    }
    this.attributeListeners.call()
    if (cameOrLeft) this.playerListeners.call()
  }

  private patchPlayer(seat: Seat, attributes: Record<string, unknown>, patch: AttributePatch): void {
    applyPatch(attributes, patch)
    this.players.set(seat, { seat, attributes })
  }

  private onGameMessage(index: number, values: unknown): void {
    const declared = this.game.toClient[index]
    const record = declared === undefined ? undefined : decodeMessage(declared, values)
    if (declared === undefined || record === undefined)
      return this.end({ code: 'MALFORMED', message: 'the server sent a message that this game does not declare' })
    const listeners = this.messageListeners.get(declared.name)
    if (listeners !== undefined && listeners.size > 0) listeners.call(record)
    else if (this.unheard.length < MAX_UNHEARD) this.unheard.push({ name: declared.name, values: record })
  }

  private tellUnheard(name: string): void {
    const told = this.unheard.filter((message) => message.name === name)
    if (told.length === 0) return
    this.unheard = this.unheard.filter((message) => message.name !== name)
    for (const { values } of told) this.messageListeners.get(name)?.call(values)
  }

  /** Spectators only watch. */
  private mustPlay(): void {
    if (this.seat !== 0) return
    throw new NetError('BAD_STATE', 'a spectator only watches: it cannot press or send.', 'Play with `join`.')
  }

  press(name: string, count = 1): void {
    this.mustPlay()
    if (this.open) this.client.latch.press(name, count, this.client.playback.stamp)
  }

  send(name: string, values: Values): void {
    this.mustPlay()
    const declared: CompiledMessage | undefined = this.game.toServer.find((message) => message.name === name)
    if (declared === undefined) {
      throw new NetError(
        'BAD_ARGUMENT',
        `there is no message "${name}" to the server.`,
        `Declared are: ${this.game.toServer.map((message) => message.name).join(', ')}.`,
      )
    }
    if (this.open) this.sendControl({ t: 'msg', i: declared.index, v: encodeMessage(declared, values) })
  }

  private sendControl(message: object): void {
    const bytes = packControl(message)
    this.client.counts.controlOut += bytes.length
    this.link.send('reliable', bytes)
  }

  onFrame(listener: (view: never, frame: FrameInfo) => void): Unsubscribe {
    return this.frameListeners.add(listener as (view: object, frame: FrameInfo) => void)
  }
  onAttributes(listener: () => void): Unsubscribe {
    return this.attributeListeners.add(listener)
  }
  onPlayers(listener: () => void): Unsubscribe {
    return this.playerListeners.add(listener)
  }
  onStall(listener: (stall: Stall) => void): Unsubscribe {
    return this.stallListeners.add(listener)
  }
  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    return this.closeListeners.add(listener)
  }
  onEvent(name: string, listener: (values: never, info: EventInfo) => void): Unsubscribe {
    this.checkDeclared('event', name, this.game.events)
    return listenersOf(this.eventListeners, name).add(listener as (values: Values, info: EventInfo) => void)
  }
  onEventWithdrawn(name: string, listener: (values: never) => void): Unsubscribe {
    this.checkDeclared('event', name, this.game.events)
    return listenersOf(this.withdrawnListeners, name).add(listener as (values: Values) => void)
  }
  onMessage(name: string, listener: (values: never) => void): Unsubscribe {
    this.checkDeclared('message to the client', name, this.game.toClient)
    const unsubscribe = listenersOf(this.messageListeners, name).add(listener as (values: Values) => void)
    queueMicrotask(() => this.tellUnheard(name))
    return unsubscribe
  }

  private checkDeclared(what: string, name: string, declared: readonly { readonly name: string }[]): void {
    if (declared.some((known) => known.name === name)) return
    throw new NetError(
      'BAD_ARGUMENT',
      `there is no ${what} "${name}".`,
      `Declared are: ${declared.map((known) => known.name).join(', ')}.`,
    )
  }

  leave(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.open) return resolve()
      this.onClose(() => resolve())
      this.sendControl({ t: 'leave' })
      this.end({ code: 'LEFT', message: 'the player left' })
    })
  }

  /** Ends the room on this side, and tells why. */
  end(reason: CloseReason): void {
    if (!this.open) return
    this.open = false
    this.cancelTick()
    this.cancelFrame()
    this.link.close(reason)
    this.closeListeners.call(reason)
    this.tellReady()
    for (const resolve of this.readyWaiters) resolve()
    this.readyWaiters = []
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
