/**
 * Tells the players of a room who came, who left, and what attributes changed: once per tick, one message for all. Cold.
 */
import type { AttributePatch, PlainObject } from '@tickmesh/shared'
import type { AttributeSet } from './attribute-set.ts'
import { type PlayerCore, packToClient } from './player-core.ts'

/** Players in one message; more go into further ones, so that a message keeps its bounds. */
const PLAYERS_PER_MESSAGE = 32

type SeatPatch = readonly [seat: number, patch: AttributePatch | null]

export class AttributeBroadcast {
  /** Tells those who stay that a seat is empty. */
  left(tick: number, seat: number, players: readonly PlayerCore[]): void {
    tellAll(players, packToClient({ t: 'attr', tick, players: [[seat, null]] }))
  }

  /** Sends what changed to all players that sit. Most ticks have nothing to say, and cost a look at each player. */
  flush(tick: number, room: AttributeSet, players: readonly PlayerCore[]): void {
    let changed = room.changed
    for (let i = 0; i < players.length && !changed; i++) changed = players[i]?.attributes.changed ?? false
    if (!changed) return
    const patches: SeatPatch[] = []
    for (const player of players) {
      const patch = player.seated ? player.attributes.takePatch() : undefined
      if (patch !== undefined) patches.push([player.seat, patch])
    }
    const roomPatch = room.takePatch()
    if (roomPatch === undefined && patches.length === 0) return
    const rest = roomPatch === undefined ? {} : { room: roomPatch }
    const first = { t: 'attr', tick, ...rest, players: patches.slice(0, PLAYERS_PER_MESSAGE) }
    tellAll(players, packToClient(first))
    for (let at = PLAYERS_PER_MESSAGE; at < patches.length; at += PLAYERS_PER_MESSAGE) {
      tellAll(players, packToClient({ t: 'attr', tick, players: patches.slice(at, at + PLAYERS_PER_MESSAGE) }))
    }
  }

  /** Tells everybody but the newcomer that it is there. The newcomer's welcome says so. */
  announce(tick: number, newcomer: PlayerCore, players: readonly PlayerCore[]): void {
    newcomer.attributes.takePatch()
    const bytes = packToClient({ t: 'attr', tick, players: [[newcomer.seat, { set: newcomer.attributes.known }]] })
    for (const player of players) if (player !== newcomer && player.seated) player.tell(bytes)
  }

  /** The players that a welcome names, the newcomer first, and those that did not fit, as messages of their own. */
  roster(tick: number, newcomer: PlayerCore, players: readonly PlayerCore[]): Roster {
    const others = players.filter((player) => player.seated && player !== newcomer)
    const entries = [newcomer, ...others].map((player) => [player.seat, player.attributes.known] as const)
    const more: Uint8Array[] = []
    for (let at = PLAYERS_PER_MESSAGE; at < entries.length; at += PLAYERS_PER_MESSAGE) {
      const some = entries.slice(at, at + PLAYERS_PER_MESSAGE).map(([seat, known]) => [seat, { set: known }])
      more.push(packToClient({ t: 'attr', tick, players: some }))
    }
    return { first: entries.slice(0, PLAYERS_PER_MESSAGE), more }
  }
}

export interface Roster {
  readonly first: readonly (readonly [number, Readonly<PlainObject>])[]
  readonly more: readonly Uint8Array[]
}

function tellAll(players: readonly PlayerCore[], bytes: Uint8Array): void {
  for (const player of players) if (player.seated) player.tell(bytes)
}
