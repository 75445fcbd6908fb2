/**
 * Which protocol versions of others we believe. Pure; called for every alive message and every member in a push/pull.
 * memberlist itself takes any six bytes from a packet, and then refuses every push/pull in the cluster while that member is there: so one poisoned message
 * must not get in.
 */
import { OUR_VERSIONS, type Versions } from './messages.ts'

/** Six bytes, current versions within the sender's ranges and ours, and ours within the sender's. */
export function areCompatible(versions: Versions): boolean {
  if (versions.length !== 6) return false
  const [pMin = 0, pMax = 0, pNow = 0, dMin = 0, dMax = 0, dNow = 0] = versions
  const [ourPMin = 0, ourPMax = 0, ourP = 0, ourDMin = 0, ourDMax = 0, ourD = 0] = OUR_VERSIONS
  if (pMin === 0) return false
  if (pNow < pMin || pNow > pMax || dNow < dMin || dNow > dMax) return false
  if (ourP < pMin || ourP > pMax || ourD < dMin || ourD > dMax) return false
  return pNow >= ourPMin && pNow <= ourPMax && dNow >= ourDMin && dNow <= ourDMax
}
