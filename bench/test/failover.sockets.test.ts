/** Matches of the arena on real shards, which are killed and frozen while SDK bots play. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Fault } from '../src/failover/kill-result.ts'
import { loseShard } from '../src/failover/kill-shard.ts'
import { eventually } from '../src/shards/eventually.ts'
import type { MatchCrew } from '../src/shards/match-crew.ts'
import { type Shard, Shards } from '../src/shards/shards.ts'
import { BOTS, MATCHES, startMatches } from './arena-matches.ts'

const SLOW = 60_000

const shards = new Shards()
let crew: MatchCrew

beforeAll(async () => {
  crew = await startMatches(shards)
}, SLOW)

afterAll(async () => {
  await crew?.end()
  await shards.end()
})

/** Some shard that runs a match is lost; all its players go on with the same match elsewhere, from no tick before one that they were told is final. */
async function lose(fault: Fault): Promise<Shard> {
  const victim = shards.living.find(({ rooms }) => rooms.length > 0)
  if (victim === undefined) throw new Error('nobody runs a match')
  const { missing, rolledBack, gaps } = await loseShard(shards, crew, victim, { fault, withWord: true })
  expect({ missing, rolledBack }).toEqual({ missing: 0, rolledBack: 0 })
  expect(gaps.length).toBeGreaterThanOrEqual(BOTS)
  return victim
}

/** Everybody plays the match that it joined, and what it did is in there, once. */
async function expectAllThere(): Promise<void> {
  await shards.settled(MATCHES)
  const account = await crew.account(shards)
  expect(account).toMatchObject({ inputsLost: 0, inputsTwice: 0, unseated: 0 })
  expect(account.presses).toBeGreaterThan(BOTS)
  expect(account.messages).toBeGreaterThan(0)
  const bots = await crew.tallies()
  expect(bots.map(({ open, connected, why }) => ({ open, connected, why }))).toEqual(
    bots.map(() => ({ open: true, connected: true, why: '' })),
  )
  const events = shards.allEvents
  expect(
    events
      .filter(({ event }) => event === 'rules-created')
      .map(({ room }) => room)
      .sort(),
  ).toEqual(MATCHES)
  expect(events.filter(({ event }) => /replay-|not-deterministic/.test(event))).toEqual([])
}

it(
  'a shard is killed, and the others told: its matches go on, with every press and message of every player, once',
  async () => {
    const victim = await lose('kill')
    await shards.add(victim.name)
    await expectAllThere()
  },
  SLOW,
)

it(
  'a shard is frozen until others have its matches: awake again it is refused, no player gets anything of it, and it comes back as a new life',
  async () => {
    const lives = new Map(shards.living.map((shard) => [shard, shard.status?.life]))
    const victim = await lose('freeze')
    await eventually(
      'a new life',
      () => victim.status?.life !== lives.get(victim) && victim.status?.hasLease === true,
      40_000,
    )
    await expectAllThere()
    expect((await crew.tallies()).reduce((all, { staleFrames }) => all + staleFrames, 0)).toBe(0)
  },
  SLOW,
)
