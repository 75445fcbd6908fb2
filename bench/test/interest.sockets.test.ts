/** A small interest bench over real sockets: both processes, the truth, and the figures. */
import { expect, it, vi } from 'vitest'
import { run } from '../src/interest/interest.ts'

it('measures a small room with and without interest, and finds that clients have nothing that never was true', async () => {
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)))
  const flags = process.execArgv
  process.execArgv = ['--conditions=source', '--import', 'tsx']
  try {
    await run(['--entities', '120', '--players', '6', '--seconds', '2', '--sample', '3', '--json'])
  } finally {
    process.execArgv = flags
    log.mockRestore()
  }
  const result = JSON.parse(printed.at(-1) ?? '{}')
  expect(result).toMatchObject({ entities: 120, players: 6, transport: 'ws', interest: true, unmatched: 0 })
  expect(result.bytesPerClientPerSecond).toBeGreaterThan(100)
  expect(result.cpu).toBeGreaterThan(0)
  expect(result.entitiesShown).toBeLessThan(110)
  expect(result.entitiesShown).toBeGreaterThan(result.entitiesInView * 0.9)
  expect(result.worstStalenessMs).toBeGreaterThanOrEqual(50)
  expect(result.withoutInterest.bytesPerClientPerSecond).toBeGreaterThan(100)
})
