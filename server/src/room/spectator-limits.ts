/**
 * Whether, how late, and how many may watch a room without playing in it. Given to `serve` as `spectators`; left out, nobody may.
 */
import { MAX_SPECTATOR_DELAY_MS, NetError } from '@tickmesh/shared'

export interface SpectatorLimits {
  /**
   * The longest delay that may be chosen; 30,000 by default, 120,000 at most. Each room keeps its past for so long: at most
   * `maxDelayMs / 1000 * snapshotRate` worlds, taken as the room gets older,
   * and the events and held inputs of each tick.
   */
  readonly maxDelayMs: number
  /** The shortest; 0 by default. Where a player could be helped by somebody who watches, choose what makes the help useless. */
  readonly minDelayMs: number
  /** Spectators of one room at a time; 64 by default. Those with equal delays cost one encoded body together. */
  readonly max: number
}

export const DEFAULT_SPECTATORS: SpectatorLimits = { maxDelayMs: 30_000, minDelayMs: 0, max: 64 }

const MOST_SPECTATORS = 1000

/** Throws BAD_ARGUMENT if they make no sense. */
export function spectatorLimits(given: Partial<SpectatorLimits> | undefined): SpectatorLimits | undefined {
  if (given === undefined) return undefined
  const limits = { ...DEFAULT_SPECTATORS, ...given }
  const { maxDelayMs, minDelayMs, max } = limits
  if (!(maxDelayMs >= 0 && maxDelayMs <= MAX_SPECTATOR_DELAY_MS)) {
    const problem = `spectators.maxDelayMs is ${maxDelayMs}.`
    throw new NetError('BAD_ARGUMENT', problem, `Give 0 to ${MAX_SPECTATOR_DELAY_MS}.`)
  }
  if (!(minDelayMs >= 0 && minDelayMs <= maxDelayMs)) {
    throw new NetError(
      'BAD_ARGUMENT',
      `spectators.minDelayMs is ${minDelayMs}.`,
      `Give 0 to maxDelayMs, ${maxDelayMs}.`,
    )
  }
  if (!(Number.isInteger(max) && max >= 1 && max <= MOST_SPECTATORS)) {
    const remedy = `Give a whole number from 1 to ${MOST_SPECTATORS}, or leave \`spectators\` out to let nobody watch.`
    throw new NetError('BAD_ARGUMENT', `spectators.max is ${max}.`, remedy)
  }
  return limits
}

/** Throws JOIN_REFUSED, which says what is allowed, if nobody may watch at all, or not with this delay. */
export function checkDelay(limits: SpectatorLimits | undefined, delayMs: number): asserts limits is SpectatorLimits {
  if (limits === undefined) {
    const remedy = 'Give `serve` the option `spectators`, or join as a player.'
    throw new NetError('JOIN_REFUSED', 'this server lets nobody watch.', remedy)
  }
  const { minDelayMs, maxDelayMs } = limits
  if (delayMs >= minDelayMs && delayMs <= maxDelayMs) return
  const problem = `a delay of ${delayMs} ms cannot be chosen here.`
  throw new NetError('JOIN_REFUSED', problem, `Choose a \`delayMs\` from ${minDelayMs} to ${maxDelayMs}.`)
}
