/**
 * All matches of a run, by the rooms that they are played in: which is on now, and what becomes of it. Told by the processes that run rooms and by those who play.
 * A room may be lost only with all who held it; then another match may begin in it.
 */
import type { RoomEpoch } from '@tickmesh/server/cluster'
import type { CompiledGame } from '@tickmesh/shared'
import { epochText, type Judge } from '../judge.ts'
import { type Continued, Match, type MatchHead, type Told } from './match.ts'

export class Matches {
  readonly all: Match[] = []
  readonly #judge: Judge
  readonly #game: CompiledGame
  /** Whether anybody who may go on with this room after this tick is left. */
  readonly #isHeldByAnybody: (room: string, match: Match) => string | undefined

  readonly #onSetBack: (room: string) => void

  constructor(
    game: CompiledGame,
    judge: Judge,
    isHeldByAnybody: (room: string, match: Match) => string | undefined,
    onSetBack: (room: string) => void,
  ) {
    this.#game = game
    this.#onSetBack = onSetBack
    this.#judge = judge
    this.#isHeldByAnybody = isHeldByAnybody
  }

  /** The newest match in this room. */
  of(room: string): Match | undefined {
    return this.all.findLast((match) => match.room === room)
  }

  opened(room: string, epoch: RoomEpoch, base: Told, head: MatchHead): void {
    const before = this.of(room)
    if (before !== undefined && before.over === undefined) this.lost(room, epoch)
    this.all.push(new Match(room, epoch, this.#game, base, head, this.#judge, () => this.#onSetBack(room)))
  }

  restored(room: string, epoch: RoomEpoch, tick: number, how: Continued): void {
    const match = this.of(room)
    if (match === undefined) return this.#judge.accuse('restored from nothing', room)
    if (match.over !== undefined) this.#judge.accuse('goes on after its end', `${room}: ${match.over}`)
    match.restored(epoch, tick, how)
  }

  ended(room: string, why: string): void {
    const match = this.of(room)
    if (match !== undefined) match.over ??= why
  }

  /** The outside took the word of an effect: that of the match whose name its id has. */
  tookEffect(room: string, id: string, number: number): void {
    const match = this.all.findLast((other) => other.room === room && id.startsWith(other.effectsBegin))
    if (match === undefined) this.#judge.accuse('an effect of no match', id)
    else match.carriedOut(id, number)
  }

  lost(room: string, epoch: RoomEpoch): void {
    const match = this.of(room)
    if (match === undefined || match.over !== undefined) return
    match.over = 'lost'
    const who = this.#isHeldByAnybody(room, match)
    if (who !== undefined) this.#judge.accuse('lost, and somebody holds it', `${room} at ${epochText(epoch)}: ${who}`)
  }
}
