/** The tick loop over virtual time, with alarms that come early, late, and after stalls. */
import { VirtualScheduler } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TickedRoom, TickLoop } from '../../src/tick/tick-loop.ts'
import type { TickTimer } from '../../src/tick/tick-timer.ts'

/** A virtual machine: work takes time, and alarms go wrong by what `jitter` says. */
class Machine implements TickTimer {
  readonly scheduler = new VirtualScheduler()
  readonly #jitter: () => number
  #aheadMs = 0

  constructor(jitter: () => number = () => 0) {
    this.#jitter = jitter
  }

  nowMs(): number {
    return this.scheduler.now() + this.#aheadMs
  }

  /** Spends time inside an event: nothing else runs meanwhile. */
  work(ms: number): void {
    this.#aheadMs += ms
  }

  wakeAt(timeMs: number, run: () => void): () => void {
    return this.scheduler.at(Math.max(this.nowMs(), timeMs) + this.#jitter(), () => {
      this.#aheadMs = 0
      run()
    })
  }
}

class Counting implements TickedRoom {
  readonly ticks: number[] = []
  readonly lateMs: number[] = []
  shifted = 0
  onTick: (tick: number) => void = () => {}

  tick(tick: number, lateMs: number): void {
    this.ticks.push(tick)
    this.lateMs.push(lateMs)
    this.onTick(tick)
  }

  timelineShifted(skippedTicks: number): void {
    this.shifted += skippedTicks
  }
}

function fail(_room: TickedRoom, error: unknown): void {
  throw error
}

