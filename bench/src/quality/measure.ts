/**
 * From traces to the figures of a cell: arithmetic on what play-cell.ts noted. Pure.
 */
import { mean, percentile, round, sum } from '../figures.ts'
import type { Condition } from '../lab/conditions.ts'
import type { CellTraces } from './play-cell.ts'
import type { CorrectionNote, PlayerTrace } from './player-trace.ts'
import type { Histogram, QualityCell, QualitySeries } from './quality-result.ts'

export const PIXELS_PER_UNIT = 1
/** The share of late inputs against which a lead is judged in hindsight. */
const LATE_SHARE = 0.01
/** Where more inputs than that never came, no lead would have done: the best one is taken to be this. */
const MAX_BEST_LEAD_MS = 2_000
/** What a late input brought is applied in one of so many ticks after it came. */
const AFTERMATH_TICKS = 4
/** Ticks at the end whose inputs may still be under way; and those before the start whose inputs may still be corrected. */
const TAIL_TICKS = 60
const SERIES_STEP_MS = 100

export function measureCell(condition: Condition, traces: CellTraces): QualityCell {
  const { players } = traces
  const minutes = ((traces.untilMs - traces.fromMs) / 60_000) * players.length
  const seconds = minutes * 60
  const inputs = players.map((player) => inputFigures(player, traces))
  const clockErrors = players.flatMap((player) => player.clockErrorsMs.map(Math.abs))
  const corrections = players.map((player, n) => correctionFigures(player, inputs[n]?.lateEffects ?? new Set()))
  const sizes = corrections.flatMap(({ sizes }) => sizes)
  const shots = players.map((player, n) => shotFigures(player, traces, inputs[n]?.lateEffects ?? new Set()))
  const drawn = sum(players.map((player) => player.drawnFrames))
  const correctionP99 = sizes.length === 0 ? 0 : percentile(sizes, 0.99)
  const compared = sum(shots.map((shot) => shot.compared))
  const others = sum(shots.map((shot) => shot.others))
  const disturbed = sum(shots.map((shot) => shot.disturbed))
  return {
    ...condition,
    clockErrorP50Ms: round(percentile(clockErrors, 0.5), 2),
    clockErrorP99Ms: round(percentile(clockErrors, 0.99), 2),
    lateInputsPct: percent(sum(inputs.map(({ late }) => late.size)), sum(inputs.map(({ count }) => count))),
    leadMs: round(mean(inputs.map((input) => input.leadMs)), 1),
    excessLeadMs: round(mean(inputs.map((input) => input.excessMs)), 1),
    starvationPct: percent(sum(players.map((player) => player.starvedFrames)), drawn),
    interpolationDelayMs: round(mean(players.flatMap((player) => player.delaysMs)), 1),
    correctionsPerMinute: round(sum(corrections.map(({ count }) => count)) / minutes, 2),
    interferencePerMinute: round(sum(corrections.map(({ interference }) => interference)) / minutes, 2),
    latenessPerMinute: round(sum(corrections.map(({ lateness }) => lateness)) / minutes, 2),
    unexplainedCorrections: sum(corrections.map(({ unexplained }) => unexplained)),
    correctionP99: round(correctionP99, 2),
    correctionP99Px: round(correctionP99 * PIXELS_PER_UNIT, 2),
    hitAgreementPct: percent(sum(shots.map((shot) => shot.agreed)), compared, 100),
    shotsCompared: compared,
    disturbedHitAgreementPct: percent(sum(shots.map((shot) => shot.disturbedAgreed)), disturbed, 100),
    disturbedShots: disturbed,
    otherHitAgreementPct: percent(sum(shots.map((shot) => shot.othersAgreed)), others, 100),
    otherShots: others,
    shotsLost: sum(shots.map((shot) => shot.lost)),
    clampedPct: percent(
      sum(players.map((player) => player.clampedTicks.length)),
      (traces.untilTick - traces.fromTick) * players.length + sum(players.map((player) => player.judged.size)),
    ),
    bytesPerSecond: round(sum(players.map((player) => player.bytesIn)) / seconds),
    bytesUpPerSecond: round(sum(players.map((player) => player.bytesOut)) / seconds),
    pressToScreenP99Frames: percentile(
      players.flatMap((player) => player.pressFrames),
      0.99,
    ),
    longestGapMs: round(Math.max(...players.map(longestGap))),
    stalls: sum(players.map((player) => player.stalls)),
    histograms: histogramsOf(traces, inputs),
  }
}

