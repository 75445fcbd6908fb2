/**
 * Saving, restoring and stepping again, as a client's rollback does it.
 */
import { type CompiledGame, SeededRandom, Simulation, SnapshotRing } from '@tickmesh/shared'
import { median } from '../figures.ts'
import { makeRollbackGame, PLAYERS } from './rollback-game.ts'

export const ROLLBACK_TICKS = 10
const KEPT_TICKS = 16
const ROUNDS = 400
/** So many copies are timed together: one takes less than the clock can tell. */
const COPIES = 200
const WARM_TICKS = 2_000

export interface Resimulated {
  readonly entities: number
  readonly worldBytes: number
  readonly saveRestoreVsCopy: number
  readonly saveNs: number
  readonly restoreNs: number
  readonly copyNs: number
  /** Restored and stepped again, snapshots and all. */
  readonly ticksPerSecond: number
  readonly rollbackMicros: number
  /** Worlds that came out differently when stepped again. */
  readonly mismatches: number
}

interface Match {
  readonly game: CompiledGame
  readonly sim: Simulation
  readonly history: SnapshotRing
  /** Held inputs by tick and seat. */
  readonly inputs: Int32Array
}

function makeMatch(entities: number): Match {
  const game = makeRollbackGame(entities)
  const history = new SnapshotRing(KEPT_TICKS, game.worldInts)
  const sim = new Simulation(game, { side: 'server', development: false, snapshots: history })
  const random = new SeededRandom(7)
  for (let n = 0; n < entities; n++) {
    const view = sim.world.spawn(0, sim.world.takeId(), 1 + (n % PLAYERS))
    sim.world.assign(view, { x: random.next() * 4096, y: random.next() * 4096 })
  }
  sim.settle()
  return { game, sim, history, inputs: new Int32Array(KEPT_TICKS * PLAYERS * game.inputWidth) }
}

/** What the players hold in a tick: a new direction now and then. */
function inventInputs(match: Match, tick: number): void {
  const { inputs, game } = match
  const width = game.inputWidth
  for (let seat = 1; seat <= PLAYERS; seat++) {
    const at = ((tick % KEPT_TICKS) * PLAYERS + seat - 1) * width
    const beat = Math.floor((tick + seat * 13) / 30)
    inputs[at] = ((beat % 3) - 1) * 127
    inputs[at + 1] = (((beat * 7) % 3) - 1) * 127
    inputs[at + 2] = ((tick * 9 + seat * 100) & 4095) - 2048
    inputs[at + 3] = beat & 1
    inputs[at + 4] = 0
  }
}

function step(match: Match, tick: number): void {
  const { sim, inputs, game, history } = match
  sim.inputs.clear()
  for (let seat = 1; seat <= PLAYERS; seat++) {
    sim.setLevels(seat, inputs, ((tick % KEPT_TICKS) * PLAYERS + seat - 1) * game.inputWidth)
  }
  sim.step(tick)
  sim.settle()
  sim.world.save(history.slotFor(tick))
}

/** Restores the world of ten ticks ago, and steps up to `tick` again. */
function rollBack(match: Match, tick: number): void {
  const snapshot = match.history.find(tick - ROLLBACK_TICKS)
  if (snapshot === undefined) throw new Error(`tick ${tick - ROLLBACK_TICKS} is not kept.`)
  match.sim.world.load(snapshot)
  for (let again = tick - ROLLBACK_TICKS + 1; again <= tick; again++) step(match, again)
}

function nanosecondsEach(times: number, work: () => void): number {
  const start = process.hrtime.bigint()
  for (let n = 0; n < times; n++) work()
  return Number(process.hrtime.bigint() - start) / times
}

export function resimulate(entities: number): Resimulated {
  const match = makeMatch(entities)
  const { sim, game } = match
  const { world } = sim
  let tick = 0
  const advance = () => {
    inventInputs(match, ++tick)
    step(match, tick)
  }
  for (let n = 0; n < WARM_TICKS; n++) advance()
  const into = new Int32Array(game.worldInts)
  const other = new Int32Array(game.worldInts)
  const saves: number[] = []
  const restores: number[] = []
  const copies: number[] = []
  const rollbacks: number[] = []
  const ratios: number[] = []
  let mismatches = 0
  // Interleaved: whatever slows one for a while slows all.
  for (let round = 0; round < ROUNDS; round++) {
    advance()
    const hash = world.hash()
    const save = nanosecondsEach(COPIES, () => world.save(into))
    const there = nanosecondsEach(COPIES, () => other.set(world.ints))
    const restore = nanosecondsEach(COPIES, () => world.load(into))
    const back = nanosecondsEach(COPIES, () => world.ints.set(into))
    const rolledBack = nanosecondsEach(1, () => rollBack(match, tick))
    if (world.hash() !== hash) mismatches++
    if (round < ROUNDS / 4) continue
    saves.push(save)
    restores.push(restore)
    copies.push((there + back) / 2)
    ratios.push((save + restore) / (there + back))
    rollbacks.push(rolledBack)
  }
  const rollbackNs = median(rollbacks)
  return {
    entities,
    worldBytes: game.worldInts * 4,
    saveRestoreVsCopy: median(ratios),
    saveNs: median(saves),
    restoreNs: median(restores),
    copyNs: median(copies),
    ticksPerSecond: (ROLLBACK_TICKS * 1e9) / rollbackNs,
    rollbackMicros: rollbackNs / 1000,
    mismatches,
  }
}
