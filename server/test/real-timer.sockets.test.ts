/** The real alarm in real time: the only test of ticks that waits. Its bounds are wide, because the machine may be busy. */
import { describe, expect, it } from 'vitest'
import { RealTickTimer } from '../src/real-timer.ts'

const wake = (timer: RealTickTimer, timeMs: number): Promise<number> =>
  new Promise((resolve) => timer.wakeAt(timeMs, () => resolve(timer.nowMs())))

describe('the real alarm', () => {
  it('is mostly good to half a millisecond, and early never', async () => {
    const timer = new RealTickTimer({ maxShare: 1 })
    const lateMs: number[] = []
    for (let n = 0; n < 60; n++) {
      const timeMs = timer.nowMs() + 3 + (n % 7) * 1.3
      lateMs.push((await wake(timer, timeMs)) - timeMs)
    }
    lateMs.sort((a, b) => a - b)
    expect(lateMs[0]).toBeGreaterThanOrEqual(0)
    expect(lateMs[30]).toBeLessThan(0.5)
  })

  it('wakes without naps too, and at once for what is past, but never from inside the call', async () => {
    const timer = new RealTickTimer({ precisionMs: 0 })
    const timeMs = timer.nowMs() + 5
    expect((await wake(timer, timeMs)) - timeMs).toBeGreaterThan(-2)
    let woken = false
    const past = new Promise<void>((resolve) =>
      timer.wakeAt(timer.nowMs() - 100, () => {
        woken = true
        resolve()
      }),
    )
    expect(woken).toBe(false)
    await past
  })

  it('is silent when taken back, wherever it is on its way', async () => {
    const timer = new RealTickTimer({ maxShare: 1 })
    let woken = 0
    for (const aheadMs of [-1, 0.5, 1.5, 5]) timer.wakeAt(timer.nowMs() + aheadMs, () => woken++)()
    await wake(timer, timer.nowMs() + 12)
    expect(woken).toBe(0)
  })
})
