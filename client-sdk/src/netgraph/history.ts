/**
 * The last twenty seconds of a room's stats, as rings of numbers: what the net graph draws. Pure. `record` is called for each display frame and
 * keeps one sample per slot; it allocates nothing.
 */
import type { RoomStats } from '../stats.ts'

/** Time between two samples, and how many are kept: 20.5 s. */
export const SLOT_MS = 64
export const SLOTS = 320
/** A rate is taken over this many slots: about a second. */
export const RATE_SLOTS = 16
/** Slots that a slow display may skip; a longer gap (a hidden tab) is drawn as one. */
const MAX_SKIPPED = 16

/** As of the sample. NaN: not known. */
const levels = [
  'rttMs',
  'lastRttMs',
  'jitterMs',
  'lossPct',
  'leadMs',
  'marginMs',
  'interpolationDelayMs',
  'snapshotLatenessMs',
  'lastCorrection',
  'serverTickLateMs',
  'serverOverload',
] as const
/** How much was counted since the sample before. */
const counts = [
  'lateInputs',
  'refusedPresses',
  'framesLost',
  'frames',
  'starvedFrames',
  'drawnFrames',
  'corrections',
  'rollbacks',
  'stalls',
  'checkFailures',
  'predictedTick',
] as const
/** Bytes since the sample before. */
const bytes = ['snapshotsIn', 'controlIn', 'inputsOut', 'controlOut'] as const

export type LevelName = (typeof levels)[number]
export type CountName = (typeof counts)[number] | (typeof bytes)[number]
export type ColumnName = LevelName | CountName

/** What of a room's stats is kept. */
export type SampledStats = Pick<RoomStats, LevelName | (typeof counts)[number] | 'bytesInByKind' | 'bytesOutByKind'>

type Columns<Name extends string> = Readonly<Record<Name, Float32Array>>

export class History {
  readonly columns: Columns<ColumnName>
  /** What was counted in all at the newest sample. */
  private readonly totals: Record<CountName, number>
  private newestSlot = -1
  private taken = 0

  constructor() {
    const made: Partial<Record<ColumnName, Float32Array>> = {}
    for (const name of levels) made[name] = new Float32Array(SLOTS).fill(Number.NaN)
    const totals: Partial<Record<CountName, number>> = {}
    for (const name of [...counts, ...bytes]) {
      made[name] = new Float32Array(SLOTS)
      totals[name] = 0
    }
    this.columns = made as Columns<ColumnName>
    this.totals = totals as Record<CountName, number>
  }

  /** Slots that were sampled or passed by, at most SLOTS. */
  get length(): number {
    return this.taken
  }

  /** Takes in the stats at local time `nowMs`. False if its slot has a sample already. */
  record(stats: SampledStats, nowMs: number): boolean {
    const slot = Math.floor(nowMs / SLOT_MS)
    if (slot <= this.newestSlot) return false
    const first = this.newestSlot < 0
    const passed = first ? 1 : slot - this.newestSlot
    this.pass(Math.min(passed, SLOTS + 1), passed <= MAX_SKIPPED)
    this.newestSlot = slot
    this.taken = Math.min(SLOTS, this.taken + passed)
    const { columns } = this
    const at = slot % SLOTS
    for (const name of levels) columns[name][at] = stats[name]
    for (const name of counts) this.count(name, at, stats[name], first)
    this.count('snapshotsIn', at, stats.bytesInByKind.snapshots, first)
    this.count('controlIn', at, stats.bytesInByKind.control, first)
    this.count('inputsOut', at, stats.bytesOutByKind.inputs, first)
    this.count('controlOut', at, stats.bytesOutByKind.control, first)
    return true
  }

  /** Fills the slots between the newest sample and the next, `passed - 1` of them: levels stay, or are not known. */
  private pass(passed: number, levelsStay: boolean): void {
    const { columns, newestSlot } = this
    const from = newestSlot % SLOTS
    for (let n = 1; n < passed; n++) {
      const at = (newestSlot + n) % SLOTS
      for (const name of levels) columns[name][at] = levelsStay ? (columns[name][from] ?? Number.NaN) : Number.NaN
      for (const name of counts) columns[name][at] = 0
      for (const name of bytes) columns[name][at] = 0
    }
  }

  private count(name: CountName, at: number, total: number, first: boolean): void {
    this.columns[name][at] = first ? 0 : total - this.totals[name]
    this.totals[name] = total
  }

  /** The newest sample of a column. */
  newest(name: ColumnName): number {
    return this.columns[name][this.index(0)] ?? Number.NaN
  }

  /** The mean of the last second of a column, of what is known. */
  recent(name: ColumnName): number {
    const column = this.columns[name]
    let sum = 0
    let known = 0
    for (let age = Math.min(RATE_SLOTS, this.taken) - 1; age >= 0; age--) {
      const value = column[this.index(age)] ?? Number.NaN
      if (Number.isNaN(value)) continue
      sum += value
      known++
    }
    return known === 0 ? Number.NaN : sum / known
  }

  /** Copies the newest samples of a column, the newest last; what was not sampled is not known. */
  read(name: ColumnName, into: Float32Array): void {
    const column = this.columns[name]
    const { length } = into
    for (let i = 0; i < length; i++) {
      const age = length - 1 - i
      into[i] = age < this.taken ? (column[this.index(age)] ?? Number.NaN) : Number.NaN
    }
  }

  /** Like `read`, with the rate a second over the second before each sample. */
  readRate(name: CountName, into: Float32Array): void {
    const column = this.columns[name]
    const { length } = into
    let sum = 0
    for (let age = this.taken - 1; age >= 0; age--) {
      sum += column[this.index(age)] ?? 0
      if (age + RATE_SLOTS < this.taken) sum -= column[this.index(age + RATE_SLOTS)] ?? 0
      if (age < length) into[length - 1 - age] = sum * (1000 / (RATE_SLOTS * SLOT_MS))
    }
    for (let i = 0; i < length - this.taken; i++) into[i] = Number.NaN
  }

  /** What a column adds up to over the newest `slots`. */
  sum(name: ColumnName, slots: number): number {
    const column = this.columns[name]
    let sum = 0
    for (let age = Math.min(slots, this.taken) - 1; age >= 0; age--) sum += column[this.index(age)] ?? 0
    return sum
  }

  /** Events, or bytes, a second over the newest `slots`. */
  perSecond(name: CountName, slots: number): number {
    const known = Math.min(slots, this.taken - 1)
    return known <= 0 ? 0 : (this.sum(name, known) * 1000) / (known * SLOT_MS)
  }

  /** How often one thing happened among another, in percent, over the newest `slots`. */
  percent(part: CountName, whole: CountName, slots: number): number {
    const all = this.sum(whole, slots)
    return all <= 0 ? 0 : Math.min(100, Math.max(0, (this.sum(part, slots) * 100) / all))
  }

  /** The largest correction of the newest `slots`. */
  largestCorrection(slots: number): number {
    const { corrections, lastCorrection } = this.columns
    let largest = 0
    for (let age = Math.min(slots, this.taken) - 1; age >= 0; age--) {
      const at = this.index(age)
      if ((corrections[at] ?? 0) > 0) largest = Math.max(largest, lastCorrection[at] ?? 0)
    }
    return largest
  }

  private index(age: number): number {
    return (((this.newestSlot - age) % SLOTS) + SLOTS) % SLOTS
  }
}
