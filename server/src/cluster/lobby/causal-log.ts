/**
 * Causal broadcast by vector clocks: which operations of each life were delivered, those that peers may still lack, and those that wait for what they depend on.
 * An operation is delivered once, after all that its author knew. What a removed life said and nobody holds any more is waived, so that nothing waits for ever.
 * Pure. Called by the lobby; delivered operations are given to `deliver`, in order.
 */
import type { Life } from '../life.ts'
import type { ViewId } from '../view/view.ts'
import type { Stamp } from './hybrid-clock.ts'
import type { LobbyLimits, LobbyRules } from './lobby-rules.ts'
import type { Operation, OperationBody } from './operation.ts'
import { type Plain, packedSize } from './plain.ts'
import { type Dot, dominates, dotKey, type ReadonlyVector, type VersionVector } from './version-vector.ts'

export interface CausalLogOptions {
  readonly life: Life
  readonly rules: LobbyRules
  readonly limits: LobbyLimits
}

const BEFORE_ALL: ViewId = { generation: 0, number: 0 }
/** How many removed lives' counters are remembered after nobody needs them: against what arrives absurdly late. */
const MAX_FORGOTTEN = 4096

export class CausalLog {
  readonly #life: Life
  readonly #rules: LobbyRules
  readonly #limits: LobbyLimits
  readonly #deliver: (operation: Operation) => void
  readonly #delivered: VersionVector = new Map()
  /** What cannot be sent as operations any more: a peer that lacks some of it is sent the whole state. */
  readonly #pruned: VersionVector = new Map()
  readonly #forgotten: VersionVector = new Map()
  #log: Operation[] = []
  readonly #waiting = new Map<string, Operation>()
  #saidWith: VersionVector = new Map()
  #view: ViewId = BEFORE_ALL
  /** Operations that were dropped because too many waited; they come again. */
  overflowed = 0
  waived = 0

  constructor({ life, rules, limits }: CausalLogOptions, deliver: (operation: Operation) => void) {
    this.#life = life
    this.#rules = rules
    this.#limits = limits
    this.#deliver = deliver
  }

  /** What was said in this view can be taken in from now on. */
  viewInstalled({ generation, number }: ViewId): void {
    this.#view = { generation, number }
    this.#drain()
  }

  get delivered(): ReadonlyVector {
    return this.#delivered
  }

  get waiting(): number {
    return this.#waiting.size
  }

  get length(): number {
    return this.#log.length
  }

  counterOf(life: Life): number {
    return this.#delivered.get(life) ?? this.#forgotten.get(life) ?? 0
  }

  covers(dot: Dot): boolean {
    return this.counterOf(dot.life) >= dot.counter
  }

