/**
 * What a room said to all its players, for those who hear it later: packed messages in order, each with the tick from which it may be heard, and
 * the attributes and players as of any tick that is kept. Written when something is said, read by the spectator stage. Cold.
 * Bounded: when it is full, what is oldest is forgotten; whoever had not heard it yet has missed something, and must be told so.
 */
import { type AttributePatch, applyPatch, copyPlain, type PlainObject } from '@tickmesh/shared'

export type SeatPatch = readonly [seat: number, patch: AttributePatch | null]

/** What a message changes in what everybody knows. */
export interface SaidChange {
  readonly room?: AttributePatch
  readonly players: readonly SeatPatch[]
}

/** What everybody knows at some tick. */
export interface KnownState {
  readonly room: PlainObject
  readonly players: Map<number, PlainObject>
}

interface Said {
  readonly tick: number
  readonly bytes: Uint8Array
  readonly change: SaidChange | undefined
}

export const MAX_SAID_MESSAGES = 16_384
export const MAX_SAID_BYTES = 16 * 1024 * 1024

export class SaidLog {
  /** The number of the oldest message that is kept; they are counted from 0. */
  first = 0
  private said: Said[] = []
  /** Messages at the beginning of `said` that are forgotten already. */
  private gone = 0
  private bytes = 0
  /** As it was before the oldest message that is kept. */
  private readonly base: KnownState

  constructor(roomAttributes: Readonly<Record<string, unknown>>) {
    this.base = { room: copyPlain(roomAttributes) as PlainObject, players: new Map() }
  }

  add(tick: number, bytes: Uint8Array, change?: SaidChange): void {
    this.said.push({ tick, bytes, change })
    this.bytes += bytes.length
    while (this.bytes > MAX_SAID_BYTES || this.said.length - this.gone > MAX_SAID_MESSAGES) this.forgetOldest()
  }

  /** Forgets what could be heard at `tick` already. */
  forget(tick: number): void {
    for (;;) {
      const oldest = this.said[this.gone]
      if (oldest === undefined || oldest.tick > tick) return
      this.forgetOldest()
    }
  }

  private forgetOldest(): void {
    const oldest = this.said[this.gone]
    if (oldest === undefined) return
    if (oldest.change !== undefined) applyChange(this.base, oldest.change)
    this.bytes -= oldest.bytes.length
    this.gone++
    this.first++
    if (this.gone * 2 < this.said.length) return
    this.said = this.said.slice(this.gone)
    this.gone = 0
  }

  /** Message `number`, if it may be heard at `tick`. */
  at(number: number, tick: number): Uint8Array | undefined {
    const said = this.said[number - this.first + this.gone]
    return said !== undefined && said.tick <= tick ? said.bytes : undefined
  }

  /** What everybody knew at `tick`, and the number of the first message after it. */
  stateAt(tick: number): { readonly state: KnownState; readonly next: number } {
    const players = [...this.base.players].map(([seat, known]) => [seat, copyPlain(known) as PlainObject] as const)
    const state: KnownState = {
      room: copyPlain(this.base.room) as PlainObject,
      players: new Map(players),
    }
    let next = this.first
    for (let at = this.gone; at < this.said.length; at++) {
      const said = this.said[at]
      if (said === undefined || said.tick > tick) break
      if (said.change !== undefined) applyChange(state, said.change)
      next++
    }
    return { state, next }
  }
}

function applyChange({ room, players }: KnownState, change: SaidChange): void {
  if (change.room !== undefined) applyPatch(room, copyPlain(change.room) as AttributePatch)
  for (const [seat, patch] of change.players) {
    const known = players.get(seat) ?? {}
    if (patch === null) players.delete(seat)
    else {
      applyPatch(known, copyPlain(patch) as AttributePatch)
      players.set(seat, known)
    }
  }
}
