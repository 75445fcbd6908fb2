/**
 * How timeouts and counts of SWIM follow from the number of known members. Pure arithmetic, called by swim.ts and its parts.
 * Sources: Das, Gupta, Motivala: SWIM (2002); Dadgar, Phillips, Currey: Lifeguard (2017); the constants are memberlist's.
 */
import type { SwimTimes } from './swim-api.ts'

/** `members` counts this one, and the dead that are still known. */
export function retransmitLimit(retransmitMult: number, members: number): number {
  return retransmitMult * Math.ceil(Math.log10(members + 1))
}

/** The shortest time from suspicion to death. */
export function suspicionMinMs(times: SwimTimes, members: number): number {
  const scale = Math.max(1, Math.log10(Math.max(1, members)))
  return (times.suspicionMult * Math.floor(scale * 1000) * times.probeIntervalMs) / 1000
}

/** How many others have to confirm until the shortest time holds; 0 if there are not so many. */
export function expectedConfirmations(suspicionMult: number, members: number): number {
  const wanted = suspicionMult - 2
  return members - 2 < wanted ? 0 : Math.max(0, wanted)
}

/** From the start of the suspicion to death, with so many confirmations by others. */
export function suspicionTimeoutMs(minMs: number, maxMs: number, expected: number, confirmations: number): number {
  if (expected < 1) return minMs
  const share = Math.log(confirmations + 1) / Math.log(expected + 1)
  return Math.max(minMs, Math.floor(maxMs - (maxMs - minMs) * share))
}

export function pushPullIntervalMs(intervalMs: number, members: number): number {
  return members <= 32 ? intervalMs : intervalMs * (Math.ceil(Math.log2(members) - 5) + 1)
}
