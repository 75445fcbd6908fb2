/** How numbers are written in the report, in the page and on the terminal: the same everywhere. Pure. */

/** Less than half a unit of the last digit is 0. What is no number (nothing was measured; JSON made it null) is a dash. */
export function formatValue(value: number | null | undefined, digits: number): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–'
  const text = value.toFixed(digits)
  return (Number(text) === 0 ? (0).toFixed(digits) : text).replace('-', '−')
}

/** In a small cell: about three significant digits, no zeros behind the point that say nothing. */
export function formatShort(value: number | null | undefined, digits: number): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 10_000) return `${formatShort(value / 1000, 1)}k`
  const size = Math.abs(value)
  const kept = size >= 100 ? 0 : size >= 10 ? Math.min(digits, 1) : digits
  const text = formatValue(value, kept)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

export function withUnit(text: string, unit: string): string {
  if (unit === '' || text === '–') return text
  if (unit.startsWith('/')) return `${text}${unit}`
  return `${text} ${text === '1' && unit === 'frames' ? 'frame' : unit}`
}
