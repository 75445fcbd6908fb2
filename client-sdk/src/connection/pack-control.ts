/**
 * A control message as it goes over a link: its kind, then its body. Called by whatever on the client says something besides inputs (cold).
 */
import { CONTROL, encodeControl } from '@tickmesh/shared'

/** Throws BAD_ARGUMENT or TOO_LARGE for what cannot be sent. */
export function packControl(message: object): Uint8Array {
  const body = encodeControl(message)
  const bytes = new Uint8Array(body.length + 1)
  bytes[0] = CONTROL
  bytes.set(body, 1)
  return bytes
}
