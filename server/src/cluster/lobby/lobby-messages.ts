/**
 * What lobbies say to each other, and the parser that believes nothing. All of it is plain data that msgpack packs; a message is at most 48 kB.
 * Pure. A message that is not exactly of its form is no message at all.
 */
import { isCount, isRecord, isText } from '@tickmesh/shared'
import { isLife, type Life } from '../life.ts'
import type { ViewId } from '../view/view.ts'
import type { StampedLine } from './chat.ts'
import type { DotEntry } from './dot-store.ts'
import type { Stamp } from './hybrid-clock.ts'
import type { MapChunk, MapEntry } from './life-map.ts'
import type { MapDigest } from './life-maps.ts'
import { LEAVES } from './merkle.ts'
import type { Operation, OperationBody } from './operation.ts'
import { isPlain } from './plain.ts'
import type { Dot } from './version-vector.ts'

/** What a shard holds of a life's operations. */
export interface HeldDigest {
  readonly life: Life
  /** Delivered up to here. */
  readonly counter: number
  /** Of a life that is no member: counters of operations that wait at the sender, the least ones. */
  readonly waiting: readonly number[]
  /** Something that it made is still there. */
  readonly used: boolean
}

/** What the sender knows; it answers for nothing else. Also the acknowledgement of a delta. */
export interface DigestMessage {
  readonly type: 'digest'
  readonly view: ViewId
  /** `both`: send me what I lack, and your digest. `mine`: what I lack. `whole`: all of the shared state, mine is wrong. `nothing`: know it. */
  readonly asks: 'both' | 'mine' | 'whole' | 'nothing'
  readonly maps: readonly MapDigest[]
  readonly held: readonly HeldDigest[]
  /** Of the shared state; empty while something waits. */
  readonly root: string
}

export interface DeltaMessage {
  readonly type: 'delta'
  readonly maps: readonly MapChunk[]
  readonly operations: readonly Operation[]
  /** `push`: needs no acknowledgement. `more`: ask for the rest. `end`: acknowledge. */
  readonly goal: 'push' | 'more' | 'end'
}

/** A part of a whole shared state. Parts come in order. */
export interface WholeMessage {
  readonly type: 'whole'
  readonly view: ViewId
  readonly id: number
  readonly part: number
  readonly parts: number
  readonly vector: readonly Dot[]
  readonly entries: readonly DotEntry[]
  readonly lines: readonly StampedLine[]
}

/** To the author of a map that differs from this replica at the same version: its leaves. */
export interface MendMessage {
  readonly type: 'mend'
  readonly version: number
  readonly leaves: readonly number[]
}

/** By the author: all entries of the buckets that differ. */
export interface MendedMessage {
  readonly type: 'mended'
  readonly version: number
  readonly buckets: readonly number[]
  readonly entries: readonly MapEntry[]
}

export type LobbyMessage = DigestMessage | DeltaMessage | WholeMessage | MendMessage | MendedMessage

const MAX_ITEMS = 4096
const MAX_KEY = 256
const MAX_TEXT = 2048
const MAX_NEEDS = 4096
/** As many waiting counters of a life are told; of later ones nothing is concluded. */
export const MAX_WAITING = 64

export function parseLobbyMessage(value: unknown): LobbyMessage | undefined {
  if (!isRecord(value)) return undefined
  switch (value.type) {
    case 'digest':
      return isDigest(value) ? value : undefined
    case 'delta':
      return isDelta(value) ? value : undefined
    case 'whole':
      return isWhole(value) ? value : undefined
    case 'mend':
      return isMend(value) ? value : undefined
    case 'mended':
      return isMended(value) ? value : undefined
    default:
      return undefined
  }
}

type Loose<Message> = { readonly [Key in keyof Message]: unknown }

function isDigest(value: Record<string, unknown>): value is Record<string, unknown> & DigestMessage {
  const { view, asks, maps, held, root } = value as Loose<DigestMessage>
  return (
    isViewId(view) &&
    (asks === 'both' || asks === 'mine' || asks === 'whole' || asks === 'nothing') &&
    isListOf(maps, MAX_ITEMS, isMapDigest) &&
    isListOf(held, MAX_ITEMS, isHeldDigest) &&
    isText(root, 16)
  )
}

function isDelta(value: Record<string, unknown>): value is Record<string, unknown> & DeltaMessage {
  const { maps, operations, goal } = value as Loose<DeltaMessage>
  return (
    isListOf(maps, MAX_ITEMS, isChunk) &&
    isListOf(operations, MAX_ITEMS, isOperation) &&
    (goal === 'push' || goal === 'more' || goal === 'end')
  )
}

