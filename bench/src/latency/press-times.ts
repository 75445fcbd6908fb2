/**
 * When a player presses: at random moments, which no tick and no frame knows. Pure.
 */
import type { SeededRandom } from '@tickmesh/shared'

/** Time between two presses: five a second, as of an eager hand. */
const LEAST_MS = 100
const MOST_MS = 300

export function pressTimes(random: SeededRandom, fromMs: number, lengthMs: number): number[] {
  const times: number[] = []
  for (let time = fromMs; ; ) {
    time += LEAST_MS + random.next() * (MOST_MS - LEAST_MS)
    if (time >= fromMs + lengthMs) return times
    times.push(time)
  }
}
