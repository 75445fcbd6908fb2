/**
 * The subset of msgpack that control messages are made of, in few bytes of code. Taken for `#msgpack` in browsers; used by the control codec only.
 * Decodes and enforces limits in one pass, to the same values, refusals and bytes as `msgpack-full.ts`: one suite holds both to it. It packs
 * plain objects only, where msgpackr also takes some others. Recursion in unpacking is bounded by `maxDepth`.
 */
import type { ControlLimits, Decoded, Refusal } from './msgpack-scan.ts'
import { isObject } from './plain-data.ts'

/** Names that reach an object's prototype. */
const FORBIDDEN_KEY = /^(__proto__|constructor|prototype)$/

/** Throws for what is not like JSON, or gives bytes that `check` refuses. */
export function pack(value: unknown): Uint8Array {
  const out: number[] = []
  write(out, value)
  return Uint8Array.from(out)
}

/** Why `unpack` would refuse the bytes, or undefined. */
export function check(bytes: Uint8Array, limits: ControlLimits): Refusal | undefined {
  const decoded = unpack(bytes, limits)
  return decoded.ok ? undefined : decoded
}

/** Never throws. The value shares no memory with `bytes`. */
export function unpack(bytes: Uint8Array, limits: ControlLimits): Decoded {
  try {
    return { ok: true, value: new Reader(bytes, limits).whole() }
  } catch (error) {
    return error as Refusal
  }
}

/** Big-endian, in as few of 1, 2 or 4 bytes as `size` (their power of two) says, after the token for that many. */
function writeSized(out: number[], token: number, value: number, size: number): void {
  out.push(token + size)
  for (let shift = (8 << size) - 8; shift >= 0; shift -= 8) out.push((value >>> shift) & 255)
}

/** The size that an unsigned number needs. */
function sizeOf(value: number): number {
  return value < 0x100 ? 0 : value < 0x10000 ? 1 : 2
}

function writeNumber(out: number[], value: number): void {
  if (value >>> 0 === value) {
    if (value < 0x80) out.push(value + 0)
    else writeSized(out, 0xcc, value, sizeOf(value))
  } else if (value >> 0 === value) {
    if (value >= -0x20) out.push(value + 256)
    else writeSized(out, 0xd0, value, value >= -0x80 ? 0 : value >= -0x8000 ? 1 : 2)
  } else {
    const view = new DataView(new ArrayBuffer(8))
    view.setFloat64(0, value)
    out.push(0xcb, ...new Uint8Array(view.buffer))
  }
}

function writeText(out: number[], text: string): void {
  // UTF-8 with every other byte as %XX. Throws for half a character.
  const escaped = encodeURIComponent(text).replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const { length } = escaped
  if (length < 32) out.push(0xa0 + length)
  else writeSized(out, 0xd9, length, sizeOf(length))
  for (let i = 0; i < length; i++) out.push(escaped.charCodeAt(i))
}

/** The head of an array or a map. */
function writeCount(out: number[], few: number, many: number, count: number): void {
  if (count < 16) out.push(few + count)
  else writeSized(out, many - 1, count, Math.max(1, sizeOf(count)))
}

function write(out: number[], value: unknown): void {
  if (typeof value === 'number') writeNumber(out, value)
  else if (typeof value === 'string') writeText(out, value)
  else if (typeof value === 'boolean') out.push(value ? 0xc3 : 0xc2)
  else if (value === null) out.push(0xc0)
  else if (Array.isArray(value)) {
    writeCount(out, 0x90, 0xdc, value.length)
    for (let i = 0; i < value.length; i++) write(out, value[i])
  } else if (value instanceof Uint8Array) {
    writeSized(out, 0xc4, value.length, sizeOf(value.length))
    for (const byte of value) out.push(byte)
  } else {
    if (!isObject(value)) throw new TypeError(`${typeof value} is not plain data`)
    const entries = Object.entries(value).filter((entry) => entry[1] !== undefined)
    writeCount(out, 0x80, 0xde, entries.length)
    for (const [key, item] of entries) {
      writeText(out, key)
      write(out, item)
    }
  }
}

/** Not an Error: a hostile message costs no stack trace. */
function refuse(problem: string, code: Refusal['code'] = 'MALFORMED'): never {
  const refusal: Refusal = { ok: false, code, problem }
  throw refusal
}

class Reader {
  #at = 0
  #elements = 0
  readonly #bytes: Uint8Array
  readonly #limits: ControlLimits

