/**
 * Control messages (handshake, attributes, typed messages: all that is not a frame) as msgpack. Called by both sides, a few times a second (cold).
 * What comes from the network is taken within limits, and never throws. What `encodeControl` returns, `decodeControl` takes.
 * Values are JSON-like, and Uint8Array. Properties that are undefined are left out, as in JSON.
 */
import { check, pack, unpack } from '#msgpack'
import { NetError } from '../error.ts'
import { CONTROL_LIMITS, type ControlLimits, type Decoded } from './msgpack-scan.ts'

export type { Decoded }

/** Throws BAD_ARGUMENT or TOO_LARGE if `value` is nothing that a control message can hold. The bytes are the caller's own. */
export function encodeControl(value: unknown, limits: ControlLimits = CONTROL_LIMITS): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = pack(value)
  } catch (error) {
    throw unsendable(`${error}`.slice(0, 120))
  }
  const refusal = check(bytes, limits)
  if (refusal === undefined) return bytes
  if (refusal.code === 'TOO_LARGE')
    throw new NetError('TOO_LARGE', `the message is too large: ${refusal.problem}.`, 'Send less, or in parts.')
  throw unsendable(refusal.problem)
}

function unsendable(problem: string): NetError {
  return new NetError(
    'BAD_ARGUMENT',
    `the message holds what cannot be sent: ${problem}.`,
    'Send finite numbers, strings, booleans, null, arrays and plain objects, without cycles.',
  )
}

/** Never throws. `bytes` are not kept, and the value shares no memory with them. */
export function decodeControl(bytes: Uint8Array, limits: ControlLimits = CONTROL_LIMITS): Decoded {
  return unpack(bytes, limits)
}
