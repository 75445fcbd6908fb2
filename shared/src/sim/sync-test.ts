/**
 * The sync test: runs a tick twice from the same state and names what differs. What differs here would differ between machines.
 * Used in development by server and client, and by `describeDifference` wherever two states must be equal.
 */
import { NetError } from '../error.ts'
import { BUILT_IN_COLUMNS, COLUMN_ID, type CompiledGame, HEADER_COUNTS, SEAT_LEVELS } from '../game/compiled.ts'
import type { Simulation } from './simulation.ts'

const BUILT_IN = ['id', 'owner', 'flags']

/** Names the first place in which two memories of worlds differ, or undefined if they are equal. */
export function describeDifference(game: CompiledGame, a: Int32Array, b: Int32Array): string | undefined {
  const at = a.findIndex((value, index) => value !== b[index])
  if (at < 0) return undefined
  const values = `${a[at]} and ${b[at]} (raw)`
  if (at < game.seatBase) {
    const type = game.entities[at - HEADER_COUNTS]
    return type === undefined ? `header ${at}: ${values}` : `number of ${type.name}: ${values}`
  }
  for (const type of game.entities) {
    if (at < type.base || at >= type.base + type.columns * type.rows) continue
    const column = Math.floor((at - type.base) / type.rows)
    const row = (at - type.base) % type.rows
    const field = column < BUILT_IN_COLUMNS ? BUILT_IN[column] : type.fields[column - BUILT_IN_COLUMNS]?.name
    return `${type.name}.${field} of entity ${a[type.base + COLUMN_ID * type.rows + row]}: ${values}`
  }
  const column = Math.floor((at - game.seatBase) / game.seatRows)
  const seat = (at - game.seatBase) % game.seatRows
  const level = game.levels[column - SEAT_LEVELS]
  return `input ${level === undefined ? `column ${column}` : level.name} of seat ${seat}: ${values}`
}

/** Steps a simulation, checking each tick by computing it twice. */
export class SyncTest {
  private readonly sim: Simulation
  private readonly before: Int32Array
  private readonly first: Int32Array

  constructor(sim: Simulation) {
    this.sim = sim
    this.before = new Int32Array(sim.game.worldInts)
    this.first = new Int32Array(sim.game.worldInts)
  }

  /** Like `sim.step`; throws NON_DETERMINISTIC naming field and entity if the two runs differ. */
  step(tick: number): void {
    const { sim, before, first } = this
    const { opaque } = sim.game
    sim.world.save(before)
    const saved = opaque?.save(sim.context.opaque)
    sim.step(tick)
    sim.world.save(first)
    sim.world.load(before)
    if (opaque !== undefined && saved !== undefined) opaque.load(sim.context.opaque, saved)
    sim.step(tick)
    const difference = describeDifference(sim.game, first, sim.world.ints)
    if (difference === undefined) return
    throw new NetError('NON_DETERMINISTIC', `tick ${tick} computed twice differs in ${difference}.`, 'Keep all state in fields, and take time and randomness from ctx.')
  }
}
