/**
 * What a game's rules get as `room`: the public words over a room core. One per room; a game's types are put on by `roomOf`.
 */
import { encodeMessage, NetError, type PlainObject, type Shape, type View } from '@tickmesh/shared'
import type { Player, Room, RoomStats } from './api.ts'
import { checkedData } from './named-data.ts'
import { type PlayerCore, packToClient } from './player-core.ts'
import type { RoomCore } from './room-core.ts'
import { checkedListing, type RoomListing } from './room-listing.ts'
import type { Timer } from './tick-timers.ts'

/** What a notice holds. */
const MAX_WARNING_LENGTH = 1000
/** Packed. */
const MAX_TIMER_BYTES = 1_024
const MAX_EFFECT_BYTES = 4_096

type Values = Readonly<Record<string, unknown>>

/** A core's facade, as rules of the game's types see it. */
export function roomOf<S extends Shape>(core: RoomCore): Room<S> {
  return core.facade as Room<S>
}

export class RoomFacade {
  readonly id: string
  readonly world: object
  readonly players: ReadonlyMap<number, Player>
  readonly #core: RoomCore
  #warned = false

  constructor(core: RoomCore) {
    this.#core = core
    this.id = core.id
    this.world = core.sim.world.byName
    this.players = core.seated
  }

  get tick(): number {
    return this.#core.tickNumber
  }

  get attributes(): Readonly<PlainObject> {
    return this.#core.attributes.now
  }

  get stats(): RoomStats {
    return this.#core.stats
  }

  setAttributes(patch: Values): void {
    this.#core.attributes.merge(patch)
  }

  get options(): Values {
    return this.#core.options.created ?? {}
  }

  list(listing: RoomListing): void {
    this.#core.listing = checkedListing(this.#core.listing, listing)
  }

  spawn(type: string, fields: Values = {}): View {
    const { world } = this.#core.sim
    const table = world.byName[type]
    if (table === undefined) {
      const declared = Object.keys(world.byName).join(', ')
      throw new NetError('BAD_ARGUMENT', `there is no entity type "${type}".`, `Declared are: ${declared}.`)
    }
    const owner = typeof fields.owner === 'number' ? fields.owner : 0
    const view = world.spawn(table.type.index, world.takeId(), owner)
    world.assign(view, fields)
    return view
  }

  despawn(entity: View): void {
    this.#core.sim.world.despawn(entity)
  }

  find(id: number): View | undefined {
    return this.#core.sim.world.find(id)
  }

  emit(event: string, fields: Values): void {
    this.#core.events.emit(event, fields)
  }

  send(player: Player, message: string, values: Values): void {
    this.#coreOf(player)?.sayTyped(this.#pack(message, values))
  }

  broadcast(message: string, values: Values): void {
    const bytes = this.#pack(message, values)
    for (const player of this.#core.players) if (player.seated) player.sayTyped(bytes)
    this.#core.stage?.tell(bytes)
  }

  after(ms: number, run: () => void): Timer {
    this.#warnOfClosure()
    return this.#core.timers.after(this.#core.tickNumber, ms, run)
  }

  every(ms: number, run: () => void): Timer {
    this.#warnOfClosure()
    return this.#core.timers.every(this.#core.tickNumber, ms, run)
  }

  schedule(name: string, ms: number, data?: unknown): Timer {
    return this.#schedule(name, ms, data, false)
  }

  scheduleEvery(name: string, ms: number, data?: unknown): Timer {
    return this.#schedule(name, ms, data, true)
  }

  effect(name: string, data?: unknown): void {
    const { effects, rules, sayingTick } = this.#core
    const plain = checkedData('effects', rules.effects, { name, data, maxBytes: MAX_EFFECT_BYTES })
    effects.add(sayingTick, name, plain)
  }

  random(): number {
    return this.#core.random.next()
  }

  warn(player: Player, message: string): void {
    const text = message.slice(0, MAX_WARNING_LENGTH)
    this.#coreOf(player)?.say(packToClient({ t: 'notice', kind: 'warning', message: text }))
  }

  kick(player: Player, message: string): void {
    this.#coreOf(player)?.end({ code: 'KICKED', message })
    this.#core.rouse()
  }

  close(message = 'The room was closed.'): void {
    this.#core.closeReason = { code: 'ROOM_CLOSED', message }
    this.#core.rouse()
  }

  #schedule(name: string, ms: number, data: unknown, again: boolean): Timer {
    const { timers, rules, tickNumber } = this.#core
    const plain = checkedData('timers', rules.timers, { name, data, maxBytes: MAX_TIMER_BYTES })
    return timers.schedule(tickNumber, ms, again, name, plain)
  }

  /** Once. */
  #warnOfClosure(): void {
    const { development, standby, log } = this.#core.options
    if (this.#warned || !development || standby === undefined) return
    this.#warned = true
    const message =
      'room.after and room.every were used in a room that others stand by for: what they wait for is lost if another shard goes on with it. Use room.schedule with a rule of rules.timers.'
    log({ level: 'warn', event: 'timer-does-not-survive', message, room: this.id })
  }

  /** A player who left is nobody. */
  #coreOf(player: Player): PlayerCore | undefined {
    return this.#core.players.find(({ facade }) => facade === player)
  }

  #pack(message: string, values: Values): Uint8Array {
    const declared = this.#core.game.toClient.find(({ name }) => name === message)
    if (declared === undefined) {
      const names = this.#core.game.toClient.map(({ name }) => name).join(', ')
      throw new NetError('BAD_ARGUMENT', `there is no message "${message}" to clients.`, `Declared are: ${names}.`)
    }
    return packToClient({ t: 'msg', i: declared.index, v: encodeMessage(declared, values) })
  }
}
