/**
 * What the processes of the soak say to each other: by the channel between parent and forked child.
 */
import type { Transport } from '../hostile/messages.ts'
import type { IdleFigures } from './idle-figures.ts'

/** How long the server keeps the seat of whoever vanished: short, so that it comes to rest often. */
export const GRACE_MS = 1_500

/** 'idle': when nothing goes on any more, say what is held; `snapshot`: and write the heap into this file. */
export type SoakOrder =
  | { readonly order: 'idle'; readonly snapshot?: string }
  | { readonly order: 'cycle'; readonly cycle: number; readonly ms: number }
  | { readonly order: 'stop' }

export const LEAKS = ['heap', 'crumb', 'timer', 'listener'] as const

/** `heap` is 2,000 objects, `crumb` about 100 bytes. */
export type Leak = (typeof LEAKS)[number]

export interface SoakServerSetup {
  readonly transport: Transport
  readonly webrtc: boolean
  /** What tests plant: each join leaves these behind. */
  readonly leaks: readonly Leak[]
}

export interface ServerHoldings extends IdleFigures {
  readonly rooms: number
  readonly sessions: number
  readonly peerConnections: number
  readonly roomsMade: number
  readonly resumes: number
  readonly resumesRefused: number
  /** It became idle, and did not only run out of patience. */
  readonly cameToRest: boolean
}

export type SoakServerReport =
  | { readonly report: 'listening'; readonly port: number; readonly path: string; readonly transport: string }
  | { readonly report: 'idle'; readonly figures: ServerHoldings }

export interface SoakCrowdSetup {
  readonly port: number
  readonly path: string
  readonly seed: number
  readonly webrtc: boolean
}

/** Grow from the start. */
export interface CrowdCounts {
  readonly joins: number
  readonly spectators: number
  readonly leaves: number
  readonly kills: number
  readonly resumes: number
  readonly wrongSecrets: number
  readonly wrongSecretsRefused: number
  readonly webrtcJoins: number
  readonly failures: number
}

export type SoakCrowdReport =
  | { readonly report: 'ready' }
  | { readonly report: 'left'; readonly counts: CrowdCounts; readonly problems: readonly string[] }
  | { readonly report: 'idle'; readonly figures: IdleFigures }
