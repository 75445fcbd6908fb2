/**
 * Tells the players of a room who came, who left, and what attributes changed: once per tick, one message for all. Cold.
 */
import type { PlainObject } from '@tickmesh/shared'
import type { AttributeSet } from './attribute-set.ts'
import { type PlayerCore, packToClient } from './player-core.ts'
import type { SaidChange, SeatPatch } from './said-log.ts'

/** Players in one message; more go into further ones, so that a message keeps its bounds. */
const PLAYERS_PER_MESSAGE = 32

/** Hears what is told to all players, and what it changes: for those who are told later. */
export type BroadcastListener = (bytes: Uint8Array, change: SaidChange) => void

export class AttributeBroadcast {
  private readonly onTold: BroadcastListener

  constructor(onTold: BroadcastListener = () => {}) {
    this.onTold = onTold
  }

  /** Tells those who stay that a seat is empty. */
  left(tick: number, seat: number, players: readonly PlayerCore[]): void {
    this.tellAll(tick, players, { players: [[seat, null]] })
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
    this.tellAll(tick, players, { ...rest, players: patches.slice(0, PLAYERS_PER_MESSAGE) })
    for (let at = PLAYERS_PER_MESSAGE; at < patches.length; at += PLAYERS_PER_MESSAGE) {
      this.tellAll(tick, players, { players: patches.slice(at, at + PLAYERS_PER_MESSAGE) })
    }
  }

  /** Tells everybody but the newcomer that it is there. The newcomer's welcome says so. */
  announce(tick: number, newcomer: PlayerCore, players: readonly PlayerCore[]): void {
    newcomer.attributes.takePatch()
    const change: SaidChange = { players: [[newcomer.seat, { set: newcomer.attributes.known }]] }
    this.tellAll(tick, players, change, newcomer)
  }

  private tellAll(tick: number, players: readonly PlayerCore[], change: SaidChange, but?: PlayerCore): void {
    const bytes = packToClient({ t: 'attr', tick, ...change })
    for (const player of players) if (player !== but && player.seated) player.tell(bytes)
    this.onTold(bytes, change)
  }

  /** The players that a welcome names, the newcomer first, and those that did not fit, as messages of their own. */
  roster(tick: number, newcomer: PlayerCore, players: readonly PlayerCore[]): Roster {
    const others = players.filter((player) => player.seated && player !== newcomer)
    return rosterOf(
      tick,
      [newcomer, ...others].map((player) => [player.seat, player.attributes.known] as const),
    )
  }
}

/** Players that a welcome names, and those that do not fit into it, as messages of their own. */
export function rosterOf(tick: number, entries: readonly (readonly [number, Readonly<PlainObject>])[]): Roster {
  const more: Uint8Array[] = []
  for (let at = PLAYERS_PER_MESSAGE; at < entries.length; at += PLAYERS_PER_MESSAGE) {
    const some = entries.slice(at, at + PLAYERS_PER_MESSAGE).map(([seat, known]) => [seat, { set: known }])
    more.push(packToClient({ t: 'attr', tick, players: some }))
  }
  return { first: entries.slice(0, PLAYERS_PER_MESSAGE), more }
}

export interface Roster {
  readonly first: readonly (readonly [number, Readonly<PlainObject>])[]
  readonly more: readonly Uint8Array[]
}
