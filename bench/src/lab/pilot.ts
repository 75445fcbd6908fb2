/**
 * Scripted players: seeded, so that a run repeats. They steer, turn, and press; what they do does not depend on what they see.
 */
import { SeededRandom } from '@tickmesh/shared'

export interface PilotInput {
  move: { x: number; y: number }
  aim: number
  fire: number
  rocket: number
}

export interface PilotHabits {
  /** Chance of a shot and of a rocket in each call. */
  readonly fire?: number
  readonly rocket?: number
}

/** Gives a function to sample. It changes direction every quarter to one second of calls, and turns its aim slowly. */
export function pilot(seed: number, habits: PilotHabits = {}): { sample(): PilotInput; stop(): void } {
  const random = new SeededRandom(seed)
  const input: PilotInput = { move: { x: 0, y: 0 }, aim: 0, fire: 0, rocket: 0 }
  let calls = 0
  let stopped = false
  return {
    sample() {
      if (stopped) return { move: { x: 0, y: 0 }, aim: input.aim, fire: 0, rocket: 0 }
      if (calls-- <= 0) {
        calls = random.int(15, 90)
        input.move = { x: random.int(-1, 1), y: random.int(-1, 1) }
      }
      input.aim += (random.next() - 0.5) * 0.1
      input.fire = random.next() < (habits.fire ?? 0) ? 1 : 0
      input.rocket = random.next() < (habits.rocket ?? 0) ? 1 : 0
      return { ...input }
    },
    stop() {
      stopped = true
    },
  }
}
