/** Two matches of the arena on three real shards, with SDK bots that play. */
import { MatchCrew } from '../src/shards/match-crew.ts'
import type { Shards } from '../src/shards/shards.ts'

export const NAMES = ['a', 'b', 'c']
export const MATCHES = ['den', 'pit']
/** In each match. */
export const BOTS = 3

/** Starts the shards, and gives the bots as soon as all of them play. */
export async function startMatches(shards: Shards): Promise<MatchCrew> {
  await shards.start(NAMES)
  const urls = shards.all.flatMap(({ status }) => status?.url ?? [])
  const crew = new MatchCrew({ urls, rooms: MATCHES, bots: BOTS, processes: 1, seed: 1 })
  try {
    await crew.ready()
    await shards.settled(MATCHES)
    return crew
  } catch (error) {
    await crew.end()
    throw error
  }
}
