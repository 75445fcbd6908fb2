/**
 * The seats of a room: who sits down, goes away for a while, comes back, and leaves; and which seats are kept for whom. Owned by the room core, which
 * calls `run` at the beginning of each tick; admissions, losses of links and resumes come between ticks.
 * A seat has one player, and a player one link. Rules hear of each player `onJoin` and `onLeave` once, `onDisconnect` and `onReconnect` in turns, all within ticks.
 */
import type { CloseReason, Link } from '@tickmesh/shared'
import { turnedAway } from '../ops/failure-line.ts'
import type { Player } from './api.ts'
import { MAY_COME_BACK, PlayerCore, packToClient } from './player-core.ts'
import type { Newcomer, Reservation } from './player-pass.ts'
import { addPlayer } from './room-counts.ts'
import { releaseEntities, setPresent } from './seat-columns.ts'
import type { SeatsRoom } from './seats-room.ts'
import { welcomeOf } from './welcome.ts'

/** A player whose link was lost, while its seat is kept. */
interface Absence {
  readonly player: PlayerCore
  readonly reason: CloseReason
  untilMs: number
}

/** What rules are to hear of a player's links, in the next tick. */
interface LinkNews {
  readonly player: PlayerCore
  /** As rules know it. */
  readonly wasConnected: boolean
  lost: CloseReason
}

/** Who never played loses nothing but its place: its seat, or a room of such, is kept no longer than this. Strangers join and vanish for nothing. */
export const UNPLAYED_MS = 1_000

export class Seats {
  /** All who have a seat, in order of their seats; those whose onJoin has not run yet included. */
  readonly players: PlayerCore[] = []
  /** Those whom rules may see, by seat. */
  readonly seated = new Map<number, Player>()
  private readonly room: SeatsRoom
  private readonly joining: PlayerCore[] = []
  private readonly leaving: PlayerCore[] = []
  private readonly absences: Absence[] = []
  private readonly news = new Map<PlayerCore, LinkNews>()
  /** Those who were connected when this room stopped, here or at another shard, and are to come back before it goes on: rules do not hear of it. */
  readonly expected = new Set<PlayerCore>()
  /** Who came back, and whose inputs have not come yet: those that the owner before may not have had are sent again. */
  readonly silent = new Set<PlayerCore>()
  /** Seats that are kept for whoever shows a ticket. */
  readonly reservations = new Map<number, Reservation>()

  constructor(room: SeatsRoom) {
    this.room = room
  }

  /** Seats that somebody has, or that are kept for somebody. */
  get taken(): number {
    this.someReserved(this.room.options.clock.nowMs())
    return this.players.length + this.reservations.size
  }

  get away(): number {
    return this.absences.length
  }

  /** Nobody has a seat, and none is kept for anybody. */
  get isEmpty(): boolean {
    if (this.players.length > 0) return false
    return this.reservations.size === 0 || !this.someReserved(this.room.options.clock.nowMs())
  }

  /** A seat for a newcomer, or undefined if all are taken. It sits down in the next tick. */
  admit(link: Link, newcomer: Newcomer): PlayerCore | undefined {
    const { room } = this
    const { clock, maxRewindMs } = room.options
    room.rouse()
    const nowMs = clock.nowMs()
    const reserved = this.reservedFor(newcomer)
    const seat = reserved?.seat ?? this.freeSeat(nowMs, newcomer.wantedSeat)
    if (seat === 0) return undefined
    const init = { seat, newcomer, link, tick: room.tickNumber, nowMs, window: room.window, commit: room.output.commit }
    const player = new PlayerCore(room.game, init, { maxRewindMs }, clock)
    if (reserved !== undefined) this.reservations.delete(seat)
    player.reservation = reserved
    this.players.push(player)
    this.players.sort((a, b) => a.seat - b.seat)
    this.joining.push(player)
    return player
  }

