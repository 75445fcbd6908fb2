/**
 * Takes the fields of one message out of a decoded map, as Go's decoder does: what is missing or nil is zero. Pure; called by message-codec.ts.
 * A field of the wrong kind or out of bounds makes the whole message unsound: look at `sound` once at the end.
 */
import type { LegacyMap } from './msgpack-legacy.ts'
import { readUtf8 } from './utf8.ts'

const EMPTY = new Uint8Array(0)
/** Serf allows 128. */
const MAX_NAME_BYTES = 256

export class Fields {
  sound = true
  readonly #map: LegacyMap

  constructor(map: LegacyMap) {
    this.#map = map
  }

  uint(name: string, most = 0xffff_ffff): number {
    const value = this.#map.get(name) ?? 0
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
    this.sound = false
    return 0
  }

  flag(name: string): boolean {
    const value = this.#map.get(name) ?? false
    if (typeof value === 'boolean') return value
    this.sound = false
    return false
  }

  /** A copy, so that a small field does not hold a whole packet. */
  bytes(name: string, maxBytes: number): Uint8Array {
    const value = this.#map.get(name) ?? EMPTY
    if (value instanceof Uint8Array && value.length <= maxBytes) return value.slice()
    this.sound = false
    return EMPTY
  }

  text(name: string, maxBytes = MAX_NAME_BYTES): string {
    const value = this.#map.get(name) ?? EMPTY
    const text = value instanceof Uint8Array && value.length <= maxBytes ? readUtf8(value) : undefined
    if (text !== undefined) return text
    this.sound = false
    return ''
  }

  /** A member's name, which is not empty. */
  name(name: string): string {
    const text = this.text(name)
    if (text === '') this.sound = false
    return text
  }
}
