/**
 * Control messages: what the two sides say to each other besides inputs and frames. Plain maps with a `t`, packed by the control codec (cold).
 * The parsers take what that codec decoded, believe nothing, never throw, and give a new object of known properties. Unknown ones are ignored, so
 * that a newer side may say more; what is there must have its type and keep its bound.
 */
import type { NetErrorCode } from '../error.ts'
import { isErrorCode } from '../link/close-codes.ts'
import { type AttributePatch, isAttributePatch } from './attribute-patch.ts'
import {
  accept,
  type Check,
  type Checks,
  given,
  isOptional,
  isText,
  isWhole,
  optional,
  type Parsed,
  refuse,
  take,
  text,
  whole,
} from './message-checks.ts'
import { isObject, isPlainObject, type PlainObject } from './plain-data.ts'
import { type EpochTriple, isEpochTriple } from './room-epoch.ts'

export interface HelloMessage {
  readonly t: 'hello'
  /** PROTOCOL_VERSION of the client. */
  readonly protocol: number
  /** The game's id and schema hash. */
  readonly game: string
  readonly schema: number
  /** Room to join. */
  readonly room?: string
  /** True: make the room if there is none. */
  readonly create?: boolean
  /** The secret of the last welcome: go on as that player. */
  readonly resume?: string
  /** A signed ticket: a seat that was reserved. */
  readonly ticket?: string
  /** For the game's `authenticate`: a credential of whatever identity provider it asks. */
  readonly auth?: string
  /** For the game's onJoin. */
  readonly options?: PlainObject
  /** Watch instead of playing, so many ms behind the match. */
  readonly spectate?: number
  /** The greatest epoch of this room that the client learned: a shard that has a lower one is not its owner any more. */
  readonly epoch?: EpochTriple
  /** With `resume`: how many of the game's messages to this player came, in all. What followed is sent again. */
  readonly heard?: number
  /** With `resume`: the room is about to move here. Answered by `ready`, and by the welcome when it is here; inputs are taken meanwhile. */
  readonly prepare?: boolean
}

export interface LeaveMessage {
  readonly t: 'leave'
}

/** The client can decode nothing without a full frame. */
export interface FullMessage {
  readonly t: 'full'
}

/** Asks for the server's time; answered by a pong at once. A burst of them sets the client's clock after the welcome. */
export interface PingMessage {
  readonly t: 'ping'
  readonly id: number
}

export interface PongMessage {
  readonly t: 'pong'
  readonly id: number
  /** Server time (ms) when the ping was answered. */
  readonly serverMs: number
}

/** A game's own message, either way: index of its type, then its values (message-codec). */
export interface TypedMessage {
  readonly t: 'msg'
  readonly i: number
  readonly v: readonly unknown[]
}

export interface WelcomeMessage {
  readonly t: 'welcome'
  /** 0: a spectator, who has none. */
  readonly seat: number
  readonly roomId: string
  readonly tickRate: number
  /** Server time (ms) at which tick 0 ends, and the time at which this was sent. */
  readonly epochMs: number
  readonly serverNowMs: number
  /** The newest tick that the server has done. */
  readonly tick: number
  /** The world's public seed. */
  readonly seed: number
  /** Names the player to everybody; a secret it is not. */
  readonly playerId: string
  /** Who shows this goes on as this player; every welcome brings a new one. Empty: this place cannot be resumed. */
  readonly resume: string
  /** True: the same player goes on, in the same seat. */
  readonly resumed?: boolean
  /** How long the seat is kept after the connection ended; 0 if left out. */
  readonly graceMs?: number
  /** The room's attributes. */
  readonly attributes: PlainObject
  /** Seat and attributes of each player, the receiver included if it is one. */
  readonly players: readonly (readonly [seat: number, attributes: PlainObject])[]
  readonly maxPlayers: number
  /** What was on a screen longer ago than this is not believed; 500 if left out. */
  readonly maxRewindMs?: number
  /** Left out by a server that is no shard of a cluster. With it every frame of this link has its tag. */
  readonly epoch?: EpochTriple
  /** How many of the game's messages of this client were applied, in all; 0 if left out. What followed is to be sent again. */
  readonly heard?: number
  /** With `resumed`: how many of the game's messages to this client came before those that follow. It has heard more: it skips what it has; fewer: nobody keeps the rest any more. */
  readonly said?: number
  /** Where those are who go on with the room if this server dies, best first. */
  readonly standby?: readonly string[]
}

