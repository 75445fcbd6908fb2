/**
 * The latency bench over real sockets. Real time on a machine that may be busy: floors are exact, ceilings are not.
 */
import { expect, it } from 'vitest'
import { cellOf } from '../src/latency/distribution.ts'
import { stagesOf } from '../src/latency/press-log.ts'
import { playReal } from '../src/latency/real-cell.ts'

it('follows presses through real WebSockets and the relay, no faster than the relay lets them', async () => {
  const condition = { rttMs: 60, jitterMs: 10, lossPct: 0, link: 'ordered' } as const
  const plan = { seed: 3, warmUpMs: 1_000, measuredMs: 2_500, displayHz: 60, jitterShape: 'uniform' } as const
  const records = await playReal(condition, plan)
  expect(records.length).toBeGreaterThan(15)
  expect(cellOf(condition, 'real', records).pressesLost).toBe(0)
  for (const record of records) {
    const [, uplinkMs = 0, , , downlinkMs = 0] = stagesOf(record)
    expect(uplinkMs).toBeGreaterThanOrEqual(30)
    expect(downlinkMs).toBeGreaterThanOrEqual(30)
    expect(record.ownMs - record.pressedMs).toBeGreaterThan(0)
    expect(record.shownMs - record.pressedMs).toBeGreaterThan(60)
  }
})
