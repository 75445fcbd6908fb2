/** The soak with real processes, a few seconds of it: a clean server passes, and one that leaks on purpose is found. */
import { expect, it } from 'vitest'
import { runSoak } from '../src/soak/run-soak.ts'
import { allReturned } from '../src/soak/soak-result.ts'

const plan = { transport: 'ws', webrtc: false, ms: 1_000, cycleMs: 400, seed: 5 } as const

it('finds everything returned after players came, left, vanished and came back, some with wrong secrets', async () => {
  const result = await runSoak({ ...plan, snapshots: 0 })
  expect(result.joins).toBeGreaterThan(15)
  expect(result.kills).toBeGreaterThan(5)
  expect(result.resumes).toBeGreaterThan(0)
  expect(result.serverResumes).toBeGreaterThanOrEqual(result.resumes)
  expect(result.wrongSecrets).toBeGreaterThan(0)
  expect(result.wrongSecretsRefused).toBe(result.wrongSecrets)
  expect(result.problems).toEqual([])
  expect(allReturned(result)).toBe(true)
}, 60_000)

it('finds a server whose joins each leave heap, a timer and a listener behind', async () => {
  const result = await runSoak({ ...plan, snapshots: 3, leaks: ['heap', 'timer', 'listener'] })
  expect(allReturned(result)).toBe(false)
  expect(result.timersAfter - result.timersBefore).toBeGreaterThan(5)
  expect(result.listenersAfter - result.listenersBefore).toBe(result.timersAfter - result.timersBefore)
  // 2,000 small objects with every join are well over 30 kB.
  expect(result.heapBytesPerJoin).toBeGreaterThan(30_000)
  expect(result.heapSlopeMbPerHour).toBeGreaterThan(100)
}, 90_000)
