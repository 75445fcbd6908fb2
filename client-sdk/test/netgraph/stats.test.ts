import { type ImpairmentOptions, INPUT } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { PondLab } from '../pond-lab.ts'

async function played(ordered: boolean, down: ImpairmentOptions, forMs = 30_000) {
  const lab = new PondLab()
  const client = await lab.join({ ordered, down: { delayMs: 40, ...down }, up: { delayMs: 40 } })
  await lab.run(forMs)
  return { ...client, stats: client.room.stats, lab }
}

describe('the stats of a room', () => {
  it('tell the share of snapshots that a lossy link lost', async () => {
    const { stats } = await played(false, { loss: 0.1, seed: 3 })
    expect(stats.lossPct).toBeGreaterThan(6)
    expect(stats.lossPct).toBeLessThan(14)
    const all = stats.framesLost + stats.frames
    expect(stats.framesLost / all).toBeGreaterThan(0.08)
    expect(stats.framesLost / all).toBeLessThan(0.12)
  })

  it('do not take reordered or duplicated snapshots for lost ones', async () => {
    const { stats } = await played(false, { jitterMs: 30, reorder: 0.2, reorderMs: 120, duplicate: 0.2, seed: 4 })
    expect(stats.framesLost).toBeLessThanOrEqual(3)
    expect(stats.lossPct).toBeLessThan(2)
  })

  it('tell of no loss on an ordered link, where a loss is a stall', async () => {
    const { stats } = await played(true, { loss: 0.05, seed: 5 })
    expect(stats.framesLost).toBe(0)
    expect(stats.lossPct).toBe(0)
  })

  it('count bytes by kind, and together', async () => {
    const { stats, link, lab, player, room } = await played(true, {}, 3000)
    const sent = (isInput: boolean) =>
      link.sent.slice(1).reduce((sum, { length, 0: kind }) => sum + ((kind === INPUT) === isInput ? length : 0), 0)
    expect(stats.bytesOutByKind).toEqual({ inputs: sent(true), control: sent(false) })
    expect(stats.bytesOut).toBe(stats.bytesOutByKind.inputs + stats.bytesOutByKind.control)
    expect(stats.bytesIn).toBe(stats.bytesInByKind.snapshots + stats.bytesInByKind.control)
    expect(stats.bytesInByKind.snapshots).toBeGreaterThan(500)
    player.tell({ t: 'attr', tick: 1, room: { set: { wind: 2 } } })
    await lab.run(100)
    expect(room.stats.bytesInByKind.control).toBeGreaterThan(stats.bytesInByKind.control)
  })

  it('tell the newest round trip, and how late the newest snapshot came', async () => {
    const { stats } = await played(false, { jitterMs: 10, seed: 6 })
    expect(stats.lastRttMs).toBeGreaterThanOrEqual(80)
    expect(stats.lastRttMs).toBeLessThan(160)
    expect(stats.snapshotLatenessMs).toBeGreaterThan(30)
    expect(stats.snapshotLatenessMs).toBeLessThan(120)
    expect(stats.serverTickLateMs).toBe(0)
  })
})