  constructor(bytes: Uint8Array, limits: ControlLimits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  /** Exactly one value. */
  whole(): unknown {
    if (this.#bytes.length > this.#limits.maxBytes) refuse('too many bytes', 'TOO_LARGE')
    const value = this.#item(0)
    if (this.#at !== this.#bytes.length) refuse('bytes follow the value')
    return value
  }

  #item(depth: number): unknown {
    const token = this.#token()
    if (token < 0x80) return token
    if (token > 0xdf) return token - 256
    if (token < 0x90) return this.#map(token & 15, depth)
    if (token < 0xa0) return this.#array(token & 15, depth)
    if (token < 0xc0) return this.#text(token & 31)
    if (token === 0xc0) return null
    if (token === 0xc2 || token === 0xc3) return token === 0xc3
    if (token >= 0xc4 && token <= 0xc6) return this.#binary(this.#number(1 << (token - 0xc4))).slice()
    if (token === 0xca || token === 0xcb) return this.#float(token === 0xca)
    if (token >= 0xcc && token <= 0xce) return this.#number(1 << (token - 0xcc))
    if (token === 0xcf || token === 0xd3) return this.#wide(token === 0xd3)
    if (token >= 0xd0 && token <= 0xd2) return this.#signed(8 << (token - 0xd0))
    if (token >= 0xd9 && token <= 0xdb) return this.#text(this.#number(1 << (token - 0xd9)))
    if (token === 0xdc || token === 0xdd) return this.#array(this.#number(2 << (token - 0xdc)), depth)
    if (token >= 0xde) return this.#map(this.#number(2 << (token - 0xde)), depth)
    // Extensions, timestamps among them, and the token that is never used.
    return refuse(`type 0x${token.toString(16)} is not allowed`)
  }

  #token(): number {
    if (++this.#elements > this.#limits.maxElements) refuse('too many elements', 'TOO_LARGE')
    return this.#number(1)
  }

  #array(count: number, depth: number): unknown[] {
    this.#enter(count, depth)
    const items: unknown[] = []
    for (let i = 0; i < count; i++) items.push(this.#item(depth + 1))
    return items
  }

  #map(count: number, depth: number): Record<string, unknown> {
    this.#enter(count * 2, depth)
    const record: Record<string, unknown> = {}
    for (let i = 0; i < count; i++) {
      const key = this.#key()
      record[key] = this.#item(depth + 1)
    }
    return record
  }

  #key(): string {
    const token = this.#token()
    const long = token >= 0xd9 && token <= 0xdb
    if (!long && (token < 0xa0 || token > 0xbf)) refuse('a map key is not a string')
    const key = this.#text(long ? this.#number(1 << (token - 0xd9)) : token & 31)
    if (FORBIDDEN_KEY.test(key)) refuse(`the map key ${key} is not allowed`)
    return key
  }

  #enter(items: number, depth: number): void {
    if (items > this.#bytes.length - this.#at) refuse('more items are announced than there are bytes')
    if (depth >= this.#limits.maxDepth) refuse('nested too deep', 'TOO_LARGE')
  }

  #binary(length: number): Uint8Array {
    if (length > this.#limits.maxStringBytes) refuse('a string or binary is too long', 'TOO_LARGE')
    return this.#take(length)
  }

  #text(length: number): string {
    let escaped = ''
    for (const byte of this.#binary(length)) escaped += `%${(256 + byte).toString(16).slice(1)}`
    try {
      // As strict as RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF.
      return decodeURIComponent(escaped)
    } catch {
      return refuse('a string is not UTF-8')
    }
  }

  #float(single: boolean): number {
    const { buffer, byteOffset } = this.#take(single ? 4 : 8)
    const view = new DataView(buffer, byteOffset)
    const value = single ? view.getFloat32(0) : view.getFloat64(0)
    return Number.isFinite(value) ? value : refuse('a number is not finite')
  }

  /** 64 bits, of which a double holds 53. */
  #wide(signed: boolean): number {
    const high = signed ? this.#signed(32) : this.#number(4)
    if (high > 0x1f_ffff || high < -0x20_0000) refuse('an integer exceeds 53 bits')
    return high * 2 ** 32 + this.#number(4)
  }

  #signed(bits: number): number {
    const value = this.#number(bits / 8)
    return value < 2 ** (bits - 1) ? value : value - 2 ** bits
  }

  /** Reads a big-endian unsigned number. */
  #number(byteLength: number): number {
    let value = 0
    for (const byte of this.#take(byteLength)) value = value * 256 + byte
    return value
  }

  #take(byteLength: number): Uint8Array {
    if (byteLength > this.#bytes.length - this.#at) refuse('the bytes end within a value')
    this.#at += byteLength
    return this.#bytes.subarray(this.#at - byteLength, this.#at)
  }
}
