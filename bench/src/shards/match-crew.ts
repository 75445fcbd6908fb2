/** All bots of a run, in some processes, and the account of what became of what they did. Used by the benches failover and migrate, and by tests. */
import { setTimeout as wait } from 'node:timers/promises'
import { Child } from '../child.ts'
import type { ClientTally, Gap } from './match-bot.ts'
import type { BotsOrder, BotsReport, SeatTally } from './messages.ts'

/** Time for what was sent to be applied, and for its answers. */
const QUIET_MS = 700
const JOIN_MS = 90_000

export interface CrewOptions {
  readonly urls: readonly string[]
  readonly rooms: readonly string[]
  readonly bots: number
  readonly processes: number
  readonly seed: number
}

/** What is wrong with what players did: 0 each, if all is well. */
export interface Account {
  readonly inputsLost: number
  readonly inputsTwice: number
  readonly pressesRefused: number
  readonly presses: number
  readonly messages: number
  readonly unseated: number
}

export class MatchCrew {
  readonly size: number
  readonly #children: Child<BotsOrder, BotsReport>[]

  constructor({ urls, rooms, bots, processes, seed }: CrewOptions) {
    const seats = rooms.flatMap((room) => Array.from({ length: bots }, () => room))
    this.size = seats.length
    this.#children = Array.from({ length: processes }, (_, at) => {
      const own = seats.filter((_, seat) => seat % processes === at)
      const setup = { urls, rooms: own, seed: seed + at * 1_000 }
      return new Child<BotsOrder, BotsReport>(`bots ${at}`, new URL('./bots-process.ts', import.meta.url), setup)
    })
  }

  async ready(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.ask('ready', undefined, JOIN_MS)))
  }

  /** Those that were noted since the last call, and how many bots are connected. */
  async gaps(): Promise<{ readonly gaps: readonly Gap[]; readonly connected: number }> {
    const answers = await Promise.all(this.#children.map((child) => child.ask('gaps', { order: 'gaps' })))
    return {
      gaps: answers.flatMap(({ gaps }) => gaps),
      connected: answers.reduce((all, { connected }) => all + connected, 0),
    }
  }

  async tallies(): Promise<ClientTally[]> {
    const answers = await Promise.all(this.#children.map((child) => child.ask('tallies', { order: 'tallies' })))
    return answers.flatMap(({ bots }) => bots)
  }

  /** Nobody does anything for a moment: then what the shards hold must be what the bots did. */
  async account(shards: { tallies(): Promise<SeatTally[]> }): Promise<Account> {
    this.#quiet(true)
    await wait(QUIET_MS)
    const [bots, seats] = await Promise.all([this.tallies(), shards.tallies()])
    this.#quiet(false)
    return accountOf(bots, seats)
  }

  async end(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop({ order: 'stop' })))
  }

  #quiet(quiet: boolean): void {
    for (const child of this.#children) child.order({ order: 'quiet', quiet })
  }
}

/** Each player's presses and messages, as it counted them, against what its seat holds in the world that goes on. */
function accountOf(bots: readonly ClientTally[], seats: readonly SeatTally[]): Account {
  const account = { inputsLost: 0, inputsTwice: 0, pressesRefused: 0, presses: 0, messages: 0, unseated: 0 }
  const held = new Map(seats.map((tally) => [`${tally.room} ${tally.seat}`, tally]))
  for (const { room, seat, presses, messages, refusedPresses } of bots) {
    const world = held.get(`${room} ${seat}`)
    account.presses += presses
    account.messages += messages
    account.pressesRefused += refusedPresses
    if (world === undefined) {
      account.unseated++
      continue
    }
    account.inputsLost += Math.max(0, presses - world.presses) + Math.max(0, messages - world.messages)
    account.inputsTwice += Math.max(0, world.presses - presses) + Math.max(0, world.messages - messages)
  }
  return account
}
