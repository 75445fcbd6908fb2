/**
 * Decides who comes in, and as whom: players who come back, tickets, the game's `authenticate`, seats and places for spectators. Owned by the room host, asked
 * by sessions: first `check`, which may take time, then `admit`, which takes none, so that nobody sits down whose link is gone, and capacity holds
 * however many join at the same moment. Where neither hook nor tickets are used, both happen at once.
 */
import { type HelloMessage, isRoomId, type Link, type LobbyHello, NetError } from '@tickmesh/shared'
import type { Log } from '../ops/log-line.ts'
import type { Attendance } from '../room/attendance.ts'
import type { PlayerCore } from '../room/player-core.ts'
import type { Newcomer, PlayerPass } from '../room/player-pass.ts'
import type { RoomCore } from '../room/room-core.ts'
import { SeatedPlayer } from '../room/seated-player.ts'
import type { LedgerSeat } from '../room/session-ledger.ts'
import { checkDelay, type SpectatorLimits } from '../room/spectator-limits.ts'
import { type AddressBudget, refuseIfOpensTooMany, SeatClaim } from './address-budget.ts'
import { type Authenticate, identify } from './authentication.ts'
import { Bans } from './bans.ts'
import { DEFAULT_ROOM, noRoom } from './default-room.ts'
import type { Grant } from './grant.ts'
import type { Limits } from './limits.ts'
import { ResumeDesk } from './resume-desk.ts'
import type { RoomDirectory } from './room-directory.ts'
import { isHere, RoomFinder } from './room-finder.ts'
import { MAX_TICKET_MS, makeTickets, type TicketKeys, type Tickets, type TicketsOptions } from './tickets.ts'
import { UsedTickets } from './used-tickets.ts'

/** How a server takes tickets. */
export interface TicketSettings extends TicketKeys {
  /** True: nobody comes in without one. */
  readonly required?: boolean
}

export interface AdmissionOptions {
  readonly authenticate?: Authenticate
  readonly tickets?: TicketSettings
  /** Wall clock, for tickets. */
  readonly wallMs: () => number
  readonly spectators: SpectatorLimits | undefined
  /** Gives 32 bits that nobody can guess. */
  readonly entropy: () => number
  /** Where rooms are, on a shard of a cluster. */
  readonly directory?: RoomDirectory
  /** Addresses and identities that may not come in: see bans.ts. */
  readonly banned?: () => ReadonlySet<string> | undefined
}

/** What admission needs of the host. */
export interface AdmissionHost {
  readonly game: { readonly maxPlayers: number }
  readonly limits: Limits
  readonly log: Log
  readonly clock: { nowMs(): number }
  roomNamed(id: string): RoomCore | undefined
  /** Throws a NetError if no room can be added. */
  openRoom(id: string): RoomCore
  /** Throws SERVER_STOPPING if it is so; `isNew`: for newcomers, that is sooner. */
  refuseIfStopping(isNew: boolean): void
  /** Throws NOT_READY while this shard has no lease. */
  refuseIfFrozen(): void
}

export interface Reserve {
  readonly room: string
  /** Plain data, seen as `player.identity`. */
  readonly identity?: unknown
  /** How long the seat is kept, and the ticket good: 60,000 by default, at most 300,000. */
  readonly ms?: number
}

const NOTHING_TO_CHECK: Grant = {}
const USUAL_RESERVATION_MS = 60_000
/** Used tickets that are remembered: as many as can come within their life, at 300 joins a second. */
const MAX_USED_TICKETS = 100_000

export class Admission {
  readonly desk: ResumeDesk
  /** Checks that have not come to an end. */
  pending = 0
  private readonly host: AdmissionHost
  private readonly options: AdmissionOptions
  private readonly tickets: Tickets | undefined
  private readonly used = new UsedTickets(MAX_USED_TICKETS)
  /** On a shard of a cluster. */
  private readonly finder: RoomFinder | undefined
  private readonly bans: Bans

