/**
 * What you saw is what you hit, where each client gets a part of the world only, within a tight budget, over datagrams that get lost: entities come and go,
 * and wait for their turn. The server judges each shot against exactly what the shooter's screen showed.
 */

import type { Room } from '@tickmesh/client'
import { describe, expect, it } from 'vitest'
import { type Duel, duelRules, makeDuel, type SeenPlayer } from '../src/lab/duel.ts'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'

interface Shot {
  readonly seen: readonly SeenPlayer[]
  readonly hit: number
}

const copy = ({ id, x, y, aim }: SeenPlayer): SeenPlayer => ({ id, x, y, aim })

const SHOOTERS = 6
/** Between two presses of a shooter so many samples pass, so that no tick gets two. */
const SAMPLES_BETWEEN_SHOTS = 12

describe('lag compensation with interest', () => {
  it('rewinds to what each client had and drew, bit for bit, with entities that enter, leave and wait', async () => {
    const judged = new Map<number, Shot[]>()
    const game = makeDuel((shooter, predicting, seen, hit) => {
      if (predicting) return
      const shots = judged.get(shooter.owner) ?? []
      shots.push({ seen: [...seen].filter((p) => p.id !== shooter.id).map(copy), hit })
      judged.set(shooter.owner, shots)
    })
    const interest = { grid: { x: 'x', y: 'y', radius: 500 }, budgetBytesPerSecond: 500 }
    const lab = new Lab<Duel>({ game, rules: { ...duelRules, interest }, seed: 22 })
    const drawn = new Map<number, SeenPlayer[][]>()
    const rooms: Room<Duel>[] = []
    let armed = false
    for (let n = 0; n < SHOOTERS; n++) {
      const steering = pilot(310 + n, { rocket: 0.01 })
      let screen: SeenPlayer[] = []
      let calls = 0
      const presses: SeenPlayer[][] = []
      const room = await lab.join({
        path: { rttMs: 100, jitterMs: 20, loss: n % 2 === 0 ? 0.05 : 0, ordered: n === 5 },
        displayHz: [60, 144, 240][n % 3] ?? 60,
        clockOffsetMs: n * 5_000,
        sample() {
          const fire = ++calls % SAMPLES_BETWEEN_SHOTS === 0 && armed
          if (fire) presses.push(screen)
          return { ...steering.sample(), fire }
        },
      })
      room.onFrame((view) => {
        screen = [...view.player].filter((p) => p.owner !== room.seat).map(copy)
      })
      drawn.set(room.seat, presses)
      rooms.push(room)
    }
    // The server's estimates of a link that it has just met are rough: until then it may doubt an honest stamp.
    await lab.run(2_000)
    const players = [...lab.host.rooms.values()].flatMap((room) => [...room.players.values()])
    const doubted = players.map((player) => player.stats.clampedStamps)
    armed = true
    await lab.run(10_000)
    const counts = new Set<number>()
    let compared = 0
    let hits = 0
    for (const room of rooms) {
      const saw = drawn.get(room.seat) ?? []
      const shots = judged.get(room.seat) ?? []
      expect(room.stats.refusedPresses).toBe(0)
      expect(shots.length).toBeGreaterThan(saw.length - 10)
      shots.forEach((shot, n) => {
        expect(shot.seen).toEqual(saw[n])
        counts.add(shot.seen.length)
        compared++
        if (shot.hit !== 0) hits++
      })
    }
    expect(players.map((player) => player.stats.clampedStamps)).toEqual(doubted)
    expect(compared).toBeGreaterThan(400)
    expect(hits).toBeGreaterThan(5)
    // Some saw nobody, some several.
    expect(counts.size).toBeGreaterThan(3)
  })
})
