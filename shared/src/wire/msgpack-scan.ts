/**
 * Looks over msgpack bytes before any decoder may touch them. Called by `msgpack-full.ts` for every message; `msgpack-small.ts` refuses the same.
 * One pass without recursion: time is linear in the bytes, memory is one small array per call. Lets through just what control messages are made of:
 * nil, booleans, finite floats, integers that a double holds, UTF-8 strings, binary, arrays, and maps with harmless string keys.
 */
import type { NetErrorCode } from '../error.ts'

export interface ControlLimits {
  readonly maxBytes: number
  /** How deep arrays and maps may be nested. 1: none inside another. */
  readonly maxDepth: number
  /** Values and map keys together, the outermost included. */
  readonly maxElements: number
  /** For each string and each binary. */
  readonly maxStringBytes: number
}

export const CONTROL_LIMITS: ControlLimits = {
  maxBytes: 16_384,
  maxDepth: 16,
  maxElements: 4_096,
  maxStringBytes: 8_192,
}

/** From a server, whom its client believes more: a welcome names many players. */
export const SERVER_CONTROL_LIMITS: ControlLimits = {
  maxBytes: 262_144,
  maxDepth: 16,
  maxElements: 65_536,
  maxStringBytes: 16_384,
}

export interface Refusal {
  readonly ok: false
  readonly code: NetErrorCode
  readonly problem: string
}

export type Decoded = { readonly ok: true; readonly value: unknown } | Refusal

/** Names that reach an object's prototype. */
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype']

/** Is it exactly one value within the limits? Returns why not, or undefined. */
export function scanMsgpack(bytes: Uint8Array, limits: ControlLimits): Refusal | undefined {
  if (bytes.length > limits.maxBytes)
    return refuse('TOO_LARGE', `${bytes.length} bytes, ${limits.maxBytes} are allowed`)
  return new Scan(bytes, limits).run()
}

function refuse(code: NetErrorCode, problem: string): Refusal {
  return { ok: false, code, problem }
}

class Scan {
  #at = 0
  #elements = 0
  #depth = 0
  #refusal: Refusal | undefined
  readonly #bytes: Uint8Array
  readonly #limits: ControlLimits
  /** By depth: items still to come. Depth 0 is the message itself: one item. */
  readonly #pending: Int32Array
  readonly #isMap: Uint8Array

  constructor(bytes: Uint8Array, limits: ControlLimits) {
    this.#bytes = bytes
    this.#limits = limits
    this.#pending = new Int32Array(limits.maxDepth + 1)
    this.#isMap = new Uint8Array(limits.maxDepth + 1)
    this.#pending[0] = 1
  }

