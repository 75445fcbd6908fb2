/**
 * What the server says besides frames, read and checked. Called by the handshake and by the live room for each such message (cold).
 */
import { CONTROL, decodeControl, parseServerMessage, SERVER_CONTROL_LIMITS, type ServerMessage } from '@tickmesh/shared'

/** Undefined for bytes that are no message of a server; never throws. */
export function readServerMessage(bytes: Uint8Array): ServerMessage | undefined {
  const decoded = bytes[0] === CONTROL ? decodeControl(bytes.subarray(1), SERVER_CONTROL_LIMITS) : undefined
  const parsed = decoded?.ok === true ? parseServerMessage(decoded.value) : undefined
  return parsed?.ok === true ? parsed.message : undefined
}
