/** What a shard's process and the supervisor that forked it say to each other. Used by shard.ts and shard-process.ts. */
import type { ClusterStatus } from '@tickmesh/server'

/** Twice a second, once it listens. */
export interface ShardReport {
  readonly t: 'report'
  /** Of the page, for browsers. */
  readonly page: string
  /** Where games connect. */
  readonly url: string
  /** Of its cluster port: what others join. */
  readonly address: string
  readonly cluster: ClusterStatus
  readonly rooms: number
  readonly players: number
  /** Of the last half second. */
  readonly tickLatenessP99Ms: number
}

/** It cannot start; it ends after this. */
export interface ShardFailure {
  readonly t: 'failed'
  readonly problem: string
}

export type ShardWord = ShardReport | ShardFailure

/** `ended`: the supervisor saw the process of this life end, which is a proof. */
export type SupervisorWord = { readonly t: 'drain' } | { readonly t: 'ended'; readonly life: string }
