/**
 * How late this process is with its timers: a busy machine spoils whatever is measured on real time, and must be seen to.
 */
import { percentile } from '../figures.ts'

const EVERY_MS = 7

/** Starts to watch. The function that it gives ends that, and gives the 99th percentile in ms. */
export function watchTimers(): () => number {
  const lateness: number[] = []
  let timer: NodeJS.Timeout
  const next = (): void => {
    const dueMs = performance.now() + EVERY_MS
    timer = setTimeout(() => {
      lateness.push(performance.now() - dueMs)
      next()
    }, EVERY_MS)
  }
  next()
  return () => {
    clearTimeout(timer)
    return percentile(lateness, 0.99)
  }
}
