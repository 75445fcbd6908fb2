/**
 * Which rows each seat owns: built once per snapshot, asked once per client. Hot; allocates nothing.
 */
import { HEADER_COUNTS } from '@tickmesh/shared'
import type { InterestGame } from './interest-game.ts'

export class OwnerIndex {
  /** The rows of seat s are `rows[starts[s]]` to `rows[starts[s + 1] - 1]`. */
  readonly starts: Int32Array
  readonly rows: Int32Array
  private readonly setup: InterestGame

  constructor(setup: InterestGame) {
    this.setup = setup
    this.starts = new Int32Array(setup.game.seatRows + 1)
    this.rows = new Int32Array(setup.total)
  }

  build(memory: Int32Array): void {
    const { starts, rows } = this
    const { tables } = this.setup
    starts.fill(0)
    for (let index = 0; index < tables.length; index++) {
      const owners = tables[index]?.plan.owners ?? 0
      const count = memory[HEADER_COUNTS + index] ?? 0
      for (let row = 0; row < count; row++) {
        const owner = memory[owners + row] ?? 0
        starts[owner] = (starts[owner] ?? 0) + 1
      }
    }
    for (let seat = 1; seat < starts.length; seat++) starts[seat] = (starts[seat] ?? 0) + (starts[seat - 1] ?? 0)
    for (let index = tables.length - 1; index >= 0; index--) {
      const table = tables[index]
      if (table === undefined) continue
      for (let row = (memory[HEADER_COUNTS + index] ?? 0) - 1; row >= 0; row--) {
        const owner = memory[table.plan.owners + row] ?? 0
        const to = (starts[owner] ?? 0) - 1
        starts[owner] = to
        rows[to] = table.first + row
      }
    }
  }
}
