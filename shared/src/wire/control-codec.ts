/**
 * Control messages (handshake, attributes, typed messages: all that is not a frame) as msgpack. Called by both sides, a few times a second (cold).
 * What comes from the network is scanned within limits before msgpackr sees it, and never throws. What `encodeControl` returns, `decodeControl` takes.
 * Values are JSON-like, and Uint8Array. Properties that are undefined are left out, as in JSON.
 */
import { Packr, Unpackr } from 'msgpackr'
import { NetError } from '../error.ts'
import { CONTROL_LIMITS, type ControlLimits, type Refusal, scanMsgpack } from './msgpack-scan.ts'

export type Decoded = { readonly ok: true; readonly value: unknown } | Refusal

// Records would let a peer define structures that outlive its message, and need `new Function`. Neither object keeps anything between two calls.
const packOptions = { useRecords: false, variableMapSize: true, skipValues: [undefined] }
const packr = new Packr(packOptions)
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** Throws BAD_ARGUMENT or TOO_LARGE if `value` is nothing that a control message can hold. The bytes are the caller's own. */
export function encodeControl(value: unknown, limits: ControlLimits = CONTROL_LIMITS): Uint8Array {
  let packed: Uint8Array
  try {
    packed = packr.pack(value)
  } catch (error) {
    throw new NetError(
      'BAD_ARGUMENT',
      `the message cannot be packed: ${reasonOf(error)}.`,
      'Send plain objects, arrays, strings, numbers, booleans and null, without cycles.',
    )
  }
  const bytes = new Uint8Array(packed)
  const refusal = scanMsgpack(bytes, limits)
  if (refusal === undefined) return bytes
  if (refusal.code === 'TOO_LARGE')
    throw new NetError('TOO_LARGE', `the message is too large: ${refusal.problem}.`, 'Send less, or in parts.')
  throw new NetError(
    'BAD_ARGUMENT',
    `the message holds what cannot be sent: ${refusal.problem}.`,
    'Send finite numbers, strings, booleans, null, arrays and plain objects.',
  )
}

/** Never throws. `bytes` are not kept, and the value shares no memory with them. */
export function decodeControl(bytes: Uint8Array, limits: ControlLimits = CONTROL_LIMITS): Decoded {
  const refusal = scanMsgpack(bytes, limits)
  if (refusal !== undefined) return refusal
  try {
    // A copy, because msgpackr hangs a DataView on what it reads.
    const value: unknown = unpackr.unpack(new Uint8Array(bytes))
    return { ok: true, value }
  } catch (error) {
    return { ok: false, code: 'MALFORMED', problem: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 120) : 'unknown'
}
