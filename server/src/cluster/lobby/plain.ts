/**
 * Plain data, as lobbies send and compare it: its check, its one canonical text, and a bound on its packed size.
 * Pure. Used by all of the lobby. Equal data has equal text on every machine.
 */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

const MAX_DEPTH = 6
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/** Believes nothing: no functions, dates, foreign prototypes, numbers that are none, or keys that poison. */
export function isPlain(value: unknown, depth = 0): value is Plain {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.entries(value).every(([key, item]) => !FORBIDDEN_KEYS.has(key) && isPlain(item, depth + 1))
}

/** JSON with sorted keys. */
export function canonical(value: Plain): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(Object.is(value, -0) ? 0 : value)
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`)
  return `{${parts.join(',')}}`
}

function isList(value: readonly Plain[] | { readonly [key: string]: Plain }): value is readonly Plain[] {
  return Array.isArray(value)
}

/** No fewer bytes than msgpack takes. */
export function packedSize(value: Plain): number {
  if (value === null || typeof value === 'boolean') return 1
  if (typeof value === 'number') return 9
  if (typeof value === 'string') return 5 + textSize(value)
  let size = 5
  if (isList(value)) {
    for (const item of value) size += packedSize(item)
  } else {
    for (const [key, item] of Object.entries(value)) size += 5 + textSize(key) + packedSize(item)
  }
  return size
}

function textSize(text: string): number {
  let size = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) size += unit >= 0x800 ? 2 : 1
  }
  return size
}
