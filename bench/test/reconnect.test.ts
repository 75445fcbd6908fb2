/**
 * Links that break in play, and are replaced by links of the other kind: the same player goes on, nothing it did is lost or done twice, and its own motion
 * is as it was predicted. Over the real host of rooms.
 */
import type { ConnectionState, Room } from '@tickmesh/client'
import type { Link } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Lab, type Path } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { type Battery, batteryRules, makeBattery } from './battery-game.ts'

const ORDERED: Path = { rttMs: 80, jitterMs: 10, ordered: true }
const DATAGRAMS: Path = { rttMs: 60, jitterMs: 10, ordered: false }

interface Play {
  readonly lab: Lab<Battery>
  readonly room: Room<Battery>
  readonly states: ConnectionState[]
  /** The server's ends of the links of the room, oldest first. */
  readonly ends: Link[]
  readonly effects: string[]
  readonly truth: string[]
  readonly presses: () => number
  readonly stop: () => void
  breakLink(): void
}

async function play(seed: number, paths: (n: number) => Path | undefined, first = ORDERED): Promise<Play> {
  const truth: string[] = []
  const lab = new Lab<Battery>({ game: makeBattery((effect) => truth.push(effect)), rules: batteryRules, seed })
  const { sample, stop } = pilot(seed, { fire: 0.06, rocket: 0.03 })
  const ends: Link[] = []
  let presses = 0
  let n = 0
  const room = await lab.join({
    path: first,
    redials: () => paths(n++),
    tapServer: (link) => {
      ends.push(link)
      return link
    },
    sample: () => {
      const { move, fire, rocket } = sample()
      presses += fire + rocket
      return { move, fire, rocket }
    },
  })
  const states: ConnectionState[] = []
  const effects: string[] = []
  room.onConnection((state) => states.push(state))
  room.onFrame(() => {})
  for (const name of ['shot', 'launched', 'exploded'] as const) {
    room.onEvent(name, ({ seat, number }) => effects.push(`${name} ${seat} ${number}`))
    room.onEventWithdrawn(name, ({ seat, number }) => effects.splice(effects.indexOf(`${name} ${seat} ${number}`), 1))
  }
  await lab.run(5_000)
  const breakLink = () => ends.at(-1)?.close({ code: 'CONNECTION_LOST', message: 'cut' })
  return { lab, room, states, ends, effects, truth, presses: () => presses, stop, breakLink }
}

function serverSide({ lab, room }: Play) {
  const server = [...lab.host.rooms.values()][0]
  const player = server?.players.get(room.seat)
  const own = [...(server?.world.player ?? [])].find(({ owner }) => owner === room.seat)
  return {
    players: server?.players.size,
    refused: player?.stats.refusedPresses ?? 0,
    applied: own?.presses ?? 0,
    x: own?.x,
  }
}

