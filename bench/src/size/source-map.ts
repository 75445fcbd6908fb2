/**
 * Which source file each byte of a bundle came from, read from its source map (version 3, one line or many).
 * Pure. Bytes without a mapping count for the file before them.
 */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The numbers of one segment: base-64 digits of five bits, least first, the lowest bit of a number its sign. */
export function decodeVlq(segment: string): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit)
    value |= (bits & 31) << shift
    shift += 5
    if (bits >= 32) continue
    numbers.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1)
    value = 0
    shift = 0
  }
  return numbers
}

/** Characters of `code` by source. */
export function charactersBySource(
  code: string,
  map: { readonly sources: readonly (string | null)[]; readonly mappings: string },
): Map<string, number> {
  const totals = new Map<string, number>()
  const lines = code.split('\n')
  let source = 0
  let owner = ''
  map.mappings.split(';').forEach((mappings, lineNumber) => {
    const length = (lines[lineNumber]?.length ?? 0) + 1
    let column = 0
    let from = 0
    const count = (to: number) => {
      totals.set(owner, (totals.get(owner) ?? 0) + Math.max(0, to - from))
      from = to
    }
    for (const segment of mappings === '' ? [] : mappings.split(',')) {
      const [columns = 0, sources] = decodeVlq(segment)
      column += columns
      count(column)
      if (sources === undefined) continue
      source += sources
      owner = map.sources[source] ?? ''
    }
    count(length)
  })
  totals.delete('')
  return totals
}