  constructor(host: AdmissionHost, options: AdmissionOptions) {
    this.host = host
    this.options = options
    this.desk = new ResumeDesk(options.entropy)
    this.bans = new Bans(options.banned ?? (() => undefined))
    const { tickets, wallMs, directory } = options
    if (directory !== undefined) this.finder = new RoomFinder(directory, (...asked) => this.checkWho(...asked))
    if (tickets !== undefined) this.tickets = makeTickets(ticketsOf(tickets, wallMs))
  }

  /** Finds out who somebody is. Throws or rejects with a NetError that the peer is told. `signal` is asked for only if it takes time. */
  check(
    hello: HelloMessage,
    address: string,
    signal: () => AbortSignal,
    budget?: AddressBudget,
  ): Grant | Promise<Grant> {
    const { finder } = this
    this.bans.refuseAddress(address)
    const look = finder?.look(hello, signal)
    if (finder !== undefined && look !== undefined && !isHere(look)) {
      const found = (): Promise<Grant> => finder.find(hello, look, { address, signal }, () => this.mayOpen(budget))
      // Who comes back waits to hear where its room goes on, and costs no more than its connection: when a shard died these are many.
      if (hello.resume !== undefined) return found()
      this.refuseIfBusy()
      return this.bounded(signal(), found())
    }
    if (hello.resume === undefined) this.host.refuseIfStopping(true)
    return this.checkWho(hello, address, signal)
  }

  /** Finds out who wants to see the lobby. */
  checkVisitor({ auth }: LobbyHello, address: string, signal: () => AbortSignal): Grant | Promise<Grant> {
    const { authenticate } = this.options
    this.host.refuseIfStopping(true)
    this.bans.refuseAddress(address)
    if (authenticate === undefined) return NOTHING_TO_CHECK
    this.refuseIfBusy()
    const request = { auth, room: '', options: undefined, address, spectate: false }
    const asked = identify(authenticate, request, signal(), this.host.log)
    return this.bounded(
      signal(),
      asked.then((identity) => this.grantTo(identity)),
    )
  }

  private checkWho(hello: HelloMessage, address: string, signal: () => AbortSignal): Grant | Promise<Grant> {
    const { authenticate, tickets } = this.options
    // The secret says who it is: see `admit`.
    if (hello.resume !== undefined) return NOTHING_TO_CHECK
    if (hello.ticket !== undefined || authenticate !== undefined) this.refuseIfBusy()
    if (hello.ticket !== undefined) return this.bounded(signal(), this.checkTicket(hello.ticket, hello.room))
    if (tickets?.required === true) {
      throw new NetError(
        'UNAUTHENTICATED',
        'this server lets nobody in without a ticket.',
        'Get one, and join with it.',
      )
    }
    if (authenticate === undefined) return NOTHING_TO_CHECK
    const { auth, room = DEFAULT_ROOM, options, spectate } = hello
    const request = { auth, room, options, address, spectate: spectate !== undefined }
    const asked = identify(authenticate, request, signal(), this.host.log)
    return this.bounded(
      signal(),
      asked.then((identity) => this.grantTo(identity)),
    )
  }

  private grantTo(identity: unknown): Grant {
    this.bans.refuseIdentity(identity)
    return { identity }
  }

  private refuseIfBusy(): void {
    if (this.pending < this.host.limits.pendingAuthentications) return
    const problem = `${this.pending} others are being checked at the moment.`
    throw new NetError(
      'TOO_MANY_CONNECTIONS',
      problem,
      'Try again, or raise limits.pendingAuthentications of the server.',
    )
  }

  /** Counts a check until it ends, or nobody waits for it any more. */
  private bounded(signal: AbortSignal, check: Promise<Grant>): Promise<Grant> {
    this.pending++
    let counts = true
    const done = (): void => {
      if (counts) this.pending--
      counts = false
    }
    signal.addEventListener('abort', done, { once: true })
    return check.finally(() => {
      done()
      signal.removeEventListener('abort', done)
    })
  }

