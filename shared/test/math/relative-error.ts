/** The largest |ours - theirs| / |theirs| over seeded arguments; Infinity if one is NaN, zero or infinite where the other is not. */
export function worstRelativeError(
  rounds: number,
  ours: (x: number) => number,
  theirs: (x: number) => number,
  draw: () => number,
): number {
  let worst = 0
  for (let i = 0; i < rounds; i++) {
    const x = draw()
    const expected = theirs(x)
    const actual = ours(x)
    if (Object.is(actual, expected)) continue
    const error = Math.abs(actual - expected) / Math.abs(expected)
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)
  }
  return worst
}
