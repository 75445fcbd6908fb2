/**
 * All players of the load process against one server: rooms of them come and go, and each sends one input per tick, evenly spread over the interval.
 * Hot: the whole load of a core goes through `pump`.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { PLAYERS_PER_ROOM } from './load-game.ts'
import type { LoadPlayer } from './player.ts'

export interface CrowdCounts {
  readonly states: number
  readonly bytesIn: number
  readonly inputs: number
}

const JOIN_TIMEOUT_MS = 20_000
const ROOMS_AT_ONCE = 2

export class Crowd {
  readonly rooms: LoadPlayer[][] = []
  private players: LoadPlayer[] = []
  private readonly makePlayer: (room: string, seed: number) => LoadPlayer
  private readonly tickMs: number
  private readonly name: string
  private made = 0
  private inputs = 0
  private turn = 0
  private pacedMs = 0
  private running = true

  constructor(name: string, hz: number, makePlayer: (room: string, seed: number) => LoadPlayer) {
    this.name = name
    this.tickMs = 1000 / hz
    this.makePlayer = makePlayer
    this.pacedMs = performance.now()
    this.pump()
  }

  /** Brings the number of rooms to `count`; resolves when all players play. Throws if they cannot. */
  async resize(count: number): Promise<void> {
    while (this.rooms.length > count) for (const player of this.rooms.pop() ?? []) player.leave()
    while (this.rooms.length < count) {
      for (let n = Math.min(ROOMS_AT_ONCE, count - this.rooms.length); n > 0; n--) this.addRoom()
      this.players = this.rooms.flat()
      await this.allPlaying()
    }
    this.players = this.rooms.flat()
  }

  private addRoom(): void {
    const room = `${this.name}-${this.made++}`
    const seed = this.made * PLAYERS_PER_ROOM
    this.rooms.push(Array.from({ length: PLAYERS_PER_ROOM }, (_, index) => this.makePlayer(room, seed + index)))
  }

  private async allPlaying(): Promise<void> {
    const untilMs = performance.now() + JOIN_TIMEOUT_MS
    while (!this.players.every((player) => player.playing)) {
      this.throwFailure()
      if (performance.now() > untilMs) throw new Error(`${this.name}: players did not get into their rooms in time.`)
      await wait(2)
    }
  }

  /** A player that was dropped makes all figures worthless. */
  throwFailure(): void {
    const failed = this.players.find(({ failure }) => failure !== undefined)
    if (failed !== undefined) throw new Error(`${this.name}: a player was dropped: ${failed.failure}`)
  }

  get counts(): CrowdCounts {
    let states = 0
    let bytesIn = 0
    for (const player of this.players) {
      states += player.states
      bytesIn += player.bytesIn
    }
    return { states, bytesIn, inputs: this.inputs }
  }

  /** Sends what has become due since the last time: `players / interval` inputs per millisecond, round and round. */
  private pump(): void {
    if (!this.running) return
    const nowMs = performance.now()
    const count = this.players.length
    // A load process that cannot follow sends less; it never sends a burst.
    const elapsedMs = Math.min(this.tickMs, nowMs - this.pacedMs)
    const due = Math.floor((elapsedMs * count) / this.tickMs)
    for (let n = 0; n < due; n++) {
      this.turn = this.turn + 1 < count ? this.turn + 1 : 0
      this.players[this.turn]?.sendInput(nowMs)
    }
    this.inputs += due
    this.pacedMs =
      count === 0 || nowMs - this.pacedMs > this.tickMs ? nowMs : this.pacedMs + (due * this.tickMs) / count
    setTimeout(() => this.pump(), 1)
  }

  /** All players go, at once. */
  end(): void {
    this.running = false
    for (const player of this.players) player.leave()
    this.players = []
    this.rooms.length = 0
  }
}
