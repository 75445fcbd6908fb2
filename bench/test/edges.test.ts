/**
 * Server and clients together where it gets tight: late presses, high rates, full rooms, rules that throw.
 */
import type { Rules } from '@tickmesh/server'
import { bool, defineGame, fixed, int, linear, press, type ShapeOf, text } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Lab } from '../src/lab/lab.ts'

function makeBeater(tickRate: number, snapshotRate: number, maxPlayers: number) {
  return defineGame({
    id: 'beater',
    tickRate,
    snapshotRate,
    maxPlayers,
    input: { on: bool(), hit: press() },
    events: { beat: { at: int(0, 1_000_000) }, hit: { count: int(0, 1_000_000) } },
    messages: { toClient: { hi: { name: text(20) } } },
    attributes: { player: { name: '' } },
    entities: {
      heart: {
        fields: {
          x: fixed(0, 100, 1 / 256),
          vx: fixed(-10, 10, 1 / 1024),
          beats: int(0, 1_000_000),
          hits: int(0, 1_000_000),
        },
        motion: linear(['x', 'vx']),
        step(heart, input, ctx) {
          ctx.move(heart)
          heart.beats += 1
          if (input.hit > 0) {
            heart.hits += input.hit
            ctx.emit('hit', { count: heart.hits })
          }
          if (ctx.tick % 2 === 0) ctx.emit('beat', { at: ctx.tick })
        },
      },
    },
  })
}
const beater = makeBeater(60, 20, 2)
type Beater = ShapeOf<typeof beater>

const beaterRules: Rules<Beater> = {
  onJoin(room, player) {
    const { name } = player.options as { name: string }
    player.setAttributes({ name: name.trim() })
    room.spawn('heart', { owner: player.seat })
    room.send(player, 'hi', { name })
  },
}

describe('server and clients where it gets tight', () => {
  it('turns away a player whose options make onJoin throw, and nobody else', async () => {
    const lab = new Lab<Beater>({ game: beater, rules: beaterRules, seed: 1 })
    const honest = await lab.join({ path: { rttMs: 20 }, options: { name: 'Ada' } })
    await expect(lab.join({ path: { rttMs: 20 }, options: { name: 3 } })).rejects.toMatchObject({ code: 'INTERNAL' })
    await lab.run(500)
    expect(honest.open).toBe(true)
    expect([...honest.players.keys()]).toEqual([honest.seat])
  })

  it('lets a player back into a full room right after it left', async () => {
    const game = makeBeater(60, 20, 1)
    const lab = new Lab<Beater>({ game, rules: beaterRules, seed: 2 })
    const first = await lab.join({ path: { rttMs: 2 }, options: { name: 'Ada' } })
    await expect(lab.join({ path: { rttMs: 2 }, options: { name: 'Bob' } })).rejects.toMatchObject({
      code: 'ROOM_FULL',
    })
    first.leave()
    const second = await lab.join({ path: { rttMs: 2 }, options: { name: 'Ada' } })
    await lab.run(200)
    expect(second.open).toBe(true)
    expect(second.debug.server.heart.count).toBe(1)
  })

  it('keeps the messages that onJoin sends until the page listens', async () => {
    const lab = new Lab<Beater>({ game: beater, rules: beaterRules, seed: 3 })
    const room = await lab.join({ path: { rttMs: 60 }, options: { name: 'Ada' } })
    const heard: string[] = []
    room.onMessage('hi', ({ name }) => heard.push(name))
    await lab.run(50)
    expect(heard).toEqual(['Ada'])
  })

  it('plays no effect twice that only shares its tick with a press that came late', async () => {
    const lab = new Lab<Beater>({ game: beater, rules: beaterRules, seed: 4 })
    let calls = 0
    const sample = () => ({ hit: ++calls % 4 === 0 })
    const room = await lab.join({ path: { rttMs: 60, jitterMs: 80 }, options: { name: 'Ada' }, sample })
    const beats: number[] = []
    const hits: number[] = []
    room.onEvent('beat', ({ at }) => beats.push(at))
    room.onEvent('hit', ({ count }) => hits.push(count))
    await lab.run(60_000)
    expect(room.stats.lateInputs).toBeGreaterThan(5)
    expect(beats.length).toBeGreaterThan(1_700)
    expect(new Set(beats).size).toBe(beats.length)
    expect(new Set(hits).size).toBe(hits.length)
  })

  it('is not led so far ahead by a bad ordered link that it waits for itself', async () => {
    const game = makeBeater(120, 20, 2)
    const lab = new Lab<Beater>({ game, rules: beaterRules, seed: 7 })
    const direction = { delayMs: 100, jitterMs: 25, loss: 0.05, lossBurst: 3 }
    const room = await lab.join({ path: { rttMs: 200, direction }, options: { name: 'Ada' } })
    await lab.run(20_000)
    const before = room.stats
    await lab.run(20_000)
    // Stalls of the link itself there are: some.
    expect(room.stats.stalls - before.stalls).toBeLessThan(40)
    expect(room.stats.leadMs).toBeLessThan(500)
  })

  it('predicts 240 ticks a second over 300 ms without stalling', async () => {
    const game = makeBeater(240, 20, 2)
    const lab = new Lab<Beater>({ game, rules: beaterRules, seed: 6 })
    const room = await lab.join({ path: { rttMs: 300 }, options: { name: 'Ada' } })
    await lab.run(2_000)
    const before = room.stats
    await lab.run(5_000)
    expect(room.stats.stalls - before.stalls).toBe(0)
    expect(room.stats.rollbacks - before.rollbacks).toBe(0)
    expect(room.stats.frames - before.frames).toBeGreaterThan(90)
  })
})
