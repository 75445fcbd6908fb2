/** Takes back what came of a player's inputs for ticks to come: it goes on over another link. Called by its input buffer; cold. */
import type { InputRing } from '@tickmesh/shared'

/** Forgets `tick` and all after it. */
export function forgetInputs(ring: InputRing, tick: number): void {
  for (let at = tick; at <= ring.newestTick; at++) {
    const slot = ring.find(at)
    if (slot >= 0) ring.ticks[slot] = -1
  }
  const oldest = tick - ring.capacity
  let newest = tick - 1
  while (newest >= oldest && ring.find(newest) < 0) newest--
  ring.newestTick = newest >= oldest ? newest : -1
}
