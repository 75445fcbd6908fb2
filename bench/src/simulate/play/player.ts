/**
 * Somebody who plays: the real client, on virtual time over simulated links. It joins at any shard, presses, talks, and comes back by itself; what it sees must never go
 * backwards, and what it was told of must stay. Counts what it did since it joined, to be compared with what the room has of it.
 */
import { type ClientHost, joinThrough, type Room } from '@tickmesh/client'
import { type CloseReason, type Game, NetError, SeededRandom, type VirtualScheduler } from '@tickmesh/shared'
import type { Judge } from '../judge.ts'
import type { ClientLines } from './client-lines.ts'
import type { Tally } from './tally-game.ts'

export interface PlayerGround {
  readonly time: VirtualScheduler
  readonly lines: ClientLines
  readonly judge: Judge
  readonly game: Game<Tally>
  /** Where any shard is, by number. */
  urlOf(shard: number): string
  readonly shards: number
  /** Its place in the room is gone for this reason. */
  placeLost(player: SimPlayer, reason: CloseReason): void
}

const FRAME_MS = 50
const TALK_MS = 700
const AGAIN_MS = 400
const JOIN_MS = 8_000
const SILENCE_MS = 2_000
const MAX_WAITING = 10

export class SimPlayer {
  readonly name: string
  readonly roomId: string
  room: Room<Tally> | undefined
  /** Presses and messages of it, and messages to it, since it joined. */
  presses = 0
  sent = 0
  told = 0
  wasSetBack = false
  joins = 0
  reconnects = 0
  joinError = ''
  readonly #ground: PlayerGround
  readonly #random: SeededRandom
  readonly #host: ClientHost
  /** In the network. */
  readonly place: number
  /** How often each event was played and not withdrawn, by name, seat and number. */
  readonly #shown = new Map<string, number>()
  /** How often it was played before the server had told of it. */
  readonly #predicted = new Map<string, number>()
  /** Others' events, which nothing undoes. */
  readonly #final = new Set<string>()
  #resting = false
  #steps = 0
  #move = { x: 0, y: 0 }
  #tick = Number.NEGATIVE_INFINITY
  #viewTick = Number.NEGATIVE_INFINITY

