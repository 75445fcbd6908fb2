/**
 * The outside that effects are for: it answers after a while, fails now and then, before or after it has taken a word, and drops what it has had, by the id.
 * Made by `Play`; asked by the rules of rooms, on whatever shard they run.
 */
import type { TickTimer } from '@tickmesh/server'
import type { SeededRandom } from '@tickmesh/shared'
import type { TallyEffect } from './tally-game.ts'

const MOST_MS = 150
const FAILS = 0.08

export class Outside {
  readonly #random: SeededRandom
  readonly #take: (room: string, id: string, number: number) => void

  constructor(random: SeededRandom, take: (room: string, id: string, number: number) => void) {
    this.#random = random
    this.#take = take
  }

  /** `timer`: of the shard that asks, and that hears of it only if it lives. */
  carryOut({ room, id, data }: TallyEffect, timer: TickTimer): Promise<void> {
    const { number } = data as { readonly number: number }
    const [wayMs, backMs, fate] = [MOST_MS * this.#random.next(), MOST_MS * this.#random.next(), this.#random.next()]
    return new Promise((resolve, reject) => {
      if (fate < FAILS / 2) return reject(new Error('the outside is not there'))
      timer.wakeAt(timer.nowMs() + wayMs, () => {
        this.#take(room, id, number)
        timer.wakeAt(timer.nowMs() + backMs, fate < FAILS ? () => reject(new Error('the answer was lost')) : resolve)
      })
    })
  }
}