function histogramsOf(traces: CellTraces, inputs: readonly InputFigures[]): QualityCell['histograms'] {
  const { players } = traces
  const margins = inputs.flatMap((input) => input.marginsMs)
  const lateness = players.flatMap((player) => latenessOf(player, traces))
  const clockErrors = players.flatMap((player) => player.clockErrorsMs)
  return {
    inputMargin: histogram(margins, 5, -200, 500),
    snapshotLateness: histogram(lateness, 5, 0, 600),
    clockError: histogram(clockErrors, 0.25, -10, 10),
  }
}

interface InputFigures {
  readonly count: number
  readonly late: ReadonlySet<number>
  /** The ticks of late inputs, and those in which the server may have applied what these brought. */
  readonly lateEffects: ReadonlySet<number>
  readonly leadMs: number
  readonly excessMs: number
  readonly marginsMs: readonly number[]
}

/** Every tick of the time counts: one for which the client made no input is late too. */
function inputFigures({ inputs }: PlayerTrace, traces: CellTraces): InputFigures {
  const late = new Set<number>()
  const lateEffects = new Set<number>()
  const leads: number[] = []
  const neededMs: number[] = []
  const marginsMs: number[] = []
  let count = 0
  // What was late shortly before or after the ticks that count may be corrected in the measured time.
  for (let tick = traces.fromTick - TAIL_TICKS; tick <= traces.untilTick; tick++) {
    const measured = tick >= traces.fromTick && tick < traces.untilTick - TAIL_TICKS
    const dueMs = traces.epochMs + tick * traces.tickMs
    const made = inputs.madeMs[tick]
    const arrived = inputs.arrivedMs[tick] ?? Number.POSITIVE_INFINITY
    if (arrived > dueMs + 1e-6) {
      if (measured) late.add(tick)
      const arrivedTick = Math.floor((arrived - traces.epochMs) / traces.tickMs)
      for (const from of arrived === Number.POSITIVE_INFINITY ? [tick] : [tick, arrivedTick])
        for (let after = 0; after <= AFTERMATH_TICKS; after++) lateEffects.add(from + after)
    }
    if (measured) count++
    if (made === undefined || !measured) continue
    leads.push(dueMs - made)
    neededMs.push(arrived - made)
    if (arrived !== Number.POSITIVE_INFINITY) marginsMs.push(dueMs - arrived)
  }
  const leadMs = mean(leads)
  const bestMs = Math.min(MAX_BEST_LEAD_MS, percentile(neededMs, 1 - LATE_SHARE))
  return { count, late, lateEffects, leadMs, excessMs: leadMs - bestMs, marginsMs }
}

function correctionFigures(player: PlayerTrace, late: ReadonlySet<number>) {
  const figures = { count: 0, interference: 0, lateness: 0, unexplained: 0, sizes: [] as number[] }
  for (const correction of player.corrections) {
    figures.count++
    if (correction.size > 0) figures.sizes.push(correction.size)
    if (happened(correction, player.pushedTicks) || happened(correction, player.hurtTicks)) figures.interference++
    else if (happened(correction, late)) figures.lateness++
    else figures.unexplained++
  }
  return figures
}

function happened({ sinceTick, tick }: CorrectionNote, ticks: ReadonlySet<number>): boolean {
  for (let t = sinceTick + 1; t <= tick; t++) if (ticks.has(t)) return true
  return false
}

/**
 * Shots by class. Compared: the server judged it in its own tick, unclamped, and its shooter's screen showed a moment between two snapshots.
 * Disturbed: like these, but the shooter had been pushed, or an input of its had been late, and its client could not know yet: it stood elsewhere.
 * Others: the rest, paired in order.
 */
