import { Impairment, impairLink, type Link } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { PondLab } from './pond-lab.ts'

describe('wrapLink of join', () => {
  it('puts the link through a bad network once, before anything is sent', async () => {
    const lab = new PondLab()
    const wrapped: Link[] = []
    const seen: Link[] = []
    const slow = { delayMs: 200 }
    const { room, link } = await lab.join({
      up: {},
      down: {},
      wrapLink: (inner, scheduler) => {
        seen.push(inner)
        const outer = impairLink(inner, scheduler, { out: new Impairment(slow), in: new Impairment(slow) })
        wrapped.push(outer)
        return outer
      },
    })
    expect(seen).toEqual([link])
    expect(wrapped.length).toBe(1)
    await lab.run(5_000)
    expect(room.open).toBe(true)
    expect(room.stats.rttMs).toBeGreaterThan(390)
    const plain = await lab.join({ up: {}, down: {} })
    await lab.run(5_000)
    expect(plain.room.stats.rttMs).toBeLessThan(100)
  })
})
