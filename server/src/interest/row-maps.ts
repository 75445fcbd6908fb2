/**
 * Where the rows of an older snapshot are now: for each older tick one list, made when it is first asked for, and shared by all clients. Hot.
 */
import { HEADER_COUNTS, type SnapshotSource } from '@tickmesh/shared'
import type { InterestGame } from './interest-game.ts'

export class RowMaps {
  private readonly setup: InterestGame
  private readonly history: SnapshotSource
  private readonly maps: (Int32Array | undefined)[]
  private readonly ticks: Int32Array
  private readonly nows: Int32Array
  private now = -1
  private current: Int32Array = new Int32Array(0)

  /** `capacity` is that of the history. */
  constructor(setup: InterestGame, history: SnapshotSource, capacity: number) {
    this.setup = setup
    this.history = history
    this.maps = Array.from({ length: capacity }, () => undefined)
    this.ticks = new Int32Array(capacity).fill(-1)
    this.nows = new Int32Array(capacity).fill(-1)
  }

  begin(now: number, current: Int32Array): void {
    this.now = now
    this.current = current
  }

  /** For each place in the list of rows at `tick`: its place now, or -1 if the entity is gone. Undefined if the tick is not kept. */
  from(tick: number): Int32Array | undefined {
    const slot = tick % this.maps.length
    if (this.ticks[slot] === tick && this.nows[slot] === this.now) return this.maps[slot]
    const memory = this.history.find(tick)
    if (memory === undefined) return undefined
    let map = this.maps[slot]
    if (map === undefined) {
      map = new Int32Array(this.setup.total)
      this.maps[slot] = map
    }
    this.merge(memory, map)
    this.ticks[slot] = tick
    this.nows[slot] = this.now
    return map
  }

  private merge(memory: Int32Array, map: Int32Array): void {
    const { tables } = this.setup
    const { current } = this
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined) continue
      const { first } = table
      const { ids } = table.plan
      const before = memory[HEADER_COUNTS + index] ?? 0
      const count = current[HEADER_COUNTS + index] ?? 0
      let row = 0
      for (let at = 0; at < before; at++) {
        const id = memory[ids + at] ?? 0
        while (row < count && (current[ids + row] ?? 0) < id) row++
        map[first + at] = row < count && current[ids + row] === id ? first + row : -1
      }
    }
  }
}
