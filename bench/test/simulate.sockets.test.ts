/** The simulation in processes of its own, as `npm run simulate -- --runs` plays it. */
import { expect, it } from 'vitest'
import { FAULTS } from '../src/simulate/fault-names.ts'
import { foldHashes, playSeeds } from '../src/simulate/many-runs.ts'
import { runSimulation } from '../src/simulate/run.ts'
import { settingsOf } from '../src/simulate/seeds.ts'

it('gives the same results in other processes, in the order of the seeds, whoever played them', async () => {
  const all = [21, 22, 23].map((seed) => settingsOf(seed, { shards: 3, minutes: 0.4, faults: FAULTS }))
  const counted: number[] = []
  const played = await playSeeds(all, (_, done) => counted.push(done))
  expect(counted).toEqual([1, 2, 3])
  expect(played.map(({ settings }) => settings.seed)).toEqual([21, 22, 23])
  for (const { settings, result } of played) expect(result).toEqual(await runSimulation(settings))
  expect(foldHashes(['a', 'b'])).not.toBe(foldHashes(['b', 'a']))
})
