/**
 * A fixed input delay: own actions show so much later, and so much less is predicted. What the server gets, and how it judges, stays as it is.
 */
import type { Room } from '@tickmesh/client'
import { describe, expect, it } from 'vitest'
import { type Duel, duelRules, makeDuel } from '../src/lab/duel.ts'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { type Battery, batteryRules, makeBattery } from './battery-game.ts'
import { ARENA, type Bumper, bumperRules, makeBumper } from './bumper-game.ts'
import { clientOf } from './client-of.ts'

const TICK_MS = 1000 / 60
const PATH = { rttMs: 100, jitterMs: 20 }

/** Steers back to the middle from outside of it, so that players meet. */
function crowded(move: { x: number; y: number }, room: Room<Bumper> | undefined) {
  const own = room && [...room.debug.server.player].find(({ owner }) => owner === room.seat)
  if (own === undefined) return { move }
  const back = (place: number, free: number) =>
    Math.abs(place - ARENA / 2) < 100 ? free : Math.sign(ARENA / 2 - place)
  return { move: { x: back(own.x, move.x), y: back(own.y, move.y) } }
}

describe('a fixed input delay', () => {
  for (const delay of [0, 3, 6]) {
    it(`of ${delay} ticks shows own actions so much later, and at most a tick and a frame more`, async () => {
      const lab = new Lab<Battery>({ game: makeBattery(), rules: batteryRules, seed: 3 })
      let move = 0
      const sample = () => ({ move: { x: move, y: 0 } })
      const room = await lab.join({ path: PATH, sample, inputDelayTicks: delay })
      let heardMs = Number.NaN
      let movedMs = Number.NaN
      let x = Number.NaN
      room.onEvent('shot', () => {
        heardMs = lab.scheduler.now()
      })
      room.onFrame((view) => {
        const now = [...view.player][0]?.x ?? 0
        if (Number.isNaN(movedMs) && now !== x) movedMs = lab.scheduler.now()
        x = now
      })
      expect(room.stats.inputDelayTicks).toBe(delay)
      await lab.run(2_000)
      for (let n = 0; n < 12; n++) {
        // At all moments between ticks and frames.
        await lab.run(700 + n * 3.7)
        heardMs = Number.NaN
        movedMs = Number.NaN
        const pressedMs = lab.scheduler.now()
        room.press('fire')
        move = n % 2 === 0 ? 1 : -1
        await lab.run(400)
        move = 0
        for (const shownMs of [heardMs - pressedMs, movedMs - pressedMs]) {
          expect(shownMs).toBeLessThanOrEqual((delay + 2) * TICK_MS + 1)
          expect(shownMs).toBeGreaterThanOrEqual((delay - 1) * TICK_MS - 1)
        }
        await lab.run(3_000)
      }
      expect(room.stats.rollbacks).toBe(0)
    })

    it(`of ${delay} ticks keeps the stamps of presses as they were on the screen: none is clamped, and what was drawn is judged`, async () => {
      let differing = 0
      let judged = 0
      /** By seat: where others were drawn last, and where when the press was made. */
      const drawn = new Map<number, Map<number, string>>()
      const pressed = new Map<number, Map<number, string>>()
      const game = makeDuel(({ owner }, predicting, seen) => {
        const places = pressed.get(owner)
        if (predicting || places === undefined) return
        for (const { id, x, y } of seen) {
          if (!places.has(id)) continue
          judged++
          if (places.get(id) !== `${x} ${y}`) differing++
        }
      })
      const lab = new Lab<Duel>({ game, rules: duelRules, seed: 4 })
      const rooms: Room<Duel>[] = []
      for (let n = 0; n < 2; n++) {
        const { sample } = pilot(40 + n)
        rooms.push(await lab.join({ path: PATH, sample, inputDelayTicks: delay }))
      }
      await lab.run(4_000)
      const server = [...lab.host.rooms.values()][0]
      const clampedOf = (room: Room<Duel>) => server?.players.get(room.seat)?.stats.clampedStamps ?? Number.NaN
      const before = rooms.map(clampedOf)
      for (const room of rooms) {
        room.onFrame((view) => {
          const places = new Map<number, string>()
          for (const { id, owner, x, y } of view.player) if (owner !== room.seat) places.set(id, `${x} ${y}`)
          drawn.set(room.seat, places)
        })
      }
      for (let n = 0; n < 40; n++) {
        await lab.run(20)
        for (const room of rooms) {
          pressed.set(room.seat, drawn.get(room.seat) ?? new Map())
          room.press('fire')
        }
        await lab.run(300)
      }
      expect(rooms.map(clampedOf)).toEqual(before)
      expect(judged).toBeGreaterThan(50)
      expect(differing).toBe(0)
    })
  }

  it('takes corrections away where players collide, and worlds end equal', async () => {
    const totals: number[] = []
    for (const delay of [0, 5, 10]) {
      const lab = new Lab<Bumper>({ game: makeBumper('own', { inputDelayTicks: delay }), rules: bumperRules, seed: 6 })
      const pilots = Array.from({ length: 4 }, (_, n) => pilot(60 + n))
      const rooms: Room<Bumper>[] = []
      for (const [n, { sample }] of pilots.entries())
        rooms.push(
          await lab.join({ path: { rttMs: 100, jitterMs: 10 }, sample: () => crowded(sample().move, rooms[n]) }),
        )
      let moved = 0
      const seen = new Map<Room<Bumper>, number>()
      for (const room of rooms) {
        expect(room.stats.inputDelayTicks).toBe(delay)
        room.onFrame(() => {
          const { ownCorrections, lastCorrection } = room.stats
          if (ownCorrections !== seen.get(room)) moved += lastCorrection
          seen.set(room, ownCorrections)
        })
      }
      await lab.run(20_000)
      for (const { stop } of pilots) stop()
      await lab.run(8_000)
      totals.push(moved)
      const server = [...lab.host.rooms.values()][0]
      const places = (world: Room<Bumper>['debug']['server']) => [...world.player].map(({ id, x, y }) => ({ id, x, y }))
      const truth = places(server?.world as unknown as Room<Bumper>['debug']['server'])
      for (const room of rooms) expect(places(clientOf(room).presentWorld())).toEqual(truth)
    }
    const [none = 0, some = 0, more = 0] = totals
    expect(some).toBeLessThan(none * 0.9)
    expect(more).toBeLessThan(some)
  })

  it('longer than the way there and back leaves nothing to predict, and is drawn as smoothly', async () => {
    const game = makeBumper('own', { inputDelayTicks: 14 })
    const lab = new Lab<Bumper>({ game, rules: bumperRules, seed: 7 })
    const pilots = Array.from({ length: 4 }, (_, n) => pilot(70 + n))
    const rooms: Room<Bumper>[] = []
    for (const { sample } of pilots)
      rooms.push(await lab.join({ path: { rttMs: 40, jitterMs: 5 }, sample: () => ({ move: sample().move }) }))
    await lab.run(5_000)
    const before = rooms.map(({ stats }) => stats)
    let still = 0
    let frames = 0
    for (const room of rooms) {
      let last = Number.NaN
      room.onFrame((_view, { tick }) => {
        frames++
        if (tick === last) still++
        last = tick
      })
    }
    await lab.run(20_000)
    expect(frames).toBeGreaterThan(4_000)
    expect(still / frames).toBeLessThan(0.005)
    rooms.forEach(({ stats }, n) => {
      expect(stats.lateInputs - (before[n]?.lateInputs ?? 0)).toBeLessThan(10)
      expect(stats.resimulatedTicks).toBe(before[n]?.resimulatedTicks)
      expect(stats.frames - (before[n]?.frames ?? 0)).toBeGreaterThan(390)
    })
  })
})
