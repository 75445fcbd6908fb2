import { describe, expect, test } from 'vitest'
import { NetError } from '../../src/error.ts'
import { box, box3, capsule, capsule3, circle, sphere } from '../../src/math/hitbox.ts'

describe('a hitbox declaration', () => {
  test('reads x, y and no angle in the plane, unless told otherwise', () => {
    expect(circle(16)).toEqual({ kind: 'circle', dimensions: 2, radius: 16, x: 'x', y: 'y', angle: undefined })
    expect(box(4, 2, { x: 'px', y: 'py', angle: 'heading' })).toEqual({
      kind: 'box',
      dimensions: 2,
      width: 4,
      height: 2,
      x: 'px',
      y: 'py',
      angle: 'heading',
    })
    expect(capsule(6, 2, { angle: 'aim' })).toEqual({
      kind: 'capsule',
      dimensions: 2,
      length: 6,
      radius: 2,
      x: 'x',
      y: 'y',
      angle: 'aim',
    })
  })

  test('reads x, y, z and no angle in space, unless told otherwise', () => {
    expect(sphere(1)).toEqual({ kind: 'sphere', dimensions: 3, radius: 1, x: 'x', y: 'y', z: 'z', angle: undefined })
    expect(box3(1, 2, 3, { angle: 'yaw' })).toEqual({
      kind: 'box3',
      dimensions: 3,
      width: 1,
      height: 2,
      depth: 3,
      x: 'x',
      y: 'y',
      z: 'z',
      angle: 'yaw',
    })
    expect(capsule3(1.8, 0.3, { z: 'depth' })).toEqual({
      kind: 'capsule3',
      dimensions: 3,
      height: 1.8,
      radius: 0.3,
      x: 'x',
      y: 'y',
      z: 'depth',
      angle: undefined,
    })
  })

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(circle(1)) && Object.isFrozen(box3(1, 1, 1))).toBe(true)
  })

  test.each([
    ['a radius of zero', () => circle(0)],
    ['a negative width', () => box(-1, 2)],
    ['an endless height', () => box(1, Number.POSITIVE_INFINITY)],
    ['a radius that is no number', () => sphere(Number.NaN)],
    ['a size whose square would vanish', () => circle(1e-200)],
    ['no depth', () => box3(1, 1, undefined as unknown as number)],
    ['a capsule shorter than its ends', () => capsule(3, 2)],
    ['an upright capsule lower than its ends', () => capsule3(1, 0.6)],
    ['a field without a name', () => circle(1, { x: '' })],
    ['an angle without a name', () => box3(1, 1, 1, { angle: '' })],
  ])('refuses %s as a bad definition with a remedy', (_, declare) => {
    let thrown: unknown
    try {
      declare()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(NetError)
    expect(thrown).toMatchObject({ code: 'BAD_DEFINITION', remedy: expect.stringContaining('ive ') })
  })

  test('lets a capsule be as short as a circle', () => {
    expect(capsule(4, 2).length).toBe(4)
  })
})
