/**
 * The past of a room for as long as the latest of its spectators lags: worlds at the snapshot rate, what was held in each tick, and events.
 * Written by the spectator stage at the end of each tick (hot), read by the replication of spectators. Worlds take their memory when they are
 * first needed, so a young room has little.
 */
import { type CompiledGame, EVENT_INDEX, EVENT_KEY, EventLog, type Simulation, SnapshotRing } from '@tickmesh/shared'

export class DelayedPast {
  /** What was held, by tick: worlds without their tables. */
  readonly held: SnapshotRing
  readonly events: EventLog
  private readonly game: CompiledGame
  private readonly sim: Simulation
  private readonly seats: Int32Array
  private readonly worlds: (Int32Array | undefined)[]
  private readonly ticks: Int32Array

  /** Keeps at least `ticks` ticks. */
  constructor(game: CompiledGame, sim: Simulation, ticks: number) {
    this.game = game
    this.sim = sim
    const seatInts = game.entities.reduce((least, { base }) => Math.min(least, base), game.worldInts)
    this.seats = sim.world.ints.subarray(0, seatInts)
    this.held = new SnapshotRing(ticks, seatInts)
    this.events = new EventLog(game, ticks, sim.events.maxPerTick)
    const capacity = Math.ceil(ticks / game.ticksPerSnapshot)
    this.worlds = Array.from({ length: capacity }, () => undefined)
    this.ticks = new Int32Array(capacity).fill(-1)
  }

  /** Keeps what `tick`, which is done, has come to. */
  keep(tick: number): void {
    const { game, sim } = this
    this.held.put(tick, this.seats)
    this.keepEvents(tick)
    if (tick % game.ticksPerSnapshot !== 0) return
    const slot = this.slotOf(tick)
    let world = this.worlds[slot]
    if (world === undefined) {
      world = new Int32Array(game.worldInts)
      this.worlds[slot] = world
    }
    world.set(sim.world.ints)
    this.ticks[slot] = tick
  }

  private keepEvents(tick: number): void {
    const { events: from } = this.sim
    const { events: to } = this
    to.begin(tick)
    const count = from.count(tick)
    for (let n = 0; n < count; n++) {
      const at = from.at(tick, n)
      const into = to.add(tick, from.ints[at + EVENT_INDEX] ?? 0, from.ints[at + EVENT_KEY] ?? 0)
      if (into < 0) return
      for (let i = 0; i < from.stride; i++) to.ints[into + i] = from.ints[at + i] ?? 0
    }
  }

  /** The world at exactly this tick, if it is one of a snapshot and is kept. */
  find(tick: number): Int32Array | undefined {
    if (tick < 0 || tick % this.game.ticksPerSnapshot !== 0) return undefined
    const slot = this.slotOf(tick)
    return this.ticks[slot] === tick ? this.worlds[slot] : undefined
  }

  private slotOf(tick: number): number {
    return (tick / this.game.ticksPerSnapshot) % this.worlds.length
  }
}
