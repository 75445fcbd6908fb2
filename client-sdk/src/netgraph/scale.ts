/**
 * The tops of the net graph's scales, and how its figures are written. Pure.
 */

/** Where scales may end, times a power of ten. */
const tops = [1, 1.5, 2, 3, 4, 6, 8, 10] as const

/** The least end of a scale that is not below `value`. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const top of tops) if (top * power >= value * 0.999999) return Number((top * power).toPrecision(2))
  return 10 * power
}

/** Three significant digits at most, so that figures do not jump about: 0.12, 3.4, 56, 1234; a dash if not known. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  const digits = size < 0.005 ? 0 : size < 0.995 ? 2 : size < 9.95 ? 1 : 0
  const text = value.toFixed(digits)
  return text === '-0' ? '0' : text
}

export function milliseconds(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(Math.abs(value) < 9.95 ? 1 : 0)} ms` : '–'
}

export function percentage(value: number): string {
  return `${value.toFixed(value < 9.95 ? 1 : 0)} %`
}

/** Bytes a second. */
export function byteRate(value: number): string {
  return value < 1e6 ? `${(value / 1000).toFixed(value < 99_950 ? 1 : 0)} kB/s` : `${(value / 1e6).toFixed(1)} MB/s`
}