  private async checkTicket(token: string, room: string | undefined): Promise<Grant> {
    if (this.tickets === undefined) {
      throw new NetError(
        'TICKET_INVALID',
        'this server takes no tickets.',
        'Join without one, or set its option "tickets".',
      )
    }
    const ticket = await this.tickets.verify(token)
    if (room !== undefined && room !== ticket.room) {
      throw new NetError('TICKET_INVALID', `this ticket is for the room "${ticket.room}".`, 'Join that room.')
    }
    return { ticket, ...this.grantTo(ticket.identity) }
  }

  /** Lets somebody in, to play or to watch, or to go on. Throws a NetError, having changed nothing. */
  admit(hello: HelloMessage, link: Link, grant: Grant, budget?: AddressBudget): Attendance {
    this.host.refuseIfStopping(hello.resume === undefined)
    this.host.refuseIfFrozen()
    if (hello.resume !== undefined) return this.resume(hello, hello.resume, link, budget)
    const { ticket } = grant
    if (ticket === undefined) return this.place(hello, link, grant, budget)
    this.used.use(ticket.id, ticket.expiresMs, this.options.wallMs())
    try {
      return this.place(hello, link, grant)
    } catch (error) {
      this.used.giveBack(ticket.id)
      throw error
    }
  }

  private resume(hello: HelloMessage, secret: string, link: Link, budget?: AddressBudget): Attendance {
    const { room, player, claim } = this.desk.find(secret)
    this.bans.refuseIdentity(player.identity)
    try {
      room.seats.resume(player, link, hello.heard, hello.prepare === true)
      claim.moveTo(budget)
    } catch (error) {
      // Nobody may hold a seat whose link no session minds.
      room.seats.leave(player, { code: 'INTERNAL', message: 'The server failed at this resume.' })
      throw error
    }
    return new SeatedPlayer(room, player, hello.prepare === true)
  }

  /** `budget`: what the newcomer's address may do; whoever shows a ticket may open its room. */
  private place(hello: HelloMessage, link: Link, grant: Grant, budget?: AddressBudget): Attendance {
    const id = hello.room ?? grant.ticket?.room ?? DEFAULT_ROOM
    if (hello.spectate !== undefined) return this.placeSpectator(id, link, hello.spectate, grant)
    const known = this.host.roomNamed(id)
    if (known === undefined && hello.create === false) throw noRoom(id)
    refuseIfTooMany(budget)
    // In a cluster rooms are opened by whoever owns them: this one ended just now.
    if (known === undefined && this.finder !== undefined) throw roomGone(id)
    if (known === undefined) this.mayOpen(budget)
    const room = known ?? this.host.openRoom(id)
    const claim = new SeatClaim(budget)
    const newcomer = this.newcomer(hello.options, grant, claim)
    const player = room.seats.admit(link, newcomer)
    if (player === undefined) {
      newcomer.pass?.gone(false)
      throw noSeat(id, this.host.game.maxPlayers)
    }
    this.desk.placed(player.id, { room, player, claim })
    return new SeatedPlayer(room, player)
  }

  /** Throws for somebody whose address has too much open, or opens too much. */
  private mayOpen(budget: AddressBudget | undefined): void {
    refuseIfTooMany(budget)
    refuseIfOpensTooMany(budget, this.host.clock.nowMs())
  }

  private newcomer(options: unknown, { identity, ticket }: Grant, claim: SeatClaim): Newcomer {
    const id = this.playerId()
    const onGone = (hadSat: boolean): void => {
      if (!hadSat && ticket !== undefined) this.used.giveBack(ticket.id)
    }
    const of = ticket === undefined ? {} : { ticketId: ticket.id, wantedSeat: ticket.seat ?? 0 }
    return { id, identity, options, pass: this.desk.passFor(id, claim, onGone), ...of }
  }

