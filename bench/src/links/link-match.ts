/**
 * One room of bots over one kind of link, through a relay of its own, on the real clock. The bench runs one for each kind at the same time, on one server,
 * so that what else the machine does falls on both.
 */
import { join, type LinkChoice, type Room } from '@tickmesh/client'
import type { Player, Room as ServerRoom } from '@tickmesh/server'
import { type Duel, duel } from '../lab/duel.ts'
import { pilot } from '../lab/pilot.ts'
import { figuresOf, type LinkFigures, type PlayerTally } from './link-figures.ts'
import type { TickTimes } from './tick-times.ts'

const LOOK_EVERY_MS = 1000 / 60

export interface MatchPlan {
  readonly kind: Exclude<LinkChoice, 'auto'>
  readonly url: string
  readonly players: number
  readonly seed: number
}

/** What a client and the server have counted of a player so far. */
interface Counted {
  readonly client: Room<Duel>['stats']
  readonly server: Player<Duel>['stats']
  readonly atMs: number
}

export class LinkMatch {
  readonly #plan: MatchPlan
  readonly #times: TickTimes
  readonly #rooms: Room<Duel>[] = []
  readonly #agesMs: number[] = []
  #timer: NodeJS.Timeout | undefined
  #before: Counted[] = []

  constructor(plan: MatchPlan, times: TickTimes) {
    this.#plan = plan
    this.#times = times
  }

  async join(): Promise<void> {
    const { kind, url, players, seed } = this.#plan
    for (let index = 0; index < players; index++) {
      const { sample } = pilot(seed + index, { fire: 0.02, rocket: 0.005 })
      this.#rooms.push(await join(duel, url, { room: kind, link: kind, sample, development: false }))
    }
  }

  begin(server: ServerRoom<Duel> | undefined, nowMs: number): void {
    this.#before = this.#countAll(server, nowMs)
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  end(server: ServerRoom<Duel> | undefined, nowMs: number): LinkFigures {
    clearInterval(this.#timer)
    const after = this.#countAll(server, nowMs)
    return figuresOf(
      this.#agesMs,
      after.flatMap((now, index) => {
        const before = this.#before[index]
        return before === undefined ? [] : [tallyOf(before, now)]
      }),
    )
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#rooms.map((room) => room.leave()))
  }

  #look(): void {
    const nowMs = performance.now()
    for (const room of this.#rooms) {
      const endedMs = this.#times.at(this.#plan.kind, room.stats.serverTick)
      if (endedMs !== undefined) this.#agesMs.push(nowMs - endedMs)
    }
  }

  #countAll(server: ServerRoom<Duel> | undefined, atMs: number): Counted[] {
    return this.#rooms.flatMap((room) => {
      const player = server?.players.get(room.seat)
      return player === undefined ? [] : [{ client: room.stats, server: player.stats, atMs }]
    })
  }
}

function tallyOf(before: Counted, now: Counted): PlayerTally {
  const seconds = (now.atMs - before.atMs) / 1000
  const { client } = now
  return {
    lateInputs: now.server.lateInputs - before.server.lateInputs,
    refusedPresses: now.server.refusedPresses - before.server.refusedPresses,
    ticks: seconds * duel.tickRate,
    starvedFrames: client.starvedFrames - before.client.starvedFrames,
    drawnFrames: client.drawnFrames - before.client.drawnFrames,
    framesLost: client.framesLost - before.client.framesLost,
    frames: client.frames - before.client.frames,
    reconnects: client.reconnects - before.client.reconnects,
    rttMs: client.rttMs,
    leadMs: client.leadMs,
    interpolationDelayMs: client.interpolationDelayMs,
    bytesDownPerSecond: (client.bytesIn - before.client.bytesIn) / seconds,
    bytesUpPerSecond: (client.bytesOut - before.client.bytesOut) / seconds,
  }
}
