/**
 * Input latch: holds what the player does until a tick takes it. Levels as they are, presses counted, each with the view stamp of the
 * frame that the player saw when pressing. Fed by `sample` and `room.press`; emptied by the ticks.
 */
import { type CompiledGame, NetError, toRaw } from '@tickmesh/shared'
import type { ViewStamp } from './playback.ts'

type Sample = Readonly<Record<string, unknown>>

/** Presses of one kind that a single tick may apply; more are dropped and counted. */
const MAX_PRESSES_A_TICK = 8
/** More at once are not even counted. */
const MOST_COUNTED = 1_000

export class InputLatch {
  /** Raw values of the levels, in the order of `game.levels`. */
  readonly levels: Int32Array
  /** Presses since the last tick. */
  readonly presses: Int32Array
  /** Per press: the stamp of the frame that was on the screen at the last of them. */
  readonly pressStamps: readonly ViewStamp[]
  /** Presses that no tick will apply. */
  dropped = 0
  readonly #game: CompiledGame
  readonly #strict: boolean

  constructor(game: CompiledGame, strict: boolean) {
    this.#game = game
    this.#strict = strict
    this.levels = new Int32Array(game.levels.length)
    this.presses = new Int32Array(game.presses.length)
    this.pressStamps = game.presses.map(() => ({ older: -1, newer: -1, fraction: 0 }))
    this.release()
  }

  /** Nobody touches anything. Presses that wait are kept. */
  release(): void {
    for (let i = 0; i < this.levels.length; i++) this.levels[i] = this.#game.levels[i]?.field.initial ?? 0
  }

  /** Takes in a sample. Levels that it does not name are neutral. `shown` is the frame on the screen. */
  take(sample: Sample, shown: ViewStamp): void {
    const { levels } = this
    const game = this.#game
    for (let i = 0; i < game.levels.length; i++) {
      const level = game.levels[i]
      if (level === undefined) continue
      const given = sample[level.name]
      const value = level.part === '' || given === undefined ? given : (given as Sample)[level.part]
      levels[i] =
        value === undefined ? level.field.initial : toRaw(level.field, value, this.#strict, `input ${level.name}`)
    }
    for (let i = 0; i < game.presses.length; i++) {
      const given = sample[game.presses[i]?.name ?? '']
      if (given !== undefined && given !== false && given !== 0) this.#add(i, given === true ? 1 : Number(given), shown)
    }
  }

  /** Counts presses at the moment of their event. Throws BAD_ARGUMENT for a name that is no press. */
  press(name: string, count: number, shown: ViewStamp): void {
    const press = this.#game.presses.find((known) => known.name === name)
    if (press === undefined) {
      throw new NetError(
        'BAD_ARGUMENT',
        `"${name}" is not a press.`,
        `Presses are: ${this.#game.presses.map((known) => known.name).join(', ')}.`,
      )
    }
    this.#add(press.index, count, shown)
  }

  #add(press: number, count: number, shown: ViewStamp): void {
    if (!(count >= 1)) return
    const wanted = (this.presses[press] ?? 0) + Math.min(MOST_COUNTED, Math.floor(count))
    this.presses[press] = Math.min(MAX_PRESSES_A_TICK, wanted)
    this.dropped += wanted - (this.presses[press] ?? 0)
    const stamp = this.pressStamps[press]
    if (stamp === undefined) return
    stamp.older = shown.older
    stamp.newer = shown.newer
    stamp.fraction = shown.fraction
  }

  /** The stamp with which the next tick will be judged if a press waits. */
  pressStamp(): ViewStamp | undefined {
    for (let press = 0; press < this.presses.length; press++)
      if ((this.presses[press] ?? 0) > 0) return this.pressStamps[press]
    return undefined
  }

  /** The presses were taken by a tick. */
  clearPresses(): void {
    this.presses.fill(0)
  }
}
