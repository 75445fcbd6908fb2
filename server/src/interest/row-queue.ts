/**
 * Rows that wait for a place in a frame, the most urgent first: a binary heap in memory taken at the start. Hot.
 */
export class RowQueue {
  size = 0
  private readonly rows: Int32Array
  private readonly scores: Float64Array
  private readonly given: Float64Array

  /** `given[row]` is how urgent a row is. */
  constructor(given: Float64Array) {
    this.rows = new Int32Array(given.length)
    this.scores = new Float64Array(given.length)
    this.given = given
  }

  push(row: number): void {
    const { rows, scores } = this
    const score = this.given[row] ?? 0
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((scores[parent] ?? 0) >= score) break
      rows[at] = rows[parent] ?? 0
      scores[at] = scores[parent] ?? 0
      at = parent
    }
    rows[at] = row
    scores[at] = score
  }

  /** Takes the most urgent; ask `size` first. */
  pop(): number {
    const { rows, scores } = this
    const top = rows[0] ?? -1
    const last = --this.size
    const row = rows[last] ?? 0
    const score = scores[last] ?? 0
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= last) break
      if (child + 1 < last && (scores[child + 1] ?? 0) > (scores[child] ?? 0)) child++
      if ((scores[child] ?? 0) <= score) break
      rows[at] = rows[child] ?? 0
      scores[at] = scores[child] ?? 0
      at = child
    }
    rows[at] = row
    scores[at] = score
    return top
  }
}
