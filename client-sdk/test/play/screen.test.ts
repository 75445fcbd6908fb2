import { SnapshotRing, type View, World, worldAtStamp } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Screen } from '../../src/play/screen.ts'
import { Smoothing } from '../../src/play/smoothing.ts'
import { pond } from '../pond-game.ts'

const OWN = 1
const predicts = (view: View) => view.owner === OWN

interface Boat {
  readonly id: number
  readonly owner: number
  readonly x: number
}

function memoryOf(boats: readonly Partial<Boat>[], jumps = 0): Int32Array {
  const world = new World(pond, { strict: true })
  for (const { id = 0, owner = 0, ...fields } of boats) {
    const view = world.spawn(0, id, owner)
    world.assign(view, fields)
    for (let n = 0; n < jumps; n++) view.teleported()
  }
  world.settle()
  return world.ints.slice()
}

/** The screen at 1/4 from snapshot 30 to 33, and halfway from `before` to `after`. */
function draw(older: Int32Array, newer: Int32Array, before: Int32Array, after = before, fraction = 0.5) {
  const ring = new SnapshotRing(64, pond.worldInts)
  ring.put(30, older)
  ring.put(33, newer)
  const screen = new Screen(pond, predicts)
  const stamp = { older: 30, newer: 33, fraction: 64 }
  const done = screen.compose(ring, stamp, before, after, fraction, new Smoothing(pond))
  const boats = [...(screen.world.byName.boat ?? [])] as unknown as Boat[]
  return { done, ring, stamp, screen, boats: boats.map(({ id, owner, x }) => ({ id, owner, x })) }
}

describe('the screen', () => {
  it('shows own entities from the present and all others from the past, in order of their ids', () => {
    const { done, boats } = draw(
      memoryOf([
        { id: 1, owner: 2, x: 0 },
        { id: 2, owner: OWN, x: 1 },
        { id: 3, owner: 0, x: 100 },
      ]),
      memoryOf([
        { id: 1, owner: 2, x: 8 },
        { id: 2, owner: OWN, x: 2 },
        { id: 3, owner: 0, x: 104 },
      ]),
      memoryOf([
        { id: 1, owner: 2, x: 60 },
        { id: 2, owner: OWN, x: 50 },
        { id: 3, owner: 0, x: 160 },
      ]),
      memoryOf([
        { id: 1, owner: 2, x: 70 },
        { id: 2, owner: OWN, x: 52 },
        { id: 3, owner: 0, x: 170 },
      ]),
    )
    expect(done).toBe(true)
    expect(boats).toEqual([
      { id: 1, owner: 2, x: 2 },
      { id: 2, owner: OWN, x: 51 },
      { id: 3, owner: 0, x: 101 },
    ])
  })

  it('shows others exactly where seenBy would find them at this stamp', () => {
    const older = memoryOf([
      { id: 1, owner: 2, x: 0.3 },
      { id: 9, owner: 3, x: -7 },
    ])
    const newer = memoryOf([
      { id: 1, owner: 2, x: 7.77 },
      { id: 9, owner: 3, x: 11.1 },
    ])
    const { screen, ring, stamp } = draw(older, newer, memoryOf([]))
    const past = new World(pond)
    worldAtStamp(ring, stamp.older, stamp.newer, stamp.fraction, past)
    for (const id of [1, 9]) {
      expect((screen.world.find(id) as unknown as Boat).x).toBe((past.find(id) as unknown as Boat).x)
    }
  })

  it('shows an own entity as soon as it is predicted, and not a moment longer', () => {
    const past = memoryOf([{ id: 4, owner: OWN, x: 0 }])
    expect(draw(past, past, memoryOf([{ id: 2 ** 30 + 5, owner: OWN, x: 9 }])).boats).toEqual([
      { id: 2 ** 30 + 5, owner: OWN, x: 9 },
    ])
  })

  it('keeps others until the past has seen them go, and shows none before the past has seen them come', () => {
    const gone = memoryOf([{ id: 4, owner: 2, x: 5 }])
    expect(draw(gone, gone, memoryOf([])).boats).toEqual([{ id: 4, owner: 2, x: 5 }])
    expect(draw(memoryOf([]), memoryOf([]), gone).boats).toEqual([])
  })

  it('never shows an entity twice or not at all while its owner changes', () => {
    const mine = memoryOf([{ id: 4, owner: OWN, x: 5 }])
    const theirs = memoryOf([{ id: 4, owner: 2, x: 7 }])
    expect(draw(theirs, theirs, mine).boats).toEqual([{ id: 4, owner: OWN, x: 5 }])
    expect(draw(mine, mine, theirs).boats).toEqual([{ id: 4, owner: OWN, x: 5 }])
  })

  it('does not slide over a teleport', () => {
    const { boats } = draw(
      memoryOf([{ id: 1, owner: 2, x: 0 }]),
      memoryOf([{ id: 1, owner: 2, x: 100 }], 1),
      memoryOf([]),
    )
    expect(boats).toEqual([{ id: 1, owner: 2, x: 0 }])
    const own = draw(
      memoryOf([]),
      memoryOf([]),
      memoryOf([{ id: 1, owner: OWN, x: 0 }]),
      memoryOf([{ id: 1, owner: OWN, x: 100 }], 1),
    )
    expect(own.boats).toEqual([{ id: 1, owner: OWN, x: 100 }])
  })

  it('lets what changes between past and present slide over, and what jumps by itself jump', () => {
    const ring = new SnapshotRing(64, pond.worldInts)
    const smoothing = new Smoothing(pond)
    let predictsAll = false
    const screen = new Screen(pond, (view) => predictsAll || view.owner === OWN)
    const show = (past: number, present: number, jumps = 0) => {
      ring.put(30, memoryOf([{ id: 1, owner: 2, x: past }]))
      ring.put(33, memoryOf([{ id: 1, owner: 2, x: past }]))
      const now = memoryOf([{ id: 1, owner: 2, x: present }], jumps)
      smoothing.decay(16)
      screen.compose(ring, { older: 30, newer: 33, fraction: 64 }, now, now, 0, smoothing)
      return ([...(screen.world.byName.boat ?? [])] as unknown as Boat[])[0]?.x ?? Number.NaN
    }
    expect(show(0, 100)).toBe(0)
    predictsAll = true
    expect(show(0, 100)).toBe(0)
    const near = show(0, 100)
    expect(near).toBeGreaterThan(10)
    expect(near).toBeLessThan(30)
    for (let n = 0; n < 60; n++) show(0, 100)
    expect(show(0, 100)).toBe(100)
    predictsAll = false
    expect(show(0, 100)).toBe(100)
    for (let n = 0; n < 60; n++) show(0, 100)
    predictsAll = true
    expect(show(0, 100, 1)).toBe(100)
  })

  it('says so if a snapshot of the stamp is not kept, and cannot be written to', () => {
    const { screen, ring } = draw(memoryOf([]), memoryOf([]), memoryOf([{ id: 1, owner: OWN }]))
    const view = screen.world.find(1) as unknown as { x: number }
    view.x = 5
    expect(view.x).toBe(0)
    const none = { older: 27, newer: 30, fraction: 3 }
    expect(screen.compose(ring, none, memoryOf([]), memoryOf([]), 0, new Smoothing(pond))).toBe(false)
  })
})