  constructor(name: string, roomId: string, seed: number, ground: PlayerGround) {
    this.name = name
    this.roomId = roomId
    this.#ground = ground
    this.#random = new SeededRandom(seed)
    this.place = ground.lines.attach()
    const { time } = ground
    const offsetMs = 1e6 * this.#random.next()
    this.#host = {
      now: () => time.now() + offsetMs,
      at: (timeMs, run) => time.at(timeMs - offsetMs, run),
      requestFrame: (run) => time.at((Math.floor(time.now() / FRAME_MS + 1e-6) + 1) * FRAME_MS, run),
      isAway: () => false,
      random: () => this.#random.next(),
    }
  }

  start(afterMs: number): void {
    const { time } = this.#ground
    time.at(time.now() + afterMs, () => this.#join())
    time.at(time.now() + afterMs + TALK_MS, () => this.#talk())
  }

  /** The match goes on from before what this player was told as final: it cannot count on. */
  setBack(): void {
    this.wasSetBack = true
    this.#final.clear()
  }

  /** Presses and says nothing more. */
  rest(): void {
    this.#resting = true
  }

  #join(): void {
    const { game, lines, shards, urlOf } = this.#ground
    const url = urlOf(this.#random.int(0, shards - 1))
    const open = (to: string, options: Parameters<ClientLines['dial']>[2]) => lines.dial(this.place, to, options)
    const options = {
      ...{ room: this.roomId, timeoutMs: JOIN_MS, silenceMs: SILENCE_MS },
      sample: () => this.#sample(),
    }
    this.#startAnew()
    joinThrough(game, url, this.#host, open, options).then(
      (room) => this.#joined(room),
      (error: unknown) => this.#notJoined(error),
    )
  }

  #startAnew(): void {
    this.wasSetBack = false
    this.presses = 0
    this.sent = 0
    this.told = 0
    this.#tick = Number.NEGATIVE_INFINITY
    this.#viewTick = Number.NEGATIVE_INFINITY
    this.#shown.clear()
    this.#predicted.clear()
    this.#final.clear()
  }

  #notJoined(error: unknown): void {
    if (!(error instanceof NetError)) throw error
    this.joinError = `${error.code}: ${error.message}`
    this.#again()
  }

  #again(): void {
    const { time } = this.#ground
    time.at(time.now() + AGAIN_MS * (1 + this.#random.next()), () => this.#join())
  }

  #joined(room: Room<Tally>): void {
    this.room = room
    this.joins++
    room.onFrame((_view, { tick, viewTick }) => {
      // Within a tick it may be set right.
      this.#mustGrow('tick', Math.floor(this.#tick), Math.floor(tick))
      this.#mustGrow('view', this.#viewTick, viewTick)
      this.#tick = tick
      this.#viewTick = viewTick
    })
    for (const name of ['fired', 'faded'] as const) {
      room.onEvent(name, ({ seat, number }, { own, predicted }) =>
        this.#plays(`${name} ${seat} ${number}`, predicted ? 'predicted' : own ? 'own' : 'final'),
      )
      room.onEventWithdrawn(name, ({ seat, number }) => this.#withdraws(`${name} ${seat} ${number}`))
    }
    room.onMessage('told', ({ number }) => {
      if (number !== this.told + 1) this.#accuse('a message came out of turn', `${number} after ${this.told}`)
      this.told = number
    })
    room.onConnection(({ state }) => {
      if (state === 'connected') this.reconnects++
    })
    room.onClose((reason) => {
      this.room = undefined
      this.#ground.placeLost(this, reason)
      this.#again()
    })
    if (!room.open) this.#again()
  }

  #mustGrow(what: string, before: number, now: number): void {
    if (now < before - 1e-6) this.#accuse(`a client's ${what} runs backwards`, `from ${before} to ${now}`)
  }

  #plays(event: string, as: 'predicted' | 'own' | 'final'): void {
    this.#shown.set(event, this.timesShown(event) + 1)
    if (as === 'predicted') this.#predicted.set(event, (this.#predicted.get(event) ?? 0) + 1)
    if (as !== 'final') return
    if (this.#final.has(event)) this.#accuse('a final event is played twice', event)
    this.#final.add(event)
  }

  #withdraws(event: string): void {
    this.#shown.set(event, this.timesShown(event) - 1)
    // One press was refused, and the next has its number.
    const predicted = this.#predicted.get(event) ?? 0
    if (predicted > 0) this.#predicted.set(event, predicted - 1)
    else if (this.#final.has(event)) this.#accuse('a final event is withdrawn', event)
  }

  /** How often it shows. */
  timesShown(event: string): number {
    return this.#shown.get(event) ?? 0
  }

  #accuse(rule: string, what: string): void {
    this.#ground.judge.accuse(rule, `${this.roomId} ${this.name}: ${what}`)
  }

  #sample(): { move: { x: number; y: number }; fire: number } {
    // Before it is in, nobody counts presses.
    if (this.#resting || this.room === undefined) return { move: { x: 0, y: 0 }, fire: 0 }
    if (this.#steps-- <= 0) {
      this.#steps = this.#random.int(4, 30)
      this.#move = { x: this.#random.int(-1, 1), y: this.#random.int(-1, 1) }
    }
    const fire = this.#random.next() < 0.07 ? 1 : 0
    this.presses += fire
    return { move: this.#move, fire }
  }

  #talk(): void {
    const { time } = this.#ground
    time.at(time.now() + TALK_MS * (0.5 + this.#random.next()), () => this.#talk())
    const { room } = this
    if (this.#resting || room === undefined || !room.open) return
    this.#waiting = room.connection.state === 'connected' ? 0 : this.#waiting + 1
    if (this.#waiting > MAX_WAITING) return
    room.send('say', { number: ++this.sent })
  }

  /** Messages since the link was lost. */
  #waiting = 0
}
