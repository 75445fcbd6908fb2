/**
 * All attacks of the hostile bench, by name.
 */
import type { Attack } from './attack.ts'
import { deep, malformed, oversized, truncated, wrongMessages } from './attacks-of-bytes.ts'
import { getFlood, httpGarbage, postFlood, rtcOffers, strangersPages } from './attacks-of-http.ts'
import { busy, byteFlood, lying, messageFlood, reordered, replayed, roomFlood, wrongHello } from './attacks-of-play.ts'
import { halfOpen, handshakeFlood, neverReading, noHello, slowHttp, slowMessage } from './attacks-of-time.ts'

export const attacks: readonly Attack[] = [
  ...[malformed, oversized, deep, truncated, wrongMessages],
  ...[replayed, reordered, lying, messageFlood, byteFlood, busy, wrongHello, roomFlood],
  ...[slowHttp, slowMessage, noHello, halfOpen, neverReading, handshakeFlood],
  ...[httpGarbage, postFlood, getFlood, rtcOffers, strangersPages],
]

/** Throws if there is none of this name. */
export function attackNamed(name: string): Attack {
  const found = attacks.find((attack) => attack.name === name)
  if (found === undefined)
    throw new Error(`there is no attack "${name}": choose of ${attacks.map((attack) => attack.name).join(', ')}.`)
  return found
}
