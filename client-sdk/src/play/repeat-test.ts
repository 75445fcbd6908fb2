/**
 * The sync test of a client: computes the newest ticks of its prediction once more, from what is kept and with the same inputs, and compares.
 * What differs would differ from the server too, and show as corrections that nobody can explain. Called by the prediction after each tick, in development
 * and by `npm run synctest`. It leaves the simulation as it was, also if it throws.
 */
import {
  DeterminismGuard,
  describeDifference,
  describeEffects,
  notDeterministic,
  type Simulation,
  type SnapshotRing,
} from '@tickmesh/shared'

export class RepeatTest {
  /** What the steps of development run in. */
  static readonly Guard = DeterminismGuard
  readonly #sim: Simulation
  readonly #results: SnapshotRing
  readonly #depth: number
  readonly #present: Int32Array
  readonly #effects: string[] = []

  /** `results` holds the world after each tick; `depth` is how many ticks are computed again. */
  constructor(sim: Simulation, results: SnapshotRing, depth: number) {
    this.#sim = sim
    this.#results = results
    this.#depth = depth
    this.#present = new Int32Array(sim.game.worldInts)
  }

  /**
   * The simulation stands at the end of `tick`. Goes back, but not before `firstTick`, and computes again by `simulate`.
   * Throws NON_DETERMINISTIC naming the tick, the field and the entity that differ. A game with opaque state is left alone: that is not rolled back on clients.
   */
  run(tick: number, firstTick: number, simulate: (tick: number) => void): void {
    const sim = this.#sim
    const results = this.#results
    const present = this.#present
    const effects = this.#effects
    const from = Math.max(firstTick, tick - this.#depth)
    const start = results.find(from)
    if (start === undefined || from >= tick || from < 0 || sim.game.opaque !== undefined) return
    present.set(sim.world.ints)
    for (let next = from + 1; next <= tick; next++) effects[next - from] = describeEffects(sim, next)
    sim.world.load(start)
    let difference: string | undefined
    let next = from
    while (next < tick && difference === undefined) {
      next++
      simulate(next)
      const first = results.find(next)
      difference = first && describeDifference(sim.game, first, sim.world.ints)
      if (describeEffects(sim, next) !== effects[next - from]) difference ??= 'its events'
    }
    sim.world.load(present)
    if (difference !== undefined) throw notDeterministic('client', next, difference)
  }
}
