/**
 * Msgpack as Go's old codec writes it: strings and byte slices alike in the raw family (never str8, never bin), maps with their keys sorted. Called by
 * packets.ts, streams.ts, tags.ts and serf-messages.ts.
 * Reads without a schema, and says how far it came, because streams put several values in a row. Never throws for bytes; bounded in depth, items and lengths.
 */
import { readUtf8, writeUtf8 } from './utf8.ts'

/** Strings and binary alike come as bytes, borrowed from what was read. */
export type LegacyValue = null | boolean | number | Uint8Array | readonly LegacyValue[] | LegacyMap
export type LegacyMap = ReadonlyMap<string, LegacyValue>

export interface LegacyLimits {
  readonly maxDepth: number
  /** Values and keys together, in all that one reader reads. */
  readonly maxItems: number
  /** For each string or binary. */
  readonly maxRawBytes: number
}

export const PACKET_LIMITS: LegacyLimits = { maxDepth: 4, maxItems: 1024, maxRawBytes: 65_536 }

const MAX_KEY_BYTES = 512

/** `more`: the bytes end within the value. */
export type LegacyProblem = 'more' | 'bad'

/** Reads one value after another. After a problem it reads no more. */
export class LegacyReader {
  /** Offset of the next byte; after a problem without meaning. */
  at: number
  problem: LegacyProblem | undefined
  #items = 0
  readonly #bytes: Uint8Array
  readonly #limits: LegacyLimits

  constructor(bytes: Uint8Array, from: number, limits: LegacyLimits) {
    this.#bytes = bytes
    this.at = from
    this.#limits = limits
  }

  /** The next value; undefined: see `problem`. */
  next(): LegacyValue | undefined {
    const value = this.#value(0)
    return this.problem === undefined ? value : undefined
  }

  /** The next value, if it is a map. */
  map(): LegacyMap | undefined {
    const value = this.next()
    if (value instanceof Map) return value
    this.problem ??= 'bad'
    return undefined
  }

  /** `length` bytes as they are, borrowed. */
  take(length: number): Uint8Array | undefined {
    if (this.problem !== undefined) return undefined
    if (length > this.#bytes.length - this.at) {
      this.problem = 'more'
      return undefined
    }
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  #value(depth: number): LegacyValue {
    const token = this.#uint(1)
    if (this.problem !== undefined) return null
    if (++this.#items > this.#limits.maxItems || depth > this.#limits.maxDepth) return this.#bad()
    if (token <= 0x7f) return token
    if (token >= 0xe0) return token - 256
    if (token <= 0x8f) return this.#map(token & 15, depth)
    if (token <= 0x9f) return this.#array(token & 15, depth)
    if (token <= 0xbf) return this.#raw(token & 31)
    switch (token) {
      case 0xc0:
        return null
      case 0xc2:
      case 0xc3:
        return token === 0xc3
      case 0xc4: // binary, which new codecs write
      case 0xc5:
      case 0xc6:
        return this.#raw(this.#uint(1 << (token - 0xc4)))
      case 0xca:
      case 0xcb:
        return this.#float(token === 0xca)
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#uint(1 << (token - 0xcc))
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#signed(1 << (token - 0xd0))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#raw(this.#uint(1 << (token - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(2 << (token - 0xdc)), depth)
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (token - 0xde)), depth)
      default: // extensions, and the token that is never used
        return this.#bad()
    }
  }

  #raw(length: number): LegacyValue {
    if (length > this.#limits.maxRawBytes) return this.#bad()
    return this.take(length) ?? null
  }

  #array(count: number, depth: number): LegacyValue {
    if (count > this.#limits.maxItems - this.#items) return this.#bad()
    const items: LegacyValue[] = []
    for (let i = 0; i < count && this.problem === undefined; i++) items.push(this.#value(depth + 1))
    return items
  }

  #map(count: number, depth: number): LegacyValue {
    if (count * 2 > this.#limits.maxItems - this.#items) return this.#bad()
    const map = new Map<string, LegacyValue>()
    for (let i = 0; i < count && this.problem === undefined; i++) {
      const key = this.#key()
      const value = this.#value(depth + 1)
      if (key !== undefined) map.set(key, value)
    }
    return map
  }

  #key(): string | undefined {
    const token = this.#uint(1)
    this.#items++
    let length = -1
    if (token >= 0xa0 && token <= 0xbf) length = token & 31
    else if (token >= 0xd9 && token <= 0xdb) length = this.#uint(1 << (token - 0xd9))
    if (this.problem === undefined && (length < 0 || length > MAX_KEY_BYTES)) this.problem = 'bad'
    const bytes = this.take(length)
    if (bytes === undefined) return undefined
    const key = readUtf8(bytes)
    if (key === undefined) this.problem = 'bad'
    return key
  }

  /** Big-endian. Above 2^53 it is rounded. */
  #uint(byteLength: number): number {
    if (this.problem !== undefined) return 0
    if (byteLength > this.#bytes.length - this.at) {
      this.problem = 'more'
      return 0
    }
    let value = 0
    for (let i = 0; i < byteLength; i++) value = value * 256 + (this.#bytes[this.at++] ?? 0)
    return value
  }

  #signed(byteLength: number): number {
    const value = this.#uint(byteLength)
    const half = 2 ** (byteLength * 8 - 1)
    return value >= half ? value - 2 * half : value
  }

  #float(single: boolean): LegacyValue {
    const bytes = this.take(single ? 4 : 8)
    if (bytes === undefined) return null
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return single ? view.getFloat32(0) : view.getFloat64(0)
  }

  #bad(): null {
    this.problem ??= 'bad'
    return null
  }
}

