import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { circleTouchesBox, circleTouchesCircle } from '../../src/math/overlap2d.ts'
import { sphereTouchesSphere } from '../../src/math/overlap3d.ts'
import { rayBox, rayCapsule, rayCircle, rayOrientedBox, raySegment } from '../../src/math/rays2d.ts'
import { rayBox3, rayCapsule3, raySphere, rayYawBox3 } from '../../src/math/rays3d.ts'
import { real } from './real.ts'

describe('the edges of a ray', () => {
  test('a shape exactly at the end of the reach is hit, one just beyond is not', () => {
    expect(rayCircle(0, 0, 1, 0, 9, 10, 0, 1)).toBe(9)
    expect(rayCircle(0, 0, 1, 0, 8.999999, 10, 0, 1)).toBe(-1)
    expect(rayBox(0, 0, 1, 0, 9, 10, 0, 1, 5)).toBe(9)
    expect(rayBox(0, 0, 1, 0, 8.999999, 10, 0, 1, 5)).toBe(-1)
    expect(raySphere(0, 0, 0, 0, 1, 0, 9, 0, 10, 0, 1)).toBe(9)
    expect(rayCapsule3(0, 0, 0, 1, 0, 0, 9, 10, 0, 0, 3, 1)).toBe(9)
    expect(rayCapsule3(0, 0, 0, 1, 0, 0, 8.999999, 10, 0, 0, 3, 1)).toBe(-1)
  })

  test('a start on or inside the shape is a hit at 0, even looking away', () => {
    expect(rayCircle(1, 0, 1, 0, 5, 0, 0, 1)).toBe(0)
    expect(rayBox(1, 1, 1, 0, 5, 0, 0, 1, 1)).toBe(0)
    expect(rayCapsule(0, 0.5, 0, 1, 5, 0, 0, 2, 1, 0)).toBe(0)
    expect(raySphere(0, 0, -1, 0, 0, -1, 5, 0, 0, 0, 1)).toBe(0)
    expect(rayBox3(0, 0, 0, 1, 0, 0, 5, 0, 0, 0, 1, 1, 1)).toBe(0)
    expect(rayCapsule3(0, 3.5, 0, 0, 1, 0, 5, 0, 0, 0, 3, 1)).toBe(0)
  })

  test('a shape behind the start is not hit', () => {
    expect(rayCircle(0, 0, -1, 0, 99, 10, 0, 1)).toBe(-1)
    expect(rayBox(0, 0, -1, 0, 99, 10, 0, 1, 1)).toBe(-1)
    expect(rayCapsule(0, 0, -1, 0, 99, 10, 0, 2, 1, 0.5)).toBe(-1)
    expect(rayYawBox3(0, 0, 0, -1, 0, 0, 99, 10, 0, 0, 1, 1, 1, 0.5)).toBe(-1)
  })

  test('a direction of zero hits nothing, however far it reaches', () => {
    expect(rayCircle(5, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0, 1)).toBe(-1)
    expect(rayBox(5, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0, 1, 1)).toBe(-1)
    expect(rayBox3(5, 0, 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0, 0, 1, 1, 1)).toBe(-1)
    expect(rayCapsule3(5, 0, 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0, 0, 1, 1)).toBe(-1)
  })

  test('both caps and both sides of a capsule are round and straight where they should be', () => {
    expect(rayCapsule(-10, 0, 1, 0, 99, 0, 0, 2, 1, 0)).toBe(7)
    expect(rayCapsule(10, 0, -1, 0, 99, 0, 0, 2, 1, 0)).toBe(7)
    expect(rayCapsule(1, -10, 0, 1, 99, 0, 0, 2, 1, 0)).toBe(9)
    expect(rayCapsule(0, -10, 0, 1, 99, 0, 0, 2, 1, Math.PI / 2)).toBeCloseTo(7, 12)
    expect(rayCapsule3(0, 10, 0, 0, -1, 0, 99, 0, 0, 0, 2, 1)).toBe(7)
    expect(rayCapsule3(0, 1, -10, 0, 0, 1, 99, 0, 0, 0, 2, 1)).toBe(9)
  })

  test('a turned box is hit at its corner', () => {
    expect(rayOrientedBox(-10, 0, 1, 0, 99, 0, 0, 1, 1, Math.PI / 4)).toBeCloseTo(10 - Math.SQRT2, 12)
    expect(rayYawBox3(0, 0, -10, 0, 0, 1, 99, 0, 0, 0, 1, 1, 1, Math.PI / 4)).toBeCloseTo(10 - Math.SQRT2, 12)
  })

  test('a yaw turns from z towards x, as a rotation about y in three.js', () => {
    // a plank along x, turned by 30 degrees: its +x end goes to -z
    expect(rayYawBox3(8, 50, -4.6, 0, -1, 0, 99, 0, 0, 0, 10, 1, 0.5, Math.PI / 6)).toBe(49)
    expect(rayYawBox3(8, 50, 4.6, 0, -1, 0, 99, 0, 0, 0, 10, 1, 0.5, Math.PI / 6)).toBe(-1)
  })
})

