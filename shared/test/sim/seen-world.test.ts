import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineGame } from '../../src/game/define-game.ts'
import { angle, fixed, float32, int } from '../../src/game/field.ts'
import { linear } from '../../src/game/motion.ts'
import { box, capsule3, circle, sphere } from '../../src/math/hitbox.ts'
import { cos, sin } from '../../src/math/trig.ts'
import { MAX_EXTRAPOLATED_TICKS, makePastWorld, worldAtStamp } from '../../src/sim/seen-world.ts'
import type { View } from '../../src/world/entity-view.ts'
import { interpolate } from '../../src/world/interpolate.ts'
import { World } from '../../src/world/world.ts'
import { type Actor, duel, Match, PLAYER, ROCKET } from './duel.ts'

/** A shooter at x = 10 and a runner who passes x = 100, 101, ... with the ticks, over 30 ticks. */
function chase(): Match {
  const match = new Match()
  match.add(PLAYER, 1, 1, { x: 10, y: 100 })
  match.add(PLAYER, 2, 2, { x: 100, y: 50 })
  match.add(ROCKET, 3, 0, { x: 10, vx: 60, fuse: 90 })
  for (let tick = 0; tick < 30; tick++) {
    if (tick > 0) match.input(2, { y: 1 })
    match.tick(tick)
  }
  return match
}

describe('the world that a player saw', () => {
  it('is what was drawn, in the very integers', () => {
    const match = chase()
    fc.assert(
      fc.property(fc.nat(26), fc.integer({ min: 1, max: 3 }), fc.nat(255), (older, apart, fraction) => {
        const drawn = new World(duel)
        const [a, b] = [match.history.find(older), match.history.find(older + apart)]
        if (a === undefined || b === undefined) throw new Error('the history is too short')
        interpolate(duel, a, b, fraction, drawn)
        match.sim.inputs.setStamp(1, older, older + apart, fraction)
        match.sim.context.begin(30)
        const seen = match.sim.context.seenBy(match.get(1))
        const past = (seen.world as { player: Iterable<Actor> }).player
        const [one, two] = [...past]
        expect(one?.id).toBe(1)
        const p = drawn.find(2) as Actor
        expect([two?.x, two?.y, two?.aim]).toEqual([p.x, p.y, p.aim])
        expect(two?.y).toBeCloseTo(50 + older + (apart * fraction) / 256, 2)
      }),
    )
  })

  it('beyond the newest snapshot goes on by motion, tick by tick, up to a bound', () => {
    const match = chase()
    const out = makePastWorld(duel, true, false)
    for (const ticks of [0, 1, 7, MAX_EXTRAPOLATED_TICKS, 255]) {
      expect(worldAtStamp(match.history, 29, 29, ticks, out)).toBe(true)
      const counted = Math.min(ticks, MAX_EXTRAPOLATED_TICKS)
      expect((out.find(3) as Actor).x).toBe(10 + 30 + counted)
      expect((out.find(2) as Actor).y).toBe(50 + 29 + counted)
    }
  })

  it('is the present where the history does not reach, or nothing was stamped', () => {
    const match = chase()
    const y = () => [...(match.sim.context.seenBy(match.get(1)).world as { player: Iterable<Actor> }).player][1]?.y
    expect(y()).toBe(79)
    match.sim.inputs.setStamp(1, 40, 43, 0)
    expect(y()).toBe(79)
    match.sim.inputs.setStamp(1, 20, 20, 0)
    expect(y()).toBe(70)
    const out = makePastWorld(duel, true, false)
    const before = out.hash()
    expect(worldAtStamp(match.history, -1, 3, 0, out)).toBe(false)
    expect(out.hash()).toBe(before)
  })

  it('never alters the present, nor the history', () => {
    const match = chase()
    const before = [match.sim.world.hash(), Array.from(match.history.find(10) ?? [])]
    match.sim.inputs.setStamp(1, 10, 13, 99)
    match.sim.context.seenBy(match.get(1)).raycast(match.get(1), 0)
    match.sim.inputs.setStamp(1, 10, 10, 9)
    match.sim.context.seenBy(match.get(1))
    expect([match.sim.world.hash(), Array.from(match.history.find(10) ?? [])]).toEqual(before)
  })

  it('is read-only', () => {
    const match = chase()
    match.sim.inputs.setStamp(1, 10, 13, 99)
    const { world } = match.sim.context.seenBy(match.get(1))
    const [, past] = [...(world as { player: Iterable<Actor> }).player]
    if (past === undefined) throw new Error('nobody there')
    expect(() => {
      past.hp = 1
    }).toThrow(/READ_ONLY: player\.hp was written, but the past cannot be changed/)
    expect(() => match.sim.context.despawn(past)).toThrow(/READ_ONLY: player was despawned/)
    expect(() => match.sim.context.move(past)).toThrow(/READ_ONLY: player was moved/)
  })

  it('is made anew for another player, another stamp and another tick', () => {
    const match = chase()
    const y = (seat: number) =>
      [...(match.sim.context.seenBy(match.get(seat)).world as { player: Iterable<Actor> }).player][1]?.y
    match.sim.inputs.setStamp(1, 10, 13, 0)
    match.sim.inputs.setStamp(2, 20, 23, 0)
    expect([y(1), y(2), y(1)]).toEqual([60, 70, 60])
    match.sim.inputs.setStamp(1, 10, 13, 128)
    expect(y(1)).toBe(61.5)
    match.history.put(10, match.history.find(13) as Int32Array)
    match.sim.context.begin(30)
    expect(y(1)).toBe(63)
  })
})

