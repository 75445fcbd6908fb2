/** Ways around the walls, for bots: a grid of cells where a player fits, and the shortest way between two of them (breadth first). Pure. */
import { type Place, touchesWall, WORLD_HEIGHT, WORLD_WIDTH } from '../map.ts'
import { player } from '../tuning.ts'

const CELL = 40
const COLUMNS = WORLD_WIDTH / CELL
const ROWS = WORLD_HEIGHT / CELL
const CLEARANCE = player.radius + 2
/** A way is looked along this many cells ahead for a short cut. */
const LOOK_AHEAD = 8

export class Paths {
  private readonly free: readonly boolean[]
  private readonly cameFrom = new Int32Array(COLUMNS * ROWS)
  private readonly queue = new Int32Array(COLUMNS * ROWS)

  constructor() {
    this.free = Array.from({ length: COLUMNS * ROWS }, (_, cell) => {
      const { x, y } = middleOf(cell)
      return !touchesWall(x, y, CLEARANCE)
    })
  }

  /** Middles of the cells to pass, from near `from` to near `to`; empty if there is no way. */
  find(from: Place, to: Place): Place[] {
    const start = this.nearestFree(from)
    const goal = this.nearestFree(to)
    const { cameFrom, queue } = this
    cameFrom.fill(-1)
    cameFrom[goal] = goal
    queue[0] = goal
    let tail = 1
    for (let head = 0; head < tail && cameFrom[start] === -1; head++) {
      const cell = queue[head] ?? 0
      for (const next of neighbours(cell)) {
        if (cameFrom[next] !== -1 || this.free[next] !== true) continue
        cameFrom[next] = cell
        queue[tail++] = next
      }
    }
    if (cameFrom[start] === -1) return []
    const way: Place[] = []
    for (let cell = start; cell !== goal; cell = cameFrom[cell] ?? goal) way.push(middleOf(cell))
    way.push(middleOf(goal))
    return way
  }

  /** Index of the farthest step of a way that one can go to in a straight line. */
  shortCut(from: Place, way: readonly Place[], first: number): number {
    for (let index = Math.min(way.length - 1, first + LOOK_AHEAD); index > first; index--) {
      const step = way[index]
      if (step !== undefined && this.isClear(from, step)) return index
    }
    return first
  }

  private isClear(from: Place, to: Place): boolean {
    const steps = Math.ceil(Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)) / 14)
    for (let step = 1; step < steps; step++) {
      const share = step / steps
      if (touchesWall(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share, CLEARANCE)) return false
    }
    return true
  }

  private nearestFree(place: Place): number {
    const column = Math.min(COLUMNS - 1, Math.max(0, Math.floor(place.x / CELL)))
    const row = Math.min(ROWS - 1, Math.max(0, Math.floor(place.y / CELL)))
    let best = row * COLUMNS + column
    if (this.free[best] === true) return best
    let bestDistance = Number.POSITIVE_INFINITY
    for (let cell = 0; cell < this.free.length; cell++) {
      const middle = middleOf(cell)
      const distance = (middle.x - place.x) ** 2 + (middle.y - place.y) ** 2
      if (this.free[cell] === true && distance < bestDistance) {
        best = cell
        bestDistance = distance
      }
    }
    return best
  }
}

function middleOf(cell: number): Place {
  return { x: ((cell % COLUMNS) + 0.5) * CELL, y: (Math.floor(cell / COLUMNS) + 0.5) * CELL }
}

function neighbours(cell: number): number[] {
  const column = cell % COLUMNS
  const around = [cell - COLUMNS, cell + COLUMNS]
  if (column > 0) around.push(cell - 1)
  if (column < COLUMNS - 1) around.push(cell + 1)
  return around.filter((next) => next >= 0 && next < COLUMNS * ROWS)
}
