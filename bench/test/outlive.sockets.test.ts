/** What outlives what, with real shards that are killed, restarted and drained, and SDK players who are there all the time. */
import { readdirSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { Cluster, eventually, isPlaying, type ShardChoice, shoots, shotsOf } from './outlive/rig.ts'

const NAMES = ['a', 'b', 'c']
const SLOW = 40_000

const clusters: Cluster[] = []

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.end()
})

async function clusterOf(choice: ShardChoice = {}, names = NAMES): Promise<Cluster> {
  const cluster = new Cluster(names, choice)
  clusters.push(cluster)
  await cluster.start()
  return cluster
}

it(
  'all shards are killed and started again: players, who were there all the time, go on with what was written; a room that had ended stays away',
  async () => {
    const cluster = await clusterOf({ standby: { journalDir: true } })
    const player = await cluster.join('den')
    const other = await cluster.join('gone')
    await cluster.settled(['den', 'gone'])
    await shoots(player, 1)
    await shoots(player, 2)
    player.send('say', { n: 1 })
    await eventually('what it said', () => player.attributes.said === 1)
    cluster.owner('gone').child.order({ order: 'close', room: 'gone' })
    await eventually('the other room to end', () => !other.open)
    await eventually('its file to go', () =>
      cluster.shards.every(({ name }) => !readdirSync(cluster.matches(name)).includes('gone.journal')),
    )
    const before = cluster.owner('den').room('den')
    const { rung } = player.attributes
    await new Promise((resolve) => setTimeout(resolve, 600))
    await cluster.kill(cluster.living, false)
    await cluster.start()
    await cluster.settled(['den'])
    await eventually('the player to be back', () => isPlaying(player))
    const after = cluster.owner('den').room('den')
    expect(after?.epoch.generation).toBeGreaterThan(before?.epoch.generation ?? 0)
    expect(after?.tick).toBeGreaterThan(before?.tick ?? 0)
    expect(shotsOf(player)).toBe(2)
    await shoots(player, 3)
    player.send('say', { n: 2 })
    await eventually('all that it said', () => player.attributes.said === 2)
    await eventually('timers to go on', () => player.attributes.rung > rung + 5)
    expect(player.attributes.restored).toBe(1)
    expect(cluster.living.flatMap(({ status }) => status?.listed.map(({ id }) => id))).not.toContain('gone')
  },
  SLOW,
)