  /** For a player that another shard had: its secret is as good as it was, and its ticket as used up. Throws BAD_STATE if somebody here has its id. */
  passOf(room: RoomCore, { who, secrets }: LedgerSeat, player: () => PlayerCore): PlayerPass {
    const { id, ticketId } = who
    if (this.desk.has(id)) {
      throw new NetError(
        'BAD_STATE',
        `there is another player "${id}" on this shard.`,
        'Go on with the room elsewhere.',
      )
    }
    const nowMs = this.options.wallMs()
    if (ticketId !== undefined) this.used.remember(ticketId, nowMs + MAX_TICKET_MS, nowMs)
    const claim = new SeatClaim(undefined)
    const pass = this.desk.passFor(id, claim, () => {}, secrets)
    this.desk.placed(id, {
      room,
      claim,
      get player() {
        return player()
      },
    })
    return pass
  }

  /** Throws for an address that may not come in. */
  refuseAddress(address: string): void {
    this.bans.refuseAddress(address)
  }

  private playerId(): string {
    for (;;) {
      const id = this.options.entropy().toString(16).padStart(8, '0')
      if (!this.desk.has(id)) return id
    }
  }

  /** Spectators make no rooms, and keep none open. */
  private placeSpectator(id: string, link: Link, delayMs: number, { ticket, identity }: Grant): Attendance {
    const { spectators } = this.options
    checkDelay(spectators, delayMs)
    const room = this.host.roomNamed(id)
    if (room === undefined) throw noRoom(id)
    room.rouse()
    const spectator = room.stage?.admit(link, { id: this.playerId(), identity }, delayMs)
    if (spectator === undefined) {
      const problem = `all ${spectators.max} places for spectators of the room "${id}" are taken.`
      throw new NetError('ROOM_FULL', problem, 'Try again later, or raise `spectators.max` of the server.')
    }
    // Who watches takes no seat.
    if (ticket !== undefined) room.seats.release(ticket.id)
    return spectator
  }

  /** Keeps a seat, in a room that is made if need be (on a shard of a cluster: only in one that it runs), and gives the ticket that lets into it. */
  async reserve({ room: id, identity, ms = USUAL_RESERVATION_MS }: Reserve): Promise<string> {
    const { tickets, host } = this
    if (tickets === undefined) {
      throw new NetError('BAD_STATE', 'this server takes no tickets.', 'Set its option "tickets": audience and keys.')
    }
    if (!isRoomId(id))
      throw new NetError('BAD_ARGUMENT', `"${id}" is no room.`, 'Use 1 to 64 letters, digits, "_" and "-".')
    if (!(ms > 0 && ms <= MAX_TICKET_MS)) {
      throw new NetError('BAD_ARGUMENT', `a seat cannot be kept for ${ms} ms.`, `Give 1 to ${MAX_TICKET_MS}.`)
    }
    host.refuseIfStopping(true)
    host.refuseIfFrozen()
    const known = host.roomNamed(id)
    if (known === undefined && this.finder !== undefined) throw roomGone(id)
    const room = known ?? host.openRoom(id)
    const ticketId = Array.from({ length: 4 }, () => this.options.entropy().toString(36)).join('')
    const seat = room.seats.reserve(ticketId, host.clock.nowMs() + ms)
    if (seat === 0) throw noSeat(id, host.game.maxPlayers)
    try {
      return await tickets.issue({ room: id, identity, ms, seat, id: ticketId })
    } catch (error) {
      room.seats.release(ticketId)
      throw error
    }
  }
}

function refuseIfTooMany(budget: AddressBudget | undefined): void {
  if (budget?.maySit !== false) return
  throw new NetError(
    'TOO_MANY_CONNECTIONS',
    'your address has too many connections, with those that were lost just now.',
    'Wait a while, or raise limits.connectionsPerAddress of the server.',
  )
}

function roomGone(id: string): NetError {
  return new NetError('NOT_READY', `the room "${id}" is not here at the moment.`, 'Try again.')
}

function noSeat(id: string, maxPlayers: number): NetError {
  const problem = `all ${maxPlayers} seats of the room "${id}" are taken.`
  return new NetError('ROOM_FULL', problem, 'Choose another room.')
}

/** With whatever keys there are at the moment: those of a cluster rotate. */
function ticketsOf(settings: TicketSettings, nowMs: () => number): TicketsOptions {
  return {
    audience: settings.audience,
    nowMs,
    get keys() {
      return settings.keys
    },
  }
}
