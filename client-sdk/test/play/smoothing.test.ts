import { angle, defineGame, fixed, float32, int, World } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Smoothing } from '../../src/play/smoothing.ts'

const game = defineGame({
  id: 'smooth',
  tickRate: 60,
  snapshotRate: 20,
  input: {},
  entities: {
    ship: { max: 64, fields: { x: fixed(-100, 100, 1 / 256), heading: angle(12), hp: int(0, 100), raw: float32() } },
  },
})

interface Ship {
  x: number
  heading: number
  hp: number
  raw: number
  owner: number
  teleported(): void
}

function worldOf(ships: readonly (Partial<Ship> & { id: number; jumps?: number })[]): World {
  const world = new World(game, { strict: true })
  for (const { id, jumps = 0, ...fields } of ships) {
    const view = world.spawn(0, id, 1)
    world.assign(view, fields)
    for (let n = 0; n < jumps; n++) view.teleported()
  }
  world.settle()
  return world
}

function ship(world: World, id: number): Ship {
  return world.byName.ship?.get(id) as unknown as Ship
}

const all = () => true

/** What is drawn of `after` once the offsets were applied. */
function drawn(smoothing: Smoothing, after: World): World {
  const out = new World(game)
  out.load(after.ints)
  smoothing.apply(out)
  return out
}

describe('smoothing', () => {
  it('keeps few offsets, though nothing is drawn for hours and ever new entities are corrected', () => {
    const smoothing = new Smoothing(game)
    for (let id = 1; id <= 10_000; id++)
      smoothing.onCorrection(worldOf([{ id, x: 10 }]).ints, worldOf([{ id, x: 14 }]).ints, all)
    expect(smoothing.size).toBeLessThan(200)
  })

  it('draws at the moment of a correction exactly what was drawn before', () => {
    const smoothing = new Smoothing(game)
    const before = worldOf([{ id: 5, x: 10, heading: 3.1 }])
    const after = worldOf([{ id: 5, x: 14, heading: -3.1 }])
    expect(smoothing.onCorrection(before.ints, after.ints, all)).toBe(1)
    const seen = ship(drawn(smoothing, after), 5)
    expect(seen.x).toBe(10)
    expect(seen.heading).toBe(ship(before, 5).heading)
    expect(smoothing.lastCorrection).toBe(4)
  })

  it('lets the offset decay to nothing, monotonically, the same at any frame rate', () => {
    const paths = [30, 144].map((hz) => {
      const smoothing = new Smoothing(game)
      const after = worldOf([{ id: 5, x: 14 }])
      smoothing.onCorrection(worldOf([{ id: 5, x: 10 }]).ints, after.ints, all)
      let last = 10
      for (let ms = 0; ms < 200; ms += 1000 / hz) {
        smoothing.decay(1000 / hz)
        const { x } = ship(drawn(smoothing, after), 5)
        expect(x).toBeGreaterThanOrEqual(last)
        expect(x).toBeLessThanOrEqual(14)
        last = x
      }
      const at200 = last
      for (let n = 0; n < hz * 2; n++) smoothing.decay(1000 / hz)
      expect(ship(drawn(smoothing, after), 5).x).toBe(14)
      return at200
    })
    expect(Math.abs((paths[0] ?? 0) - (paths[1] ?? 9))).toBeLessThan(0.15)
  })

  it('turns the short way round', () => {
    const smoothing = new Smoothing(game)
    const after = worldOf([{ id: 5, heading: -3.1 }])
    smoothing.onCorrection(worldOf([{ id: 5, heading: 3.1 }]).ints, after.ints, all)
    smoothing.decay(80)
    const { heading } = ship(drawn(smoothing, after), 5)
    expect(Math.abs(heading)).toBeGreaterThan(3.1)
  })

  it('adds up corrections that follow one another, without a jump', () => {
    const smoothing = new Smoothing(game)
    let truth = worldOf([{ id: 5, x: 0 }])
    for (let n = 1; n <= 20; n++) {
      smoothing.decay(16)
      const shown = ship(drawn(smoothing, truth), 5).x
      const next = worldOf([{ id: 5, x: n % 2 === 0 ? n : -n }])
      smoothing.onCorrection(truth.ints, next.ints, all)
      truth = next
      expect(Math.abs(ship(drawn(smoothing, truth), 5).x - shown)).toBeLessThanOrEqual(1 / 256)
    }
  })

  it('does not smooth a teleport, and drops what was being smoothed', () => {
    const smoothing = new Smoothing(game)
    smoothing.onCorrection(worldOf([{ id: 5, x: 0 }]).ints, worldOf([{ id: 5, x: 5 }]).ints, all)
    const after = worldOf([{ id: 5, x: 90, jumps: 1 }])
    expect(smoothing.onCorrection(worldOf([{ id: 5, x: 5 }]).ints, after.ints, all)).toBe(1)
    expect(ship(drawn(smoothing, after), 5).x).toBe(90)
  })

  it('leaves alone what is not predicted, not smooth, or a float', () => {
    const smoothing = new Smoothing(game)
    const after = worldOf([
      { id: 5, x: 9, hp: 3, raw: 7 },
      { id: 6, x: 9 },
    ])
    const before = worldOf([
      { id: 5, x: 9, hp: 90, raw: 1.5 },
      { id: 6, x: 1 },
    ])
    expect(smoothing.onCorrection(before.ints, after.ints, (_type, row) => row === 0)).toBe(1)
    const seen = drawn(smoothing, after)
    expect([...seen.ints]).toEqual([...after.ints])
  })

  it('stays within the range of a field', () => {
    const smoothing = new Smoothing(game)
    smoothing.onCorrection(worldOf([{ id: 5, x: 100 }]).ints, worldOf([{ id: 5, x: 0 }]).ints, all)
    expect(ship(drawn(smoothing, worldOf([{ id: 5, x: 99 }])), 5).x).toBe(100)
  })

  it('finds entities by id among many, and forgets those that are gone', () => {
    const smoothing = new Smoothing(game)
    const ids = Array.from({ length: 40 }, (_, n) => n * 7 + 3)
    const before = worldOf(ids.map((id) => ({ id, x: id / 8 })))
    const after = worldOf(ids.slice(5).map((id) => ({ id, x: id / 8 + 1 })))
    expect(smoothing.onCorrection(before.ints, after.ints, all)).toBe(35)
    const seen = drawn(smoothing, after)
    for (const id of ids.slice(5)) expect(ship(seen, id).x).toBe(ship(before, id).x)
    expect(() => smoothing.apply(worldOf([]))).not.toThrow()
  })

  it('keeps saying how large the last correction was while nothing moves', () => {
    const smoothing = new Smoothing(game)
    const world = worldOf([{ id: 5, x: 3 }])
    smoothing.onCorrection(worldOf([{ id: 5, x: 1 }]).ints, world.ints, all)
    smoothing.onCorrection(world.ints, world.ints, all)
    expect(smoothing.lastCorrection).toBe(2)
  })
})
