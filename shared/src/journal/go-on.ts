/**
 * One simulation goes on where another one of the same game stands: how far the rules of a tick had got, and copies of all that the next tick depends on. Used by the
 * stream of a room, by its replicas, and by a room that is restored; no client loads it. Pure; `saveProgress` is hot.
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Context } from '../sim/step-context.ts'
import { EVENT_INDEX, EVENT_KEY, type EventLog } from '../world/event-log.ts'
import type { SnapshotRing } from '../world/history.ts'

/** How many numbers say how far whoever acts has got: random draws, secret ones, spawns, then events of each kind. */
export function progressWidth(game: CompiledGame): number {
  return 3 + game.events.length
}

/** Tells how far the seat that acts has got in this tick. After the steps that is the rules' seat: they go on from there until the next ones. Hot. */
export function saveProgress(context: Context, into: Int32Array): void {
  const { game, seat } = context
  into[0] = context.draws
  into[1] = context.secretDraws
  into[2] = context.spawned[seat] ?? 0
  for (let kind = 0; kind < game.events.length; kind++)
    into[3 + kind] = context.emitted[kind * game.seatRows + seat] ?? 0
}

/** Goes on, for whoever acts, from where another context of the game was in the same tick. */
function loadProgress(context: Context, from: Int32Array): void {
  const { game, seat } = context
  context.draws = from[0] ?? 0
  context.secretDraws = from[1] ?? 0
  context.spawned[seat] = from[2] ?? 0
  for (let kind = 0; kind < game.events.length; kind++)
    context.emitted[kind * game.seatRows + seat] = from[3 + kind] ?? 0
}

/** `sim` stands as if it had just ended `tick`, with rules so far in it. World, inputs and events are the caller's to set. */
export function resumeAfter(sim: Simulation, tick: number, progress: Int32Array): void {
  sim.context.begin(tick)
  sim.actAsRules()
  loadProgress(sim.context, progress)
}

/**
 * `sim` becomes a copy of another simulation of the same game and secret seed that stands between two ticks, and goes on exactly as that one would.
 * What snapshots are found in is the caller's.
 */
export function continueFrom(sim: Simulation, other: Simulation): void {
  const { game, inputs } = sim
  const { tick } = other.world
  sim.world.load(other.world.ints)
  inputs.pressed.set(other.inputs.pressed)
  inputs.pressTotals.set(other.inputs.pressTotals)
  inputs.stamps.set(other.inputs.stamps)
  copyEvents(sim.events, other.events, tick)
  const progress = new Int32Array(progressWidth(game))
  saveProgress(other.context, progress)
  resumeAfter(sim, tick, progress)
  if (game.opaque !== undefined) game.opaque.load(sim.context.opaque, game.opaque.save(other.context.opaque))
}

/** Keeps the events of all ticks up to `newest` that `from` keeps, of a log of the same game, and nothing else. */
function copyEvents(to: EventLog, from: EventLog, newest: number): void {
  to.clear()
  for (let tick = Math.max(0, newest - Math.min(to.historyTicks, from.historyTicks) + 1); tick <= newest; tick++) {
    to.begin(tick)
    for (let n = 0; n < from.count(tick); n++) {
      const there = from.at(tick, n)
      const at = to.add(tick, from.ints[there + EVENT_INDEX] ?? 0, from.ints[there + EVENT_KEY] ?? 0)
      if (at >= 0) to.ints.set(from.ints.subarray(there, there + from.stride), at)
    }
  }
}

/** Keeps copies of the snapshots that `from` keeps, of worlds of the same game, and nothing else: the newest ones, if it keeps more. */
export function copySnapshots(to: SnapshotRing, from: SnapshotRing): void {
  to.clear()
  const first = Math.max(0, from.newestTick - Math.min(to.capacity, from.capacity) + 1)
  for (let tick = first; tick <= from.newestTick; tick++) {
    const snapshot = from.find(tick)
    if (snapshot !== undefined) to.put(tick, snapshot)
  }
}
