/** The latency at each percentile, from the steps of a distribution: what the percentile plot draws. Pure. */

/** So many samples were at most so long, and longer than the step before. */
export type Step = readonly [upToMs: number, count: number]

/** Decimal fractions of a count miss a whole number by a rounding error. */
const ROUNDING = 1e-6

/**
 * For each of `nines` (rising; 2 is 99 %, 3 is 99.9 %) the least latency that such a share of the samples does not exceed.
 * Null where less than one sample is beyond: so few samples cannot tell.
 */
export function percentileCurve(
  { steps, count }: { readonly steps: readonly Step[]; readonly count: number },
  nines: readonly number[],
): (number | null)[] {
  let at = 0
  let beyond = count - (steps[0]?.[1] ?? 0)
  return nines.map((nine) => {
    const mayExceed = 10 ** -nine * count + ROUNDING
    if (mayExceed < 1) return null
    while (at < steps.length - 1 && beyond > mayExceed) {
      at++
      beyond -= steps[at]?.[1] ?? 0
    }
    return steps[at]?.[0] ?? null
  })
}
