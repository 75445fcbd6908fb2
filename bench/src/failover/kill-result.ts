/** What the bench `failover` found: plain numbers, for tables and JSON. */

import { median, percentile, round } from '../figures.ts'
import type { Gap } from '../shards/match-bot.ts'

export type Fault = 'kill' | 'freeze' | 'vanish'

/** One shard that was lost, and what came of its matches. Times from the moment of the fault, in ms. */
export interface KillResult {
  readonly fault: Fault
  readonly withWord: boolean
  readonly rooms: number
  /** The supervisor saw its end. */
  readonly wordMs: number
  /** The first survivor installed a view without it. */
  readonly viewMs: number
  /** The first room was taken over. */
  readonly takenOverMs: number
  /** Rooms ran their first ticks: the first, and the last. */
  readonly restoredMs: number
  readonly allRestoredMs: number
  /** From a room's first tick to its clients' first frames, at the median. */
  readonly frameMs: number
  readonly gaps: readonly Gap[]
  /** Clients that got no frame of a new owner. */
  readonly missing: number
  /** Inputs that a client had been told were final, in ticks after the one that its match went on from. */
  readonly rolledBack: number
  readonly replaysMs: readonly number[]
  readonly load: number
}

export interface GapFigures {
  readonly gapMsP50: number
  readonly gapMsP99: number
  readonly gapMsMax: number
}

export interface Targets {
  readonly p50: number | undefined
  readonly p99: number
}

const TARGETS = {
  withWord: { p50: 400, p99: 900 },
  withoutWord: { p50: 1_200, p99: 2_000 },
  silent: { p50: undefined, p99: 3_500 },
} as const satisfies Readonly<Record<string, Targets>>

export function targetsOf(fault: Fault, withWord: boolean): Targets {
  if (fault !== 'kill') return TARGETS.silent
  return withWord ? TARGETS.withWord : TARGETS.withoutWord
}

export function gapFigures(kills: readonly KillResult[]): GapFigures {
  const gaps = kills.flatMap((kill) => kill.gaps.map(({ fromMs, toMs }) => toMs - fromMs))
  const [gapMsP50, gapMsP99] = [round(median(gaps)), round(percentile(gaps, 0.99))]
  return { gapMsP50, gapMsP99, gapMsMax: round(Math.max(0, ...gaps)) }
}

export interface Phases {
  readonly faultToWordMs: number
  readonly faultToViewMs: number
  readonly viewToTakeoverMs: number
  readonly takeoverToTickMs: number
  readonly tickToAllMs: number
  readonly tickToFrameMs: number
}

/** Medians. */
export function phasesOf(kills: readonly KillResult[]): Phases {
  const of = (read: (kill: KillResult) => number) => round(median(kills.map(read)))
  return {
    faultToWordMs: of(({ wordMs }) => wordMs),
    faultToViewMs: of(({ viewMs }) => viewMs),
    viewToTakeoverMs: of(({ viewMs, takenOverMs }) => takenOverMs - viewMs),
    takeoverToTickMs: of(({ takenOverMs, restoredMs }) => restoredMs - takenOverMs),
    tickToAllMs: of(({ restoredMs, allRestoredMs }) => allRestoredMs - restoredMs),
    tickToFrameMs: of(({ frameMs }) => frameMs),
  }
}
