/**
 * Quick match: fills rooms that are there, then makes new ones. Every shard has one; only the view's oldest member's works, under its lease, so that two
 * seekers are never sent to two new rooms where one would do. Capacity stays the owner's decision: it is asked for seats, and may refuse. Pure.
 */
import type { Answer, PeerCalls } from '../calls/peer-calls.ts'
import type { Life } from '../life.ts'
import type { ListedRoom, LobbyApi } from '../lobby/lobby-api.ts'
import type { CreateRequest, LocateAnswer } from '../ring/rooms-api.ts'
import { parseSeeker, type Seeker, suitability } from './criteria.ts'

/** What a matchmaker needs of the node that it is part of. */
export interface MatchHost {
  readonly life: Life
  /** Seats of each room. */
  readonly maxPlayers: number
  readonly calls: PeerCalls
  readonly lobby: Pick<LobbyApi, 'rooms' | 'room'>
  /** This shard runs what runs once, and has its lease. */
  isSingleton(nowMs: number): boolean
  /** Who does, as far as is known. */
  singleton(): Life | undefined
  create(request: CreateRequest, nowMs: number, done: (answer: LocateAnswer) => void): void
  urlOf(life: Life): string | undefined
}

const MATCH = 'match'
/** Asks an owner for seats: {room, players: [{id, identity}]} gives {tickets}, one for each. Answered by the shell, which knows the rooms. */
export const SEATS = 'seats'

/** The listing shows seats that were promised after this, at the latest. */
const SETTLE_MS = 3_000
const MAX_TRIES = 6
const MAX_REMEMBERED = 1_000
/** Of a room that is not listed yet: nobody looks at it. */
const NO_EPOCH = { generation: 0, view: 0, k: 0 }
const NOBODY = 'nobody makes matches at the moment.'

interface Promised {
  /** That are taken by now, as far as this matchmaker knows; the listing follows. */
  seats: number
  untilMs: number
  /** Of a room that this matchmaker made, until the lobby lists it. */
  readonly made: ListedRoom | undefined
}

export class Matchmaker {
  private readonly host: MatchHost
  /** What the lobby does not show yet, by room. */
  private readonly promised = new Map<string, Promised>()
  /** Seekers who wait for a room that is being made. */
  private readonly waiting: { readonly seeker: Seeker; readonly answer: (answer: Answer) => void }[] = []
  private making = false

  constructor(host: MatchHost) {
    this.host = host
    host.calls.handle(MATCH, (body, _from, nowMs, answer) => {
      const seeker = parseSeeker(body)
      if (seeker === undefined) answer({ ok: false, code: 'BAD_ARGUMENT', message: 'this is nobody who seeks.' })
      else if (seeker.players.length > host.maxPlayers) {
        const message = `a room has ${host.maxPlayers} seats, and ${seeker.players.length} players want to stay together.`
        answer({ ok: false, code: 'BAD_ARGUMENT', message })
      } else if (!host.isSingleton(nowMs)) answer(notReady(NOBODY))
      else this.find(seeker, nowMs, answer)
    })
  }

  /** Asks whoever makes matches. `done` gets where to go, {room, url, tickets}, one ticket for each player in the seeker's order, or a refusal. */
  seek(seeker: Seeker, nowMs: number, done: (answer: Answer) => void): void {
    const to = this.host.singleton()
    if (to === undefined) done(notReady(NOBODY))
    else this.host.calls.ask(to, MATCH, seeker, nowMs, done, 8_000)
  }

  private find(
    seeker: Seeker,
    nowMs: number,
    answer: (answer: Answer) => void,
    refusals: readonly string[] = [],
  ): void {
    this.forget(nowMs)
    // Whose seats are kept for others shows in no list at once: after some tries a new room is sure.
    const room = refusals.length < MAX_TRIES ? this.best(seeker, refusals) : undefined
    if (room === undefined) return this.make(seeker, nowMs, answer)
    this.promise(room, seeker.players.length, nowMs)
    this.takeSeats(room.id, room.owner, seeker, nowMs, (taken) => {
      if (taken.ok || taken.code === 'BAD_ARGUMENT') return answer(taken)
      // Full by now, or gone: the next best.
      this.unpromise(room.id, seeker.players.length)
      this.find(seeker, this.host.calls.nowMs, answer, [...refusals, room.id])
    })
  }

