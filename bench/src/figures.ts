/**
 * The arithmetic of the bench, on plain numbers. Pure.
 */

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** 0 if there are none. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length
}

/** Half of the values are at or below it. NaN if there are none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The least value that at least `share` (0 to 1) of the values do not exceed. NaN if there are none. */
export function percentile(values: readonly number[] | Float64Array, share: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  const rank = Math.ceil(share * sorted.length)
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank - 1))] ?? Number.NaN
}

/** Rounded to so many digits behind the point, for printing. */
export function round(value: number, digits = 0): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}

/** Each pair's ratio, then their median: what slows both sides of a pair for a while does not count. */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  const ratios: number[] = []
  for (let i = 0; i < Math.min(ours.length, theirs.length); i++)
    ratios.push((ours[i] ?? Number.NaN) / (theirs[i] ?? Number.NaN))
  return median(ratios)
}

/** The value of `--name 12`, or of `--name=12`. */
export function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(`--${name}`)
  if (at >= 0) return args[at + 1]
  return args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
}

/** A number given as an option. Throws if it is none, or not within the bounds. */
export function numberOption(
  args: readonly string[],
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = option(args, name)
  if (text === undefined) return fallback
  const value = Number(text)
  if (!(value >= least && value <= most)) throw new Error(`--${name} ${text}: give a number from ${least} to ${most}.`)
  return value
}
