import fc from 'fast-check'

/**
 * Numbers spread evenly over a range, now and then a special one. `fc.double` alone picks bit patterns evenly, so that nearly all of its numbers
 * lie next to zero, and shapes and rays would all be in one place.
 */
export function real(min: number, max: number): fc.Arbitrary<number> {
  const even = fc.integer({ min: 0, max: 2 ** 31 - 1 }).map((n) => min + (max - min) * (n / (2 ** 31 - 1)))
  return fc.oneof({ arbitrary: even, weight: 7 }, { arbitrary: fc.double({ min, max, noNaN: true }), weight: 1 })
}
