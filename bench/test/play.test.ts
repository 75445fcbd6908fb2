/**
 * The proof of play: a server and three clients on virtual time, 100 ms of round trip with 20 ms of jitter, 60 seconds.
 */

import type { Room } from '@tickmesh/client'
import { describe, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'

const PATH = { rttMs: 100, jitterMs: 20 }

interface Match {
  readonly lab: Lab<Duel>
  readonly rooms: Room<Duel>[]
  readonly pilots: ReturnType<typeof pilot>[]
}

const isInside = ({ x, y }: { x: number; y: number }): boolean => Math.min(x, y) > 10 && Math.max(x, y) < 2038

async function match(seed: number, habits: { fire?: number; rocket?: number }): Promise<Match> {
  const lab = new Lab({ game: duel, rules: duelRules, seed })
  const pilots = [1, 2, 3].map((n) => pilot(seed * 10 + n, habits))
  const rooms: Room<Duel>[] = []
  for (const [n, { sample }] of pilots.entries())
    rooms.push(await lab.join({ path: PATH, sample, clockOffsetMs: n * 12_345.6, displayHz: [60, 144, 240][n] ?? 60 }))
  return { lab, rooms, pilots }
}

describe('three players for a minute at 100 ms with 20 ms of jitter', () => {
  it("never corrects a player's own motion after the first five seconds, unless an input was late", async () => {
    const { lab, rooms } = await match(7, {})
    await lab.run(5_000)
    const before = rooms.map((room) => room.stats)
    await lab.run(55_000)
    rooms.forEach((room, n) => {
      const { stats } = room
      const late = stats.lateInputs - (before[n]?.lateInputs ?? 0)
      const corrections = stats.corrections - (before[n]?.corrections ?? 0)
      const rollbacks = stats.rollbacks - (before[n]?.rollbacks ?? 0)
      expect(stats.frames - (before[n]?.frames ?? 0)).toBeGreaterThan(1000)
      expect(late).toBeLessThan(33)
      if (late === 0) expect({ corrections, rollbacks }).toEqual({ corrections: 0, rollbacks: 0 })
      else expect(rollbacks).toBeLessThanOrEqual(late)
    })
    expect(rooms.some((room, n) => room.stats.lateInputs === (before[n]?.lateInputs ?? -1))).toBe(true)
  })

  it("ends with every client's world equal to the server's once inputs stop", async () => {
    const { lab, rooms, pilots } = await match(8, { fire: 0.02, rocket: 0.02 })
    await lab.run(20_000)
    for (const { stop } of pilots) stop()
    await lab.run(10_000)
    const server = [...lab.host.rooms.values()][0]
    expect(server).toBeDefined()
    if (server === undefined) return
    const publicOf = (world: Pick<typeof server.world, 'player' | 'rocket'>) => ({
      players: [...world.player].map(({ id, owner, x, y, vx, vy, aim, hp }) => ({ id, owner, x, y, vx, vy, aim, hp })),
      rockets: [...world.rocket].map(({ id, owner, x, y, vx, vy, fuse }) => ({ id, owner, x, y, vx, vy, fuse })),
    })
    const truth = publicOf(server.world)
    const attributes = [...server.players.values()].map((player) => [player.seat, player.attributes] as const)
    expect(truth.players).toHaveLength(3)
    expect(attributes).toHaveLength(3)
    for (const room of rooms) {
      expect(publicOf(room.debug.server as unknown as typeof server.world)).toEqual(truth)
      const own = [...room.debug.server.player].find(({ owner }) => owner === room.seat)
      const ownTruth = [...server.world.player].find(({ owner }) => owner === room.seat)
      expect(own?.ammo).toBe(ownTruth?.ammo)
      expect(own?.ammo).toBeLessThan(5000)
      const others = [...room.debug.server.player].filter(({ owner }) => owner !== room.seat)
      expect(others.every(({ ammo }) => ammo === 5000)).toBe(true)
      for (const [seat, known] of attributes) expect(room.players.get(seat)?.attributes).toEqual(known)
      expect(room.players.size).toBe(3)
    }
  })

  it('hands rockets from the prediction to the server without a jump', async () => {
    const { lab, rooms } = await match(9, { rocket: 0.03 })
    await lab.run(5_000)
    let steps = 0
    let worst = 0
    const lives = new Map<number, { first: number; last: number; frames: number }>()
    rooms.forEach((room) => {
      const last = new Map<number, { x: number; y: number; tick: number }>()
      room.onFrame((view, frame) => {
        for (const rocket of view.rocket) {
          if (rocket.owner !== room.seat) continue
          const life = lives.get(rocket.id) ?? { first: rocket.fuse, last: rocket.fuse, frames: 0 }
          lives.set(rocket.id, { first: life.first, last: rocket.fuse, frames: life.frames + 1 })
          const before = last.get(rocket.id)
          // In its first and last tick a rocket is in only one of the two ticks between which it is drawn: there it stands; at the edge too.
          if (before !== undefined && rocket.fuse < 88 && rocket.fuse > 2 && isInside(rocket)) {
            const expected = 400 * ((frame.tick - before.tick) / 60)
            const moved = Math.hypot(rocket.x - before.x, rocket.y - before.y)
            worst = Math.max(worst, Math.abs(moved - expected))
            steps++
          }
          last.set(rocket.id, { x: rocket.x, y: rocket.y, tick: frame.tick })
        }
      })
    })
    await lab.run(20_000)
    const whole = [...lives.values()].filter(({ first, last }) => first >= 89 && last <= 2)
    expect(whole.length).toBeGreaterThan(50)
    expect(steps).toBeGreaterThan(5_000)
    expect(worst).toBeLessThan(0.2)
    for (const { frames } of whole) expect(frames).toBeGreaterThan(86)
  })

  it('plays no effect twice, and withdraws none that happened', async () => {
    const { lab, rooms } = await match(10, { fire: 0.05, rocket: 0.02 })
    const played = rooms.map(() => [] as string[])
    const withdrawn = rooms.map(() => 0)
    rooms.forEach((room, n) => {
      room.onEvent('exploded', ({ rocket }) => played[n]?.push(`exploded ${rocket}`))
      room.onEvent('launched', ({ by }, { tick, own }) => own && played[n]?.push(`launched ${by} ${tick}`))
      room.onEvent('shot', ({ by }, { tick, own }) => own && played[n]?.push(`shot ${by} ${tick}`))
      for (const name of ['exploded', 'launched', 'shot'] as const) {
        room.onEventWithdrawn(name, () => {
          withdrawn[n] = (withdrawn[n] ?? 0) + 1
        })
      }
    })
    await lab.run(30_000)
    played.forEach((effects, n) => {
      expect(effects.length).toBeGreaterThan(100)
      expect(new Set(effects).size).toBe(effects.length)
      expect(withdrawn[n]).toBeLessThanOrEqual(rooms[n]?.stats.lateInputs ?? 0)
    })
  })
})