  /** Keeps a seat for whoever shows a ticket. 0: none is free. */
  reserve(ticketId: string, untilMs: number): number {
    const seat = this.freeSeat(this.room.options.clock.nowMs(), undefined)
    if (seat !== 0) this.reservations.set(seat, { ticketId, seat, untilMs })
    return seat
  }

  /** The seat is free again. */
  release(ticketId: string): void {
    for (const { seat, ticketId: known } of this.reservations.values())
      if (known === ticketId) this.reservations.delete(seat)
  }

  private reservedFor({ ticketId, wantedSeat = 0 }: Newcomer): Reservation | undefined {
    const reservation = this.reservations.get(wantedSeat)
    return reservation !== undefined && reservation.ticketId === ticketId && this.isUnused(wantedSeat)
      ? reservation
      : undefined
  }

  /** `wanted`, or the first seat, that nobody has, or will have after the next tick, and that is kept for nobody; 0: there is none. */
  private freeSeat(nowMs: number, wanted = 0): number {
    const { maxPlayers } = this.room.game
    if (wanted >= 1 && wanted <= maxPlayers && this.isFree(wanted, nowMs)) return wanted
    for (let seat = 1; seat <= maxPlayers; seat++) if (this.isFree(seat, nowMs)) return seat
    return 0
  }

  private isFree(seat: number, nowMs: number): boolean {
    const reservation = this.reservations.get(seat)
    return !(reservation !== undefined && reservation.untilMs > nowMs) && this.isUnused(seat)
  }

  private isUnused(seat: number): boolean {
    return !this.players.some((player) => player.seat === seat && player.leaveReason === undefined)
  }

  private someReserved(nowMs: number): boolean {
    for (const { seat, untilMs } of this.reservations.values()) if (untilMs <= nowMs) this.reservations.delete(seat)
    return this.reservations.size > 0
  }

  /** A player's link ended. Its seat is kept for a while, if the end was nobody's wish; else it is free after the next tick. */
  leave(player: PlayerCore, reason: CloseReason): void {
    const { room } = this
    const why = player.endReason ?? reason
    player.lostLink()
    if (player.leaveReason !== undefined || player.away || room.closed || room.pause?.isHalted === true) return
    const { graceMs, clock } = room.options
    if (player.seated && graceMs > 0 && MAY_COME_BACK.has(why.code)) {
      player.away = true
      player.pass?.away(true)
      player.endReason = undefined
      const keptMs = player.played || player.invited ? graceMs : Math.min(graceMs, UNPLAYED_MS)
      this.absences.push({ player, reason: why, untilMs: clock.nowMs() + keptMs })
      this.noteLoss(player, why)
    } else this.letGo(player, why)
  }

  private letGo(player: PlayerCore, reason: CloseReason): void {
    player.leaveReason = reason
    this.leaving.push(player)
    // Before anybody else is given the seat: a join that did not succeed uses up no reservation.
    const { hasSat, reservation } = player
    if (!hasSat && reservation !== undefined) this.reservations.set(reservation.seat, reservation)
  }

  /** Why a player is away, and until when, by the room's clock. */
  absenceOf(player: PlayerCore): { readonly reason: CloseReason; readonly untilMs: number } | undefined {
    return this.absences.find((absence) => absence.player === player)
  }

  private noteLoss(player: PlayerCore, lost: CloseReason): void {
    const known = this.news.get(player)
    if (known === undefined) this.news.set(player, { player, wasConnected: true, lost })
    else known.lost = lost
  }

  /** Whether somebody with the right secret may go on as this player. */
  mayResume({ seated, leaveReason, endReason }: PlayerCore): boolean {
    const isEnding = endReason !== undefined && !MAY_COME_BACK.has(endReason.code)
    return seated && leaveReason === undefined && !isEnding && !this.room.closed
  }

