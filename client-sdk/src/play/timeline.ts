/**
 * Where the server's present is, in ticks, as this client believes it. It stands while the server says that it runs nothing; and, in a room that others stand by,
 * while the server is silent: it may be dead, and then whoever goes on does so later. Pure; kept by the room client.
 * Nothing lets it run backwards: where the server's time falls back, it waits until that has come to where it stood.
 */
import type { ClockSync } from './clock-sync.ts'

/** Silence that stops it, at least; and how many times the longest gap of late, so that thinned or held up frames do not. */
const SILENT_MS = 200
const UNUSUAL = 2
const MOST_GAP_MS = 1_000
/** What a gap between frames counts after the next one. */
const FORGETTING = 0.95
/** Longer than this nobody waits: the clock was wrong. */
const MOST_AHEAD_MS = 3_000
/** Nobody looked for so long: what came meanwhile is still to be read. */
const SLEPT_MS = 150

export class Timeline {
  /** Server time at which tick 0 ended. */
  epochMs: number
  /** Others stand by. */
  isProtected = false
  readonly #clock: ClockSync
  readonly #tickMs: number
  #pausedTick = Number.NaN
  /** It stands because of silence. */
  #isSilent = false
  #reachedTick = Number.NEGATIVE_INFINITY
  #heardMs = Number.NaN
  #lookedMs = Number.NaN
  #gapMs = 0

  constructor(clock: ClockSync, epochMs: number, tickMs: number) {
    this.#clock = clock
    this.epochMs = epochMs
    this.#tickMs = tickMs
  }

  /** True while it stands. */
  get stands(): boolean {
    return !Number.isNaN(this.#pausedTick)
  }

  /** The server's present in ticks, fractional. */
  tickAt(nowMs: number): number {
    return this.stands ? this.#pausedTick : Math.max(this.#reachedTick, this.#runningTickAt(nowMs))
  }

  #runningTickAt(nowMs: number): number {
    return (this.#clock.serverNow(nowMs) - this.epochMs) / this.#tickMs
  }

  /** True until the server's time has come to where this one stood. */
  isAhead(nowMs: number): boolean {
    return this.#runningTickAt(nowMs) < this.#reachedTick
  }

  /** The server says that it runs no ticks. */
  pause(nowMs: number): void {
    this.#pausedTick = this.tickAt(nowMs)
    this.#isSilent = false
  }

  goOn(): void {
    this.#pausedTick = Number.NaN
    this.#isSilent = false
  }

  /** A frame came. */
  heard(nowMs: number): void {
    const gapMs = Math.min(MOST_GAP_MS, nowMs - this.#heardMs)
    this.#gapMs = Math.max(gapMs || 0, this.#gapMs * FORGETTING)
    this.#heardMs = nowMs
    if (this.#isSilent) this.goOn()
  }

  /** Looks for silence; called in every tick. */
  look(nowMs: number): void {
    const passedMs = nowMs - this.#lookedMs
    this.#lookedMs = nowMs
    if (passedMs > SLEPT_MS) this.#heardMs += passedMs
    if (!this.isProtected || this.stands) return
    const untilMs = this.#heardMs + Math.max(SILENT_MS, UNUSUAL * this.#gapMs)
    if (!(nowMs > untilMs)) return
    this.#pausedTick = this.tickAt(untilMs)
    this.#isSilent = true
  }

  /** Tick 0 ended at another time than was said before: the room stood still, or another server goes on with it. */
  shift(epochMs: number, nowMs: number): void {
    const reachedTick = this.tickAt(nowMs)
    this.epochMs = epochMs
    const aheadMs = (reachedTick - this.#runningTickAt(nowMs)) * this.#tickMs
    this.#reachedTick = aheadMs < MOST_AHEAD_MS ? reachedTick : Number.NEGATIVE_INFINITY
  }

  /** Another link leads to the room: it may be silent for a moment. */
  linkReplaced(nowMs: number): void {
    this.#heardMs = nowMs
    this.goOn()
  }
}
