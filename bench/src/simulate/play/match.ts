/**
 * One match, whoever runs it: the records of its ticks as its owners told them, which of them are held, and what the outside was told. Kept by `Matches`.
 * A tick that is held is never run again, and never otherwise; who goes on goes on right after it or later.
 */
import { compareEpochs, type RoomEpoch } from '@tickmesh/server/cluster'
import { type CompiledGame, Replica } from '@tickmesh/shared'
import { epochText, type Judge } from '../judge.ts'

/** As the server's: a record of a tick, and all that somebody needs to go on after one. */
export interface Told {
  readonly tick: number
  readonly journal: Uint8Array
}

export interface MatchHead {
  readonly historyTicks: number
  readonly secretSeed: number
  readonly publicSeed: number
}

/** How somebody goes on with it: after its owner died, by a planned move, or its owner itself after a move that failed. */
export type Continued = 'failover' | 'move' | 'return'

/** An effect that was carried out. */
interface CarriedOut {
  readonly id: string
  times: number
}

interface Kept extends Told {
  readonly epoch: RoomEpoch
}

export class Match {
  readonly room: string
  /** The newest tick that all holders of the room had. */
  heldTick = -1
  /** Under which it runs, or ran last. */
  epoch: RoomEpoch
  readonly continued: Record<Continued, number> = { failover: 0, move: 0, return: 0 }
  /** How often somebody went on from before what was final without being held. */
  setBacks = 0
  /** It ended by itself, or was lost as it may be. */
  over: string | undefined
  effectsTwice = 0
  readonly #judge: Judge
  readonly #onSetBack: () => void
  readonly #game: CompiledGame
  readonly #head: MatchHead
  readonly #base: Told
  readonly #records = new Map<number, Kept>()
  /** By the number that the game gave. */
  readonly #effects = new Map<number, CarriedOut>()
  /** Ids of effects of ticks that were final without being held, and are not the match's any more. */
  readonly #undone = new Set<string>()
  readonly #refused = new Map<string, number>()
  #newestTick: number
  /** Others are to hold it: nothing counts before they do. */
  #isProtected = true
  /** Where nobody was to hold it, or nobody could for long: ticks up to there were final, and no more than that. */
  #finalTick = -1
  /** As the room was told. */
  #saidTick = -1

  constructor(
    room: string,
    epoch: RoomEpoch,
    game: CompiledGame,
    base: Told,
    head: MatchHead,
    judge: Judge,
    onSetBack: () => void,
  ) {
    this.room = room
    this.epoch = epoch
    this.#game = game
    this.#base = base
    this.#newestTick = base.tick
    this.#head = head
    this.#judge = judge
    this.#onSetBack = onSetBack
  }

