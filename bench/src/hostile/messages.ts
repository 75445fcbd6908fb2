/**
 * What the processes of the hostile bench say to each other: by the channel between parent and forked child.
 */
import type { ServeOptions } from '@tickmesh/server'
import type { AttackOutcome } from './attack-tally.ts'

export type Order =
  | { readonly order: 'start' }
  | { readonly order: 'tell' }
  | { readonly order: 'rest' }
  | { readonly order: 'stop' }

export type Transport = NonNullable<ServeOptions['transport']>

export interface ServerSetup {
  readonly transport: Transport
  /** Signals WebRTC beside it. */
  readonly webrtc: boolean
  /** What tests plant: the server ends, throws outside of everything, or stands still, soon after it began to measure. */
  readonly fault?: 'exit' | 'throw' | 'stall'
}

/** Of the stretch since 'start', or as of now. */
export interface ServerFigures {
  /** How late each tick of the room of the honest began. */
  readonly honestLatenessMs: readonly number[]
  /** The same without what the process waited for a core meanwhile, as other processes had it. */
  readonly honestOwnLatenessMs: readonly number[]
  /** Of the ticks of all rooms, those of attackers too. */
  readonly tickLatenessP99Ms: number
  readonly ticks: number
  readonly wallMs: number
  readonly cpuMicros: number
  /** After a collection. */
  readonly rssMb: number
  readonly heapMb: number
  readonly rooms: number
  readonly connections: number
  readonly peersDropped: number
  /** Lines of the log, and those that say that something failed. */
  readonly logLines: number
  readonly errors: number
  readonly firstErrors: readonly string[]
}

export type ServerReport =
  | { readonly report: 'listening'; readonly port: number; readonly path: string; readonly transport: string }
  | { readonly report: 'started' }
  | { readonly report: 'figures'; readonly figures: ServerFigures }
  | { readonly report: 'uncaught'; readonly problem: string }

export interface HonestSetup {
  readonly url: string
  readonly seed: number
  readonly players: number
}

export interface HonestFigures {
  readonly connected: number
  readonly disconnects: number
  readonly reasons: readonly string[]
  /** Since 'start'. */
  readonly inputs: number
  readonly lateInputs: number
  readonly drawnFrames: number
  readonly starvedFrames: number
  readonly stalls: number
  readonly cpuMicros: number
  readonly wallMs: number
}

export type HonestReport =
  | { readonly report: 'joined' }
  | { readonly report: 'failed'; readonly problem: string }
  | { readonly report: 'figures'; readonly figures: HonestFigures }

/** What the attackers may do in all, per second. */
export interface Intensity {
  readonly kiloBytes: number
  readonly messages: number
  readonly connects: number
}

export interface AttackerSetup {
  readonly port: number
  readonly path: string
  readonly seed: number
  readonly attacks: readonly string[]
  readonly intensity: Intensity
}

export type AttackerReport =
  | { readonly report: 'ready' }
  | { readonly report: 'resting'; readonly cpuMicros: number; readonly wallMs: number }
  | { readonly report: 'outcomes'; readonly outcomes: readonly AttackOutcome[] }
