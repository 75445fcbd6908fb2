/** Bad luck is no cheat: the shares that honest players reach on bad networks stay below those that docs/limits.md states. */
import { expect, it } from 'vitest'
import { conditionOf, directionOf } from '../src/lab/conditions.ts'
import { type Duel, duelRules, makeDuel } from '../src/lab/duel.ts'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'

/** What docs/limits.md says; kinds that are not here: 0. */
const DOCUMENTED: Readonly<Record<string, number>> = { 'stamp-clamped': 0.3 }

/** The greatest share of each kind that any of three players reached in 20 seconds. */
async function worstShares(network: string): Promise<Record<string, number>> {
  const condition = conditionOf(network)
  const worst: Record<string, number> = {}
  const rules: typeof duelRules = {
    ...duelRules,
    onSuspicion(_room, _player, { kind, share }) {
      worst[kind] = Math.max(worst[kind] ?? 0, share)
    },
  }
  const lab = new Lab<Duel>({ game: makeDuel(), rules, seed: 5, development: false })
  const direction = directionOf(condition, 'uniform')
  for (const n of [0, 1, 2]) {
    const steering = pilot(50 + n)
    let calls = 0
    await lab.join({
      path: { rttMs: condition.rttMs, direction, ordered: condition.link === 'ordered' },
      // Ten shots a second, as fast as one can for long.
      sample: () => ({ ...steering.sample(), fire: ++calls % 6 === 0 }),
    })
  }
  await lab.run(20_000)
  return worst
}

for (const network of ['datagram 200 0 5', 'datagram 200 50 5', 'ordered 200 0 5', 'ordered 200 50 5']) {
  it(`honest players over ${network} (ms, jitter, % loss) stay below the documented shares`, async () => {
    for (const [kind, share] of Object.entries(await worstShares(network)))
      expect(share, kind).toBeLessThanOrEqual(DOCUMENTED[kind] ?? 0)
  })
}
