/**
 * A control message as it crosses a link: its kind, then msgpack. Called by both sides for whatever they say besides inputs and frames (cold).
 */
import { encodeControl } from './control-codec.ts'
import { CONTROL } from './message-kind.ts'
import { CONTROL_LIMITS, type ControlLimits } from './msgpack-scan.ts'

/** Throws BAD_ARGUMENT or TOO_LARGE for what the other side would refuse under `limits`. */
export function packControl(message: object, limits: ControlLimits = CONTROL_LIMITS): Uint8Array {
  const body = encodeControl(message, limits)
  const bytes = new Uint8Array(body.length + 1)
  bytes[0] = CONTROL
  bytes.set(body, 1)
  return bytes
}
