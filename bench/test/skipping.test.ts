/**
 * A client computes nothing again where the server's world was as predicted. That alters nothing: whoever always computes again sees the same, bit for bit.
 */
import type { Room } from '@tickmesh/client'
import { describe, expect, it } from 'vitest'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { type Bumper, bumperRules, makeBumper, nearby, type PredictNearby } from './bumper-game.ts'
import { clientOf } from './client-of.ts'

async function play(predict: 'own' | 'all' | PredictNearby, skips: boolean) {
  const lab = new Lab<Bumper>({ game: makeBumper(predict), rules: bumperRules, seed: 12, development: false })
  const rooms: Room<Bumper>[] = []
  for (let n = 0; n < 3; n++) {
    const { sample } = pilot(120 + n)
    const path = { rttMs: 80, jitterMs: 30, loss: 0.02, ordered: n > 0 }
    rooms.push(await lab.join({ path, sample: () => ({ move: sample().move, dash: sample().fire > 0 || n === 0 }) }))
  }
  const seen: string[] = []
  for (const room of rooms) {
    if (!skips) Object.assign(clientOf(room).prediction, { isAsPredicted: () => false })
    room.onEvent('dashed', ({ by, count }, info) => seen.push(`${room.seat} ${by} ${count} ${JSON.stringify(info)}`))
    room.onEventWithdrawn('dashed', ({ by, count }) => seen.push(`${room.seat} ${by} ${count} withdrawn`))
    room.onFrame((view, { tick }) => {
      for (const { id, x, y } of [...view.player, ...view.ball]) seen.push(`${room.seat} ${tick} ${id} ${x} ${y}`)
    })
  }
  const skippedNow = () => rooms.reduce((sum, room) => sum + clientOf(room).prediction.counts.skippedTicks, 0)
  const before = skippedNow()
  await lab.run(12_000)
  return { seen, skipped: skippedNow() - before }
}

describe('a client that computes nothing again where all was as predicted', () => {
  for (const [name, predict] of [
    ['own', 'own'],
    ['all', 'all'],
    ['a function', nearby],
  ] as const) {
    it(`sees and hears the same as one that always does (predict ${name})`, async () => {
      const skipping = await play(predict, true)
      const always = await play(predict, false)
      expect(skipping.skipped).toBeGreaterThan(500)
      expect(always.skipped).toBe(0)
      expect(skipping.seen.length).toBeGreaterThan(5_000)
      expect(skipping.seen).toEqual(always.seen)
    })
  }
})
