import { expect, test } from 'vitest'
import { InputRing, TICK_STAMP } from '../../src/wire/input-ring.ts'
import { arenaGame } from './wire-game.ts'

test('a tick is found until a newer one takes its slot', () => {
  const ring = new InputRing(arenaGame, 16)
  const slot = ring.slotFor(5)
  expect(ring.find(5)).toBe(slot)
  expect(ring.find(4)).toBe(-1)
  expect(ring.find(21)).toBe(-1)
  expect(ring.slotFor(21)).toBe(slot)
  expect(ring.find(5)).toBe(-1)
  expect(ring.find(21)).toBe(slot)
  expect(ring.newestTick).toBe(21)
})

test('an older tick never displaces a newer one, nor comes back once it has left', () => {
  const ring = new InputRing(arenaGame, 16)
  ring.slotFor(100)
  expect(ring.slotFor(84)).toBe(-1)
  expect(ring.slotFor(83)).toBe(-1)
  expect(ring.slotFor(85)).toBeGreaterThanOrEqual(0)
  expect(ring.slotFor(-1)).toBe(-1)
  expect(ring.find(-1)).toBe(-1)
  expect(ring.newestTick).toBe(100)
})

test('a slot taken again is cleared, one that is there is kept', () => {
  const ring = new InputRing(arenaGame, 16)
  const slot = ring.slotFor(3)
  ring.rows[ring.rowOffset(slot) + 2] = 77
  ring.setStamp(slot, TICK_STAMP, 1, 2, 128)
  ring.setStamp(slot, 1, 1, 2, 129)
  expect(ring.slotFor(3)).toBe(slot)
  expect(ring.rows[ring.rowOffset(slot) + 2]).toBe(77)
  ring.slotFor(19)
  expect(ring.rows[ring.rowOffset(slot) + 2]).toBe(0)
  expect([...ring.stamps.subarray(ring.stampOffset(slot, 0), ring.stampOffset(slot, 2))]).toEqual([
    -1, -1, -1, -1, -1, -1,
  ])
})

test('the newest counter comes from the newest tick, at first from the base', () => {
  const ring = new InputRing(arenaGame, 16)
  ring.baseCounters[0] = 40
  expect(ring.newestCounter(0)).toBe(40)
  ring.rows[ring.rowOffset(ring.slotFor(9)) + ring.levels] = 42
  ring.rows[ring.rowOffset(ring.slotFor(7)) + ring.levels] = 41
  expect(ring.newestCounter(0)).toBe(42)
  ring.clear()
  expect([ring.find(9), ring.newestTick, ring.newestCounter(0)]).toEqual([-1, -1, 40])
})

test('a capacity that is no power of two is refused', () => {
  expect(() => new InputRing(arenaGame, 100)).toThrow('power of two')
  expect(() => new InputRing(arenaGame, 8)).toThrow('at least 16')
})
