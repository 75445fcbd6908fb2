/** Chores between the ticks of one room, 10 ms apart, on virtual time. */
import { VirtualScheduler } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Chores } from '../../src/gate/chores.ts'

const TICK_MS = 10

/** `tickMs` after the newest tick the next one is due. Chores take `tookMs`. */
function start({ tickMs = TICK_MS, tookMs = 2 } = {}) {
  const scheduler = new VirtualScheduler()
  let spentMs = 0
  const nowMs = () => scheduler.now() + spentMs
  const timer = {
    nowMs,
    wakeAt: (timeMs: number, run: () => void) =>
      scheduler.at(Math.max(timeMs, nowMs()), () => {
        spentMs = 0
        run()
      }),
  }
  const chores = new Chores(timer, () => (Math.floor(nowMs() / tickMs) + 1) * tickMs)
  const done: { name: string; atMs: number }[] = []
  const ask = (name: string, address = name): boolean =>
    chores.when(address, () => {
      done.push({ name, atMs: nowMs() })
      spentMs += tookMs
    })
  const runUntil = (ms: number): void => {
    spentMs = 0
    scheduler.runUntil(ms)
  }
  return { chores, scheduler, done, ask, runUntil }
}

describe('chores', () => {
  it('are done at once where there is time, and else after the tick that is due', () => {
    const { ask, done, runUntil } = start()
    runUntil(1)
    expect(ask('early')).toBe(true)
    expect(done).toEqual([{ name: 'early', atMs: 1 }])
    runUntil(8)
    expect(ask('late')).toBe(true)
    expect(done).toHaveLength(1)
    runUntil(20)
    expect(done[1]?.name).toBe('late')
    expect(done[1]?.atMs).toBeGreaterThan(10)
  })

  it('go on after one that threw', () => {
    const { chores, ask, done, runUntil } = start()
    runUntil(8)
    chores.when('faulty', () => {
      throw new Error('a page that fails')
    })
    ask('next')
    expect(() => runUntil(20)).toThrow('a page that fails')
    runUntil(40)
    expect(done.map(({ name }) => name)).toEqual(['next'])
  })

  it('never run into a tick, however many come at once', () => {
    const { ask, done, runUntil, chores } = start({ tookMs: 3 })
    runUntil(5)
    for (let n = 0; n < 60; n++) ask(`${n}`)
    runUntil(900)
    expect(done).toHaveLength(60)
    expect(chores.waiting).toBe(0)
    for (const { atMs } of done) expect(atMs % TICK_MS).toBeLessThanOrEqual(TICK_MS - 3)
  })

  it('wait in turns of their addresses, so that one that floods delays the others by little, and is refused', () => {
    const { ask, done, runUntil } = start()
    runUntil(9)
    const taken = Array.from({ length: 20 }, () => ask('flood', 'flood'))
    expect(taken.filter((ok) => ok)).toHaveLength(8)
    expect(ask('honest')).toBe(true)
    runUntil(300)
    expect(done.map(({ name }) => name).indexOf('honest')).toBe(1)
    expect(done).toHaveLength(9)
  })

  it('are bounded in number', () => {
    const { ask, chores, runUntil } = start()
    runUntil(9)
    for (let n = 0; n < 1_000; n++) ask(`${n}`)
    expect(chores.waiting).toBe(256)
    expect(ask('one more')).toBe(false)
  })

  it('go on slowly where ticks leave no gap', () => {
    const { ask, done, runUntil, scheduler } = start({ tickMs: 2 })
    for (let n = 0; n < 3; n++) ask(`${n}`)
    runUntil(90)
    expect(done).toHaveLength(0)
    runUntil(400)
    expect(done).toHaveLength(3)
    const [one, two] = done
    expect((two?.atMs ?? 0) - (one?.atMs ?? 0)).toBeGreaterThanOrEqual(100)
    expect(scheduler.pending).toBe(0)
  })
})
