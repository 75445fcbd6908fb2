/**
 * Planned moves of a shard's rooms, both sides: held by the node, one per life; driven by messages and time. What each side does is in outgoing-move.ts and
 * incoming-move.ts; here they are put together, and moves wait in line. What safety rests on is in migrate-rules.ts.
 */
import type { Life } from '../life.ts'
import type { Part, PartHost, PeerLane } from '../part.ts'
import { compareViews, idOf, memberOf, type View } from '../view/view.ts'
import { IncomingMoves } from './incoming-move.ts'
import type { MigrationsApi, MoveKeeper, MoveOutcome, MoveParts, MoveStatus } from './migrate-api.ts'
import { MOVE_RULES, MOVE_TIMES, type MoveRules, type MoveTimes } from './migrate-rules.ts'
import { emptyMemory, type MoveContext, type MoveMemory } from './move-memory.ts'
import type { MoveMessage, MoveMessageBody } from './move-messages.ts'
import { OutgoingMoves } from './outgoing-move.ts'

/** Each brings up a holder, and has all its players connect anew. */
const MAX_AT_A_TIME = 2

export interface MigrationsOptions {
  readonly life: Life
  readonly parts: MoveParts
  /** `MOVE_RULES`, unless a proof plants a mistake. */
  readonly rules?: MoveRules
  readonly times?: MoveTimes
  /** For proofs that go back in time. */
  readonly memory?: MoveMemory
}

export class Migrations implements MigrationsApi, Part<MoveMessage> {
  readonly #memory: MoveMemory
  readonly #context: MoveContext
  readonly #out: OutgoingMoves
  readonly #in: IncomingMoves
  readonly #ended: Record<MoveOutcome, number> = { moved: 0, refused: 0, aborted: 0, unknown: 0 }
  #isOver = false

  constructor(options: MigrationsOptions, keeper: MoveKeeper, host: PartHost<MoveMessage>) {
    const { life, parts, rules = MOVE_RULES, times = MOVE_TIMES, memory = emptyMemory() } = options
    this.#memory = memory
    const say = (to: Life, body: MoveMessageBody) => {
      if (memory.view !== undefined) host.send(to, { view: idOf(memory.view), ...body }, laneOf(body))
    }
    this.#context = { life, memory, keeper, parts, rules, times, say }
    this.#out = new OutgoingMoves(this.#context, ({ done }, outcome) => {
      this.#ended[outcome]++
      done(outcome)
    })
    this.#in = new IncomingMoves(this.#context)
  }

  get moving(): ReadonlyMap<string, MoveStatus> {
    return this.#memory.outgoing
  }

  /** Rooms whose moves wait for others to be through. */
  get inLine(): number {
    return this.#memory.line.length
  }

  /** Rooms that stopped here, and of which it is not known who goes on with them. */
  get stranded(): number {
    return this.#memory.stranded.size
  }

  get counts(): Readonly<Record<MoveOutcome, number>> & { readonly taken: number } {
    return { ...this.#ended, taken: this.#in.taken }
  }

  get nextMs(): number {
    if (this.#isOver) return Number.POSITIVE_INFINITY
    const begins = this.#memory.line.length > 0 && this.#memory.outgoing.size < MAX_AT_A_TIME
    return begins ? Number.NEGATIVE_INFINITY : Math.min(this.#out.nextMs, this.#in.nextMs)
  }

  viewInstalled(view: View, nowMs: number): void {
    const { memory } = this.#context
    if (this.#isOver || (memory.view !== undefined && compareViews(view, memory.view) <= 0)) return
    // What is called off is said in the view that it was begun in.
    this.#out.viewInstalled(nowMs)
    memory.view = view
    this.#in.viewInstalled()
  }

  move(room: string, to: Life, nowMs: number, done: (outcome: MoveOutcome) => void): void {
    const { view, line, outgoing } = this.#memory
    const isGoing = outgoing.has(room) || line.some((waiting) => waiting.room === room)
    const isMember = view !== undefined && memberOf(view, to) !== undefined
    if (this.#isOver || isGoing || !isMember || !this.#context.parts.rooms.owned.has(room)) {
      this.#ended.aborted++
      return done('aborted')
    }
    line.push({ room, to, done })
    this.#beginNext(nowMs)
  }

  abort(room: string, nowMs: number): void {
    const { line } = this.#memory
    const at = line.findIndex((waiting) => waiting.room === room)
    const [waiting] = at < 0 ? [] : line.splice(at, 1)
    if (waiting !== undefined) this.#refuse(waiting.done)
    else this.#out.abort(room, nowMs)
  }

  receive(from: Life, message: MoveMessage, nowMs: number): void {
    const { memory, rules } = this.#context
    if (this.#isOver || memory.view === undefined || memberOf(memory.view, from) === undefined) return
    if (!rules.acceptsView(idOf(memory.view), message.view)) return
    this.#hear(from, message, nowMs)
    this.#beginNext(nowMs)
  }

  tick(nowMs: number): void {
    if (this.#isOver) return
    this.#in.tick(nowMs)
    this.#out.tick(nowMs)
    this.#beginNext(nowMs)
  }

  /** This life is over. */
  stop(): void {
    if (this.#isOver) return
    for (const { done } of this.#memory.line.splice(0)) this.#refuse(done)
    this.#out.stop()
    this.#in.stop()
    this.#isOver = true
  }

  #hear(from: Life, message: MoveMessage, nowMs: number): void {
    switch (message.t) {
      case 'prepare':
        return this.#in.prepare(from, message, nowMs)
      case 'arrived':
        return this.#out.arrived(from, message, nowMs)
      case 'off':
        return this.#in.off(message)
      case 'word':
        return this.#in.word(from, message, nowMs)
      case 'cancel':
        return this.#in.cancel(from, message)
      case 'ask':
        return this.#in.ask(from, message)
      case 'answer':
        return this.#out.answered(from, message, nowMs)
    }
  }

  #beginNext(nowMs: number): void {
    const { line, outgoing } = this.#memory
    while (outgoing.size < MAX_AT_A_TIME) {
      const next = line.shift()
      if (next === undefined) return
      if (!this.#out.begin(next, nowMs)) this.#refuse(next.done)
    }
  }

  #refuse(done: (outcome: MoveOutcome) => void): void {
    this.#ended.aborted++
    done('aborted')
  }
}

/** What is long, or has to come soon after what was said before it. */
function laneOf({ t }: MoveMessageBody): PeerLane {
  return t === 'word' ? 'stream' : 'datagram'
}