  /** By this shard: delivered at once. */
  say(body: OperationBody, stamp: Stamp): Operation {
    const needs: Dot[] = []
    for (const [life, counter] of this.#delivered)
      if (life !== this.#life && this.#saidWith.get(life) !== counter) needs.push({ life, counter })
    const operation: Operation = {
      dot: { life: this.#life, counter: this.counterOf(this.#life) + 1 },
      stamp,
      view: this.#view,
      needs,
      body,
    }
    this.#accept(operation)
    this.#saidWith = new Map(this.#delivered)
    return operation
  }

  /** Takes an operation in, and delivers what has become deliverable. False: there is something missing before it. */
  receive(operation: Operation): boolean {
    if (this.covers(operation.dot)) return true
    const name = dotKey(operation.dot)
    if (!this.#waiting.has(name)) {
      if (this.#waiting.size >= this.#limits.maxBuffered) {
        this.overflowed++
        return this.#isDeliverable(operation) ? this.#acceptAndDrain(operation) : false
      }
      this.#waiting.set(name, operation)
    }
    this.#drain()
    return this.covers(operation.dot)
  }

  /** The operations that a peer lacks, in an order in which it can deliver them, as far as `budget` bytes reach (one goes always); or that it must be sent the whole state. */
  lackedBy(
    known: ReadonlyVector,
    budget: number,
  ): { readonly operations: readonly Operation[]; readonly more: boolean } | 'whole' {
    if (!dominates(known, this.#pruned)) return 'whole'
    const operations: Operation[] = []
    let bytes = 0
    for (const source of [this.#log, this.#waiting.values()])
      for (const operation of source) {
        if ((known.get(operation.dot.life) ?? 0) >= operation.dot.counter) continue
        bytes += operationSize(operation)
        if (operations.length > 0 && bytes > budget) return { operations, more: true }
        operations.push(operation)
      }
    return { operations, more: false }
  }

  /** A peer's whole state was joined: what is in it counts as delivered. */
  joined(vector: ReadonlyVector): void {
    for (const [life, counter] of vector) {
      // What this shard has said it knows best.
      if (counter <= this.counterOf(life) || life === this.#life) continue
      this.#pruned.set(life, Math.max(counter, this.#pruned.get(life) ?? 0))
      this.#delivered.set(life, counter)
    }
    for (const [name, { dot }] of this.#waiting) if (this.covers(dot)) this.#waiting.delete(name)
    this.#drain()
  }

  /** Forgets operations that all have, and the oldest of too many. `heldByAll`: what every member of the view is known to have of a life. */
  prune(heldByAll: (life: Life) => number): void {
    const excess = this.#log.length - this.#limits.maxLog
    this.#log = this.#log.filter(({ dot }, index) => {
      if (index >= excess && dot.counter > heldByAll(dot.life)) return true
      this.#pruned.set(dot.life, Math.max(dot.counter, this.#pruned.get(dot.life) ?? 0))
      return false
    })
  }

  /** Counters of a life's operations that wait here, the least first, so many at most. */
  waitingOf(life: Life, max: number): number[] {
    const found: number[] = []
    for (const { dot } of this.#waiting.values()) if (dot.life === life) found.push(dot.counter)
    return found.sort((a, b) => a - b).slice(0, max)
  }

  /** Lives of which operations are kept or wait. */
  authors(): Set<Life> {
    const found = new Set<Life>()
    for (const { dot } of this.#log) found.add(dot.life)
    for (const { dot } of this.#waiting.values()) found.add(dot.life)
    return found
  }

  /** Operations that something here waits for. */
  missing(): Dot[] {
    const found = new Map<string, Dot>()
    const look = (life: Life, upTo: number): void => {
      const counter = this.counterOf(life) + 1
      const dot = { life, counter }
      if (counter <= upTo && !this.#waiting.has(dotKey(dot))) found.set(dotKey(dot), dot)
    }
    for (const { dot, needs, view } of this.#waiting.values()) {
      if (!this.#rules.mayFollow(this.#view, view)) continue
      look(dot.life, dot.counter - 1)
      for (const need of needs) look(need.life, need.counter)
    }
    return [...found.values()]
  }

  /** Nobody holds it: it counts as delivered, and says nothing. */
  waive(dot: Dot): void {
    this.waived++
    this.receive({
      dot,
      stamp: { wallMs: 0, count: 0, life: dot.life },
      view: BEFORE_ALL,
      needs: [],
      body: { kind: 'waived' },
    })
  }

  /** Nobody needs this removed life's counter any more. */
  forget(life: Life): void {
    const counter = this.#delivered.get(life)
    this.#delivered.delete(life)
    this.#pruned.delete(life)
    this.#saidWith.delete(life)
    if (counter === undefined) return
    this.#forgotten.set(life, counter)
    const [oldest] = this.#forgotten.keys()
    if (this.#forgotten.size > MAX_FORGOTTEN && oldest !== undefined) this.#forgotten.delete(oldest)
  }

  #isDeliverable({ dot, needs, view }: Operation): boolean {
    if (!this.#rules.mayFollow(this.#view, view)) return false
    return this.#rules.isNext(this.counterOf(dot.life), dot.counter) && needs.every((need) => this.covers(need))
  }

  #acceptAndDrain(operation: Operation): boolean {
    this.#accept(operation)
    this.#drain()
    return true
  }

  #drain(): void {
    let progress = true
    while (progress) {
      progress = false
      for (const [name, operation] of this.#waiting) {
        if (this.covers(operation.dot)) this.#waiting.delete(name)
        else if (this.#isDeliverable(operation)) {
          this.#waiting.delete(name)
          this.#accept(operation)
          progress = true
        }
      }
    }
  }

  #accept(operation: Operation): void {
    const { life, counter } = operation.dot
    this.#delivered.set(life, counter)
    this.#forgotten.delete(life)
    this.#log.push(operation)
    this.#deliver(operation)
  }
}

function operationSize({ needs, body }: Operation): number {
  const removes = body.kind === 'store' ? body.removes.length : 0
  const rest: Plain =
    body.kind === 'store' ? [body.key, body.value] : body.kind === 'line' ? [body.channel, body.from, body.text] : null
  return 200 + (needs.length + removes) * 48 + packedSize(rest)
}
