/**
 * When the ticks of each room ended, by the clock that all of this process shares. Filled by the game's `onTick`, which begins a tick; read for the age of a snapshot.
 */

/** Over eight seconds at 60 ticks a second. */
const KEPT = 512

interface RoomTicks {
  readonly ticks: Int32Array
  readonly atMs: Float64Array
}

export class TickTimes {
  readonly #rooms = new Map<string, RoomTicks>()

  note(room: string, tick: number, nowMs: number): void {
    let kept = this.#rooms.get(room)
    if (kept === undefined) {
      kept = { ticks: new Int32Array(KEPT).fill(-1), atMs: new Float64Array(KEPT) }
      this.#rooms.set(room, kept)
    }
    kept.ticks[tick % KEPT] = tick
    kept.atMs[tick % KEPT] = nowMs
  }

  /** Undefined for a tick that did not run, or not of late. */
  at(room: string, tick: number): number | undefined {
    const kept = this.#rooms.get(room)
    if (kept === undefined || tick < 0 || kept.ticks[tick % KEPT] !== tick) return undefined
    return kept.atMs[tick % KEPT]
  }
}
