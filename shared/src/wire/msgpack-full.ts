/**
 * Msgpack by msgpackr, as servers and Node have it. Taken for `#msgpack` everywhere but in browsers; used by the control codec only.
 * Bytes are scanned within limits before msgpackr sees them. `msgpack-small.ts` does the same; one suite holds both to it.
 */
import { Packr, Unpackr } from 'msgpackr'
import { type ControlLimits, type Decoded, type Refusal, scanMsgpack } from './msgpack-scan.ts'

// Records would let a peer define structures that outlive its message, and need `new Function`. Neither object keeps anything between two calls.
const packOptions = { useRecords: false, variableMapSize: true, skipValues: [undefined] }
const packr = new Packr(packOptions)
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** May throw for what is not like JSON, or give bytes that `check` refuses. */
export function pack(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(value))
}

/** Why `unpack` would refuse the bytes, or undefined. */
export function check(bytes: Uint8Array, limits: ControlLimits): Refusal | undefined {
  return scanMsgpack(bytes, limits)
}

/** Never throws. The value shares no memory with `bytes`. */
export function unpack(bytes: Uint8Array, limits: ControlLimits): Decoded {
  const refusal = scanMsgpack(bytes, limits)
  if (refusal !== undefined) return refusal
  try {
    // A copy, because msgpackr hangs a DataView on what it reads.
    const value: unknown = unpackr.unpack(new Uint8Array(bytes))
    return { ok: true, value }
  } catch (error) {
    return { ok: false, code: 'MALFORMED', problem: String(error).slice(0, 120) }
  }
}