  /** Somebody goes on with it after `tick`, under another epoch. */
  restored(epoch: RoomEpoch, tick: number, how: Continued): void {
    if (tick < this.heldTick) {
      const what = `goes on after tick ${tick} in ${epochText(epoch)}, and tick ${this.heldTick} was held`
      this.#judge.accuse('held ticks are lost', `${this.room} ${what}`)
    } else if (tick > this.#newestTick) {
      this.#judge.accuse(
        'goes on after a tick that nobody ran',
        `${this.room}: ${tick}, and the newest is ${this.#newestTick}`,
      )
    }
    if (tick < this.#finalTick) {
      this.setBacks++
      this.#finalTick = tick
      this.#undoEffects(tick)
      this.#onSetBack()
    }
    this.continued[how]++
    this.#isProtected = true
    this.#saidTick = Math.max(this.#saidTick, tick)
    this.epoch = epoch
    this.#newestTick = tick
  }

  /** Its owner told a tick. */
  told(epoch: RoomEpoch, { tick, journal }: Told): void {
    if (compareEpochs(epoch, this.epoch) < 0) return
    if (tick <= this.heldTick) {
      const what = `tick ${tick} runs in ${epochText(epoch)}, and tick ${this.heldTick} was held`
      this.#judge.accuse('a held tick runs again', `${this.room}: ${what}`)
    } else if (tick !== this.#newestTick + 1) {
      this.#judge.accuse('a tick is left out', `${this.room}: ${tick} after ${this.#newestTick} in ${epochText(epoch)}`)
    }
    this.#newestTick = tick
    if (!this.#isProtected) this.#finalTick = tick
    this.#records.set(tick, { tick, epoch, journal: journal.slice() })
  }

  /** All holders have it up to there; `isByAnybody` is false where the word only stands still, until there is a holder. */
  held(epoch: RoomEpoch, tick: number, isByAnybody: boolean): void {
    if (compareEpochs(epoch, this.epoch) !== 0) return
    this.#isProtected = Number.isFinite(tick)
    if (!this.#isProtected) {
      this.#finalTick = this.#newestTick
      return
    }
    this.#saidTick = Math.max(this.#saidTick, tick)
    if (!isByAnybody) return
    if (tick > this.#newestTick)
      this.#judge.accuse('a tick is held that nobody ran', `${this.room}: ${tick} in ${epochText(epoch)}`)
    this.heldTick = Math.max(this.heldTick, tick)
  }

  /** Their numbers come again. */
  #undoEffects(tick: number): void {
    for (const [number, { id }] of this.#effects) {
      if (this.#tickOf(id) <= tick) continue
      this.#undone.add(id)
      this.#effects.delete(number)
    }
  }

  #tickOf(effectId: string): number {
    return Number(effectId.slice(this.effectsBegin.length).split('/')[0])
  }

  /** The outside hears of an effect. */
  carriedOut(id: string, number: number): void {
    if (this.#undone.has(id)) return
    const tick = this.#tickOf(id)
    if (this.#isProtected && tick > this.#saidTick)
      this.#judge.accuse('an effect of a tick that is not held', `${id}; held is ${this.#saidTick}`)
    const known = this.#effects.get(number)
    if (known === undefined) this.#effects.set(number, { id, times: 1 })
    else if (known.id === id) {
      known.times++
      this.effectsTwice++
    } else this.#judge.accuse('an effect has two ids', `${this.room}: effect ${number} is ${known.id}, and ${id}`)
  }

  /** Presses of the player in this seat that came too late for its owner in `epoch`, in all so far. */
  refused(epoch: RoomEpoch, seat: number, count: number): void {
    if (count > 0) this.#refused.set(`${seat} ${epochText(epoch)}`, count)
  }

  /** The same for all owners. Ticks that were not held may have been computed twice. */
  refusedIn(seat: number): number {
    let sum = 0
    for (const [key, count] of this.#refused) if (key.startsWith(`${seat} `)) sum += count
    return sum
  }

  /** How ids of its effects begin. */
  get effectsBegin(): string {
    return `${this.room}/${(this.#head.publicSeed >>> 0).toString(16).padStart(8, '0')}/`
  }

  get effects(): number {
    return this.#effects.size
  }

  /** What is missing of the first `count` effects, or is beyond them; undefined: nothing. */
  wrongEffects(count: number): string | undefined {
    for (let number = 1; number <= count; number++) {
      if (!this.#effects.has(number)) return `effect ${number} of ${count} was never carried out`
    }
    return this.#effects.size > count
      ? `${this.#effects.size} effects were carried out, and ${count} happened`
      : undefined
  }

  /** Plays the held ticks once more, undisturbed: how many came out otherwise. */
  replay(): { readonly ticks: number; readonly mismatches: number; readonly hash: number } {
    const replica = new Replica(this.#game, this.#head)
    replica.load(this.#base.journal)
    let mismatches = 0
    const first = this.#base.tick + 1
    for (let tick = first; tick <= this.heldTick; tick++) {
      const record = this.#records.get(tick)
      if (record === undefined) {
        this.#judge.accuse('a held tick was never told', `${this.room}: ${tick} of ${this.heldTick}`)
        break
      }
      if (replica.apply(record.journal)) continue
      mismatches++
      if (mismatches > 1) continue
      const what = `tick ${tick} of ${epochText(record.epoch)} comes out otherwise when the match is played again`
      this.#judge.accuse('a held tick differs', `${this.room}: ${what}`)
    }
    return { ticks: Math.max(0, this.heldTick - first + 1), mismatches, hash: replica.hash() }
  }
}
