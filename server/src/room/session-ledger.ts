/**
 * What the session notes of a room add up to: all that another shard needs, besides the world, to go on with its sessions. Kept by whoever stands by (RoomReplica), read
 * when a room is restored. Bounded as the room is that wrote the notes; what goes beyond is damage. Pure; cold.
 */
import type { PendingEffect } from './effect-desk.ts'
import type { SecretHashes } from './player-pass.ts'
import type { RoomListing } from './room-listing.ts'
import type { AwayNote, SessionNote, WhoNote } from './session-notes.ts'
import type { NamedTimer } from './tick-timers.ts'

/** A game's message to a player, packed: the `count`th. */
export interface SaidMessage {
  readonly count: number
  readonly bytes: Uint8Array
}

/** Who sits in a seat, and how far they are. */
export interface LedgerSeat {
  readonly who: WhoNote
  secrets: SecretHashes
  away: AwayNote | null
  played: boolean
  /** Messages of this client that were applied. */
  heard: number
  /** Messages to this client, in all; the newest of them. */
  saidCount: number
  readonly said: SaidMessage[]
}

export interface LedgerReservation {
  readonly ticketId: string
  /** Cluster time. */
  readonly untilMs: number
}

const MAX_TIMERS = 10_000
const MAX_EFFECTS = 4_096
const MAX_SAID = 64
const MAX_SAID_BYTES = 65_536
const NO_SECRETS: SecretHashes = { known: null, newest: null }

export class SessionLedger {
  readonly seats = new Map<number, LedgerSeat>()
  /** In the order in which those of one tick run. */
  readonly timers = new Map<number, NamedTimer>()
  readonly effects = new Map<string, PendingEffect>()
  readonly reservations = new Map<number, LedgerReservation>()
  random: readonly [number, number, number, number] | undefined
  listing: RoomListing | undefined
  /** The room ended by its rules' wish, for this reason. */
  closing: string | undefined
  private readonly maxSeat: number

  constructor(maxSeat: number) {
    this.maxSeat = maxSeat
  }

  clear(): void {
    this.seats.clear()
    this.timers.clear()
    this.effects.clear()
    this.reservations.clear()
    this.random = undefined
    this.listing = undefined
    this.closing = undefined
  }

  /** False: one of them cannot be of a room like this; nothing here means anything then. To apply one twice does no harm. */
  apply(notes: readonly SessionNote[]): boolean {
    for (const note of notes) if (!this.applyOne(note)) return false
    return true
  }

  private applyOne(note: SessionNote): boolean {
    switch (note[0]) {
      case 'timer':
        return this.applyTimer(note[1], note[2], note[3], note[4], note[5])
      case 'timer-off':
        this.timers.delete(note[1])
        return true
      case 'effect':
        this.effects.set(note[1], { id: note[1], tick: note[2], name: note[3], data: note[4] })
        return this.effects.size <= MAX_EFFECTS
      case 'effect-done':
        this.effects.delete(note[1])
        return true
      case 'random':
        this.random = [note[1], note[2], note[3], note[4]]
        return true
      case 'listing':
        this.listing = note[1] ?? undefined
        return true
      case 'closing':
        this.closing = note[1]
        return true
      default:
        return note[1] <= this.maxSeat && this.applyToSeat(note)
    }
  }

  /** A timer that repeats is told again each time that it ran: it comes after those of its tick that were there before. */
  private applyTimer(id: number, dueTick: number, everyTicks: number, name: string, data: unknown): boolean {
    this.timers.delete(id)
    this.timers.set(id, { id, dueTick, everyTicks, name, data })
    return this.timers.size <= MAX_TIMERS
  }

  private applyToSeat(note: SeatNote): boolean {
    switch (note[0]) {
      case 'who':
        this.sit(note[1], note[2])
        return true
      case 'gone':
        this.seats.delete(note[1])
        return true
      case 'reserve':
        this.reservations.set(note[1], { ticketId: note[2], untilMs: note[3] })
        return true
      case 'unreserve':
        this.reservations.delete(note[1])
        return true
      default:
        return this.applyToPlayer(note)
    }
  }

  /** Of who left in the same tick there may be news: they are nobody's. */
  private applyToPlayer(note: PlayerNote): boolean {
    const seat = this.seats.get(note[1])
    if (seat === undefined) return true
    switch (note[0]) {
      case 'secrets':
        seat.secrets = { known: note[2], newest: note[3] }
        return true
      case 'away':
        seat.away = note[2]
        return true
      case 'played':
        seat.played = true
        return true
      case 'heard':
        seat.heard = Math.max(seat.heard, note[2])
        return true
      case 'said':
        return this.say(seat, note[2], note[3])
    }
  }

  private sit(seat: number, who: WhoNote): void {
    if (this.seats.get(seat)?.who.id === who.id) return
    const none = { away: null, played: false, heard: 0, saidCount: 0, said: [] }
    this.seats.set(seat, { who, secrets: NO_SECRETS, ...none })
  }

  private say(seat: LedgerSeat, count: number, bytes: Uint8Array): boolean {
    if (count <= seat.saidCount) return true
    // Those between are not kept by the owner either.
    if (count !== seat.saidCount + 1) seat.said.length = 0
    seat.saidCount = count
    seat.said.push({ count, bytes })
    let total = 0
    for (const said of seat.said) total += said.bytes.length
    while (seat.said.length > MAX_SAID || (total > MAX_SAID_BYTES && seat.said.length > 1))
      total -= seat.said.shift()?.bytes.length ?? 0
    return true
  }

  /** All that was told so far, for a keyframe. */
  notes(): SessionNote[] {
    const notes: SessionNote[] = []
    for (const [seat, of] of this.seats) {
      notes.push(['who', seat, of.who], ['secrets', seat, of.secrets.known, of.secrets.newest])
      if (of.away !== null) notes.push(['away', seat, of.away])
      if (of.played) notes.push(['played', seat])
      if (of.heard > 0) notes.push(['heard', seat, of.heard])
      for (const { count, bytes } of of.said) notes.push(['said', seat, count, bytes])
    }
    for (const { id, dueTick, everyTicks, name, data } of this.timers.values())
      notes.push(['timer', id, dueTick, everyTicks, name, data])
    for (const { id, tick, name, data } of this.effects.values()) notes.push(['effect', id, tick, name, data])
    for (const [seat, { ticketId, untilMs }] of this.reservations) notes.push(['reserve', seat, ticketId, untilMs])
    if (this.random !== undefined) notes.push(['random', ...this.random])
    if (this.listing !== undefined) notes.push(['listing', this.listing])
    if (this.closing !== undefined) notes.push(['closing', this.closing])
    return notes
  }
}

type SeatNote = Extract<SessionNote, readonly [string, number, ...unknown[]]> &
  readonly [SeatKind | PlayerKind, ...unknown[]]
type PlayerNote = Extract<SeatNote, readonly [PlayerKind, ...unknown[]]>
type SeatKind = 'who' | 'gone' | 'reserve' | 'unreserve'
type PlayerKind = 'secrets' | 'away' | 'played' | 'heard' | 'said'
