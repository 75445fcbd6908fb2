/**
 * Tells those who stand by what went into each tick of a protected room: simulation by a journal stream, all else by session notes. Put into the room by its
 * host; called at three places of each tick, as the journal's recorder is, and around it or within it. What a keyframe tells may be ahead of the last record by
 * what came between two ticks: the next record tells it again.
 */
import {
  type CompiledGame,
  JournalStream,
  type RandomState,
  type Simulation,
  type SnapshotRing,
} from '@tickmesh/shared'
import type { Log } from '../ops/log-line.ts'
import type { EffectDesk } from './effect-desk.ts'
import type { Stepper } from './journal-recorder.ts'
import { type NotedRoom, NoteTaker } from './note-taker.ts'
import type { PlayerCore } from './player-core.ts'
import type { Reservation } from './player-pass.ts'
import type { RoomListing } from './room-listing.ts'
import type { RoomOptions } from './room-options.ts'
import { isPackable, packHead, packNotes, type SessionNote, type WhoNote } from './session-notes.ts'
import type { Keyframe, StandbyLine, StandbyMode } from './standby-line.ts'
import type { TickTimers } from './tick-timers.ts'

/** What the recorder needs of a room. */
export interface ProtectedRoom extends NotedRoom {
  readonly id: string
  readonly game: CompiledGame
  readonly sim: Simulation
  readonly history: SnapshotRing
  readonly tickNumber: number
  readonly options: RoomOptions
  readonly rules: { readonly interest?: unknown }
  readonly timers: TickTimers
  readonly effects: EffectDesk
  readonly random: { state(): RandomState }
  readonly listing: RoomListing | undefined
  readonly closeReason: { readonly code: string; readonly message: string } | undefined
  readonly seats: {
    readonly reservations: ReadonlyMap<number, Reservation>
    absenceOf(player: PlayerCore): { readonly reason: Reason; readonly untilMs: number } | undefined
  }
  stepper: Stepper
  standby: StandbyRecorder | undefined
}

interface Reason {
  readonly code: string
  readonly message: string
}

/** What the notes so far say of a seat. */
interface KnownSession {
  player: PlayerCore | undefined
  secretChanges: number
  /** NaN: it is there. */
  awayUntilMs: number
  played: boolean
  applied: number
  said: number
}

/** Tells those who stand by of a room from now on, if it has such; the room must be between two ticks, and as it is to go on. */
export function startStandby(room: ProtectedRoom): void {
  const { standby: line } = room.options
  if (line === undefined) return
  room.standby = new StandbyRecorder(room, line)
  room.stepper = room.standby
}

export class StandbyRecorder implements Stepper {
  private readonly room: ProtectedRoom
  private readonly line: StandbyLine
  private readonly inner: Stepper
  private readonly stream: JournalStream
  private readonly taker: NoteTaker
  private readonly sessions: readonly KnownSession[]
  private readonly notes: SessionNote[] = []
  private readonly timerNews: SessionNote[] = []
  private readonly effectNews: SessionNote[] = []
  private random: RandomState
  private listing: RoomListing | undefined
  private readonly reserved = new Map<number, Reservation>()

  constructor(room: ProtectedRoom, line: StandbyLine) {
    this.room = room
    this.line = line
    this.inner = room.stepper
    this.stream = new JournalStream(room.sim, room.history)
    this.taker = new NoteTaker(room)
    this.sessions = Array.from({ length: room.game.seatRows }, nobody)
    this.random = room.random.state()
    room.timers.news = this.timerNews
    room.effects.news = this.effectNews
    this.look()
  }

  /** In the place of the room's own step. Hot. */
  step(tick: number): void {
    this.stream.beforeStep()
    this.inner.step(tick)
    this.stream.afterStep()
  }

  /** The tick is over, and in the history: its record leaves. */
  endTick(tick: number): void {
    this.taker.look()
    this.look()
    const journal = this.stream.tick(this.taker.notes, this.mode)
    this.line.append({ tick, journal, session: packNotes(this.notes) })
  }

  private get mode(): StandbyMode {
    // What a client may see of a world is not in its journal.
    return this.room.rules.interest === undefined ? this.line.mode : 'states'
  }

  /** Between two ticks. */
  keyframe(): Keyframe {
    const { room } = this
    const { game, options, history } = room
    const about = packHead({
      game: game.id,
      schema: game.schemaHash,
      build: options.build ?? '',
      tickRate: game.tickRate,
      worldInts: game.worldInts,
      historyTicks: history.capacity,
      secretSeed: options.secretSeed,
      publicSeed: options.publicSeed,
      created: (options.created ?? {}) as Parameters<typeof packHead>[0]['created'],
    })
    const journal = this.stream.keyframe(this.taker.state())
    return { tick: room.tickNumber, about, journal, session: packNotes(this.state()) }
  }

  stateAt(tick: number): Uint8Array | undefined {
    return this.stream.stateAt(tick)
  }

  /** Fills `notes` with what changed since the last look. Looks at each seat; allocates little more than what changed. */
  private look(): void {
    const { room, notes, sessions, taker } = this
    notes.length = 0
    for (let seat = 1; seat < sessions.length; seat++) {
      const known = sessions[seat]
      if (known !== undefined) this.lookAt(seat, known, taker.present[seat])
    }
    this.take(this.timerNews)
    this.take(this.effectNews)
    const random = room.random.state()
    if (!isSame(random, this.random)) notes.push(['random', ...random])
    this.random = random
    if (room.listing !== this.listing) notes.push(['listing', room.listing ?? null])
    this.listing = room.listing
    if (room.seats.reservations.size > 0 || this.reserved.size > 0) this.lookAtReservations()
    if (room.closeReason !== undefined) notes.push(['closing', room.closeReason.message.slice(0, 1000)])
  }