/** What can be written. A string and its bytes are the same on this wire. */
export type Writable = null | boolean | number | string | Uint8Array | readonly Writable[] | WritableRecord
export interface WritableRecord {
  readonly [key: string]: Writable
}

/** Appends to `out`. Numbers are integers from 0 on. */
export function writeLegacy(out: number[], value: Writable): void {
  if (value === null) out.push(0xc0)
  else if (typeof value === 'boolean') out.push(value ? 0xc3 : 0xc2)
  else if (typeof value === 'number') writeUint(out, value)
  else if (typeof value === 'string') writeRaw(out, writeUtf8(value))
  else if (value instanceof Uint8Array) writeRaw(out, value)
  else if (isList(value)) {
    writeHead(out, value.length, 0x90, 16, 0xdc)
    for (const item of value) writeLegacy(out, item)
  } else {
    const keys = Object.keys(value).sort()
    writeHead(out, keys.length, 0x80, 16, 0xde)
    for (const key of keys) {
      writeRaw(out, writeUtf8(key))
      writeLegacy(out, value[key] ?? null)
    }
  }
}

function isList(value: readonly Writable[] | WritableRecord): value is readonly Writable[] {
  return Array.isArray(value)
}

function writeRaw(out: number[], bytes: Uint8Array): void {
  writeHead(out, bytes.length, 0xa0, 32, 0xda)
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i] ?? 0)
}

/** A count within the token below `few`, else behind `token16` in two bytes, or behind the token after that in four. */
function writeHead(out: number[], count: number, fixed: number, few: number, token16: number): void {
  if (count < few) out.push(fixed + count)
  else if (count < 65_536) writeSized(out, token16, count, 2)
  else writeSized(out, token16 + 1, count, 4)
}

function writeUint(out: number[], value: number): void {
  if (value < 128) out.push(value)
  else if (value < 256) writeSized(out, 0xcc, value, 1)
  else if (value < 65_536) writeSized(out, 0xcd, value, 2)
  else if (value < 2 ** 32) writeSized(out, 0xce, value, 4)
  else writeSized(out, 0xcf, value, 8)
}

function writeSized(out: number[], token: number, value: number, byteLength: number): void {
  out.push(token)
  for (let i = byteLength - 1; i >= 0; i--) out.push(Math.floor(value / 256 ** i) % 256)
}
