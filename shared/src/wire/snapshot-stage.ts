/**
 * The timeline of the seats that are shown to a client which sees a part of the world: their steps alone are filled, and nothing that it is not to know
 * goes in. Called by the snapshot writer (hot).
 */
import { SEAT_PRESENT } from '../game/compiled.ts'
import type { BodyPart } from './body-input.ts'
import type { SnapshotLayout } from './snapshot-layout.ts'
import type { HeldTimeline } from './snapshot-timeline.ts'

/** Starts from the baseline's levels. Of other seats only `stirred` means anything. */
export function beginStage(
  timeline: HeldTimeline,
  layout: SnapshotLayout,
  { seats, seatCount }: BodyPart,
  baseline: Int32Array | undefined,
  current: Int32Array,
  steps: number,
): void {
  const { levels, game } = layout
  const present = game.seatBase + SEAT_PRESENT * game.seatRows
  timeline.steps = steps
  timeline.stirred.fill(0)
  for (let n = 0; n < seatCount; n++) {
    const seat = seats[n] ?? 0
    const known = baseline !== undefined && current[present + seat] !== 0 && baseline[present + seat] !== 0
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l]
      if (level !== undefined) timeline.set(-1, l, seat, known ? (baseline[level.offset + seat] ?? 0) : level.initial)
    }
  }
}

/** Takes the step that is tick `tick` from a world's memory. What a seat held before its tick in `since` is taken to be neutral; below 0: ever. */
export function takeStage(
  timeline: HeldTimeline,
  layout: SnapshotLayout,
  { seats, seatCount, since }: BodyPart,
  step: number,
  tick: number,
  memory: Int32Array,
  current: Int32Array,
): void {
  const { levels, game } = layout
  const present = game.seatBase + SEAT_PRESENT * game.seatRows
  for (let n = 0; n < seatCount; n++) {
    const seat = seats[n] ?? 0
    const from = since[seat] ?? -1
    const known = from >= 0 && tick >= from && current[present + seat] !== 0 && memory[present + seat] !== 0
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l]
      if (level !== undefined) timeline.set(step, l, seat, known ? (memory[level.offset + seat] ?? 0) : level.initial)
    }
  }
}
