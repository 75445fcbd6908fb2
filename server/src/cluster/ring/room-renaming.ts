/**
 * How a home lets a room change its owner without a change of view: the owner asks for the epoch of the next one, which may be itself, and whoever goes on with the
 * room under exactly that epoch is registered. One epoch is out for a room at a time; the owner that asked for it may have another instead. Part of `RoomHome`.
 */
import type { Life } from '../life.ts'
import { isSameEpoch, type RoomEpoch } from '../view/view.ts'
import type { HomeKnows, Renaming } from './room-rules.ts'
import type { RoomPlace } from './rooms-api.ts'
import type { Installed, RoomsContext } from './rooms-context.ts'

export interface RenamingHome {
  knows(nowMs: number): HomeKnows
  placeOf(id: string): RoomPlace | undefined
  nextEpoch(): RoomEpoch
  register(id: string, owner: Life, epoch: RoomEpoch): void
}

export interface RenameRequest {
  readonly request: number
  readonly id: string
  /** Under which the asker owns it. */
  readonly epoch: RoomEpoch
  readonly to: Life
}

interface Given extends Renaming {
  readonly request: number
}

export class RoomRenaming {
  readonly #context: RoomsContext
  readonly #home: RenamingHome
  #installed: Installed | undefined
  readonly #given = new Map<string, Given>()

  constructor(context: RoomsContext, home: RenamingHome) {
    this.#context = context
    this.#home = home
  }

  install(installed: Installed): void {
    this.#installed = installed
    this.#given.clear()
  }

  rename(asker: Life, { request, id, epoch: under, to }: RenameRequest, nowMs: number): void {
    const before = this.#given.get(id)
    if (before?.asker === asker) {
      // It came twice; or it is older than what the asker waits for.
      if (request === before.request) return this.#tell(asker, request, before.epoch, nowMs)
      if (request < before.request) return
    }
    const home = this.#home.knows(nowMs)
    const owner = this.#home.placeOf(id)
    const toIsMember = this.#installed?.lives.has(to) === true
    if (!this.#context.rules.mayRename({ home, asker, under, owner, toIsMember, before }))
      return this.#context.say(asker, { t: 'refused', request }, nowMs)
    const epoch = this.#home.nextEpoch()
    this.#given.set(id, { asker, to, request, epoch })
    this.#tell(asker, request, epoch, nowMs)
  }

  /** A member's word that it runs a room under an epoch that was given for it. */
  runs(from: Life, id: string, epoch: RoomEpoch, nowMs: number): void {
    const { rules, over, say } = this.#context
    const given = this.#given.get(id)
    const known = this.#home.placeOf(id)
    const isKnown = known?.owner === from && isSameEpoch(known.epoch, epoch)
    const ended = over.epochOf(id)
    const hasEnded = ended !== undefined && isSameEpoch(ended, epoch)
    if (!isKnown && !hasEnded && rules.mayRegister(from, epoch, given)) {
      this.#given.delete(id)
      this.#home.register(id, from, epoch)
    } else if (!isKnown && !hasEnded) {
      for (const other of [known?.epoch, given?.epoch, ended])
        if (other !== undefined && rules.isOutranked(epoch, other))
          return say(from, { t: 'outranked', id, epoch: other }, nowMs)
      // Of a room that it knows nothing of it says nothing: it may be about to name its owner.
      return
    }
    say(from, { t: 'registered', id, epoch }, nowMs)
  }

  /** The room is over at `from`. True: it was to run it, and the word of that has not come. */
  ended(from: Life, id: string, epoch: RoomEpoch): boolean {
    const given = this.#given.get(id)
    if (given === undefined) return false
    const ran = given.to === from && isSameEpoch(given.epoch, epoch)
    if (ran || given.asker === from) this.#given.delete(id)
    return ran
  }

  #tell(asker: Life, request: number, epoch: RoomEpoch, nowMs: number): void {
    this.#context.say(asker, { t: 'renamed', request, epoch }, nowMs)
  }
}
