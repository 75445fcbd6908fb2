/**
 * Deliberate mistakes, each in one rule of a cluster that is otherwise the true one. The simulation has to find every one of them, within so many seeds: what it
 * does not find when it is there, it does not prove to be absent.
 */
import { compareViews } from '@tickmesh/server/cluster'
import { FAULTS } from './fault-names.ts'
import type { Violation } from './judge.ts'
import type { PlantedMistake } from './planted-mistake.ts'
import { PLAY_MISTAKES } from './planted-play.ts'
import { type RunSettings, runSimulation } from './run.ts'
import { settingsOf } from './seeds.ts'
import { mistaken, TRUE_RULES } from './sim-rules.ts'

export interface Found {
  readonly seed: number
  readonly violation: Violation
}

/** Some mistakes show in one seed of fifty; which, shifts with every draw of random numbers. */
const RARE = 400

const VIEW_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'a lease is granted after the vote',
    what: 'a vote for the next view is a promise never to grant in this one again',
    rules: mistaken('view', { mayGrant: (installed, _votedFor, asked) => compareViews(installed, asked) === 0 }),
    faults: ['reject', 'loss'],
    shards: 3,
    firstSeed: 100,
    withinSeeds: RARE,
  },
  {
    name: 'a grant of an old view is accepted',
    what: 'an answer counts in the view that it names, and in no other',
    rules: mistaken('view', { grantCounts: () => true, mayGrant: () => true }),
    faults: ['reject', 'loss'],
    shards: 3,
    firstSeed: 40,
    withinSeeds: RARE,
  },
  {
    name: 'a lease is timed from the answer',
    what: 'an answer that took long would make a lease that outlives the grant',
    rules: mistaken('view', { grantEndMs: (_sentMs, answeredMs, { leaseMs }) => answeredMs + leaseMs }),
    faults: ['hang', 'reject', 'delay'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'one grant is a lease',
    what: 'only majorities meet',
    rules: mistaken('view', { leaseEndMs: (ends) => Math.max(...ends) }),
    withinSeeds: 80,
  },
  {
    name: 'takeover does not wait',
    what: 'who was removed may still hold a lease, and not know of the view',
    rules: mistaken('view', { takeoverWaitMs: () => 0 }),
    faults: ['reject'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'a refused connection shortens the wait',
    what: 'proxies and firewalls refuse for the living; and who listens no more on a port may still run',
    rules: mistaken('view', {
      takeoverWaitMs: (ages, evidence, times) =>
        evidence.refused ? 0 : TRUE_RULES.view.takeoverWaitMs(ages, evidence, times),
    }),
    faults: ['reject'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'clocks are taken to run at one rate',
    what: 'the wait has to be longer than the lease by what clocks may differ',
    rules: mistaken('times', { clockBound: 1 }),
    faults: ['reject', 'drift'],
    shards: 3,
    firstSeed: 10,
    withinSeeds: 80,
  },
]

const ROOM_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'claims are not awaited',
    what: 'a home that has not heard everybody names a second owner',
    rules: mistaken('rooms', { mayName: (home) => TRUE_RULES.rooms.mayName({ ...home, claimsComplete: true }) }),
    withinSeeds: 80,
  },
  {
    name: 'removed members’ leases are not awaited',
    what: 'their rooms may still act',
    rules: mistaken('rooms', { mayName: ({ claimsComplete, mayAct }) => claimsComplete && mayAct }),
    faults: ['reject'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'epochs do not grow with views',
    what: 'whoever learned of an owner could not tell its successor from its predecessor',
    rules: mistaken('rooms', { nextEpoch: ({ generation }, named) => ({ generation, view: 1, k: named }) }),
    faults: ['crash'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'a message of an older view counts',
    what: 'homes move with views: an old home’s grant is void',
    rules: mistaken('rooms', { acceptsView: () => true }),
    faults: ['crash', 'loss', 'reorder', 'delay', 'hang'],
    shards: 3,
    firstSeed: 38,
    withinSeeds: 80,
  },
  {
    name: 'a room is opened by whatever grant comes',
    what: 'datagrams are doubled and late: a grant is good once, from the home, in its view',
    rules: mistaken('rooms', { mayOpen: () => true, acceptsView: () => true }),
    faults: ['crash', 'loss', 'duplicate', 'reorder', 'delay', 'hang'],
    shards: 3,
    withinSeeds: 80,
  },
]

const OTHER_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'the lease is not looked at after a stall',
    what: 'all timers fire at once, and the room’s may be the first',
    rules: mistaken('node', { mayAct: (held) => held }),
    faults: ['hang'],
    shards: 3,
    firstSeed: 10,
    withinSeeds: 80,
  },
  {
    name: 'a life is used again after a restart',
    what: 'what the dead one was granted is not the new one’s; and it forgot what it voted for',
    rules: mistaken('shell', { nextLife: (random, earlier) => earlier ?? TRUE_RULES.shell.nextLife(random, earlier) }),
    withinSeeds: 80,
  },
  {
    name: 'the oldest member runs what runs once without a look at its lease',
    what: 'a removed one is the oldest in its own view',
    rules: mistaken('jobs', { mayRun: ({ isOldest }) => isOldest }),
    withinSeeds: 80,
  },
  {
    name: 'a tombstone is dropped too early',
    what: 'whoever has not heard of it brings the room back',
    rules: mistaken('lobby', { mayCollect: () => true, mustReset: () => false }),
    withinSeeds: 80,
  },
  {
    name: 'a removed life’s deltas are accepted',
    what: 'its rooms would be listed, and nobody runs them',
    rules: mistaken('lobby', { acceptsLife: () => true, counts: () => true }),
    withinSeeds: 80,
  },
  {
    name: 'the next oldest runs what runs once without waiting for the last one’s lease',
    what: 'it was removed, and may not know',
    rules: mistaken('jobs', { mayRun: ({ isOldest, mayAct }) => isOldest && mayAct }),
    faults: ['reject'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'an operation is taken out of turn',
    what: 'the ones that it skipped are taken for known, and never asked for again',
    rules: mistaken('lobby', { isNext: () => true }),
    faults: ['partition'],
    shards: 5,
    withinSeeds: 80,
  },
]

export const PLANTED: readonly PlantedMistake[] = [
  ...VIEW_MISTAKES,
  ...ROOM_MISTAKES,
  ...OTHER_MISTAKES,
  ...PLAY_MISTAKES,
]

/** What the true rules violate in a seed in which the mistake was found: nothing, or the find proves nothing. */
export async function violationsWithout(mistake: PlantedMistake, seed: number): Promise<readonly Violation[]> {
  return (await runSimulation(settingsFor(mistake, seed))).violations
}

/** Plays seed after seed with the mistake; what was violated first, if anything. */
export async function findMistake(mistake: PlantedMistake): Promise<Found | undefined> {
  const { rules, withinSeeds, firstSeed = 1 } = mistake
  for (let seed = firstSeed; seed < firstSeed + withinSeeds; seed++) {
    const [violation] = (await runSimulation({ ...settingsFor(mistake, seed), rules })).violations
    if (violation !== undefined) return { seed, violation }
  }
  return undefined
}

/** Faults of matches alone: where none is played they would be none. */
const OF_PLAY: ReadonlySet<string> = new Set(['move', 'cut-client', 'step'])

function settingsFor(mistake: PlantedMistake, seed: number): RunSettings {
  const { faults, shards, holders } = mistake
  const isPlayed = PLAY_MISTAKES.some(({ name }) => name === mistake.name)
  const all = isPlayed ? FAULTS : FAULTS.filter((name) => !OF_PLAY.has(name))
  const settings = { ...settingsOf(seed, { shards, minutes: 0.5, faults: faults ?? all }), isPlayed }
  return holders === undefined ? settings : { ...settings, holders }
}
