import { expect, test } from 'vitest'
import { mathFingerprint } from './fingerprint.ts'
import { GOLDEN_MATH_FINGERPRINT } from './golden.ts'

test('the mathematics gives the golden bits in this engine, cold and warm', () => {
  expect(mathFingerprint()).toBe(GOLDEN_MATH_FINGERPRINT)
  expect(mathFingerprint()).toBe(GOLDEN_MATH_FINGERPRINT)
})
