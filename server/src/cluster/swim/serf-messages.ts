/**
 * What Serf says inside memberlist's user messages and user state, as far as a shard must know it: that somebody left on purpose, or came; without it
 * `serf members` calls a shard that left `failed`. Pure; called by swim.ts. Serf's Lamport times count such messages in the whole cluster.
 */
import { Fields } from './fields.ts'
import { LegacyReader, PACKET_LIMITS, writeLegacy } from './msgpack-legacy.ts'

export interface LeaveIntent {
  readonly kind: 'leave'
  readonly lTime: number
  readonly node: string
  /** Forget it altogether. */
  readonly prune: boolean
}

export interface JoinIntent {
  readonly kind: 'join'
  readonly lTime: number
  readonly node: string
}

/** Events and queries of others: passed on by whoever is a good neighbour, never read. */
export interface OtherSerfMessage {
  readonly kind: 'event' | 'query' | 'other'
  /** 0: it says none. */
  readonly lTime: number
}

export type SerfMessage = LeaveIntent | JoinIntent | OtherSerfMessage

/** What Serf puts into a push/pull, as far as it concerns others' members. */
export interface SerfState {
  readonly lTime: number
  readonly eventLTime: number
  readonly queryLTime: number
}

const LEAVE = 0
const JOIN = 1
const PUSH_PULL = 2
const EVENT = 3
const QUERY = 4
/** Go's are unsigned with 64 bits; above this a number is no count of anything. */
const MAX_L_TIME = Number.MAX_SAFE_INTEGER

/** The bytes of a user message. */
export function encodeLeaveIntent(intent: Omit<LeaveIntent, 'kind'>): Uint8Array {
  const out: number[] = [LEAVE]
  writeLegacy(out, { LTime: intent.lTime, Node: intent.node, Prune: intent.prune })
  return Uint8Array.from(out)
}

/** Undefined: unsound. */
export function decodeSerfMessage(bytes: Uint8Array): SerfMessage | undefined {
  const type = bytes[0]
  if (type === undefined) return undefined
  if (type > QUERY || type === PUSH_PULL) return { kind: 'other', lTime: 0 }
  const map = new LegacyReader(bytes, 1, PACKET_LIMITS).map()
  if (map === undefined) return undefined
  const fields = new Fields(map)
  const lTime = fields.uint('LTime', MAX_L_TIME)
  let message: SerfMessage
  if (type === LEAVE) message = { kind: 'leave', lTime, node: fields.name('Node'), prune: fields.flag('Prune') }
  else if (type === JOIN) message = { kind: 'join', lTime, node: fields.name('Node') }
  else message = { kind: type === EVENT ? 'event' : 'query', lTime }
  return fields.sound ? message : undefined
}

/** Undefined: unsound, or not Serf's. */
export function decodeSerfState(bytes: Uint8Array): SerfState | undefined {
  if (bytes[0] !== PUSH_PULL) return undefined
  const limits = { maxDepth: 8, maxItems: 262_144, maxRawBytes: 65_536 }
  const map = new LegacyReader(bytes, 1, limits).map()
  if (map === undefined) return undefined
  const fields = new Fields(map)
  const lTime = fields.uint('LTime', MAX_L_TIME)
  const state = {
    lTime,
    eventLTime: fields.uint('EventLTime', MAX_L_TIME),
    queryLTime: fields.uint('QueryLTime', MAX_L_TIME),
  }
  return fields.sound ? state : undefined
}
