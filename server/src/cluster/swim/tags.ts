/**
 * A Serf member's tags as memberlist's metadata: 0xff and a map of texts. Pure; called by swim.ts, and by whoever shows members.
 * What comes from others is bounded by the 512 bytes that metadata has; names that reach an object's prototype are left out.
 */
import { NetError } from '@tickmesh/shared'
import { MAX_META_BYTES } from './messages.ts'
import { LegacyReader, writeLegacy } from './msgpack-legacy.ts'
import { readUtf8 } from './utf8.ts'

export type Tags = Readonly<Record<string, string>>

const MAGIC = 0xff
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

/** Throws TOO_LARGE above 512 bytes. */
export function encodeTags(tags: Tags): Uint8Array {
  const out: number[] = [MAGIC]
  writeLegacy(out, tags)
  if (out.length > MAX_META_BYTES) {
    const problem = `the tags take ${out.length} bytes, and gossip carries ${MAX_META_BYTES}.`
    throw new NetError('TOO_LARGE', problem, 'Shorten name, url, zone or cluster.')
  }
  return Uint8Array.from(out)
}

/** Metadata without the mark is the tag `role`, as Serf takes it. Undefined: unsound. */
export function decodeTags(meta: Uint8Array): Tags | undefined {
  if (meta.length === 0) return {}
  if (meta[0] !== MAGIC) {
    const role = readUtf8(meta)
    return role === undefined ? undefined : { role }
  }
  const map = new LegacyReader(meta, 1, { maxDepth: 1, maxItems: 256, maxRawBytes: MAX_META_BYTES }).map()
  if (map === undefined) return undefined
  const entries: [string, string][] = []
  for (const [key, value] of map) {
    const text = value instanceof Uint8Array ? readUtf8(value) : undefined
    if (text === undefined) return undefined
    if (!FORBIDDEN.has(key)) entries.push([key, text])
  }
  return Object.fromEntries(entries)
}
