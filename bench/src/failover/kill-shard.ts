/** One fault of `bench -- failover`: a shard is lost while its matches are played, others go on with them, and it comes back. */
import { loadavg } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { median } from '../figures.ts'
import { machineMs } from '../shards/machine-ms.ts'
import type { Gap } from '../shards/match-bot.ts'
import type { MatchCrew } from '../shards/match-crew.ts'
import type { ShardEvent } from '../shards/messages.ts'
import type { Shard, Shards } from '../shards/shards.ts'
import type { Fault, KillResult } from './kill-result.ts'

/** Its matches are given up for lost after this. */
const PATIENCE_MS = 12_000
const LOOK_MS = 100
/** All clients have gone on: what a woken shard would still send comes within this. */
const AFTER_MS = 500

export interface FaultPlan {
  readonly fault: Fault
  readonly withWord: boolean
}

export async function loseShard(shards: Shards, crew: MatchCrew, victim: Shard, plan: FaultPlan): Promise<KillResult> {
  const rooms = new Set(victim.rooms)
  const bots = (await crew.tallies()).filter(({ room }) => rooms.has(room))
  await crew.gaps()
  const survivors = shards.living.filter((shard) => shard !== victim)
  const seen = new Map(survivors.map((shard) => [shard, shard.events.length]))
  const life = victim.status?.life ?? ''
  const load = loadavg()[0] ?? 0
  let wordMs = Number.NaN
  const gone = victim.gone().then(() => {
    wordMs = machineMs() - atMs
    if (plan.withWord && plan.fault === 'kill') shards.tellEnded(life)
  })
  const atMs = machineMs()
  victim.child.signal(plan.fault === 'kill' ? 'SIGKILL' : 'SIGSTOP')
  const gaps: Gap[] = []
  while (gaps.length < bots.length && machineMs() < atMs + PATIENCE_MS) {
    await wait(LOOK_MS)
    const heard = await crew.gaps()
    for (const gap of heard.gaps)
      if (rooms.has(gap.room) && !gaps.some(({ bot, room }) => bot === gap.bot && room === gap.room)) gaps.push(gap)
  }
  if (plan.fault === 'freeze') victim.child.signal('SIGCONT')
  else if (plan.fault === 'vanish') victim.child.signal('SIGKILL')
  if (plan.fault !== 'freeze') await gone
  await wait(AFTER_MS)
  const events = survivors.flatMap((shard) => shard.events.slice(seen.get(shard)))
  return {
    ...{ ...plan, rooms: rooms.size, wordMs, gaps, missing: bots.length - gaps.length, load },
    ...whatSurvivorsDid(events, rooms, gaps, atMs),
    replaysMs: survivors.flatMap(({ status }) => (status === undefined ? [] : [status.replayMs])),
  }
}

function whatSurvivorsDid(
  events: readonly ShardEvent[],
  rooms: ReadonlySet<string>,
  gaps: readonly Gap[],
  atMs: number,
): Pick<KillResult, 'viewMs' | 'takenOverMs' | 'restoredMs' | 'allRestoredMs' | 'frameMs' | 'rolledBack'> {
  const restored = new Map<string, ShardEvent>()
  for (const event of events)
    if (event.event === 'rules-restored' && rooms.has(event.room) && !restored.has(event.room))
      restored.set(event.room, event)
  const times = [...restored.values()].map((event) => event.atMs - atMs)
  const takenOver = events.filter(({ event }) => event === 'cluster-room-taken-over').map((event) => event.atMs - atMs)
  const view = events.find(({ event }) => event === 'cluster-view')
  let rolledBack = 0
  // Told within its first tick.
  for (const { room, finalTick } of gaps)
    rolledBack += Math.max(0, finalTick - ((restored.get(room)?.tick ?? finalTick + 1) - 1))
  return {
    viewMs: (view?.atMs ?? Number.NaN) - atMs,
    takenOverMs: Math.min(...takenOver),
    restoredMs: Math.min(...times),
    allRestoredMs: Math.max(...times),
    frameMs: median(gaps.map(({ room, toMs }) => toMs - (restored.get(room)?.atMs ?? Number.NaN))),
    rolledBack,
  }
}
