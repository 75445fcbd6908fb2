/**
 * The overload governor of one room: decides from how long ticks take, and how late they begin, how much the room may still send.
 * Pure; fed by the room once per tick. The simulation itself is never thinned: snapshots are, and if that does not help, people are told.
 * Never spirals: it only ever takes work away under pressure, gives it back one level at a time after a calm while, and waits longer each time that this proved too early.
 */

/** 0: all is well. 1 and 2: snapshots are thinned. 3: thinned as at 2, and `overloaded` is said to operators and clients. */
export type GovernorLevel = 0 | 1 | 2 | 3

/** Of each level: one of how many snapshots is sent. */
const SNAPSHOT_DIVISORS: readonly number[] = [1, 2, 4, 4]

/** Averages follow with this time constant: one collection of garbage is not pressure. */
const AVERAGE_MS = 500
/** A tick that takes this share of its interval leaves too little for sockets and other rooms. */
const BUSY_SHARE = 0.8
/** Ticks that begin this share of an interval late come too late for inputs that were on time. */
const LATE_SHARE = 0.5
/** Pressure is 1 at either of these. Below this it is calm, between the two nothing changes. */
const CALM_PRESSURE = 0.6
/** So long must pressure last for a level up. */
const RAISE_AFTER_MS = 500
/** After a step up the backlog needs a while to go: nothing is held against the new level before. */
const SETTLE_MS = 1_000
/** So long must calm last for a level down, at first and at most. */
const LOWER_AFTER_MS = 3_000
const LOWER_AFTER_MAX_MS = 60_000
/** A level that is needed again so soon after it was left was left too early. */
const TOO_EARLY_MS = 10_000

export class Governor {
  #level: GovernorLevel = 0
  #busy = 0
  #late = 0
  #pressedMs = 0
  #calmMs = 0
  #lowerAfterMs = LOWER_AFTER_MS
  #sinceLoweredMs = Number.POSITIVE_INFINITY

  get level(): GovernorLevel {
    return this.#level
  }

  /** One of how many snapshots to send. */
  get snapshotDivisor(): number {
    return SNAPSHOT_DIVISORS[this.#level] ?? 1
  }

  /** To be told to operators and clients. */
  get overloaded(): boolean {
    return this.#level === 3
  }

  /** Of the last half second: 1 and more is too much. */
  get pressure(): number {
    return Math.max(this.#busy / BUSY_SHARE, this.#late / LATE_SHARE)
  }

  /** What one tick took, how late it began, and how long its interval is. Returns the level from now on. Hot. */
  update(durationMs: number, latenessMs: number, intervalMs: number): GovernorLevel {
    const weight = Math.min(1, intervalMs / AVERAGE_MS)
    this.#busy += (durationMs / intervalMs - this.#busy) * weight
    this.#late += (latenessMs / intervalMs - this.#late) * weight
    this.#sinceLoweredMs += intervalMs
    const pressure = this.pressure
    this.#pressedMs = pressure > 1 ? this.#pressedMs + intervalMs : Math.min(0, this.#pressedMs + intervalMs)
    this.#calmMs = pressure < CALM_PRESSURE ? this.#calmMs + intervalMs : 0
    if (this.#pressedMs >= RAISE_AFTER_MS && this.#level < 3) this.#raise()
    else if (this.#calmMs >= this.#lowerAfterMs && this.#level > 0) this.#lower()
    return this.#level
  }

  #raise(): void {
    this.#level = (this.#level + 1) as GovernorLevel
    this.#pressedMs = -SETTLE_MS
    if (this.#sinceLoweredMs < TOO_EARLY_MS) this.#lowerAfterMs = Math.min(this.#lowerAfterMs * 2, LOWER_AFTER_MAX_MS)
    this.#sinceLoweredMs = Number.POSITIVE_INFINITY
  }

  #lower(): void {
    this.#level = (this.#level - 1) as GovernorLevel
    this.#calmMs = 0
    // Down at last and well: what was learned under the old load is forgotten.
    if (
      this.#level === 0 &&
      this.#sinceLoweredMs > LOWER_AFTER_MAX_MS &&
      this.#sinceLoweredMs !== Number.POSITIVE_INFINITY
    ) {
      this.#lowerAfterMs = LOWER_AFTER_MS
    }
    this.#sinceLoweredMs = 0
  }
}
