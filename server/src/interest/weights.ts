/**
 * How much it matters that a client hears of an entity now, and what it takes to tell of one that it does not have. Hot.
 */
import type { InterestGame, InterestTable } from './interest-game.ts'
import type { ViewFinder } from './view-finder.ts'
import type { Viewer } from './viewer.ts'

/** Whoever is to come into sight matters so much more than what is there already and a little off. */
const ENTER_WEIGHT = 4
const FIELD_BITS = 2
/** Id, owner and flags. */
const ROW_BITS = 12

export class Weights {
  private readonly setup: InterestGame
  private readonly finder: ViewFinder

  constructor(setup: InterestGame, finder: ViewFinder) {
    this.setup = setup
    this.finder = finder
  }

  /** Sets `scores[i]`: the age in ticks times 1, and up to 2 for what is near; or times what the game's rule says. */
  score(
    viewer: Viewer,
    table: InterestTable,
    place: number,
    enters: boolean,
    age: number,
    scores: Float64Array,
    i: number,
  ): void {
    const { rule, leaveRadius } = this.setup
    const { finder } = this
    let weight = 1
    if (rule.priority !== undefined) {
      const said = rule.priority(finder.roomFacade, viewer.facade, finder.viewAt(table.index, place - table.first))
      if (said > 0) weight = said
    } else if (leaveRadius > 0 && table.x !== undefined && table.y !== undefined) {
      finder.measure(place)
      const share = (finder.squared[0] ?? 0) / (leaveRadius * leaveRadius)
      if (share < 1) weight = 2 - share
    }
    scores[i] = (enters ? weight * ENTER_WEIGHT : weight) * (age + 1)
  }

  /** About how many bits a row takes that is new to a client. */
  freshBits({ plan, columns }: InterestTable, row: number, current: Int32Array): number {
    let bits = ROW_BITS
    for (let c = 0; c < columns.length; c++) {
      const difference = (current[(columns[c] ?? 0) + row] ?? 0) - (plan.fields[c]?.initial ?? 0)
      bits += FIELD_BITS + 32 - Math.clz32(difference < 0 ? -difference : difference)
    }
    return bits
  }
}
