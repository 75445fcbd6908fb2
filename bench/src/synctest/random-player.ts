/**
 * A player of any game: draws every input of its definition at random, holds levels for a while, and presses now and then. Seeded, so that a run repeats.
 */
import { type CompiledGame, fromRaw, SeededRandom } from '@tickmesh/shared'

type Sample = Record<string, unknown>

/** Calls for which levels are held. */
const HOLD_LEAST = 5
const HOLD_MOST = 60
const PRESS_CHANCE = 0.04
/** Share of levels that are at an end of their range: there games have their edges. */
const EXTREME_CHANCE = 0.5

/** Gives a function to sample. */
export function randomPlayer(game: CompiledGame, seed: number): () => Sample {
  const random = new SeededRandom(seed)
  let held: Sample = {}
  let calls = 0
  return () => {
    if (calls-- <= 0) {
      calls = random.int(HOLD_LEAST, HOLD_MOST)
      held = drawLevels(game, random)
    }
    const sample: Sample = { ...held }
    for (const { name } of game.presses) sample[name] = random.next() < PRESS_CHANCE
    return sample
  }
}

function drawLevels(game: CompiledGame, random: SeededRandom): Sample {
  const levels: Sample = {}
  for (const { name, part, field } of game.levels) {
    const extreme = random.next() < EXTREME_CHANCE
    const raw = extreme
      ? [field.rawMin, field.initial, field.rawMax][random.int(0, 2)]
      : random.int(field.rawMin, field.rawMax)
    const value = fromRaw(field, raw ?? field.rawMin)
    if (part === '') levels[name] = value
    else levels[name] = { ...(levels[name] as Sample | undefined), [part]: value }
  }
  return levels
}
