/** The siege with real processes, a few seconds of it: attacks are told why and dropped, and a server that fails is found out. */
import { expect, it } from 'vitest'
import { runSiege, type SiegePlan } from '../src/hostile/run-siege.ts'

const plan: SiegePlan = {
  transport: 'ws',
  webrtc: false,
  attacks: ['malformed', 'oversized', 'deep', 'wrongHello', 'httpGarbage', 'strangersPages'],
  players: 2,
  stretches: { lengthsMs: [2_500] },
  warmUpMs: 200,
  rehearsalMs: 0,
  restMs: 0,
  intensity: { kiloBytes: 500, messages: 500, connects: 30 },
  seed: 3,
}

it('drops each attacker with a reason, while the honest play on', async () => {
  const result = await runSiege(plan)
  expect(result.crashes).toBe(0)
  expect(result.honestDisconnects).toBe(0)
  expect(result.errorsLogged).toBe(0)
  expect(result.calm.ticks).toBeGreaterThan(10)
  expect(result.attack.tickLatenessP99Ms).toBeGreaterThan(0)
  const outcome = (name: string) => result.attacks.find((attack) => attack.name === name)
  expect(Object.keys(outcome('wrongHello')?.dropped ?? {})).toContain('SCHEMA_MISMATCH')
  expect(Object.keys(outcome('oversized')?.dropped ?? {}).join()).toContain('TOO_LARGE')
  expect(outcome('strangersPages')?.refused['HTTP 403']).toBeGreaterThan(0)
  expect(outcome('strangersPages')?.opened).toBe(0)
  for (const { name, opened, toldShare } of result.attacks) {
    if (name !== 'strangersPages') expect(opened, name).toBeGreaterThan(0)
    // Broken HTTP may be cut off without a word.
    if (name !== 'httpGarbage') expect(toldShare, name).toBe(1)
  }
}, 60_000)

it('counts a server that ends as a crash and as lost players', async () => {
  const result = await runSiege({ ...plan, fault: 'exit' })
  expect(result.crashes).toBe(1)
  expect(result.problems[0]).toContain('exit 3')
  expect(result.honestDisconnects).toBe(2)
}, 60_000)

it('counts an error that nobody catches as a crash, though the server lives on', async () => {
  const result = await runSiege({ ...plan, attacks: ['strangersPages'], fault: 'throw' })
  expect(result.crashes).toBe(1)
  expect(result.problems[0]).toContain('a planted fault')
  expect(result.honestDisconnects).toBe(0)
}, 60_000)