function shotFigures(player: PlayerTrace, traces: CellTraces, late: ReadonlySet<number>) {
  const figures = { compared: 0, agreed: 0, disturbed: 0, disturbedAgreed: 0, others: 0, othersAgreed: 0, lost: 0 }
  const clamped = new Set(player.clampedTicks)
  const left: number[] = []
  const leftJudged = new Map(player.judged)
  const until = traces.untilTick - TAIL_TICKS
  for (const shot of player.shots.values()) {
    if (shot.tick >= until) continue
    const judged = player.judged.get(shot.tick)
    if (judged !== undefined) leftJudged.delete(shot.tick)
    if (judged === undefined) left.push(shot.hit)
    else if (shot.starved || clamped.has(shot.tick)) {
      figures.others++
      if (judged === shot.hit) figures.othersAgreed++
    } else if (disturbs(player, late, shot.knownTick, shot.tick)) {
      figures.disturbed++
      if (judged === shot.hit) figures.disturbedAgreed++
    } else {
      figures.compared++
      if (judged === shot.hit) figures.agreed++
    }
  }
  const lateJudged = [...leftJudged].filter(([tick]) => tick < until).map(([, hit]) => hit)
  left.forEach((hit, n) => {
    if (n >= lateJudged.length) return
    figures.others++
    if (lateJudged[n] === hit) figures.othersAgreed++
  })
  figures.lost = Math.max(0, left.length - lateJudged.length)
  return figures
}

function disturbs(player: PlayerTrace, late: ReadonlySet<number>, knownTick: number, tick: number): boolean {
  for (let t = knownTick + 1; t <= tick; t++) if (player.pushedTicks.has(t) || late.has(t)) return true
  return false
}

function latenessOf(player: PlayerTrace, traces: CellTraces): number[] {
  return player.snapshots.map(({ atMs, tick }) => atMs - (traces.epochMs + tick * traces.tickMs))
}

function longestGap({ snapshots }: PlayerTrace): number {
  let longest = 0
  snapshots.forEach(({ atMs }, n) => {
    const before = snapshots[n - 1]
    if (before !== undefined) longest = Math.max(longest, atMs - before.atMs)
  })
  return longest
}

/** The first player over time. */
export function seriesOf(condition: Condition, traces: CellTraces): QualitySeries | undefined {
  const player = traces.players[0]
  if (player === undefined) return undefined
  const times: number[] = []
  for (let at = traces.fromMs; at < traces.untilMs; at += SERIES_STEP_MS) times.push(at)
  const frameAt = times.map((at) => firstAtOrAfter(player.framesAtMs, at))
  const margins = times.map((at) => {
    const tick = Math.round((at - traces.epochMs) / traces.tickMs)
    const arrived = player.inputs.arrivedMs[tick]
    return arrived === undefined ? Number.NaN : traces.epochMs + tick * traces.tickMs - arrived
  })
  const snapshotTimes = player.snapshots.map(({ atMs }) => atMs)
  const lateness = latenessOf(player, traces)
  const corrections = times.map((at) =>
    Math.max(
      0,
      ...player.corrections.filter(({ atMs }) => atMs >= at && atMs < at + SERIES_STEP_MS).map(({ size }) => size),
    ),
  )
  const pick = (values: readonly number[]) => frameAt.map((n) => tidy(values[n] ?? Number.NaN))
  return {
    cell: condition,
    timeS: times.map((at) => round((at - traces.fromMs) / 1000, 2)),
    leadMs: pick(player.leadsMs),
    marginMs: margins.map(tidy),
    interpolationDelayMs: pick(player.delaysMs),
    snapshotLatenessMs: times.map((at) => tidy(lateness[firstAtOrAfter(snapshotTimes, at)] ?? Number.NaN)),
    clockErrorMs: pick(player.clockErrorsMs),
    correction: corrections.map(tidy),
  }
}

/** JSON has no NaN: what is not known is given as 0. */
function tidy(value: number): number {
  return Number.isFinite(value) ? round(value, 2) : 0
}

function firstAtOrAfter(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return Math.min(low, sorted.length - 1)
}

function histogram(values: readonly number[], binMs: number, fromMs: number, toMs: number): Histogram {
  const counts = new Array<number>(Math.ceil((toMs - fromMs) / binMs)).fill(0)
  for (const value of values) {
    const bin = Math.max(0, Math.min(counts.length - 1, Math.floor((value - fromMs) / binMs)))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { binMs, fromMs, counts }
}

function percent(part: number, whole: number, whenNone = 0): number {
  return whole === 0 ? whenNone : round((100 * part) / whole, 3)
}