describe('a ray against a thin wall', () => {
  const place = real(-100, 100)

  test('meets a chosen point of the wall at its distance, from both sides', () => {
    fc.assert(
      fc.property(place, place, place, place, place, place, real(0.01, 0.99), (ox, oy, ax, ay, bx, by, part) => {
        const x = ax + (bx - ax) * part
        const y = ay + (by - ay) * part
        const length = Math.hypot(x - ox, y - oy)
        const dx = (x - ox) / length
        const dy = (y - oy) / length
        const sine = Math.abs(dx * (by - ay) - dy * (bx - ax)) / Math.hypot(bx - ax, by - ay)
        fc.pre(length > 0.01 && Math.hypot(bx - ax, by - ay) > 0.1 && sine > 0.01)
        expect(raySegment(ox, oy, dx, dy, 400, ax, ay, bx, by)).toBeCloseTo(length, 8)
        expect(raySegment(ox, oy, dx, dy, 400, bx, by, ax, ay)).toBeCloseTo(length, 8)
        expect(raySegment(ox, oy, dx, dy, length * 0.99, ax, ay, bx, by)).toBe(-1)
        expect(raySegment(ox, oy, -dx, -dy, 400, ax, ay, bx, by)).toBe(-1)
      }),
      { numRuns: 500, endOnFailure: true },
    )
  })

  test('passes beyond its ends', () => {
    expect(raySegment(0, 0, 1, 0, 99, 5, 1, 5, 3)).toBe(-1)
    expect(raySegment(0, 0, 1, 0, 99, 5, 0, 5, 3)).toBe(5)
  })

  test('passes a wall seen edge-on, unless it starts on it', () => {
    expect(raySegment(0, 0, 1, 0, 99, 5, 0, 9, 0)).toBe(-1)
    expect(raySegment(6, 0, 1, 0, 99, 5, 0, 9, 0)).toBe(0)
    expect(raySegment(6, 1, 1, 0, 99, 5, 0, 9, 0)).toBe(-1)
  })
})

test('shapes that just touch overlap', () => {
  expect(circleTouchesCircle(0, 0, 2, 5, 0, 3)).toBe(true)
  expect(circleTouchesCircle(0, 0, 2, 5.000001, 0, 3)).toBe(false)
  expect(circleTouchesBox(5, 0, 2, 0, 0, 3, 1)).toBe(true)
  expect(circleTouchesBox(5.000001, 0, 2, 0, 0, 3, 1)).toBe(false)
  expect(sphereTouchesSphere(0, 0, 0, 2, 0, 5, 0, 3)).toBe(true)
  expect(sphereTouchesSphere(0, 0, 0, 2, 0, 5.000001, 0, 3)).toBe(false)
})
