/**
 * All players of the interest bench: they join a few at a time, and send an input per tick each, evenly spread over the tick.
 * Hot: `pump` goes through every player in every tick.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { LightPlayer } from './light-player.ts'

const JOIN_TIMEOUT_MS = 30_000
const JOINING_AT_ONCE = 10

export class Swarm {
  readonly players: LightPlayer[] = []
  private readonly tickMs: number
  private turn = 0
  private pacedMs = performance.now()
  private timer: NodeJS.Timeout | undefined

  constructor(tickRate: number) {
    this.tickMs = 1000 / tickRate
    this.pump()
  }

  /** Resolves when all play. Throws if one cannot. */
  async join(count: number, make: (index: number) => LightPlayer): Promise<void> {
    const untilMs = performance.now() + JOIN_TIMEOUT_MS
    while (this.players.length < count) {
      for (let n = Math.min(JOINING_AT_ONCE, count - this.players.length); n > 0; n--)
        this.players.push(make(this.players.length))
      while (!this.players.every(({ playing }) => playing)) {
        this.throwFailure()
        if (performance.now() > untilMs) throw new Error('players did not get into the room in time.')
        await wait(2)
      }
    }
  }

  /** A player that was dropped makes all figures worthless. */
  throwFailure(): void {
    const failed = this.players.find(({ failure }) => failure !== undefined)
    if (failed !== undefined) throw new Error(`a player was dropped: ${failed.failure}`)
  }

  /** Sends what has become due since the last time, round and round. */
  private pump(): void {
    const nowMs = performance.now()
    const count = this.players.length
    // A process that cannot follow sends less; it never sends a burst.
    const elapsedMs = Math.min(this.tickMs, nowMs - this.pacedMs)
    const due = Math.floor((elapsedMs * count) / this.tickMs)
    for (let n = 0; n < due; n++) {
      this.turn = this.turn + 1 < count ? this.turn + 1 : 0
      this.players[this.turn]?.sendInput(nowMs)
    }
    this.pacedMs =
      count === 0 || nowMs - this.pacedMs > this.tickMs ? nowMs : this.pacedMs + (due * this.tickMs) / count
    this.timer = setTimeout(() => this.pump(), 1)
  }

  /** All players go, at once. */
  end(): void {
    clearTimeout(this.timer)
    for (const player of this.players) player.leave()
    this.players.length = 0
  }
}
