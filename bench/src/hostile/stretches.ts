/**
 * Calm and attack by turns: how long each is, and what their figures say of each other. Pure.
 * Stretches are short and come in pairs of equal length, so that the machine's own noise falls on both; how late ticks were is judged over all stretches of a kind
 * together, and how much that depends on single stretches is said, too.
 */
import { SeededRandom } from '@tickmesh/shared'
import { median, percentile, round, sum } from '../figures.ts'
import type { HonestFigures, ServerFigures } from './messages.ts'

export interface Stretch {
  readonly server: ServerFigures
  readonly honest: HonestFigures
}

export interface StretchPlan {
  /** Of each pair: so long calm, then so long attack. */
  readonly lengthsMs: readonly number[]
}

/** Long enough that whoever acknowledges nothing is dropped within it. */
const LONG_S = 15
const SHORT_S = 5

/** One long attack if there is time for it, and short ones. */
export function stretchPlan(seconds: number): StretchPlan {
  const long = seconds >= 2 * LONG_S ? [LONG_S * 1000] : []
  const left = seconds - long.length * LONG_S
  const count = Math.max(1, Math.round(left / SHORT_S))
  return { lengthsMs: [...long, ...Array.from({ length: count }, () => (left * 1000) / count)] }
}

export interface Ratio {
  readonly value: number
  /** Of the same, drawn again from the pairs of stretches: nine of ten are between these. */
  readonly low: number
  readonly high: number
}

const DRAWS = 400

/** Of the honest room's ticks: how late they began, or that without waits for a core. */
export type Measure = 'honestLatenessMs' | 'honestOwnLatenessMs'

/** p99 of all stretches of attack over that of all calm. */
export function latenessRatio(calm: readonly Stretch[], attack: readonly Stretch[], measure: Measure): Ratio {
  const p99 = (stretches: readonly Stretch[]) => percentile(latenessOf(stretches, measure), 0.99)
  const pairs = Math.min(calm.length, attack.length)
  const random = new SeededRandom(1)
  const draws = Array.from({ length: DRAWS }, () => {
    const drawn = Array.from({ length: pairs }, () => random.int(0, pairs - 1))
    return p99(of(attack, drawn)) / p99(of(calm, drawn))
  })
  const value = round(p99(attack) / p99(calm), 3)
  return { value, low: round(percentile(draws, 0.05), 3), high: round(percentile(draws, 0.95), 3) }
}

function of(stretches: readonly Stretch[], drawn: readonly number[]): Stretch[] {
  return drawn.flatMap((index) => stretches[index] ?? [])
}

function latenessOf(stretches: readonly Stretch[], measure: Measure): readonly number[] {
  return stretches.flatMap(({ server }) => server[measure])
}

export interface Side {
  /** Of the honest room's ticks, all stretches together. */
  readonly tickLatenessP50Ms: number
  readonly tickLatenessP90Ms: number
  readonly tickLatenessP99Ms: number
  readonly tickLatenessMaxMs: number
  /** Without what the server waited for a core that others had. */
  readonly ownLatenessP50Ms: number
  readonly ownLatenessP99Ms: number
  /** Of each stretch. */
  readonly tickLatenessP99MsOfEach: readonly number[]
  /** Of the ticks of all rooms: the median over the stretches. */
  readonly allRoomsLatenessP99Ms: number
  /** Of the honest room. */
  readonly ticks: number
  /** Of all rooms. */
  readonly allRoomsTicks: number
  /** Shares of one core. */
  readonly serverCpu: number
  readonly honestCpu: number
  readonly inputsLateShare: number
  readonly framesStarvedShare: number
  readonly stalls: number
}

export function sideOf(stretches: readonly Stretch[]): Side {
  const servers = stretches.map(({ server }) => server)
  const honest = stretches.map((stretch) => stretch.honest)
  const lateness = latenessOf(stretches, 'honestLatenessMs')
  const own = latenessOf(stretches, 'honestOwnLatenessMs')
  const late = (share: number) => round(percentile(lateness, share), 3)
  const share = (part: (of: HonestFigures) => number, whole: (of: HonestFigures) => number) =>
    round(sum(honest.map(part)) / sum(honest.map(whole)), 4)
  return {
    tickLatenessP50Ms: late(0.5),
    tickLatenessP90Ms: late(0.9),
    tickLatenessP99Ms: late(0.99),
    tickLatenessMaxMs: late(1),
    ownLatenessP50Ms: round(percentile(own, 0.5), 3),
    ownLatenessP99Ms: round(percentile(own, 0.99), 3),
    tickLatenessP99MsOfEach: servers.map(({ honestLatenessMs }) => round(percentile(honestLatenessMs, 0.99), 3)),
    allRoomsLatenessP99Ms: round(median(servers.map(({ tickLatenessP99Ms }) => tickLatenessP99Ms)), 3),
    ticks: lateness.length,
    allRoomsTicks: sum(servers.map(({ ticks }) => ticks)),
    serverCpu: cpuShare(servers),
    honestCpu: cpuShare(honest),
    inputsLateShare: share(
      ({ lateInputs }) => lateInputs,
      ({ inputs }) => inputs,
    ),
    framesStarvedShare: share(
      ({ starvedFrames }) => starvedFrames,
      ({ drawnFrames }) => drawnFrames,
    ),
    stalls: sum(honest.map(({ stalls }) => stalls)),
  }
}

export function cpuShare(spent: readonly { readonly cpuMicros: number; readonly wallMs: number }[]): number {
  return round(sum(spent.map(({ cpuMicros }) => cpuMicros)) / 1000 / sum(spent.map(({ wallMs }) => wallMs)), 3)
}
