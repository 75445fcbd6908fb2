import { InputRing, SEAT_LEVELS } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { PressOrder } from '../../src/play/press-order.ts'
import { pond } from '../pond-game.ts'

const SEAT = 2

/** A ring in which press 0 has been counted so far up to each tick; undefined: no input was made for it. */
function ringOf(counters: readonly (number | undefined)[]): InputRing {
  const ring = new InputRing(pond, 128)
  counters.forEach((counter, tick) => {
    if (counter === undefined) return
    const slot = ring.slotFor(tick)
    ring.rows[ring.rowOffset(slot) + ring.levels] = counter
    ring.setStamp(slot, 0, tick, tick, 0)
    if (counter > 0) ring.setStamp(slot, 1, tick, tick, 9)
  })
  return ring
}

function worldWith(applied: number): Int32Array {
  const world = new Int32Array(pond.worldInts)
  world[pond.seatBase + (SEAT_LEVELS + pond.levels.length) * pond.seatRows + SEAT] = applied
  return world
}

/** The ticks whose presses are applied, from `tick` on. */
function applied(counters: readonly (number | undefined)[], tick: number, done: number): number[] {
  const ring = ringOf(counters)
  const order = new PressOrder(pond, ring, SEAT)
  const ticks: number[] = []
  let count = done
  for (let at = tick; at < counters.length; at++) {
    const slot = order.slotFor(at, worldWith(count))
    ticks.push(slot < 0 ? -1 : (ring.ticks[slot] ?? -1))
    if (slot >= 0) count = ring.rows[ring.rowOffset(slot) + ring.levels] ?? 0
  }
  return ticks
}

describe('the order of presses', () => {
  it('applies a press in its own tick, and nothing in others', () => {
    expect(applied([0, 0, 1, 1, 1], 0, 0)).toEqual([-1, -1, 2, -1, -1])
  })

  it('applies the presses of one waiting tick in each tick, the oldest first', () => {
    expect(applied([0, 1, 2, 3, 4, 4, 4, 4], 4, 0)).toEqual([1, 2, 3, 4])
    expect(applied([0, 1, 1, 1], 3, 0)).toEqual([1])
  })

  it('walks over ticks for which no input was made', () => {
    expect(applied([0, 1, undefined, undefined, undefined, 2], 4, 0)).toEqual([1, 5])
  })

  it('knows nothing to apply before the first input, and in an empty ring', () => {
    expect(applied([undefined, undefined], 0, 0)).toEqual([-1, -1])
  })

  it("gives the press's own stamp, else that of its tick", () => {
    const ring = ringOf([0, 1])
    const order = new PressOrder(pond, ring, SEAT)
    const slot = ring.find(1)
    expect(order.stampOf(slot, worldWith(0))).toBe(ring.stampOffset(slot, 1))
    expect(order.stampOf(slot, worldWith(1))).toBe(ring.stampOffset(slot, 0))
  })
})
