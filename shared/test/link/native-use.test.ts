import { expect, it } from 'vitest'
import { useNative } from '../../src/link/native-use.ts'

it('cleans up when the last user has gone, and again after the next', () => {
  const holder = {}
  const cleaned: string[] = []
  const first = useNative(holder, () => cleaned.push('first'))
  const second = useNative(holder, () => cleaned.push('second'))
  first()
  first()
  expect(cleaned).toEqual([])
  second()
  expect(cleaned).toEqual(['second'])
  useNative(holder, () => cleaned.push('third'))()
  expect(cleaned).toEqual(['second', 'third'])
})
