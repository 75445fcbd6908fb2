import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type EpochTriple, epochTag, isEpochTriple, isStaleEpoch, NO_TAG } from '../../src/wire/room-epoch.ts'
import { tagOf } from './stranger-messages.ts'

const part = fc.oneof(fc.nat(3), fc.nat({ max: Number.MAX_SAFE_INTEGER }))
const epoch: fc.Arbitrary<EpochTriple> = fc.tuple(part, part, part)

it('calls the lower of two epochs stale, by generation, then view, then k', () => {
  const inOrder: EpochTriple[] = [
    [0, 9, 9],
    [1, 0, 7],
    [1, 2, 0],
    [1, 2, 1],
  ]
  inOrder.forEach((a, i) => {
    inOrder.forEach((b, j) => {
      expect(isStaleEpoch(a, b)).toBe(i < j)
    })
  })
  fc.assert(fc.property(epoch, epoch, (a, b) => !(isStaleEpoch(a, b) && isStaleEpoch(b, a))))
})

it('takes any epoch, or none, from whoever is known to have had none, and none of one that had', () => {
  expect(isStaleEpoch([0, 0, 0], undefined)).toBe(false)
  expect(isStaleEpoch(undefined, undefined)).toBe(false)
  expect(isStaleEpoch(undefined, [0, 0, 0])).toBe(true)
})

it('gives the tag that the protocol text says, one byte, other ones for epochs that follow each other', () => {
  fc.assert(fc.property(epoch, (a) => epochTag(a) === tagOf(a)))
  expect(epochTag(undefined)).toBe(NO_TAG)
  let equal = 0
  for (let k = 0; k < 1000; k++) if (epochTag([1, 7, k]) === epochTag([1, 7, k + 1])) equal++
  expect(equal).toBeLessThan(15)
})

it('takes three whole numbers for an epoch, and nothing else', () => {
  expect(isEpochTriple([1, 2, 3])).toBe(true)
  for (const other of [[1, 2], [1, 2, 3, 4], [1, 2, -1], [1, 2, 0.5], [1, 2, 2 ** 53], ['1', 2, 3], null, {}, 3])
    expect(isEpochTriple(other)).toBe(false)
})