  run(): Refusal | undefined {
    while (this.#refusal === undefined) {
      const left = this.#pending[this.#depth] ?? 0
      if (left === 0) {
        if (this.#depth === 0) break
        this.#depth--
        continue
      }
      this.#pending[this.#depth] = left - 1
      if (++this.#elements > this.#limits.maxElements)
        return refuse('TOO_LARGE', `more than ${this.#limits.maxElements} elements`)
      if (this.#isMap[this.#depth] === 1 && left % 2 === 0) this.#key()
      else this.#item()
    }
    if (this.#refusal === undefined && this.#at !== this.#bytes.length) {
      return refuse('MALFORMED', `${this.#bytes.length - this.#at} bytes follow the value`)
    }
    return this.#refusal
  }

  #item(): void {
    const token = this.#number(1)
    if (token <= 0x7f || token >= 0xe0) return
    if (token <= 0x8f) return this.#enter(token & 15, true)
    if (token <= 0x9f) return this.#enter(token & 15, false)
    if (token <= 0xbf) return this.#text(token & 31)
    switch (token) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return
      case 0xc4: // bin 8, 16, 32
        return this.#binary(this.#number(1))
      case 0xc5:
        return this.#binary(this.#number(2))
      case 0xc6:
        return this.#binary(this.#number(4))
      case 0xca: // float 32, 64
        return this.#float(0x7f80, 4)
      case 0xcb:
        return this.#float(0x7ff0, 8)
      case 0xcc: // uint 8, int 8
      case 0xd0:
        return this.#skip(1)
      case 0xcd: // uint 16, int 16
      case 0xd1:
        return this.#skip(2)
      case 0xce: // uint 32, int 32
      case 0xd2:
        return this.#skip(4)
      case 0xcf: // uint 64, int 64
        return this.#wide(this.#number(4))
      case 0xd3:
        return this.#wide(this.#number(4) | 0)
      case 0xd9: // str 8, 16, 32
        return this.#text(this.#number(1))
      case 0xda:
        return this.#text(this.#number(2))
      case 0xdb:
        return this.#text(this.#number(4))
      case 0xdc: // array 16, 32
        return this.#enter(this.#number(2), false)
      case 0xdd:
        return this.#enter(this.#number(4), false)
      case 0xde: // map 16, 32
        return this.#enter(this.#number(2), true)
      case 0xdf:
        return this.#enter(this.#number(4), true)
      default: // extensions, timestamps among them, and the token that is never used
        return this.#fail('MALFORMED', `type 0x${token.toString(16)} is not allowed`)
    }
  }

  #key(): void {
    const token = this.#number(1)
    let length = -1
    if (token >= 0xa0 && token <= 0xbf) length = token & 31
    else if (token === 0xd9) length = this.#number(1)
    else if (token === 0xda) length = this.#number(2)
    else if (token === 0xdb) length = this.#number(4)
    if (length < 0) return this.#fail('MALFORMED', 'a map key is not a string')
    const start = this.#at
    this.#text(length)
    if (this.#refusal !== undefined) return
    // Only the shortest UTF-8 passes `text`, so comparing bytes is comparing keys.
    for (const name of FORBIDDEN_KEYS) {
      let same = length === name.length
      for (let i = 0; same && i < length; i++) same = this.#bytes[start + i] === name.charCodeAt(i)
      if (same) this.#fail('MALFORMED', `the map key ${name} is not allowed`)
    }
  }

  #enter(count: number, map: boolean): void {
    const items = map ? count * 2 : count
    if (items > this.#bytes.length - this.#at)
      return this.#fail('MALFORMED', `${items} items are announced in ${this.#bytes.length - this.#at} bytes`)
    if (this.#depth >= this.#limits.maxDepth)
      return this.#fail('TOO_LARGE', `nested deeper than ${this.#limits.maxDepth}`)
    this.#depth++
    this.#pending[this.#depth] = items
    this.#isMap[this.#depth] = map ? 1 : 0
  }

  #binary(length: number): void {
    if (length > this.#limits.maxStringBytes)
      return this.#fail(
        'TOO_LARGE',
        `a string or binary of ${length} bytes, ${this.#limits.maxStringBytes} are allowed`,
      )
    this.#skip(length)
  }

  #text(length: number): void {
    const start = this.#at
    this.#binary(length)
    if (this.#refusal === undefined && !isUtf8(this.#bytes, start, this.#at))
      this.#fail('MALFORMED', 'a string is not UTF-8')
  }

  /** NaN and the infinities have all bits of `exponent` set in their first two bytes. */
  #float(exponent: number, byteLength: number): void {
    const head = this.#number(2)
    if ((head & exponent) === exponent) return this.#fail('MALFORMED', 'a number is not finite')
    this.#skip(byteLength - 2)
  }

  /** `high` is the upper half of a 64-bit integer. */
  #wide(high: number): void {
    if (high > 0x1f_ffff || high < -0x20_0000) return this.#fail('MALFORMED', 'an integer exceeds 53 bits')
    this.#skip(4)
  }

  /** Reads a big-endian unsigned number. */
  #number(byteLength: number): number {
    let value = 0
    for (let i = 0; i < byteLength; i++) value = value * 256 + (this.#bytes[this.#at + i] ?? 0)
    this.#skip(byteLength)
    return value
  }

  #skip(byteLength: number): void {
    if (byteLength > this.#bytes.length - this.#at) return this.#fail('MALFORMED', 'the bytes end within a value')
    this.#at += byteLength
  }

  /** The first refusal counts. */
  #fail(code: NetErrorCode, problem: string): void {
    this.#refusal ??= refuse(code, problem)
  }
}

/** Well-formed UTF-8 by the table of RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF. */
function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; ) {
    const lead = bytes[i++] ?? 0
    if (lead < 0x80) continue
    if (lead < 0xc2 || lead > 0xf4) return false
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    if (i + more > end) return false
    const second = bytes[i] ?? 0
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (second < least || second > most) return false
    for (let k = 1; k < more; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return false
    i += more
  }
  return true
}