/** So many of the game's messages of this client are applied, and safe. */
export interface GotMessage {
  readonly t: 'got'
  readonly heard: number
}

/** Where those are who go on with the room if this server dies, best first; in the place of those that were said before. */
export interface StandbyMessage {
  readonly t: 'standby'
  readonly urls: readonly string[]
}

/** The room is about to move to the server at `url`: connect there in advance, and say hello with `prepare`. Empty: it does not move after all. */
export interface MovingMessage {
  readonly t: 'moving'
  readonly url: string
}

/** The answer to a hello with `prepare`. */
export interface ReadyMessage {
  readonly t: 'ready'
}

/** Another shard runs this room: dial that. The link is closed after it. */
export interface MovedMessage {
  readonly t: 'moved'
  readonly url: string
  readonly room: string
  readonly epoch?: EpochTriple
}

/** The hello was refused; the link is closed after it. */
export interface RefusedMessage {
  readonly t: 'refused'
  readonly code: NetErrorCode
  readonly message: string
}

/** Attributes changed as of `tick`. A new seat is a player who came, a null one who left. */
export interface AttributesMessage {
  readonly t: 'attr'
  readonly tick: number
  readonly room?: AttributePatch
  readonly players?: readonly (readonly [seat: number, patch: AttributePatch | null])[]
}

/** The link is closed after it. */
export interface ByeMessage {
  readonly t: 'bye'
  readonly code: NetErrorCode
  readonly message: string
}

export type NoticeKind = 'paused' | 'resumed' | 'stopping' | 'warning' | 'timeline'

/** Something that a player may want to know. */
export interface NoticeMessage {
  readonly t: 'notice'
  readonly kind: NoticeKind
  readonly message?: string
  /** How long it is expected to last, or until it happens. */
  readonly ms?: number
  /** With `timeline`: ticks were skipped, and tick 0 now ends at this server time. */
  readonly epochMs?: number
}

export type ClientMessage = HelloMessage | LeaveMessage | TypedMessage | FullMessage | PingMessage
export type ServerMessage =
  | WelcomeMessage
  | MovedMessage
  | RefusedMessage
  | AttributesMessage
  | TypedMessage
  | ByeMessage
  | NoticeMessage
  | PongMessage
  | GotMessage
  | StandbyMessage
  | MovingMessage
  | ReadyMessage

/** No server lets a spectator be further behind. */
export const MAX_SPECTATOR_DELAY_MS = 120_000

const MAX_SEAT = 1000
const MAX_PLAYER_ID_LENGTH = 64
const MAX_RESUME_LENGTH = 256
const MAX_TICKET_LENGTH = 2048
const MAX_AUTH_LENGTH = 8192
const MAX_URL_LENGTH = 2048
const MAX_STANDBYS = 4
const MAX_MESSAGE_TYPES = 64
const MAX_MESSAGE_FIELDS = 16
const NOTICE_KINDS: readonly NoticeKind[] = ['paused', 'resumed', 'stopping', 'warning', 'timeline']
const MAX_TEXT_LENGTH = 1000
const MAX_TICK = 0x7fff_ffff
const MAX_MS = 2 ** 53
const MAX_COUNT = 2 ** 53 - 1
/** What a room may be called. */
const ROOM_ID = /^[A-Za-z0-9_-]{1,64}$/
const GAME_ID = /^[a-z0-9][a-z0-9-]{0,39}$/

type Fields = Readonly<Record<string, unknown>>

export function isRoomId(value: unknown): value is string {
  return typeof value === 'string' && ROOM_ID.test(value)
}

