import { describe, expect, it } from 'vitest'
import { ClockSync } from '../../src/play/clock-sync.ts'
import { SentInputs } from '../../src/play/sent-inputs.ts'

describe('the inputs that were sent', () => {
  it('are found by the low 8 bits of their tick', () => {
    const sent = new SentInputs()
    expect(sent.sentAt(44)).toBeNaN()
    sent.add(300, 5000, 40)
    expect(sent.sentAt(300 & 255)).toBe(5000)
    sent.add(556, 9000, 40)
    expect(sent.sentAt(300 & 255)).toBe(9000)
  })

  it('give a margin the least lead of the inputs that it is about, each once', () => {
    const sent = new SentInputs()
    const clock = new ClockSync()
    for (const [tick, leadMs] of [
      [10, 40],
      [11, 5],
      [12, 40],
      [13, 41],
      [14, 42],
    ] as const)
      sent.add(tick, tick, leadMs)
    expect(sent.leadUpTo(12, clock)).toBe(5)
    expect(sent.leadUpTo(14, clock)).toBe(41)
    expect(sent.leadUpTo(14, clock)).toBeNaN()
    expect(sent.leadUpTo(2 ** 31 - 1, clock)).toBeNaN()
  })

  it('say nothing of the path if they were held up by a gap', () => {
    const sent = new SentInputs()
    const clock = new ClockSync()
    clock.observe(0)
    clock.observe(3000)
    clock.onSample(3000, 3020, 3020, 3040)
    sent.add(10, 3001, -200)
    sent.add(11, 3150, 40)
    expect(sent.leadUpTo(11, clock)).toBeNaN()
    sent.add(12, 3160, 40)
    expect(sent.leadUpTo(12, clock)).toBe(40)
  })
})