  /** A player goes on over another link; one that still lives is closed. The welcome says how everything is now. `heard`: game's messages that came to it. `goesOn`: see `relink`. */
  resume(player: PlayerCore, link: Link, heard?: number, goesOn = false): void {
    const { room } = this
    room.rouse()
    const wasExpected = this.expected.delete(player)
    if (wasExpected) player.pass?.away(false)
    else if (player.away) {
      player.pass?.away(false)
      this.absences.splice(
        this.absences.findIndex((absence) => absence.player === player),
        1,
      )
      if (!this.news.has(player)) this.news.set(player, { player, wasConnected: false, lost: REPLACED })
    } else {
      this.noteLoss(player, player.endReason ?? REPLACED)
      player.end(REPLACED)
    }
    player.relink(link, room.tickNumber, room.options.clock.nowMs(), goesOn)
    this.greet(player, room.tickNumber + 1, true, heard, wasExpected)
    if (!wasExpected) return
    this.silent.add(player)
    room.someArrived()
  }

  /** A player of a room that another shard ran: away since then, or expected. */
  restore(player: PlayerCore, absence: Omit<Absence, 'player'> | undefined): void {
    this.players.push(player)
    this.players.sort((a, b) => a.seat - b.seat)
    this.seated.set(player.seat, player.facade)
    player.away = absence !== undefined
    if (absence === undefined) this.expected.add(player)
    else this.absences.push({ player, ...absence })
  }

  /** The room stops: who has no seat yet is turned away. */
  turnAway(reason: CloseReason): void {
    for (const player of this.joining) player.end(reason)
  }

  /** All links end, and their players are expected to come back. */
  redial(reason: CloseReason): void {
    const bye = packToClient({ t: 'bye', ...reason })
    for (const player of this.players) {
      if (!player.seated || player.away || player.leaveReason !== undefined) continue
      const isLinked = !player.ended
      const link = player.unlink()
      this.expected.add(player)
      if (!isLinked) continue
      link.send('reliable', bye)
      link.close(reason)
    }
  }

  /** Inputs of a player came. */
  spoke(player: PlayerCore): void {
    if (this.silent.delete(player)) this.room.someArrived()
  }

  /** The room goes on, so much later than was planned: whoever has not come by now is away. */
  endWait(lateMs: number): void {
    this.silent.clear()
    for (const absence of this.absences) absence.untilMs += lateMs
    for (const player of this.expected) this.leave(player, NOT_BACK)
    this.expected.clear()
  }

  /** Called at the beginning of each tick. Hot while nothing happens. */
  run(tick: number): void {
    if (this.absences.length > 0) this.endAbsences()
    while (this.leaving.length > 0) this.unseat(this.leaving.shift(), tick)
    while (this.joining.length > 0) this.seat(this.joining.shift(), tick)
    if (this.news.size > 0) this.tellNews()
  }

  /** Whoever was away for too long, or was sent away meanwhile, leaves. */
  private endAbsences(): void {
    const { absences } = this
    const nowMs = this.room.options.clock.nowMs()
    for (let i = absences.length - 1; i >= 0; i--) {
      const absence = absences[i]
      if (absence === undefined) continue
      const { player, untilMs, reason } = absence
      if (nowMs < untilMs && player.endReason === undefined) continue
      absences.splice(i, 1)
      this.letGo(player, player.endReason ?? reason)
    }
  }

  /** The room stood still for so long: that is nobody's time, and no silence. */
  released(heldMs: number): void {
    for (const absence of this.absences) absence.untilMs += heldMs
    for (const player of this.players) player.sent.newLink()
  }

  private tellNews(): void {
    const { rules, facade } = this.room
    const news = [...this.news.values()]
    this.news.clear()
    for (const { player, wasConnected, lost } of news) {
      if (!player.seated || player.leaveReason !== undefined) continue
      if (wasConnected) rules.onDisconnect?.(facade, player.facade, lost)
      if (!player.away) rules.onReconnect?.(facade, player.facade)
      if (!wasConnected && player.away) {
        rules.onReconnect?.(facade, player.facade)
        rules.onDisconnect?.(facade, player.facade, lost)
      }
    }
  }

