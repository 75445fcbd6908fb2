import { describe, expect, it } from 'vitest'
import { POISON } from '../../src/link/buffer-pool.ts'
import { DelayLine } from '../../src/link/delay-line.ts'
import { Impairment, type ImpairmentOptions } from '../../src/link/impairment.ts'
import type { Cancel, Scheduler } from '../../src/time/scheduler.ts'
import { VirtualScheduler } from '../../src/time/virtual-scheduler.ts'

function makeLine(options: ImpairmentOptions, ordered: boolean, scheduler: Scheduler = new VirtualScheduler()) {
  const model = new Impairment(options)
  const arrived: { atMs: number; lane: string; n: number }[] = []
  const borrowed: Uint8Array[] = []
  const line = new DelayLine(scheduler, model, {
    ordered,
    deliver: (lane, bytes) => {
      arrived.push({ atMs: scheduler.now(), lane, n: bytes[0] ?? -1 })
      borrowed.push(bytes)
    },
  })
  return { model, line, arrived, borrowed, numbers: () => arrived.map(({ n }) => n) }
}

/** Runs alarms in an order of its own, and each a little early, as the timers of engines do. */
class SloppyScheduler implements Scheduler {
  readonly #alarms: { timeMs: number; run: () => void }[] = []
  #nowMs = 0
  now(): number {
    return this.#nowMs
  }
  at(timeMs: number, run: () => void): Cancel {
    this.#alarms.push({ timeMs, run })
    return () => {}
  }
  /** Everything within a window runs last asked first. */
  run(windowMs: number): void {
    for (let round = 0; round < 10_000 && this.#alarms.length > 0; round++) {
      this.#nowMs += windowMs
      const due = this.#alarms.filter(({ timeMs }) => timeMs <= this.#nowMs + 0.9).reverse()
      for (const alarm of due) this.#alarms.splice(this.#alarms.indexOf(alarm), 1)
      for (const { run } of due) run()
    }
  }
}

describe('a delay line', () => {
  it('brings each message exactly when the model says', () => {
    const scheduler = new VirtualScheduler()
    const { line, arrived } = makeLine({ delayMs: 33.25 }, true, scheduler)
    for (let n = 0; n < 5; n++) {
      line.send('reliable', Uint8Array.of(n))
      scheduler.runUntil(scheduler.now() + 10)
    }
    scheduler.runUntil(1_000)
    expect(arrived.map(({ atMs }) => atMs)).toEqual([33.25, 43.25, 53.25, 63.25, 73.25])
  })

  it('holds what is on its way when the path is frozen by hand, and brings it in order with what came later', () => {
    const scheduler = new VirtualScheduler()
    const { line, model, arrived, numbers } = makeLine({ delayMs: 100 }, true, scheduler)
    line.send('reliable', Uint8Array.of(0))
    scheduler.runUntil(20)
    line.send('reliable', Uint8Array.of(1))
    scheduler.runUntil(50)
    model.freeze(50, 500)
    // Its alarm is set for the end of the freeze before those of the others are.
    line.send('reliable', Uint8Array.of(2))
    scheduler.runUntil(549)
    expect(arrived).toEqual([])
    scheduler.runUntil(1_000)
    expect(numbers()).toEqual([0, 1, 2])
    expect(arrived.map(({ atMs }) => atMs)).toEqual([550, 550, 550])
  })

  it('holds datagrams on their way too, and the reliable lane beside them keeps its order', () => {
    const scheduler = new VirtualScheduler()
    const { line, model, arrived } = makeLine({ delayMs: 100 }, false, scheduler)
    for (let n = 0; n < 6; n++) line.send(n % 2 === 0 ? 'reliable' : 'datagram', Uint8Array.of(n))
    model.freeze(99, 200)
    scheduler.runUntil(1_000)
    expect(arrived.every(({ atMs }) => atMs === 299)).toBe(true)
    expect(arrived.filter(({ lane }) => lane === 'datagram').map(({ n }) => n)).toEqual([1, 3, 5])
    expect(arrived.filter(({ lane }) => lane === 'reliable').map(({ n }) => n)).toEqual([0, 2, 4])
  })

  it('keeps order and is never early on a clock whose timers are', () => {
    const scheduler = new SloppyScheduler()
    const { line, arrived, numbers } = makeLine({ delayMs: 20, jitterMs: 5, seed: 3 }, true, scheduler)
    const twin = new Impairment({ delayMs: 20, jitterMs: 5, seed: 3 })
    const due = Array.from({ length: 200 }, () => twin.orderedArrival(0, 1))
    for (let n = 0; n < 200; n++) line.send('reliable', Uint8Array.of(n))
    scheduler.run(3)
    expect(numbers()).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(arrived.every(({ atMs }, n) => atMs >= (due[n] ?? 0))).toBe(true)
  })

  it.each([0.1, 1 / 3, 33.3, 777.7])('does not wait forever for what a clock %f ms ahead rounds away', (offsetMs) => {
    const scheduler = new VirtualScheduler({ startMs: 1_000, maxEventsPerRun: 10_000 })
    const shifted: Scheduler = {
      now: () => scheduler.now() + offsetMs,
      at: (timeMs, run) => scheduler.at(timeMs - offsetMs, run),
    }
    const { line, numbers } = makeLine({ delayMs: 20, jitterMs: 10 }, true, shifted)
    for (let n = 0; n < 200; n++) {
      line.send('reliable', Uint8Array.of(n))
      scheduler.runUntil(scheduler.now() + 7.3)
    }
    scheduler.runUntil(scheduler.now() + 10_000)
    expect(numbers()).toEqual(Array.from({ length: 200 }, (_, n) => n))
  })

  it('brings the rest when a receiver throws', () => {
    const scheduler = new SloppyScheduler()
    const arrived: number[] = []
    const line = new DelayLine(scheduler, new Impairment({ delayMs: 5 }), {
      ordered: true,
      deliver: (_lane, bytes) => {
        arrived.push(bytes[0] ?? -1)
        if (bytes[0] === 0) throw new Error('the receiver is broken')
      },
    })
    for (let n = 0; n < 3; n++) line.send('reliable', Uint8Array.of(n))
    expect(() => scheduler.run(10)).toThrow('the receiver is broken')
    scheduler.run(10)
    expect(arrived).toEqual([0, 1, 2])
  })

  it('runs what comes after once all before it has arrived, counts what it holds, and poisons what it brought', () => {
    const scheduler = new VirtualScheduler()
    const { line, arrived, borrowed } = makeLine({ delayMs: 50, jitterMs: 50, loss: 0.2 }, true, scheduler)
    for (let n = 0; n < 20; n++) line.send('reliable', new Uint8Array(200).fill(n))
    let seen = -1
    line.after(() => {
      seen = arrived.length
    })
    expect(line.heldBytes).toBe(20 * 256)
    scheduler.runUntil(60_000)
    expect([seen, line.heldBytes]).toEqual([20, 0])
    expect(borrowed.every((bytes) => bytes.every((byte) => byte === POISON))).toBe(true)
  })

  it('brings and runs nothing once it is discarded', () => {
    const scheduler = new VirtualScheduler()
    const { line, arrived } = makeLine({ delayMs: 50 }, false, scheduler)
    line.send('reliable', Uint8Array.of(1))
    line.send('datagram', Uint8Array.of(2))
    line.after(() => arrived.push({ atMs: 0, lane: 'after', n: 3 }))
    line.discard()
    scheduler.runUntil(1_000)
    expect([arrived, line.heldBytes]).toEqual([[], 0])
  })
})
