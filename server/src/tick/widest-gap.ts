/** At which phase a new room ticks, so that it is in the way of the others least. Asked by the tick loop when a room is added. Pure; cold. */

/** A room's ticks, as far as they are planned. */
interface PlannedTicks {
  readonly nextDueMs: number
  readonly rate: number
}

/** Rooms run together rather than closer than this: each moment at which the process wakes up costs as much as a small room's tick. */
const LEAST_SPACING_MS = 2
/** Ticks as close as this are one moment. */
const SAME_MOMENT_MS = 0.01

/** Where in the next interval to put a new room: the middle of the widest gap between the ticks that are already planned there. */
export function phaseInWidestGap(entries: readonly PlannedTicks[], nowMs: number, intervalMs: number): number {
  const phases: number[] = []
  for (const { nextDueMs, rate } of entries) {
    const times = Math.max(1, Math.round((intervalMs * rate) / 1000))
    for (let n = 0; n < times; n++) phases.push(Math.max(0, nextDueMs - nowMs + (n * 1000) / rate) % intervalMs)
  }
  phases.sort((a, b) => a - b)
  const last = phases.at(-1)
  if (last === undefined) return intervalMs
  let widestMs = 0
  let phase = 0
  let before = last - intervalMs
  for (const at of phases) {
    if (at - before > widestMs) {
      widestMs = at - before
      phase = before + widestMs / 2
    }
    before = at
  }
  if (widestMs < 2 * LEAST_SPACING_MS) return leastCrowded(phases)
  return phase > 0 ? phase : phase + intervalMs
}

/** Of the moments in `phases`, which are in order, the one with the fewest ticks. */
function leastCrowded(phases: readonly number[]): number {
  let best = phases[0] ?? 0
  let fewest = Number.POSITIVE_INFINITY
  for (let at = 0; at < phases.length; ) {
    const moment = phases[at] ?? 0
    let count = 0
    while (at < phases.length && (phases[at] ?? 0) - moment < SAME_MOMENT_MS) {
      count++
      at++
    }
    if (count < fewest) {
      fewest = count
      best = moment
    }
  }
  return best
}
