/**
 * What sits in a seat, as the world's memory says it: presence, held levels, press counters, owned entities. Called when players come and go (cold).
 */
import { type CompiledGame, SEAT_LEVELS, SEAT_PRESENT, type Simulation } from '@tickmesh/shared'

/** Whoever sits down finds neutral levels, and press counters of zero. */
export function setPresent(sim: Simulation, seat: number, present: boolean): void {
  const { game, world } = sim
  for (let column = 0; column <= game.inputWidth; column++)
    world.ints[game.seatBase + column * game.seatRows + seat] = 0
  sim.setNeutral(seat)
  sim.inputs.pressTotals[seat] = 0
  world.ints[game.seatBase + SEAT_PRESENT * game.seatRows + seat] = present ? 1 : 0
}

/** Reads what a seat holds, and its press counters, as a row of inputs. */
export function readSeatRow(game: CompiledGame, ints: Int32Array, seat: number, row: Int32Array): void {
  for (let column = 0; column < game.inputWidth; column++)
    row[column] = ints[game.seatBase + (SEAT_LEVELS + column) * game.seatRows + seat] ?? 0
}

/** What a seat owns goes with it, or stays and belongs to nobody. */
export function releaseEntities(sim: Simulation, seat: number, keep: boolean): void {
  for (const table of sim.world.tables) {
    for (let row = 0; row < table.count; row++) {
      const view = table.viewAt(row)
      if (view.owner !== seat || !view.alive) continue
      if (keep) view.owner = 0
      else sim.world.despawn(view)
    }
  }
}