function lcg(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

describe('the tick loop', () => {
  it('does not drift in ten hours of alarms that come up to 1 ms early and 3 ms late', () => {
    const random = lcg(1)
    const machine = new Machine(() => random() * 4 - 1)
    const loop = new TickLoop(machine, { onFailure: fail })
    let ticks = 0
    let early = 0
    let last = 0
    const room: TickedRoom = {
      tick: (tick, lateMs) => {
        ticks++
        last = tick
        if (machine.nowMs() < handle.dueMs(tick) || lateMs < 0) early++
      },
      timelineShifted: () => {
        throw new Error('nothing was skipped')
      },
    }
    const handle = loop.add(room, 60)
    const { epochMs } = handle
    machine.scheduler.runUntil(epochMs + 10 * 3_600_000 + 10)
    expect(early).toBe(0)
    expect(ticks).toBe(last)
    expect(last).toBe(10 * 3_600 * 60)
    expect(handle.epochMs).toBe(epochMs)
    expect(loop.lateness.max).toBeLessThan(4)
  })

  it('wakes for some ticks of a dozing room at a time, early for none and none of them late, and for each again when it is roused', () => {
    const machine = new Machine()
    let wakes = 0
    const timer: TickTimer = {
      nowMs: () => machine.nowMs(),
      wakeAt: (timeMs, run) =>
        machine.wakeAt(timeMs, () => {
          wakes++
          run()
        }),
    }
    const loop = new TickLoop(timer, { onFailure: fail })
    const room = new Counting()
    const handle = loop.add(room, 100)
    room.onTick = (tick) => expect(machine.nowMs()).toBeGreaterThanOrEqual(handle.dueMs(tick))
    machine.scheduler.runUntil(101)
    handle.doze(6)
    wakes = 0
    machine.scheduler.runUntil(1_301)
    expect(wakes).toBe(20)
    expect(room.ticks).toEqual(Array.from({ length: 130 }, (_, n) => n + 1))
    machine.scheduler.runUntil(1_335)
    expect(room.ticks.at(-1)).toBe(130)
    handle.rouse()
    machine.scheduler.runUntil(1_335.1)
    expect(room.ticks.at(-1)).toBe(133)
    machine.scheduler.runUntil(1_401)
    expect(room.ticks.at(-1)).toBe(140)
    expect(Math.max(...room.lateMs)).toBeLessThan(0.2)
    expect(handle.skippedTicks).toBe(0)
  })

  it('numbers the ticks without a gap, begins none early, and is behind by a bounded time, whatever rooms and machine do', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(
          fc.record({ rate: fc.integer({ min: 1, max: 128 }), workMs: fc.double({ min: 0, max: 40, noNaN: true }) }),
          { minLength: 1, maxLength: 6 },
        ),
        (seed, specs) => {
          const random = lcg(seed)
          const machine = new Machine(() => (random() < 0.02 ? random() * 300 : random() * 2 - 0.5))
          const loop = new TickLoop(machine, { onFailure: fail })
          const rooms = specs.map(({ rate, workMs }) => {
            const room = new Counting()
            const handle = loop.add(room, rate)
            room.onTick = (tick) => {
              expect(machine.nowMs()).toBeGreaterThanOrEqual(handle.dueMs(tick))
              machine.work(workMs * random())
            }
            return { room, handle, rate }
          })
          machine.scheduler.runUntil(3_000)
          for (const { room, handle, rate } of rooms) {
            expect(room.ticks).toEqual(room.ticks.map((_, n) => n + 1))
            expect(Math.max(0, ...room.lateMs)).toBeLessThanOrEqual(
              (Math.max(4, Math.ceil(rate * 0.06)) * 1000) / rate + 1e-6,
            )
            expect(handle.skippedTicks).toBe(room.shifted)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  it('catches up after a short stall without moving the timeline', () => {
    const machine = new Machine()
    const loop = new TickLoop(machine, { onFailure: fail })
    const room = new Counting()
    const { epochMs } = loop.add(room, 100)
    room.onTick = (tick) => machine.work(tick === 10 ? 35 : 0)
    machine.scheduler.runUntil(1_000)
    expect(room.shifted).toBe(0)
    expect(room.ticks.length).toBe(Math.floor((1_000 - epochMs) / 10))
    expect(room.lateMs.slice(9, 14).map(Math.round)).toEqual([0, 25, 15, 5, 0])
  })

  it('shifts the timeline after a long stall, says by how much, and leaves out no tick', () => {
    const machine = new Machine()
    const loop = new TickLoop(machine, { maxCatchUpTicks: 4, onFailure: fail })
    const room = new Counting()
    const handle = loop.add(room, 100)
    const { epochMs } = handle
    room.onTick = (tick) => machine.work(tick === 10 ? 505 : 0)
    machine.scheduler.runUntil(2_000)
    expect(room.shifted).toBe(46)
    expect(handle.skippedTicks).toBe(46)
    expect(handle.epochMs).toBeCloseTo(epochMs + 460, 6)
    expect(room.ticks).toEqual(room.ticks.map((_, n) => n + 1))
    expect(room.lateMs.slice(10, 15).map(Math.round)).toEqual([35, 25, 15, 5, 0])
  })

  it('gives other work a turn while every tick is overdue', () => {
    const machine = new Machine()
    const loop = new TickLoop(machine, { onFailure: fail })
    const room = new Counting()
    room.onTick = () => machine.work(15)
    loop.add(room, 100)
    let turns = 0
    const other = (): void => {
      turns++
      machine.scheduler.at(machine.scheduler.now() + 10, other)
    }
    other()
    machine.scheduler.runUntil(10_000)
    expect(turns).toBeGreaterThan(900)
    expect(room.shifted).toBeGreaterThan(200)
    // Two thirds of the ticks fit, and all that time is used.
    expect(room.ticks.length).toBeGreaterThan(600)
  })

  it('lets many rooms share moments evenly, instead of waking up for each', () => {
    const machine = new Machine()
    const loop = new TickLoop(machine, { onFailure: fail })
    const handles = Array.from({ length: 64 }, () => loop.add(new Counting(), 20))
    machine.scheduler.runUntil(1_000)
    const moments = new Map<number, number>()
    for (const handle of handles) {
      const phase = Math.round((handle.epochMs % 50) * 100) / 100
      moments.set(phase, (moments.get(phase) ?? 0) + 1)
    }
    expect(moments.size).toBe(16)
    expect([...moments.values()].every((rooms) => rooms === 4)).toBe(true)
  })

  it('spreads rooms over the interval, also after some have left', () => {
    const machine = new Machine()
    const loop = new TickLoop(machine, { onFailure: fail })
    const handles = Array.from({ length: 16 }, () => loop.add(new Counting(), 20))
    for (const [n, handle] of handles.entries()) if (n % 3 === 0) handle.remove()
    for (let n = 0; n < 6; n++) handles.push(loop.add(new Counting(), 20))
    expect(loop.roomCount).toBe(16)
    const times: number[] = []
    machine.scheduler.runUntil(1_000)
    const second = new TickLoop(machine, { onFailure: fail })
    const marking = (): TickedRoom => ({ tick: () => times.push(machine.nowMs()), timelineShifted: () => {} })
    for (let n = 0; n < 16; n++) second.add(marking(), 20)
    machine.scheduler.runUntil(1_000 + 100)
    const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0))
    expect(times.length).toBeGreaterThanOrEqual(31)
    // Sixteen in 50 ms: even would be 3.1 ms.
    expect(Math.min(...gaps)).toBeGreaterThan(1.5)
  })

  it('starts within one interval, at the tick that was asked for', () => {
    const machine = new Machine()
    machine.scheduler.runUntil(12_345.678)
    const loop = new TickLoop(machine, { onFailure: fail })
    const room = new Counting()
    const handle = loop.add(room, 60, 5_000)
    machine.scheduler.runUntil(12_345.678 + 1000 / 60 + 0.001)
    expect(room.ticks).toEqual([5_000])
    expect(handle.dueMs(5_060) - handle.dueMs(5_000)).toBeCloseTo(1_000, 6)
  })

  it('takes a room out whose tick throws, and runs the others on', () => {
    const machine = new Machine()
    const failures: unknown[] = []
    const loop = new TickLoop(machine, { onFailure: (room, error) => failures.push(room, error) })
    const bad = new Counting()
    const good = new Counting()
    const error = new Error('a defect')
    bad.onTick = () => {
      throw error
    }
    loop.add(bad, 60)
    loop.add(good, 60)
    machine.scheduler.runUntil(1_000)
    expect(failures).toEqual([bad, error])
    expect(bad.ticks.length).toBe(1)
    expect(good.ticks.length).toBeGreaterThan(57)
    expect(loop.roomCount).toBe(1)
  })

  it('lets rooms remove themselves and add others from inside a tick, and sleeps when there are none', () => {
    const machine = new Machine()
    const loop = new TickLoop(machine, { onFailure: fail })
    const first = new Counting()
    const second = new Counting()
    const handle = loop.add(first, 60)
    first.onTick = () => {
      handle.remove()
      const other = loop.add(second, 60)
      second.onTick = (tick) => tick === 10 && other.remove()
    }
    machine.scheduler.runUntil(1_000)
    expect(first.ticks).toEqual([1])
    expect(second.ticks.length).toBe(10)
    expect(loop.roomCount).toBe(0)
    expect(machine.scheduler.pending).toBe(0)
  })

  it('refuses a rate that is none', () => {
    const loop = new TickLoop(new Machine(), { onFailure: fail })
    for (const rate of [0, -1, Number.NaN, 1_001])
      expect(() => loop.add(new Counting(), rate)).toThrow(/BAD_ARGUMENT.*Choose 1 to 1000/)
  })
})
