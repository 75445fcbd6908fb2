/**
 * Links that stand still: the client says so where it cannot predict any more, and goes on cleanly. Nothing is played twice, nothing stays behind.
 */
import type { Room, Stall } from '@tickmesh/client'
import { describe, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { clientOf } from './client-of.ts'
import { FrozenLink } from './frozen-link.ts'

const RTT_MS = 80

interface Play {
  readonly lab: Lab<Duel>
  readonly room: Room<Duel>
  readonly up: FrozenLink
  readonly down: FrozenLink
  readonly stalls: Stall[]
  readonly effects: string[]
  readonly pilots: ReturnType<typeof pilot>[]
  /** How many inputs the client makes in the next so many ms. */
  madeIn(ms: number): Promise<number>
}

async function play(ordered: boolean, losesDatagrams: boolean, maxRollbackTicks?: number): Promise<Play> {
  const lab = new Lab({ game: duel, rules: duelRules, seed: 5 })
  const up = new FrozenLink(losesDatagrams)
  const down = new FrozenLink(losesDatagrams)
  const pilots = [1, 2].map((n) => pilot(n, { rocket: 0.05 }))
  const path = { rttMs: RTT_MS, jitterMs: 10, ordered }
  const limit = maxRollbackTicks === undefined ? {} : { maxRollbackTicks }
  const sampleOf = (n: number) => pilots[n]?.sample ?? (() => ({}))
  const room = await lab.join({ path, sample: sampleOf(0), tapClient: up.tap, tapServer: down.tap, ...limit })
  await lab.join({ path, sample: sampleOf(1) })
  const stalls: Stall[] = []
  const effects: string[] = []
  room.onStall((stall) => stalls.push(stall))
  room.onFrame(() => {})
  room.onEvent('launched', ({ by }, { own, tick }) => own && effects.push(`launched ${by} ${tick}`))
  room.onEvent('exploded', ({ rocket }) => effects.push(`exploded ${rocket}`))
  await lab.run(3_000)
  const { prediction } = clientOf(room)
  const advance = prediction.advance.bind(prediction)
  let made = 0
  prediction.advance = (...latchAndScreen) => {
    made++
    advance(...latchAndScreen)
  }
  const madeIn = async (ms: number) => {
    const before = made
    await lab.run(ms)
    return made - before
  }
  return { lab, room, up, down, stalls, effects, pilots, madeIn }
}

/** All is as it should be some seconds after a stall. */
async function expectSound({ lab, room, effects, pilots }: Play): Promise<void> {
  const { prediction } = clientOf(room)
  expect(room.open).toBe(true)
  expect(prediction.blocked).toBe(false)
  const before = { tick: room.tick, frames: room.stats.frames, rollbacks: room.stats.rollbacks }
  await lab.run(1_000)
  expect(room.tick - before.tick).toBeGreaterThan(57)
  expect(room.stats.frames - before.frames).toBeGreaterThan(17)
  expect(room.stats.rollbacks).toBe(before.rollbacks)
  expect(new Set(effects).size).toBe(effects.length)
  for (const { stop } of pilots) stop()
  await lab.run(4_000)
  const server = [...lab.host.rooms.values()][0]
  const publicOf = (world: Room<Duel>['debug']['server']) => ({
    players: [...world.player].map(({ id, owner, x, y, vx, vy, aim, hp }) => ({ id, owner, x, y, vx, vy, aim, hp })),
    rockets: [...world.rocket].map(({ id }) => id),
  })
  const truth = publicOf(server?.world as unknown as Room<Duel>['debug']['server'])
  expect(truth.rockets).toEqual([])
  expect(publicOf(room.debug.server)).toEqual(truth)
  expect(publicOf(clientOf(room).presentWorld())).toEqual(truth)
}

const LINKS = [
  ['an ordered link', true, false],
  ['datagrams that come in a burst afterwards', false, false],
  ['datagrams that are lost', false, true],
] as const

/** Half a second and at least 64 ticks at 60 Hz, less what the client is ahead anyway. */
const SAID_FROM_MS = 1_500

describe('a link that stands still', () => {
  for (const [name, ordered, loses] of LINKS) {
    for (const direction of ['down', 'up', 'both'] as const) {
      it(`${name}, ${direction}: is waited for as long as can be predicted, then said, and play goes on cleanly`, async () => {
        for (const ms of [300, 600, 1_000, 3_000, 10_000]) {
          const match = await play(ordered, loses)
          let code = ''
          match.room.onClose((reason) => {
            code = reason.code
          })
          const closed = () => code
          const { lab, room, up, down, stalls, madeIn } = match
          if (direction !== 'up') down.freeze()
          if (direction !== 'down') up.freeze()
          await lab.run(ms)
          const saidWaiting = stalls.some(({ kind }) => kind === 'waiting')
          if (direction !== 'up' && ms >= SAID_FROM_MS) expect(saidWaiting).toBe(true)
          if (ms <= 600) expect(stalls).toEqual([])
          if (saidWaiting) expect(await madeIn(100)).toBe(0)
          down.thaw()
          up.thaw()
          // From the first moment on as many inputs as time passes, and what may be caught up.
          expect(await madeIn(400), `${ms} ms`).toBeLessThan(24 + 14)
          await lab.run(2_000)
          // The server gives up on who acknowledges nothing for ten seconds, and says so.
          if (ms >= 10_000 && !room.open) {
            expect(closed()).toBe('TOO_SLOW')
            continue
          }
          expect(room.stats.resyncs).toBe(stalls.filter(({ kind }) => kind === 'resynced').length)
          if (saidWaiting) expect(stalls.at(-1)?.kind).toBe('resynced')
          stalls.forEach(({ kind }, n) => {
            if (kind === 'waiting') expect(stalls[n + 1]?.kind).toBe('resynced')
          })
          await expectSound(match)
        }
      })
    }
  }

  it('is said earlier with a smaller bound, and never predicted beyond that', async () => {
    const { lab, room, down, stalls } = await play(true, false, 20)
    const { prediction } = clientOf(room)
    down.freeze()
    let furthest = 0
    for (let n = 0; n < 60; n++) {
      await lab.run(10)
      furthest = Math.max(furthest, prediction.tick - room.stats.serverTick)
    }
    expect(furthest).toBe(20)
    expect(stalls).toEqual([{ kind: 'waiting' }])
    down.thaw()
    await lab.run(1_000)
    expect(stalls).toHaveLength(2)
    expect(stalls[1]).toMatchObject({ kind: 'resynced' })
    expect((stalls[1] as { waitedMs: number }).waitedMs).toBeGreaterThan(300)
  })
})
