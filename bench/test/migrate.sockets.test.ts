/** Matches of the arena on real shards, moved from one to another while SDK bots play: nobody's connection is seen as lost, and nothing that a player did. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MatchCrew } from '../src/shards/match-crew.ts'
import { type Shard, type ShardOptions, Shards } from '../src/shards/shards.ts'
import { BOTS, MATCHES, NAMES, startMatches } from './arena-matches.ts'

const SLOW = 90_000

const shards = new Shards()
let crew: MatchCrew

beforeAll(async () => {
  crew = await startMatches(shards)
}, SLOW)

afterAll(async () => {
  await crew?.end()
  await shards.end()
})

/** All play on as they came, and all that they did is in the world, once. */
async function expectUndisturbed(): Promise<void> {
  await shards.settled(MATCHES)
  const account = await crew.account(shards)
  expect(account).toMatchObject({ inputsLost: 0, inputsTwice: 0, unseated: 0 })
  expect(account.presses).toBeGreaterThan(BOTS)
  const bots = await crew.tallies()
  expect(bots.map(({ open, losses, why }) => ({ open, losses, why }))).toEqual(
    bots.map(() => ({ open: true, losses: [], why: '' })),
  )
}

async function drain(shard: Shard): Promise<void> {
  shard.child.order({ order: 'drain' })
  await shard.gone()
  expect(shard.child.exit).toEqual({ code: 0, signal: null })
}

async function restart(shard: Shard, options: ShardOptions = {}): Promise<void> {
  await drain(shard)
  await shards.settled(MATCHES)
  await shards.add(shard.name, options)
  await shards.settled(MATCHES)
}

it(
  'a match moves to another shard, and back when that one drains: its players go on with it',
  async () => {
    const owner = shards.ownerOf('den')
    const target = shards.living.find((shard) => shard !== owner)
    if (owner === undefined || target === undefined) throw new Error('nobody runs the match')
    expect(await owner.move('den', target)).toMatchObject({ outcome: 'moved' })
    await shards.settled(MATCHES)
    expect(shards.ownerOf('den')?.name).toBe(target.name)
    const links: boolean[] = []
    const goneOn = async (): Promise<boolean[]> => {
      for (const { room, afterLoss } of (await crew.gaps()).gaps) if (room === 'den') links.push(afterLoss)
      return links
    }
    await expect.poll(goneOn, { timeout: 10_000 }).toEqual(Array.from({ length: BOTS }, () => false))
    await restart(target)
    await expectUndisturbed()
  },
  SLOW,
)

it(
  'all shards are restarted, one after another, with the same build and with a new one',
  async () => {
    for (const [at, name] of NAMES.entries()) {
      const shard = shards.all.find((one) => one.name === name)
      if (shard !== undefined) await restart(shard, at === 0 ? {} : { standby: { build: 'new' } })
    }
    await expectUndisturbed()
  },
  SLOW,
)
