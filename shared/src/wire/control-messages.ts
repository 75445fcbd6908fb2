/**
 * Control messages: what the two sides say to each other besides inputs and frames. Plain maps with a `t`, packed by the control codec (cold).
 * The parsers take what that codec decoded, believe nothing, never throw, and give a new object of known properties. Unknown ones are ignored, so
 * that a newer side may say more; what is there must have its type and keep its bound.
 */
import type { NetErrorCode } from '../error.ts'
import { isErrorCode } from '../link/close-codes.ts'
import { type AttributePatch, isAttributePatch } from './attribute-patch.ts'
import { isObject, isPlainObject, type PlainObject } from './plain-data.ts'

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
  /** The player's name. */
  readonly name?: string
  /** Of an earlier welcome: resume that player. */
  readonly token?: string
  /** For the game's onJoin. */
  readonly options?: PlainObject
  /** Watch instead of playing, so many ms behind the match. */
  readonly spectate?: number
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
  readonly sessionToken: string
  /** The room's attributes. */
  readonly attributes: PlainObject
  /** Seat and attributes of each player, the receiver included if it is one. */
  readonly players: readonly (readonly [seat: number, attributes: PlainObject])[]
  readonly maxPlayers: number
  /** What was on a screen longer ago than this is not believed; 500 if left out. */
  readonly maxRewindMs?: number
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
  | RefusedMessage
  | AttributesMessage
  | TypedMessage
  | ByeMessage
  | NoticeMessage
  | PongMessage

export type Parsed<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly problem: string }

/** No server lets a spectator be further behind. */
export const MAX_SPECTATOR_DELAY_MS = 120_000

const MAX_SEAT = 1000
const MAX_NAME_LENGTH = 64
const MAX_TOKEN_LENGTH = 512
const MAX_MESSAGE_TYPES = 64
const MAX_MESSAGE_FIELDS = 16
const NOTICE_KINDS: readonly NoticeKind[] = ['paused', 'resumed', 'stopping', 'warning', 'timeline']
const MAX_TEXT_LENGTH = 1000
const MAX_TICK = 0x7fff_ffff
const MAX_MS = 2 ** 53
/** What a room may be called. */
const ROOM_ID = /^[A-Za-z0-9_-]{1,64}$/
const GAME_ID = /^[a-z0-9][a-z0-9-]{0,39}$/

type Fields = Readonly<Record<string, unknown>>

function isRoomId(value: unknown): value is string {
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
    case 'refused':
    case 'bye':
      return parseEnd(value, value.t)
    case 'attr':
      return parseAttributes(value)
    case 'msg':
      return parseTyped(value)
    case 'notice':
      return parseNotice(value)
    case 'pong':
      return parsePong(value)
    default:
      return refuse('its t is unknown')
  }
}

function accept<Message>(message: Message): Parsed<Message> {
  return { ok: true, message }
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem }
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
}

function isMs(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_MS
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most
}

/** Absent, or as `check` wants it. */
function isOptional<Value>(value: unknown, check: (there: unknown) => there is Value): value is Value | undefined {
  return value === undefined || check(value)
}

/** The properties that are there. */
function given<Optional extends object>(
  optional: {
    [K in keyof Optional]: Optional[K] | undefined
  },
): { [K in keyof Optional]?: Optional[K] } {
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as {
    [K in keyof Optional]?: Optional[K]
  }
}

const isName = (value: unknown): value is string => isText(value, MAX_NAME_LENGTH)
const isToken = (value: unknown): value is string => isText(value, MAX_TOKEN_LENGTH)
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
const isDelay = (value: unknown): value is number => isMs(value) && value >= 0 && value <= MAX_SPECTATOR_DELAY_MS
const isRewind = (value: unknown): value is number => isMs(value) && value >= 0
const isGameId = (value: unknown): value is string => typeof value === 'string' && GAME_ID.test(value)

function parseHello(value: Fields): Parsed<HelloMessage> {
  const { protocol, game, schema, room, create, name, token, options, spectate } = value
  if (!isWhole(protocol, 0, 0xffff)) return refuse('hello.protocol is not a version')
  if (!isGameId(game)) return refuse('hello.game is not an id')
  if (!isWhole(schema, 0, 0xffff_ffff)) return refuse('hello.schema is not a 32-bit number')
  if (!isOptional(room, isRoomId)) return refuse('hello.room is not an id: 1 to 64 letters, digits, "_" and "-"')
  if (!isOptional(create, isBoolean)) return refuse('hello.create is not a boolean')
  if (!isOptional(name, isName)) return refuse(`hello.name is not a text of up to ${MAX_NAME_LENGTH}`)
  if (!isOptional(token, isToken)) return refuse(`hello.token is not a text of up to ${MAX_TOKEN_LENGTH}`)
  if (!isOptional(options, isPlainObject)) return refuse('hello.options is not a plain object')
  if (!isOptional(spectate, isDelay)) return refuse(`hello.spectate is not 0 to ${MAX_SPECTATOR_DELAY_MS} ms`)
  return accept({ t: 'hello', protocol, game, schema, ...given({ room, create, name, token, options, spectate }) })
}

