/**
 * What is agreed: who is a member, and so who may run a room. A view is plain data, decided once, the same on every shard.
 * Everything about placement is computed from a view alone.
 */
import type { ClusterAddress, Life } from '../life.ts'

export interface Member {
  readonly life: Life
  /** Stays the same over restarts: a pod's name, a host and port. No two members of a view share one. */
  readonly name: string
  readonly address: ClusterAddress
  /** Where clients connect. */
  readonly url: string
  /** Rack or zone, for placing; may be empty. */
  readonly zone: string
  /** Its share of the homes, 1 to 100, beside those of others. */
  readonly weight: number
  /** It gets no new rooms. */
  readonly draining: boolean
  /** The number of the view that took it in: the least one is the oldest member's. */
  readonly since: number
}

export interface View {
  readonly cluster: string
  /** Grows over full restarts. */
  readonly generation: number
  /** From 1, within the generation. */
  readonly number: number
  /** By their lives, ascending. */
  readonly members: readonly Member[]
  /** Those that vote for the next view and grant leases in this one: all members up to seven, else seven of them. Ascending. */
  readonly voters: readonly Life[]
}

/** Names a view. */
export interface ViewId {
  readonly generation: number
  readonly number: number
}

/** Which of a room's owners: (generation, view, k), with a new k at every change of owner. */
export interface RoomEpoch {
  readonly generation: number
  readonly view: number
  readonly k: number
}

export function idOf({ generation, number }: ViewId): ViewId {
  return { generation, number }
}

export const MAX_VOTERS = 7

export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1
}

/** How many of `count` leave no majority without them. Such a set and a majority always have one in common. */
export function blockingOf(count: number): number {
  return count - majorityOf(count) + 1
}

/** Less than 0: `a` is older. */
export function compareViews(a: ViewId, b: ViewId): number {
  return a.generation - b.generation || a.number - b.number
}

/** Less than 0: `a` is older. */
export function compareEpochs(a: RoomEpoch, b: RoomEpoch): number {
  return a.generation - b.generation || a.view - b.view || a.k - b.k
}

export function isSameEpoch(a: RoomEpoch, b: RoomEpoch): boolean {
  return a.generation === b.generation && a.view === b.view && a.k === b.k
}

export function memberOf(view: View, life: Life): Member | undefined {
  return view.members.find((member) => member.life === life)
}

/** The member that has been in for longest (of several, the one with the least life): it runs what runs once in the cluster. */
export function oldestOf(view: View): Member | undefined {
  let oldest: Member | undefined
  for (const member of view.members) if (oldest === undefined || member.since < oldest.since) oldest = member
  return oldest
}