  private best(seeker: Seeker, refusals: readonly string[]): ListedRoom | undefined {
    let best: ListedRoom | undefined
    let most = Number.NEGATIVE_INFINITY
    const look = (room: ListedRoom): void => {
      const known = this.promised.get(room.id)?.seats ?? 0
      const score = suitability(room, seeker, Math.max(0, known - room.players))
      if (score === undefined || refusals.includes(room.id)) return
      // Of equals the same one on every look.
      if (score < most || (score === most && best !== undefined && best.id < room.id)) return
      most = score
      best = room
    }
    for (const room of this.host.lobby.rooms()) look(room)
    for (const [id, { made }] of this.promised) {
      if (made !== undefined && this.host.lobby.room(id) === undefined) look(made)
    }
    return best
  }

  /** One room at a time: those who come meanwhile may find a seat in it. */
  private make(seeker: Seeker, nowMs: number, answer: (answer: Answer) => void): void {
    if (this.making) {
      if (this.waiting.length >= MAX_REMEMBERED) return answer(notReady(NOBODY))
      this.waiting.push({ seeker, answer })
      return
    }
    this.making = true
    const { skill, attributes } = seeker
    const request = { attributes: skill === undefined ? attributes : { ...attributes, skill } }
    this.host.create(request, nowMs, (made) => {
      this.making = false
      const nowMs = this.host.calls.nowMs
      const place = this.placeOf(made)
      if (place === undefined) answer(notReady('no shard could make a room.'))
      else {
        const { maxPlayers } = this.host
        const made = {
          ...place,
          url: '',
          epoch: NO_EPOCH,
          state: 'open',
          players: 0,
          maxPlayers,
          attributes: request.attributes,
        } as const
        this.promise(made, seeker.players.length, nowMs, made)
        this.takeSeats(place.id, place.owner, seeker, nowMs, answer)
      }
      for (const waits of this.waiting.splice(0)) this.find(waits.seeker, nowMs, waits.answer)
    })
  }

  private placeOf(made: LocateAnswer): { readonly id: string; readonly owner: Life } | undefined {
    if (made.kind === 'there') return made.place
    return made.kind === 'here' ? { id: made.id, owner: this.host.life } : undefined
  }

  private takeSeats(room: string, owner: Life, seeker: Seeker, nowMs: number, done: (answer: Answer) => void): void {
    const url = this.host.urlOf(owner)
    if (url === undefined) return done(notReady(NOBODY))
    this.host.calls.ask(owner, SEATS, { room, players: seeker.players }, nowMs, (answer) => {
      if (!answer.ok) return done(answer)
      const { tickets } = (answer.body ?? {}) as { readonly tickets?: unknown }
      if (!Array.isArray(tickets) || tickets.length !== seeker.players.length) return done(notReady(NOBODY))
      done({ ok: true, body: { room, url, tickets: tickets.map(String) } })
    })
  }

  private promise(room: ListedRoom, seats: number, nowMs: number, made?: ListedRoom): void {
    const known = this.promised.get(room.id)
    if (known !== undefined) {
      known.seats = Math.max(known.seats, room.players) + seats
      known.untilMs = nowMs + SETTLE_MS
    } else if (this.promised.size < MAX_REMEMBERED) {
      this.promised.set(room.id, { seats: room.players + seats, untilMs: nowMs + SETTLE_MS, made })
    }
  }

  private unpromise(id: string, seats: number): void {
    const known = this.promised.get(id)
    if (known !== undefined) known.seats = Math.max(0, known.seats - seats)
  }

  private forget(nowMs: number): void {
    for (const [id, { untilMs }] of this.promised) if (untilMs <= nowMs) this.promised.delete(id)
  }
}

function notReady(problem: string): Answer {
  return { ok: false, code: 'NOT_READY', message: `${problem} Try again in a while.` }
}
