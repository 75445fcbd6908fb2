/**
 * Envelopes between shards as bytes: msgpack of [from, to, part, body]. Called by peer-transport.ts. The cluster is not in them: keys are derived from its
 * name, so that what one cluster sealed no other opens.
 * Reading believes nothing, never throws, and is bounded in bytes, depth and elements; bodies are then checked by the part's own parser.
 */
import { decodeControl, encodeControl, NetError } from '@tickmesh/shared'
import { isLife } from '../life.ts'
import type { PeerEnvelope } from '../node/cluster-node-api.ts'

export const MAX_ENVELOPE_BYTES = 4 * 1024 * 1024
const LIMITS = {
  maxBytes: MAX_ENVELOPE_BYTES,
  maxDepth: 16,
  maxElements: 524_288,
  maxStringBytes: MAX_ENVELOPE_BYTES,
}

const PARTS: ReadonlySet<string> = new Set<PeerEnvelope['part']>([
  'view',
  'rooms',
  'lobby',
  'clock',
  'calls',
  'standby',
  'moves',
])

/** Undefined: it holds what cannot be sent, or too much of it. */
export function packEnvelope({ from, to, part, body }: PeerEnvelope): Uint8Array | undefined {
  try {
    return encodeControl([from, to, part, body], LIMITS)
  } catch (error) {
    if (error instanceof NetError) return undefined
    throw error
  }
}

/** Undefined: unsound. */
export function unpackEnvelope(bytes: Uint8Array, cluster: string): PeerEnvelope | undefined {
  const decoded = decodeControl(bytes, LIMITS)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return undefined
  const [from, to, part, body]: unknown[] = decoded.value
  if (!isLife(from) || !isLife(to) || !isPart(part)) return undefined
  return { cluster, from, to, part, body }
}

function isPart(value: unknown): value is PeerEnvelope['part'] {
  return typeof value === 'string' && PARTS.has(value)
}