export function parseClientMessage(value: unknown): Parsed<ClientMessage> {
  if (!isObject(value)) return refuse('it is not a map')
  switch (value.t) {
    case 'hello':
      return parseHello(value)
    case 'leave':
      return accept({ t: 'leave' })
    case 'full':
      return accept({ t: 'full' })
    case 'msg':
      return parseTyped(value)
    case 'ping':
      return parsePing(value)
    default:
      return refuse('its t is unknown')
  }
}

export function parseServerMessage(value: unknown): Parsed<ServerMessage> {
  if (!isObject(value)) return refuse('it is not a map')
  switch (value.t) {
    case 'welcome':
      return parseWelcome(value)
    case 'moved':
      return take<MovedMessage>('moved', value, MOVED)
    case 'refused':
    case 'bye':
      return parseEnd(value, value.t)
    case 'attr':
      return take<AttributesMessage>('attr', value, ATTRIBUTES)
    case 'msg':
      return parseTyped(value)
    case 'notice':
      return take<NoticeMessage>('notice', value, NOTICE)
    case 'pong':
      return take<PongMessage>('pong', value, PONG)
    case 'got':
      return take<GotMessage>('got', value, GOT)
    case 'standby':
      return take<StandbyMessage>('standby', value, STANDBY)
    case 'moving':
      return take<MovingMessage>('moving', value, MOVING)
    case 'ready':
      return accept({ t: 'ready' })
    default:
      return refuse('its t is unknown')
  }
}

function isMs(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_MS
}

const isResume = (value: unknown): value is string => isText(value, MAX_RESUME_LENGTH)
const isTicket = (value: unknown): value is string => isText(value, MAX_TICKET_LENGTH)
const isAuth = (value: unknown): value is string => isText(value, MAX_AUTH_LENGTH)
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
const isDelay = (value: unknown): value is number => isMs(value) && value >= 0 && value <= MAX_SPECTATOR_DELAY_MS
const isDuration = (value: unknown): value is number => isMs(value) && value >= 0
const isCount = (value: unknown): value is number => isWhole(value, 0, MAX_COUNT)
const isGameId = (value: unknown): value is string => typeof value === 'string' && GAME_ID.test(value)

function parseHello(value: Fields): Parsed<HelloMessage> {
  const { protocol, game, schema, room, create, resume, ticket, auth, options, spectate, epoch } = value
  const { heard, prepare } = value
  if (!isWhole(protocol, 0, 0xffff)) return refuse('hello.protocol is not a version')
  if (!isGameId(game)) return refuse('hello.game is not an id')
  if (!isWhole(schema, 0, 0xffff_ffff)) return refuse('hello.schema is not a 32-bit number')
  if (!isOptional(room, isRoomId)) return refuse('hello.room is not an id: 1 to 64 letters, digits, "_" and "-"')
  if (!isOptional(create, isBoolean)) return refuse('hello.create is not a boolean')
  if (!isOptional(resume, isResume)) return refuse(`hello.resume is not a text of up to ${MAX_RESUME_LENGTH}`)
  if (!isOptional(ticket, isTicket)) return refuse(`hello.ticket is not a text of up to ${MAX_TICKET_LENGTH}`)
  if (!isOptional(auth, isAuth)) return refuse(`hello.auth is not a text of up to ${MAX_AUTH_LENGTH}`)
  if (!isOptional(options, isPlainObject)) return refuse('hello.options is not a plain object')
  if (!isOptional(spectate, isDelay)) return refuse(`hello.spectate is not 0 to ${MAX_SPECTATOR_DELAY_MS} ms`)
  if (!isOptional(epoch, isEpochTriple)) return refuse('hello.epoch is not three whole numbers')
  if (!isOptional(heard, isCount)) return refuse('hello.heard is not a count')
  if (!isOptional(prepare, isBoolean)) return refuse('hello.prepare is not a boolean')
  const optional = given({ room, create, resume, ticket, auth, options, spectate, epoch, heard, prepare })
  return accept({ t: 'hello', protocol, game, schema, ...optional })
}

