/**
 * The sync test: runs a tick twice from the same state and names what differs. What differs here would differ between machines.
 * `SyncTest` steps the server's rooms; the client's prediction repeats its newest ticks (repeat-test.ts there) and shares the words. `describeDifference` serves
 * wherever two states must be equal.
 */
import { NetError } from '../error.ts'
import {
  BUILT_IN_COLUMNS,
  COLUMN_ID,
  type CompiledEntity,
  type CompiledGame,
  HEADER_COUNTS,
  SEAT_LEVELS,
  SEAT_PRESENT,
} from '../game/compiled.ts'
import type { Simulation } from './simulation.ts'

const BUILT_IN = ['id', 'owner', 'flags']

function seatColumnName(game: CompiledGame, column: number): string {
  if (column === SEAT_PRESENT) return 'presence'
  const level = game.levels[column - SEAT_LEVELS]
  if (level !== undefined) return `input ${level.part === '' ? level.name : `${level.name}.${level.part}`}`
  return `presses of ${game.presses[column - SEAT_LEVELS - game.levels.length]?.name}`
}

function tablePlace(type: CompiledEntity, ints: Int32Array, at: number): string {
  const column = Math.floor((at - type.base) / type.rows)
  const row = (at - type.base) % type.rows
  const field = column < BUILT_IN_COLUMNS ? BUILT_IN[column] : type.fields[column - BUILT_IN_COLUMNS]?.name
  return `${type.name}.${field} of entity ${ints[type.base + COLUMN_ID * type.rows + row]}`
}

function placeOf(game: CompiledGame, ints: Int32Array, at: number): string {
  if (at < HEADER_COUNTS) return `header ${at}`
  if (at < game.seatBase) return `number of ${game.entities[at - HEADER_COUNTS]?.name}`
  const type = game.entities.find(({ base, columns, rows }) => at >= base && at < base + columns * rows)
  if (type !== undefined) return tablePlace(type, ints, at)
  const column = Math.floor((at - game.seatBase) / game.seatRows)
  return `${seatColumnName(game, column)} of seat ${(at - game.seatBase) % game.seatRows}`
}

/** Names the first place in which two memories of worlds differ, or undefined if they are equal. */
export function describeDifference(game: CompiledGame, a: Int32Array, b: Int32Array): string | undefined {
  for (let at = 0; at < game.worldInts; at++) {
    if (a[at] !== b[at]) return `${placeOf(game, a, at)}: ${a[at]} and ${b[at]} (raw)`
  }
  return undefined
}

/** The error of a tick that was computed twice, with what differs in it. */
export function notDeterministic(side: 'server' | 'client', tick: number, difference: string): NetError {
  const problem = `tick ${tick} computed twice on the ${side} differs in ${difference}.`
  return new NetError('NON_DETERMINISTIC', problem, 'Keep all state in fields, and take time and randomness from ctx.')
}

/** The events and commands of a tick, as a text to compare. */
export function describeEffects({ events, commands }: Simulation, tick: number): string {
  const from = events.at(tick, 0)
  const made = events.ints.subarray(from, from + events.count(tick) * events.stride)
  return `${made.join()};${commands.length === 0 ? '' : JSON.stringify(commands)}`
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
    sim.settle()
    sim.world.save(before)
    const saved = opaque?.save(sim.context.opaque)
    sim.step(tick)
    sim.world.save(first)
    const effects = describeEffects(sim, tick)
    sim.world.load(before)
    if (opaque !== undefined && saved !== undefined) opaque.load(sim.context.opaque, saved)
    sim.step(tick)
    const difference =
      describeDifference(sim.game, first, sim.world.ints) ??
      (describeEffects(sim, tick) === effects ? undefined : 'its events or commands')
    if (difference !== undefined) throw notDeterministic('server', tick, difference)
  }
}