describe('a ray', () => {
  it('hits who stood there on that screen, and misses who has gone', () => {
    const match = chase()
    const me = match.get(1)
    me.y = 60
    expect(match.sim.context.seenBy(me).raycast(me, 0)).toBeUndefined()
    match.sim.inputs.setStamp(1, 10, 10, 0)
    expect(match.sim.context.seenBy(me).raycast(me, 0)).toEqual({
      id: 2,
      type: 'player',
      distance: 82,
      x: 92,
      y: 60,
      z: 0,
    })
  })

  const gallery = defineGame({
    id: 'gallery',
    tickRate: 60,
    snapshotRate: 60,
    input: {},
    entities: {
      disc: { fields: { x: fixed(-100, 100, 1), y: fixed(-100, 100, 1) }, hitbox: circle(2) },
      wall: {
        fields: { left: float32(), top: float32(), turn: angle(12) },
        hitbox: box(20, 2, { x: 'left', y: 'top', angle: 'turn' }),
      },
      ball: {
        fields: { x: int(-99, 99), y: int(-99, 99), z: int(-99, 99), v: int(0, 9) },
        hitbox: sphere(2),
        motion: linear(['x', 'v']),
      },
      pillar: { fields: { x: int(-99, 99), y: int(-99, 99), z: int(-99, 99) }, hitbox: capsule3(20, 3) },
      ghost: { fields: { x: int(-99, 99), y: int(-99, 99) } },
    },
  })
  type Placed = Partial<Record<'x' | 'y' | 'z' | 'left' | 'top' | 'turn', number>>
  function scene(list: readonly [type: string, fields: Placed][]) {
    const match = new Match(gallery)
    const views = list.map(([type, fields], n) => {
      const index = gallery.entities.findIndex((entity) => entity.name === type)
      return match.add(index, n + 1, 0, fields as Partial<Actor>)
    })
    const [me] = views
    if (me === undefined) throw new Error('an empty scene')
    match.sim.settle()
    return { match, me, seen: match.sim.context.seenBy(me) }
  }

  it('stops at the nearest of all types, passes what has no hitbox, and never hits its own', () => {
    const far: [string, Placed] = ['disc', { x: 50 }]
    const near: [string, Placed] = ['wall', { left: 30, turn: Math.PI / 2 }]
    const { me, seen } = scene([['disc', {}], far, near, ['ghost', { x: 5 }]])
    expect(seen.raycast(me, 0)).toMatchObject({ id: 3, type: 'wall', distance: 29 })
    expect(seen.raycast(me, 0, { types: ['disc'] })).toMatchObject({ id: 2, type: 'disc', distance: 48, x: 48 })
    expect(seen.raycast(me, Math.PI)).toBeUndefined()
  })

  it('hits the first by type and id of those that are equally near', () => {
    const { me, seen } = scene([
      ['disc', {}],
      ['wall', { left: 49, turn: Math.PI / 2 }],
      ['disc', { x: 50 }],
      ['disc', { x: 50 }],
    ])
    expect(seen.raycast(me, 0)).toMatchObject({ id: 3, distance: 48 })
  })

  it('reaches as far as it is told, and starts where it is told', () => {
    const { me, seen } = scene([
      ['disc', {}],
      ['disc', { x: 50 }],
    ])
    expect(seen.raycast(me, 0, { maxDistance: 47 })).toBeUndefined()
    expect(seen.raycast(me, 0, { maxDistance: 48 })?.id).toBe(2)
    expect(seen.raycast(me, 0, { origin: { x: 0, y: 3 } })).toBeUndefined()
    expect(seen.raycast(me, 0, { origin: { x: 50, y: 0 } })?.distance).toBe(0)
  })

  it('finds what trying every hitbox finds, however it is placed', () => {
    const at = fc.integer({ min: -99, max: 99 })
    const turn = fc.double({ min: -3, max: 3, noNaN: true })
    const placed = fc.oneof(
      fc.record({ type: fc.constant('disc'), x: at, y: at }),
      fc.record({ type: fc.constant('wall'), left: at, top: at, turn }),
      fc.record({ type: fc.constantFrom('ball', 'pillar'), x: at, y: at, z: at }),
    )
    const direction = fc.tuple(at, at, at)
    fc.assert(
      fc.property(fc.array(placed, { minLength: 1, maxLength: 40 }), turn, direction, (list, angle, [dx, dy, dz]) => {
        fc.pre(dx !== 0 || dy !== 0 || dz !== 0)
        const origin = { x: 1, y: 2, z: 3 }
        const everything = list.map(({ type, ...fields }): [string, Placed] => [type, fields])
        const { match, me, seen } = scene([['ghost', {}], ...everything])
        const length = Math.sqrt(dx * dx + dy * dy + dz * dz)
        const distances = { 2: Number.POSITIVE_INFINITY, 3: Number.POSITIVE_INFINITY }
        for (const { type, view: each } of match.sim.world.tables.flatMap((table) =>
          [...table].map((view) => ({ type: table.type, view })),
        )) {
          const view = each as View & Record<string, number>
          const { hitbox } = type
          const [x = 0, y = 0] = hitbox === undefined ? [] : [view[hitbox.x], view[hitbox.y]]
          let hit = -1
          if (hitbox?.dimensions === 2) {
            const yaw = hitbox.angle === undefined ? 0 : (view[hitbox.angle] ?? 0)
            hit = hitbox.ray(x, y, yaw, 1, 2, cos(angle), sin(angle), Number.POSITIVE_INFINITY)
          } else if (hitbox !== undefined) {
            hit = hitbox.ray(
              x,
              y,
              view[hitbox.z] ?? 0,
              0,
              1,
              2,
              3,
              dx / length,
              dy / length,
              dz / length,
              Number.POSITIVE_INFINITY,
            )
          }
          const dimensions = hitbox?.dimensions ?? 2
          if (hit >= 0) distances[dimensions] = Math.min(distances[dimensions], hit)
        }
        expect(seen.raycast(me, angle, { origin })?.distance ?? Number.POSITIVE_INFINITY).toBe(distances[2])
        expect(seen.raycast3(me, dx, dy, dz, { origin })?.distance ?? Number.POSITIVE_INFINITY).toBe(distances[3])
      }),
      { numRuns: 300 },
    )
  })

  it('does not hit who was despawned in this tick', () => {
    const { match, me, seen } = scene([
      ['disc', {}],
      ['disc', { x: 50 }],
    ])
    match.sim.world.despawn(match.get(2))
    expect(seen.raycast(me, 0)).toBeUndefined()
  })

  it('in 3D needs no direction of length 1, and sees 3D hitboxes only', () => {
    const { me, seen } = scene([
      ['ball', {}],
      ['ball', { x: 30, y: 30, z: 30 }],
      ['disc', { x: 10, y: 10 }],
      ['pillar', { z: -40 }],
    ])
    const hit = seen.raycast3(me, 5, 5, 5)
    expect(hit).toMatchObject({ id: 2, type: 'ball' })
    expect(hit?.distance).toBeCloseTo(30 * Math.sqrt(3) - 2, 9)
    expect(hit?.z).toBeCloseTo(30 - 2 / Math.sqrt(3), 9)
    expect(seen.raycast3(me, 0, 0, -1)).toMatchObject({ id: 4, distance: 37 })
    expect(seen.raycast3(me, 0, 0, 0)).toBeUndefined()
    expect(seen.raycast(me, 0)).toBeUndefined()
  })

  it('finds everybody within a radius, in 2D and 3D', () => {
    const { seen } = scene([
      ['disc', {}],
      ['disc', { x: 10 }],
      ['disc', { x: 20 }],
      ['ball', { x: 10, z: 30 }],
      ['wall', { left: 10, top: 8 }],
    ])
    const within = (radius: number, z?: number) => {
      const ids: number[] = []
      seen.within(10, 0, radius, (id) => ids.push(id), z)
      return ids
    }
    expect(within(7.5)).toEqual([2, 5])
    expect(within(8.5, 25)).toEqual([1, 2, 3, 5, 4])
  })
})