describe('a link that breaks in play', () => {
  it('is followed by one of the other kind: every press applied once or counted, every effect once, own motion as predicted', async () => {
    let compared = 0
    for (const seed of [1, 2]) {
      const match = await play(seed, (n) => (n % 2 === 0 ? DATAGRAMS : ORDERED))
      const { lab, room, states, effects, truth } = match
      const leads: number[] = []
      for (let n = 0; n < 4; n++) {
        const leadMs = room.stats.leadMs
        match.breakLink()
        await lab.run(600)
        expect(room.connection.state).toBe('connected')
        leads.push(room.stats.leadMs - leadMs)
        await lab.run(1_400)
        const { ownCorrections, rollbacks, lateInputs } = room.stats
        await lab.run(4_000)
        if (room.stats.lateInputs > lateInputs) continue
        compared++
        expect({ ownCorrections, rollbacks }).toEqual({
          ownCorrections: room.stats.ownCorrections,
          rollbacks: room.stats.rollbacks,
        })
      }
      // By rate, never by a jump.
      expect(Math.max(...leads.map(Math.abs))).toBeLessThan(30)
      match.stop()
      await lab.run(4_000)
      const { players, refused, applied, x } = serverSide(match)
      expect({ players, reconnects: room.stats.reconnects, open: room.open }).toEqual({
        players: 1,
        reconnects: 4,
        open: true,
      })
      expect(states.filter(({ state }) => state === 'connected')).toHaveLength(4)
      expect(applied + refused + room.stats.droppedPresses).toBe(match.presses())
      expect(refused).toBe(room.stats.refusedPresses)
      expect(applied).toBeGreaterThan(50)
      expect(new Set(truth).size).toBe(truth.length)
      expect(new Set(effects).size).toBe(effects.length)
      expect([...room.debug.server.player].map((own) => own.x)).toEqual([x])
    }
    expect(compared).toBeGreaterThan(3)
  })

  it('for ten seconds: play stands still, and goes on with a clock that is right', async () => {
    let fromMs = Number.POSITIVE_INFINITY
    const match = await play(3, () => (lab.scheduler.now() - fromMs < 10_000 ? undefined : ORDERED))
    const { lab, room } = match
    const stalls: string[] = []
    room.onStall(({ kind }) => stalls.push(kind))
    fromMs = lab.scheduler.now()
    match.breakLink()
    await lab.run(10_000)
    expect({ state: room.connection.state, stalls }).toEqual({ state: 'reconnecting', stalls: ['waiting'] })
    await lab.run(6_000)
    expect({ state: room.connection.state, stalls }).toEqual({ state: 'connected', stalls: ['waiting', 'resynced'] })
    expect(Math.abs(room.debug.serverNowMs - lab.scheduler.now())).toBeLessThan(6)
    expect(room.stats.leadMs).toBeLessThan(120)
    const { ownCorrections, lateInputs } = room.stats
    await lab.run(5_000)
    if (room.stats.lateInputs === lateInputs) expect(room.stats.ownCorrections).toBe(ownCorrections)
    match.stop()
    await lab.run(3_000)
    const { refused, applied } = serverSide(match)
    expect(applied + refused + room.stats.droppedPresses).toBe(match.presses())
  })

  it('longer than the seat is kept: the room ends, and says so', async () => {
    const match = await play(4, () => (lab.scheduler.now() < 22_000 ? undefined : ORDERED))
    const { lab, room } = match
    let code = ''
    room.onClose((reason) => {
      code = reason.code
    })
    match.breakLink()
    await lab.run(25_000)
    expect({ code, open: room.open }).toEqual({ code: 'RESUME_REFUSED', open: false })
    expect(lab.host.rooms.size).toBe(0)
  })
})

it('a spectator whose link breaks joins again, with the same delay, and sees no moment twice', async () => {
  const lab = new Lab<Battery>({ game: makeBattery(), rules: batteryRules, seed: 6, spectators: {} })
  const { sample } = pilot(6, { fire: 0.05 })
  await lab.join({ path: ORDERED, sample })
  await lab.run(3_000)
  const ends: Link[] = []
  const spectator = await lab.join({
    path: ORDERED,
    spectateMs: 1_000,
    redials: () => DATAGRAMS,
    tapServer: (link) => {
      ends.push(link)
      return link
    },
  })
  const views: number[] = []
  spectator.onFrame((_view, { viewTick }) => views.push(viewTick))
  await lab.run(2_000)
  ends[0]?.close({ code: 'CONNECTION_LOST', message: 'cut' })
  await lab.run(4_000)
  expect({ open: spectator.open, seat: spectator.seat, reconnects: spectator.stats.reconnects }).toEqual({
    open: true,
    seat: 0,
    reconnects: 1,
  })
  for (let n = 1; n < views.length; n++) expect(views[n]).toBeGreaterThanOrEqual(views[n - 1] ?? 0)
  const newest = [...lab.host.rooms.values()][0]?.tick ?? 0
  expect(newest - spectator.stats.serverTick).toBeGreaterThanOrEqual(60)
  expect(newest - spectator.stats.serverTick).toBeLessThan(90)
})
