/**
 * What a shard writes down of views so that it survives a restart, and what follows from it: who must take part in founding a new generation.
 */
import type { Life } from '../life.ts'
import type { ViewChange } from './next-view.ts'
import { compareViews, memberOf, type View } from './view.ts'
import type { KnownShard, ViewMemory } from './views-api.ts'

/** `next`: what it votes for. */
export function memoryOf(view: View, next: ViewChange | undefined): ViewMemory {
  const { generation, number } = view
  const written = { generation, number, voterNames: voterNames(view) }
  if (next === undefined) return written
  const known: readonly { readonly life: Life; readonly name: string }[] = [...view.members, ...next.joins]
  const nextVoterNames = known.filter(({ life }) => next.voters.includes(life)).map(({ name }) => name)
  return { ...written, nextVoterNames }
}

export function voterNames(view: View): string[] {
  return view.members.filter(({ life }) => view.voters.includes(life)).map(({ name }) => name)
}

/**
 * Which sets of names must be robbed of their majority so that no remembered view can go on elsewhere: the voters of the newest one; of all that it may have been, and of
 * the one before it, where it was voted for and nobody remembers that it was decided.
 */
export function rememberedQuorums(memories: readonly ViewMemory[]): (readonly string[])[] {
  let newest = { generation: -1, number: -1 }
  for (const { generation, number, nextVoterNames } of memories) {
    const id = { generation, number: nextVoterNames === undefined ? number : number + 1 }
    if (compareViews(id, newest) > 0) newest = id
  }
  const decided: (readonly string[])[] = []
  const voted: (readonly string[])[] = []
  for (const memory of memories) {
    if (compareViews(memory, newest) === 0) decided.push(memory.voterNames)
    else if (memory.nextVoterNames && compareViews({ ...memory, number: memory.number + 1 }, newest) === 0) {
      voted.push(memory.nextVoterNames, memory.voterNames)
    }
  }
  return decided.length > 0 ? decided.slice(0, 1) : voted
}

/** Its process is gone: gossip knows its name with other lives only. */
export function startedAnew(view: View, voter: Life, known: readonly KnownShard[]): boolean {
  const name = memberOf(view, voter)?.name
  const shards = known.filter((shard) => shard.name === name)
  return shards.length > 0 && shards.every(({ life }) => life !== voter)
}
