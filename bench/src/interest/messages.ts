/**
 * What the interest bench and its server process say to each other beside the game: by the channel between parent and forked child.
 */
import type { FieldPlan } from './interest-game.ts'

/** How the server process is to be set up; its one argument, as JSON. */
export interface ServerPlan extends FieldPlan {
  /** False: everything goes to everybody. */
  readonly interest: boolean
  readonly transport: 'ws' | 'uWebSockets.js'
  /** How long truth is kept at most, from 'start' on. */
  readonly truthSeconds: number
}

/** Measure from now on; tell what was measured since; tell the truth that was kept; end. */
export type ServerOrder = 'start' | 'tell' | 'truth' | 'stop'

/** What the server process measured between 'start' and 'tell'. */
export interface ServerFigures {
  /** Of the whole process, all threads. */
  readonly cpuMicros: number
  readonly wallMs: number
  readonly ticks: number
  readonly tickLatenessP99Ms: number
  readonly tickLatenessMaxMs: number
  readonly tickDurationMeanMs: number
  readonly framesSent: number
  readonly framesSkipped: number
  readonly bytesSent: number
  readonly bodiesEncoded: number
  readonly skippedTicks: number
  readonly overload: number
  readonly players: number
  readonly entities: number
  readonly rssMb: number
}

/** Whole worlds as they were at the end of each tick, one behind the other. */
export interface Truth {
  readonly ticks: readonly number[]
  readonly worlds: Int32Array
}

export type ServerReport =
  | { readonly report: 'listening'; readonly port: number }
  | { readonly report: 'figures'; readonly figures: ServerFigures }
  | { readonly report: 'truth'; readonly truth: Truth }
