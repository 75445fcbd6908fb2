/**
 * Whole shared states in parts: cut for sending, put together on arrival. At most one is on its way in at a time, and of a bounded size.
 * Pure. Called by the lobby's exchange.
 */
import type { Life } from '../life.ts'
import type { StampedLine } from './chat.ts'
import type { DotEntry } from './dot-store.ts'
import type { WholeMessage } from './lobby-messages.ts'
import { packedSize } from './plain.ts'
import type { WholeState } from './shared-state.ts'
import type { Dot } from './version-vector.ts'

const ITEM_OVERHEAD = 220

export function cutWhole(
  state: WholeState,
  { vector, view, id }: Pick<WholeMessage, 'vector' | 'view' | 'id'>,
  budget: number,
): WholeMessage[] {
  const cut: { entries: DotEntry[]; lines: StampedLine[] }[] = [{ entries: [], lines: [] }]
  const forItems = Math.max(budget - vector.length * 48, budget / 4)
  let left = forItems
  const partFor = (size: number) => {
    left -= size
    let last = cut.at(-1)
    if (last === undefined || (left < 0 && last.entries.length + last.lines.length > 0)) {
      last = { entries: [], lines: [] }
      cut.push(last)
      left = forItems - size
    }
    return last
  }
  for (const entry of state.entries)
    partFor(ITEM_OVERHEAD + packedSize(entry.key) + packedSize(entry.value)).entries.push(entry)
  for (const line of state.lines)
    partFor(ITEM_OVERHEAD + packedSize([line.channel, line.from, line.text])).lines.push(line)
  return cut.map(({ entries, lines }, part) => ({
    type: 'whole',
    view,
    id,
    part,
    parts: cut.length,
    vector: part === 0 ? vector : [],
    entries,
    lines,
  }))
}

export class WholeAssembly {
  readonly #maxParts: number
  #from: Life = ''
  #parts: WholeMessage[] = []
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(maxParts: number) {
    this.#maxParts = maxParts
  }

  /** Gives the whole once its last part is there. Another sender's begins only when the one before is silent. */
  take(
    from: Life,
    message: WholeMessage,
    nowMs: number,
  ): { readonly vector: readonly Dot[]; readonly state: WholeState } | undefined {
    if (message.parts > this.#maxParts) return undefined
    const [first] = this.#parts
    const goesOn = first !== undefined && this.#from === from && first.id === message.id
    if (!goesOn) {
      if (message.part !== 0 || (first !== undefined && this.#from !== from && nowMs < this.#lastMs + 2_000))
        return undefined
      this.#parts = []
      this.#from = from
    }
    if (message.part !== this.#parts.length || (first !== undefined && goesOn && message.parts !== first.parts))
      return undefined
    this.#parts.push(message)
    this.#lastMs = nowMs
    if (this.#parts.length < message.parts) return undefined
    const whole = this.#parts
    this.#parts = []
    return {
      vector: whole[0]?.vector ?? [],
      state: { entries: whole.flatMap(({ entries }) => entries), lines: whole.flatMap(({ lines }) => lines) },
    }
  }
}
