/**
 * The presses of one player and what became of each, as seen by somebody who knows the true time everywhere. Pure: told of each event with its time.
 * The stages of a press are differences between consecutive times, so they add up to the whole.
 */
import type { LatencyStageName } from './latency-result.ts'

/** Milliseconds of true time. NaN: it has not happened. */
export interface PressRecord {
  readonly pressedMs: number
  /** Display frames that the presser had seen. */
  readonly ownFramesBefore: number
  ownMs: number
  ownFrames: number
  /** The first message with it left the client, and reached the server. */
  leftMs: number
  arrivedMs: number
  /** The tick that applied it; -1: none yet. */
  tick: number
  computedMs: number
  /** A snapshot of that tick, or of a later one, left for the other player for the first time. */
  sentMs: number
  /** The first such snapshot that the other player could decode. */
  usableMs: number
  usableTick: number
  /** The other player's view time reached that snapshot. */
  reachedMs: number
  /** The first display frame of the other player that shows it. */
  shownMs: number
}

export const STAGES: readonly LatencyStageName[] = [
  'sampling',
  'uplink',
  'serverWait',
  'snapshotWait',
  'downlink',
  'interpolation',
  'display',
]

/** The stages of a press that was shown, in the order of STAGES. */
export function stagesOf(record: PressRecord): number[] {
  const { pressedMs, leftMs, arrivedMs, computedMs, sentMs, usableMs, reachedMs, shownMs } = record
  const times = [pressedMs, leftMs, arrivedMs, computedMs, sentMs, usableMs, reachedMs, shownMs]
  return STAGES.map((_stage, at) => (times[at + 1] ?? Number.NaN) - (times[at] ?? Number.NaN))
}

const NOT_YET = {
  ownMs: Number.NaN,
  ownFrames: 0,
  leftMs: Number.NaN,
  arrivedMs: Number.NaN,
  tick: -1,
  computedMs: Number.NaN,
  sentMs: Number.NaN,
  usableMs: Number.NaN,
  usableTick: -1,
  reachedMs: Number.NaN,
  shownMs: Number.NaN,
}

export class PressLog {
  /** Press n is at n - 1. */
  readonly records: PressRecord[] = []
  private ownFrames = 0
  private lastViewTick = Number.NEGATIVE_INFINITY
  private lastFrameMs = 0
  /** By kind of event: how many presses, from the first on, are done with. */
  private readonly done = { own: 0, left: 0, arrived: 0, sent: 0, usable: 0, shown: 0 }

  /** Presses that have not left the client. */
  get waiting(): number {
    return this.records.length - this.done.left
  }

  pressed(nowMs: number): void {
    this.records.push({ ...NOT_YET, pressedMs: nowMs, ownFramesBefore: this.ownFrames })
  }

  /** A display frame of the presser, which shows this count. */
  ownFrame(shots: number, nowMs: number): void {
    this.ownFrames++
    for (const record of this.upTo('own', shots)) {
      record.ownMs = nowMs
      record.ownFrames = this.ownFrames - record.ownFramesBefore
    }
  }

  /** An input message with this press counter left the client. */
  left(counter: number, nowMs: number): void {
    for (const record of this.upTo('left', counter)) record.leftMs = nowMs
  }

  arrived(counter: number, nowMs: number): void {
    for (const record of this.upTo('arrived', counter)) record.arrivedMs = nowMs
  }

  /** The server applied `count` presses in `tick`; those before them that it has not applied, it never will. */
  computed(newest: number, count: number, tick: number, nowMs: number): void {
    for (const record of this.records.slice(newest - count, newest)) {
      record.tick = tick
      record.computedMs = nowMs
    }
  }

  /** A snapshot of `tick` left the server for the other player. */
  sent(tick: number, nowMs: number): void {
    for (const record of this.upToTick('sent', tick)) record.sentMs = nowMs
  }

  /** The other player decoded the snapshot of `tick`, its newest. */
  usable(tick: number, nowMs: number): void {
    for (const record of this.upToTick('usable', tick)) {
      record.usableMs = nowMs
      record.usableTick = tick
    }
  }

  /** A display frame of the other player at `viewTick`, which shows this count of the presser. */
  otherFrame(shots: number, viewTick: number, nowMs: number): void {
    for (const record of this.upTo('shown', shots)) {
      record.shownMs = nowMs
      record.reachedMs = this.reached(record, viewTick, nowMs)
    }
    this.lastViewTick = viewTick
    this.lastFrameMs = nowMs
  }

  /** When view time, which is looked at in frames only, passed the snapshot; not before that was there. */
  private reached({ usableTick, usableMs }: PressRecord, viewTick: number, nowMs: number): number {
    const { lastViewTick, lastFrameMs } = this
    if (lastViewTick >= usableTick || viewTick <= lastViewTick) return Math.min(usableMs, nowMs)
    const share = Math.min(1, (usableTick - lastViewTick) / (viewTick - lastViewTick))
    return Math.max(usableMs, lastFrameMs + share * (nowMs - lastFrameMs))
  }

  /** The presses up to number `last` that `kind` has not seen. */
  private upTo(kind: keyof PressLog['done'], last: number): PressRecord[] {
    const { done, records } = this
    const from = done[kind]
    if (last <= from) return []
    done[kind] = Math.min(last, records.length)
    return records.slice(from, last)
  }

  /** The same, up to those applied by `tick`. Ticks grow with the numbers; presses without a tick wait, or were refused. */
  private upToTick(kind: 'sent' | 'usable', tick: number): PressRecord[] {
    let last = this.done[kind]
    for (let at = last; at < this.records.length; at++) {
      const record = this.records[at]
      if (record === undefined || record.tick > tick) break
      if (record.tick >= 0) last = at + 1
    }
    return this.upTo(kind, last)
  }
}
