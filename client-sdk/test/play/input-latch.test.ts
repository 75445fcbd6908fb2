import { angle, axis2, button, defineGame, enumeration, int, press } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { InputLatch } from '../../src/play/input-latch.ts'

const game = defineGame({
  id: 'latch',
  tickRate: 60,
  snapshotRate: 20,
  input: {
    move: axis2(),
    aim: angle(12),
    down: button(),
    tool: enumeration('saw', 'axe'),
    fire: press(),
    use: press(),
  },
  entities: { thing: { fields: { x: int(0, 9) } } },
})
const SHOWN = { older: 30, newer: 33, fraction: 77 }
const LATER = { older: 33, newer: 36, fraction: 1 }

describe('the input latch', () => {
  it('takes levels as they are, rounded to their grid', () => {
    const latch = new InputLatch(game, true)
    latch.take({ move: { x: 1, y: -0.5 }, aim: Math.PI / 2, down: true, tool: 'axe' }, SHOWN)
    expect([...latch.levels]).toEqual([127, -64, 1024, 1, 1])
  })

  it('makes neutral what a sample leaves out', () => {
    const latch = new InputLatch(game, true)
    latch.take({ move: { x: 1, y: 1 }, down: true }, SHOWN)
    latch.take({ move: { x: 1, y: 1 } }, SHOWN)
    expect([...latch.levels]).toEqual([127, 127, 0, 0, 0])
    latch.take({}, SHOWN)
    expect([...latch.levels]).toEqual([0, 0, 0, 0, 0])
  })

  it('keeps presses until a tick takes them, with the stamp of the frame that was shown', () => {
    const latch = new InputLatch(game, true)
    latch.press('fire', 1, SHOWN)
    latch.take({ fire: 2 }, LATER)
    expect([...latch.presses]).toEqual([3, 0])
    expect(latch.pressStamps[0]).toEqual(LATER)
    expect(latch.pressStamp()).toEqual(LATER)
    latch.clearPresses()
    expect([...latch.presses]).toEqual([0, 0])
    expect(latch.pressStamp()).toBeUndefined()
  })

  it('does not touch the stamp of a press when nothing more is pressed', () => {
    const latch = new InputLatch(game, true)
    latch.press('fire', 1, SHOWN)
    for (const fire of [0, false, undefined, 0.5, -1, Number.NaN])
      latch.take({ ...(fire === undefined ? {} : { fire }) }, LATER)
    latch.press('fire', 0, LATER)
    expect([...latch.presses]).toEqual([1, 0])
    expect(latch.pressStamps[0]).toEqual(SHOWN)
  })

  it('bounds the presses of one tick, and counts those that it drops', () => {
    const latch = new InputLatch(game, true)
    for (let n = 0; n < 100; n++) latch.press('use', 3, SHOWN)
    latch.press('fire', Number.POSITIVE_INFINITY, SHOWN)
    expect([...latch.presses]).toEqual([8, 8])
    expect(latch.dropped).toBe(300 - 8 + 1_000 - 8)
  })

  it('lets go of levels, not of presses, when nobody is there', () => {
    const latch = new InputLatch(game, true)
    latch.take({ down: true, fire: true, move: { x: -1, y: 0 } }, SHOWN)
    latch.release()
    expect([...latch.levels]).toEqual([0, 0, 0, 0, 0])
    expect([...latch.presses]).toEqual([1, 0])
  })

  it('refuses what is no press by name', () => {
    const latch = new InputLatch(game, true)
    expect(() => latch.press('move', 1, SHOWN)).toThrow(/"move" is not a press.*fire, use/)
  })

  it('tells of a level out of range in development, and clamps it in production', () => {
    expect(() => new InputLatch(game, true).take({ move: { x: 2, y: 0 } }, SHOWN)).toThrow(/input move/)
    const latch = new InputLatch(game, false)
    latch.take({ move: { x: 2, y: Number.NaN } }, SHOWN)
    expect(latch.levels[0]).toBe(127)
    expect(latch.levels[1]).toBe(0)
  })
})
