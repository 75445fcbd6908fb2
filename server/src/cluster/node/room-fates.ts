/**
 * What the lobby shows of rooms whose owners were removed: `recovering` while somebody may go on with them, `lost` for a minute when their home has given them up. Who goes on
 * with a room lists it anew. Pure; part of the node.
 */
import type { Life } from '../life.ts'
import type { Lobby } from '../lobby/lobby.ts'
import type { RoomClaim } from '../ring/room-messages.ts'
import { compareEpochs, memberOf, type RoomEpoch, type View } from '../view/view.ts'

/** A room that nobody goes on with, and that no home has said to be lost (it may have ended just before), is shown for so long. */
const RECOVERING_MS = 15_000
const LOST_MS = 60_000
const MAX_LOST = 2_000

type Shown = Pick<Lobby, 'put' | 'remove' | 'room' | 'rooms' | 'lost'>

export class RoomFates {
  readonly #lobby: Shown
  readonly #life: Life
  /** Until when they are shown, by id. */
  readonly #recovering = new Map<string, number>()
  readonly #lost = new Map<string, number>()

  constructor(lobby: Shown, life: Life) {
    this.#lobby = lobby
    this.#life = life
  }

  /** Rooms whose owners the view has not any more, as far as they are listed. Call it before the lobby has installed the view. */
  ownersGone(view: View): RoomClaim[] {
    const gone: RoomClaim[] = []
    for (const { id, owner, epoch } of this.#lobby.rooms())
      if (memberOf(view, owner) === undefined) gone.push({ id, epoch })
    return gone
  }

  /** Call it when the lobby has installed the view. */
  viewInstalled(view: View, takeoverFromMs: number, nowMs: number): void {
    const untilMs = Math.max(nowMs, takeoverFromMs) + RECOVERING_MS
    for (const { id, owner, state } of this.#lobby.rooms())
      if (state === 'recovering' && memberOf(view, owner) === undefined) this.#recovering.set(id, untilMs)
  }

  /** This shard goes on with it: at once, before there is more to say. */
  takenOver(id: string, epoch: RoomEpoch): void {
    const known = this.#lobby.room(id)
    if (known?.owner === this.#life && compareEpochs(known.epoch, epoch) >= 0) return
    const { players = 0, maxPlayers = 0, attributes = {} } = known ?? {}
    this.#lobby.put({ id, epoch, state: 'recovering', players, maxPlayers, attributes })
  }

  lost(id: string, epoch: RoomEpoch, nowMs: number): void {
    const known = this.#lobby.room(id)
    if (this.#lost.size >= MAX_LOST || (known !== undefined && compareEpochs(known.epoch, epoch) > 0)) return
    const { maxPlayers = 0, attributes = {} } = known ?? {}
    this.#lost.set(id, nowMs + LOST_MS)
    this.#lobby.put({ id, epoch, state: 'lost', players: 0, maxPlayers, attributes })
  }

  tick(nowMs: number): void {
    for (const [id, untilMs] of this.#recovering) {
      const shown = this.#lobby.room(id)
      if (shown?.state === 'recovering' && nowMs < untilMs) continue
      this.#recovering.delete(id)
      if (shown?.owner !== this.#life) this.#lobby.lost(id)
    }
    for (const [id, untilMs] of this.#lost) {
      if (nowMs < untilMs) continue
      this.#lost.delete(id)
      const shown = this.#lobby.room(id)
      // It may have been made anew here.
      if (shown?.owner !== this.#life || shown.state === 'lost') this.#lobby.remove(id)
    }
  }
}