  private take(news: SessionNote[]): void {
    if (news.length === 0) return
    for (const note of news) this.notes.push(note)
    news.length = 0
  }

  private lookAt(seat: number, known: KnownSession, player: PlayerCore | undefined): void {
    const { notes } = this
    if (known.player !== player) {
      if (known.player !== undefined) notes.push(['gone', seat])
      Object.assign(known, nobody())
      known.player = player
      if (player !== undefined) notes.push(['who', seat, whoIs(player, this.room.options.log)])
    }
    if (player === undefined) return
    const { pass } = player
    if (pass !== undefined && pass.secretChanges !== known.secretChanges) {
      known.secretChanges = pass.secretChanges
      const secrets = pass.secrets()
      notes.push(['secrets', seat, secrets.known, secrets.newest])
    }
    this.lookAtAbsence(seat, known, player)
    if (player.played !== known.played) notes.push(['played', seat])
    known.played = player.played
    if (player.appliedMessages !== known.applied) notes.push(['heard', seat, player.appliedMessages])
    known.applied = player.appliedMessages
    if (player.said.count !== known.said) this.noteSaid(notes, seat, player, known.said)
    known.said = player.said.count
  }

  private lookAtAbsence(seat: number, known: KnownSession, player: PlayerCore): void {
    const untilMs = player.away ? (this.room.seats.absenceOf(player)?.untilMs ?? Number.NaN) : Number.NaN
    if (Object.is(untilMs, known.awayUntilMs)) return
    known.awayUntilMs = untilMs
    this.noteAbsence(this.notes, seat, player)
  }

  private noteAbsence(notes: SessionNote[], seat: number, player: PlayerCore): void {
    const absence = player.away ? this.room.seats.absenceOf(player) : undefined
    if (absence === undefined) {
      notes.push(['away', seat, null])
      return
    }
    const { code, message } = absence.reason
    notes.push(['away', seat, { code, message: message.slice(0, 1000), untilMs: this.clusterTime(absence.untilMs) }])
  }

  private noteSaid(notes: SessionNote[], seat: number, { said }: PlayerCore, after: number): void {
    for (let n = Math.max(after, said.forgotten) + 1; n <= said.count; n++) {
      const message = said.at(n)
      if (message !== undefined) notes.push(['said', seat, n, message])
    }
  }

  private lookAtReservations(): void {
    const { reserved, notes } = this
    const { reservations } = this.room.seats
    for (const seat of reserved.keys()) {
      if (reservations.has(seat)) continue
      reserved.delete(seat)
      notes.push(['unreserve', seat])
    }
    for (const [seat, reservation] of reservations) {
      if (reserved.get(seat) === reservation) continue
      reserved.set(seat, reservation)
      this.noteReservation(notes, reservation)
    }
  }

  private noteReservation(notes: SessionNote[], { seat, ticketId, untilMs }: Reservation): void {
    notes.push(['reserve', seat, ticketId, this.clusterTime(untilMs)])
  }

  private clusterTime(ms: number): number {
    return ms + (this.room.options.clusterOffsetMs ?? 0)
  }

  /** All that notes add up to. */
  private state(): SessionNote[] {
    const { room } = this
    const notes: SessionNote[] = []
    this.sessions.forEach(({ player }, seat) => {
      if (player === undefined) return
      notes.push(['who', seat, whoIs(player, room.options.log)])
      const secrets = player.pass?.secrets()
      if (secrets !== undefined) notes.push(['secrets', seat, secrets.known, secrets.newest])
      if (player.away) this.noteAbsence(notes, seat, player)
      if (player.played) notes.push(['played', seat])
      if (player.appliedMessages > 0) notes.push(['heard', seat, player.appliedMessages])
      this.noteSaid(notes, seat, player, 0)
    })
    for (const { id, dueTick, everyTicks, name, data } of room.timers.named())
      notes.push(['timer', id, dueTick, everyTicks, name, data ?? null])
    for (const { id, tick, name, data } of room.effects.pending) notes.push(['effect', id, tick, name, data ?? null])
    notes.push(['random', ...room.random.state()], ['listing', room.listing ?? null])
    for (const reservation of room.seats.reservations.values()) this.noteReservation(notes, reservation)
    if (room.closeReason !== undefined) notes.push(['closing', room.closeReason.message.slice(0, 1000)])
    return notes
  }
}

function nobody(): KnownSession {
  return { player: undefined, secretChanges: 0, awayUntilMs: Number.NaN, played: false, applied: 0, said: 0 }
}

/** What cannot be told is left out: another shard then knows the player without it. */
function whoIs({ id, identity, options, invitedBy }: PlayerCore, log: Log): WhoNote {
  const isTold = isPackable([identity ?? null])
  if (!isTold) {
    const message =
      'what `authenticate` gave is no plain data: another shard that goes on with this room will not have it.'
    log({ level: 'warn', event: 'identity-not-plain', message, player: id })
  }
  return {
    id,
    ...(isTold && identity !== undefined ? { identity } : {}),
    ...(options === undefined || !isPackable(options) ? {} : { options }),
    ...(invitedBy === undefined ? {} : { ticketId: invitedBy }),
  }
}

function isSame(a: RandomState, b: RandomState): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3]
}