  private seat(player: PlayerCore | undefined, tick: number): void {
    if (player === undefined || player.ended) return
    const { sim, rules, facade, options, id, broadcast } = this.room
    const { seat } = player
    setPresent(sim, seat, true)
    player.seated = true
    player.lastFrameTick = tick - 1
    this.seated.set(seat, player.facade)
    try {
      rules.onJoin?.(facade, player.facade)
    } catch (error) {
      this.vacate(player)
      player.end(turnedAway(options.log, error, { room: id, player: player.id }))
    }
    if (player.ended) return
    player.hasSat = true
    broadcast.announce(tick, player, this.players)
    this.greet(player, tick, false)
  }

  /**
   * Sends the welcome, with a new secret. `tick` is the one that comes next. `keeps`: the secret that was shown stays the one: a new one would have to be held first, and a room
   * that was just restored has nobody yet who could; all else that this welcome says was held before, or is no promise.
   */
  private greet(player: PlayerCore, tick: number, resumed: boolean, heard?: number, keeps = false): void {
    const { room } = this
    const roster = room.broadcast.roster(tick, player, this.players)
    const resume = room.options.graceMs > 0 && !keeps ? (player.pass?.nextSecret() ?? '') : ''
    if (keeps) player.pass?.keepSecret()
    const pass = { resume, resumed, keeps, graceMs: room.options.graceMs, said: player.saidTo(heard) }
    const bytes = packToClient(welcomeOf(room, player, roster.first, tick, pass))
    const more = room.movesTo === '' ? roster.more : [...roster.more, packToClient({ t: 'moving', url: room.movesTo })]
    if (resumed) player.welcomeBack(bytes, more, heard, keeps)
    else player.welcome(bytes, more)
  }

  private unseat(player: PlayerCore | undefined, tick: number): void {
    if (player === undefined) return
    const { rules, facade, broadcast } = this.room
    const { seated, seat, leaveReason } = player
    const reason = leaveReason ?? { code: 'CONNECTION_LOST', message: 'The connection ended.' }
    // Whatever it throws, it has heard: the room that ends then does not tell it again.
    player.seated = false
    if (seated) rules.onLeave?.(facade, player.facade, reason)
    addPlayer(this.room.past, player.facade)
    this.players.splice(this.players.indexOf(player), 1)
    this.news.delete(player)
    player.pass?.gone(player.hasSat)
    if (!seated) return
    this.vacate(player)
    broadcast.left(tick, seat, this.players)
  }

  private vacate(player: PlayerCore): void {
    const { sim, rules } = this.room
    player.seated = false
    this.seated.delete(player.seat)
    releaseEntities(sim, player.seat, rules.keepEntities === true)
    setPresent(sim, player.seat, false)
  }

  /** The room is somebody else's: links end, without a word if it moved. */
  abandon(reason: CloseReason): void {
    const bye = reason.code === 'MOVED' ? undefined : packToClient({ t: 'bye', ...reason })
    for (const player of this.players) {
      player.seated = false
      const wasThere = !player.ended
      const link = player.unlink()
      if (wasThere && bye !== undefined) link.send('reliable', bye)
      link.close(reason)
      player.pass?.gone(player.hasSat)
    }
    this.forgetAll()
  }

  private forgetAll(): void {
    this.players.length = 0
    this.absences.length = 0
    this.expected.clear()
    this.news.clear()
    this.reservations.clear()
    this.seated.clear()
  }

  /** The room ends: everybody is told, and goes. `onLeave` runs for those whom rules know. */
  clear(reason: CloseReason, onLeave: (player: PlayerCore, reason: CloseReason) => void): void {
    for (const player of this.players) {
      if (player.seated) onLeave(player, player.leaveReason ?? reason)
      player.seated = false
      player.end(reason)
      player.pass?.gone(player.hasSat)
    }
    this.forgetAll()
  }
}

const NOT_BACK: CloseReason = { code: 'CONNECTION_LOST', message: 'The player did not come to the new server at once.' }
const REPLACED: CloseReason = {
  code: 'REPLACED',
  message: 'The player goes on over another connection. Play there, or join again.',
}