function isWhole(value: Record<string, unknown>): value is Record<string, unknown> & WholeMessage {
  const { view, id, part, parts, vector, entries, lines } = value as Loose<WholeMessage>
  return (
    isViewId(view) &&
    isCount(id) &&
    isCount(part) &&
    isCount(parts) &&
    part < parts &&
    isListOf(vector, MAX_ITEMS, isDot) &&
    isListOf(entries, MAX_ITEMS, isDotEntry) &&
    isListOf(lines, MAX_ITEMS, isLine)
  )
}

function isMend(value: Record<string, unknown>): value is Record<string, unknown> & MendMessage {
  return (
    isCount(value.version) &&
    Array.isArray(value.leaves) &&
    value.leaves.length === LEAVES * 2 &&
    value.leaves.every(isCount)
  )
}

function isMended(value: Record<string, unknown>): value is Record<string, unknown> & MendedMessage {
  return (
    isCount(value.version) &&
    isListOf(value.buckets, LEAVES, (bucket): bucket is number => isCount(bucket) && bucket < LEAVES) &&
    isListOf(value.entries, MAX_ITEMS, isMapEntry)
  )
}

function isListOf<Item>(value: unknown, max: number, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length <= max && value.every(isItem)
}

function isViewId(value: unknown): value is ViewId {
  return isRecord(value) && isCount(value.generation) && isCount(value.number)
}

function isMapDigest(value: unknown): value is MapDigest {
  return (
    isRecord(value) && isLife(value.life) && isCount(value.version) && isCount(value.asOf) && isText(value.root, 16)
  )
}

function isHeldDigest(value: unknown): value is HeldDigest {
  return (
    isRecord(value) &&
    isLife(value.life) &&
    isCount(value.counter) &&
    isListOf(value.waiting, MAX_WAITING, isCount) &&
    typeof value.used === 'boolean'
  )
}

function isMapEntry(value: unknown): value is MapEntry {
  return isRecord(value) && isText(value.key, MAX_KEY) && isCount(value.sequence) && isPlain(value.value)
}

function isChunk(value: unknown): value is MapChunk {
  if (!isRecord(value) || !isLife(value.life) || typeof value.reset !== 'boolean') return false
  const { from, upTo, target, asOf, entries } = value
  if (!isCount(from) || !isCount(upTo) || !isCount(target) || from > upTo || upTo > target) return false
  if (!isCount(asOf)) return false
  if (!isListOf(entries, MAX_ITEMS, isMapEntry)) return false
  let last = from
  for (const { sequence } of entries) {
    if (sequence <= last || sequence > upTo) return false
    last = sequence
  }
  return true
}

function isDot(value: unknown): value is Dot {
  return isRecord(value) && isLife(value.life) && isCount(value.counter)
}

function isStamp(value: unknown): value is Stamp {
  return isRecord(value) && isCount(value.wallMs) && isCount(value.count) && isLife(value.life)
}

function isStoreName(value: unknown): boolean {
  return value === 'settings' || value === 'bans' || value === 'parties'
}

function isDotEntry(value: unknown): value is DotEntry {
  return (
    isRecord(value) &&
    isStoreName(value.store) &&
    isDot(value.dot) &&
    isStamp(value.stamp) &&
    isText(value.key, MAX_KEY) &&
    isPlain(value.value)
  )
}

function isLine(value: unknown): value is StampedLine {
  return (
    isRecord(value) &&
    isText(value.id, 40) &&
    isText(value.channel, MAX_KEY) &&
    isText(value.from, MAX_KEY) &&
    isText(value.text, MAX_TEXT) &&
    isCount(value.atMs) &&
    isStamp(value.stamp)
  )
}

function isBody(value: unknown): value is OperationBody {
  if (!isRecord(value)) return false
  if (value.kind === 'waived') return true
  if (value.kind === 'line')
    return isText(value.channel, MAX_KEY) && isText(value.from, MAX_KEY) && isText(value.text, MAX_TEXT)
  return (
    value.kind === 'store' &&
    isStoreName(value.store) &&
    typeof value.adds === 'boolean' &&
    isText(value.key, MAX_KEY) &&
    isPlain(value.value) &&
    isListOf(value.removes, MAX_ITEMS, isDot)
  )
}

function isOperation(value: unknown): value is Operation {
  return (
    isRecord(value) &&
    isDot(value.dot) &&
    value.dot.counter > 0 &&
    isStamp(value.stamp) &&
    isViewId(value.view) &&
    isListOf(value.needs, MAX_NEEDS, isDot) &&
    isBody(value.body)
  )
}