function parsePing({ id }: Fields): Parsed<PingMessage> {
  return isWhole(id, 0, 0xffff) ? accept({ t: 'ping', id }) : refuse('ping.id is out of range')
}

function parsePong({ id, serverMs }: Fields): Parsed<PongMessage> {
  if (!isWhole(id, 0, 0xffff)) return refuse('pong.id is out of range')
  return isMs(serverMs) ? accept({ t: 'pong', id, serverMs }) : refuse('pong.serverMs is not a time')
}

function parseTyped(value: Fields): Parsed<TypedMessage> {
  const { i, v } = value
  if (!isWhole(i, 0, MAX_MESSAGE_TYPES - 1)) return refuse('msg.i is not the index of a message')
  if (!Array.isArray(v) || v.length > MAX_MESSAGE_FIELDS) return refuse('msg.v is not a list of values')
  return accept({ t: 'msg', i, v })
}

function parseWelcome(value: Fields): Parsed<WelcomeMessage> {
  const { seat, roomId, tickRate, epochMs, serverNowMs, tick, seed, sessionToken, attributes, players } = value
  const { maxPlayers, maxRewindMs } = value
  if (!isWhole(maxPlayers, 1, MAX_SEAT)) return refuse('welcome.maxPlayers is out of range')
  if (!isWhole(seat, 0, maxPlayers)) return refuse('welcome.seat is out of range')
  if (!isRoomId(roomId)) return refuse('welcome.roomId is not an id')
  if (!isWhole(tickRate, 1, 240)) return refuse('welcome.tickRate is out of range')
  if (!isMs(epochMs) || !isMs(serverNowMs)) return refuse('welcome holds a time that is none')
  if (!isWhole(tick, 0, MAX_TICK)) return refuse('welcome.tick is out of range')
  if (!isWhole(seed, -0x8000_0000, 0xffff_ffff)) return refuse('welcome.seed is not a 32-bit number')
  if (!isToken(sessionToken)) return refuse('welcome.sessionToken is not a text')
  if (!isPlainObject(attributes)) return refuse('welcome.attributes is not a plain object')
  if (!isSeatList(players, isPlainObject)) return refuse('welcome.players is not a list of seats and attributes')
  if (!isOptional(maxRewindMs, isRewind)) return refuse('welcome.maxRewindMs is out of range')
  return accept({
    t: 'welcome',
    seat,
    roomId,
    tickRate,
    epochMs,
    serverNowMs,
    tick,
    seed,
    sessionToken,
    attributes,
    players,
    maxPlayers,
    ...given({ maxRewindMs }),
  })
}

/** Pairs of a seat and what `check` wants, no seat twice. */
function isSeatList<Value>(
  value: unknown,
  check: (there: unknown) => there is Value,
): value is (readonly [number, Value])[] {
  if (!Array.isArray(value) || value.length > MAX_SEAT) return false
  const seats = new Set<unknown>()
  for (const pair of value) {
    if (!Array.isArray(pair) || pair.length !== 2) return false
    if (!isWhole(pair[0], 1, MAX_SEAT) || seats.has(pair[0]) || !check(pair[1])) return false
    seats.add(pair[0])
  }
  return true
}

function parseAttributes(value: Fields): Parsed<AttributesMessage> {
  const { tick, room, players } = value
  if (!isWhole(tick, 0, MAX_TICK)) return refuse('attr.tick is out of range')
  if (!isOptional(room, isAttributePatch)) return refuse('attr.room is not a patch')
  const isSeats = (there: unknown) => isSeatList(there, isPatchOrNull)
  if (!isOptional(players, isSeats)) return refuse('attr.players is not a list of seats and patches')
  return accept({ t: 'attr', tick, ...given({ room, players }) })
}

function isPatchOrNull(value: unknown): value is AttributePatch | null {
  return value === null || isAttributePatch(value)
}

function parseEnd<End extends 'refused' | 'bye'>(
  value: Fields,
  t: End,
): Parsed<{ readonly t: End; readonly code: NetErrorCode; readonly message: string }> {
  const { code, message } = value
  if (!isText(code, 64)) return refuse(`${t}.code is not a text`)
  if (!isText(message, MAX_TEXT_LENGTH)) return refuse(`${t}.message is not a text`)
  // A newer server may have codes that this client does not know.
  return accept({ t, code: isErrorCode(code) ? code : 'INTERNAL', message })
}

function parseNotice(value: Fields): Parsed<NoticeMessage> {
  const { kind, message, ms, epochMs } = value
  if (!isNoticeKind(kind)) return refuse('notice.kind is unknown')
  const isMessage = (there: unknown) => isText(there, MAX_TEXT_LENGTH)
  if (!isOptional(message, isMessage)) return refuse('notice.message is not a text')
  if (!isOptional(ms, isMs)) return refuse('notice.ms is not a time')
  if (!isOptional(epochMs, isMs)) return refuse('notice.epochMs is not a time')
  return accept({ t: 'notice', kind, ...given({ message, ms, epochMs }) })
}

function isNoticeKind(value: unknown): value is NoticeKind {
  return NOTICE_KINDS.includes(value as NoticeKind)
}
