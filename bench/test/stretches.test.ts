/** What the hostile bench makes of its stretches. */
import { expect, it } from 'vitest'
import { latenessRatio, type Stretch, stretchPlan } from '../src/hostile/stretches.ts'

function stretch(lateMs: number, count = 300): Stretch {
  const lateness = Array.from({ length: count }, (_, n) => (n % 20 === 0 ? lateMs : 0.1))
  return { server: { honestLatenessMs: lateness, honestOwnLatenessMs: lateness } } as unknown as Stretch
}

it('gives all seconds that were asked for to attacks, one of them long enough for the slow', () => {
  for (const seconds of [2, 6, 15, 30, 60, 600]) {
    const { lengthsMs } = stretchPlan(seconds)
    expect(lengthsMs.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(seconds * 1000, 6)
    expect(Math.max(...lengthsMs) >= 15_000).toBe(seconds >= 30)
  }
})

it('finds an attack that makes ticks late, and says how sure that is', () => {
  const calm = Array.from({ length: 8 }, () => stretch(1))
  const ratio = latenessRatio(
    calm,
    calm.map(() => stretch(3)),
    'honestLatenessMs',
  )
  expect(ratio).toEqual({ value: 3, low: 3, high: 3 })
})

it('does not take noise on both sides for harm, and shows it in the spread', () => {
  const noisy = [1, 1, 9, 1, 1, 1, 9, 1].map((ms) => stretch(ms))
  const { value, low, high } = latenessRatio(noisy, [...noisy].reverse(), 'honestLatenessMs')
  expect(value).toBe(1)
  expect(low).toBeLessThan(1)
  expect(high).toBeGreaterThan(1)
})