function parsePing({ id }: Fields): Parsed<PingMessage> {
  return isWhole(id, 0, 0xffff) ? accept({ t: 'ping', id }) : refuse('ping.id is out of range')
}

function parseTyped(value: Fields): Parsed<TypedMessage> {
  const { i, v } = value
  if (!isWhole(i, 0, MAX_MESSAGE_TYPES - 1)) return refuse('msg.i is not the index of a message')
  if (!Array.isArray(v) || v.length > MAX_MESSAGE_FIELDS) return refuse('msg.v is not a list of values')
  return accept({ t: 'msg', i, v })
}

/** Pairs of a seat and what `check` wants, no seat twice. */
const seats =
  <Value>(check: Check<Value>): Check<(readonly [number, Value])[]> =>
  (value): value is (readonly [number, Value])[] => {
    if (!Array.isArray(value) || value.length > MAX_SEAT) return false
    const seen = new Set<unknown>()
    for (const pair of value) {
      if (!Array.isArray(pair) || pair.length !== 2) return false
      if (!isWhole(pair[0], 1, MAX_SEAT) || seen.has(pair[0]) || !check(pair[1])) return false
      seen.add(pair[0])
    }
    return true
  }

function isUrls(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= MAX_STANDBYS && value.every((url) => isText(url, MAX_URL_LENGTH))
}

const PONG: Checks<PongMessage> = { id: whole(0, 0xffff), serverMs: isMs }
const WELCOME: Checks<WelcomeMessage> = {
  seat: whole(0, MAX_SEAT),
  roomId: isRoomId,
  tickRate: whole(1, 240),
  epochMs: isMs,
  serverNowMs: isMs,
  tick: whole(0, MAX_TICK),
  seed: whole(-0x8000_0000, 0xffff_ffff),
  playerId: text(MAX_PLAYER_ID_LENGTH),
  resume: isResume,
  attributes: isPlainObject,
  players: seats(isPlainObject),
  maxPlayers: whole(1, MAX_SEAT),
  resumed: optional(isBoolean),
  graceMs: optional(isDuration),
  maxRewindMs: optional(isDuration),
  epoch: optional(isEpochTriple),
  heard: optional(isCount),
  said: optional(isCount),
  standby: optional(isUrls),
}
const GOT: Checks<GotMessage> = { heard: isCount }
const STANDBY: Checks<StandbyMessage> = { urls: isUrls }
const MOVING: Checks<MovingMessage> = { url: text(MAX_URL_LENGTH) }
const MOVED: Checks<MovedMessage> = { url: text(MAX_URL_LENGTH), room: isRoomId, epoch: optional(isEpochTriple) }
const ATTRIBUTES: Checks<AttributesMessage> = {
  tick: whole(0, MAX_TICK),
  room: optional(isAttributePatch),
  players: optional(seats((value) => value === null || isAttributePatch(value))),
}
const NOTICE: Checks<NoticeMessage> = {
  kind: (value): value is NoticeKind => NOTICE_KINDS.includes(value as NoticeKind),
  message: optional(text(MAX_TEXT_LENGTH)),
  ms: optional(isMs),
  epochMs: optional(isMs),
}
/** A newer server may have codes that this client does not know. */
const END: Checks<{ readonly code: string; readonly message: string }> = {
  code: text(64),
  message: text(MAX_TEXT_LENGTH),
}

function parseWelcome(value: Fields): Parsed<WelcomeMessage> {
  const parsed = take<WelcomeMessage>('welcome', value, WELCOME)
  if (parsed.ok && parsed.message.seat > parsed.message.maxPlayers) return refuse('welcome.seat is above maxPlayers')
  return parsed
}

function parseEnd<End extends 'refused' | 'bye'>(
  value: Fields,
  t: End,
): Parsed<{ readonly t: End; readonly code: NetErrorCode; readonly message: string }> {
  const parsed = take<{ readonly t: End; readonly code: string; readonly message: string }>(t, value, END)
  if (!parsed.ok) return parsed
  const { code, message } = parsed.message
  return accept({ t, code: isErrorCode(code) ? code : 'INTERNAL', message })
}
