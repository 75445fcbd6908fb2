/**
 * The doors of a shard in a cluster: where a room is for whoever says hello here, and how it gets there. Made by a shard's composition (net/shard-cluster.ts, the
 * simulation), asked by admission and sessions (`RoomDirectory`). Pure.
 * A room that this shard runs under a lease is here, without asking; all else the cluster says. What it does not know yet is asked again for some seconds. Whoever
 * lost the owner of a room that this shard stands by for waits here, until the room goes on somewhere.
 */
import { type EpochTriple, type HelloMessage, isStaleEpoch, type Link, NetError } from '@tickmesh/shared'
import type { Cancellation, CarriedFrom, Elsewhere, Found, Pipe, RoomDirectory } from '../../gate/room-directory.ts'
import { type CreateRequest, type LocateAnswer, NOT_IN } from '../ring/rooms-api.ts'
import type { RoomEpoch } from '../view/view.ts'
import { tripleOf } from './hosted-rooms.ts'

/** What the gate asks: ClusterShell is one. */
export interface RoomSource {
  mayAct(): boolean
  /** Never rejects. */
  locate(id: string): Promise<LocateAnswer>
  create(request: CreateRequest): Promise<LocateAnswer>
}

export interface RoomGateOptions {
  /** The epoch of a room that this shard runs. */
  readonly owned: (room: string) => RoomEpoch | undefined
  /** Whether this shard could go on with a room that another runs. */
  readonly standsBy: (room: string) => boolean
  readonly nowMs: () => number
  /** Gives how to take it back. */
  readonly after: (ms: number, run: () => void) => () => void
  /** How long a newcomer waits for an answer; less than a handshake may take. */
  readonly patienceMs: number
  /** Left out: clients are told where to go. */
  readonly carry?: (hello: HelloMessage, link: Link, place: Elsewhere, address: string) => Pipe
}

const ASK_AGAIN_MS = 100

export class RoomGate implements RoomDirectory {
  private readonly source: () => RoomSource | undefined
  private readonly options: RoomGateOptions
  /** Who waits for rooms to open here, by room. */
  private readonly waiting = new Map<string, Set<() => void>>()
  /** Questions that are not answered: however many wait for a room, it is asked for once at a time. */
  private readonly asked = new Map<string, Promise<LocateAnswer>>()

  /** `source` gives undefined before the cluster is there. */
  constructor(source: () => RoomSource | undefined, options: RoomGateOptions) {
    this.source = source
    this.options = options
  }

  find(room: string, signal: () => Cancellation, left?: EpochTriple): Found | Promise<Found> {
    return this.here(room) ?? this.ask((source) => this.locate(source, room), room, signal(), left)
  }

  create(room: string, signal: () => Cancellation): Found | Promise<Found> {
    return this.here(room) ?? this.ask((source) => source.create({ id: room }), room, signal())
  }

  /** A room opened here: whoever waits for it need not wait for the next look. */
  opened(room: string): void {
    for (const wake of this.waiting.get(room) ?? []) wake()
  }

  /** Who was carried here is not carried on: nobody goes round in circles. */
  carry(hello: HelloMessage, link: Link, place: Elsewhere, { address, carried }: CarriedFrom): Pipe | undefined {
    return carried ? undefined : this.options.carry?.(hello, link, place, address)
  }

  private locate(source: RoomSource, room: string): Promise<LocateAnswer> {
    const known = this.asked.get(room)
    if (known !== undefined) return known
    const asked = source.locate(room).finally(() => {
      if (this.asked.get(room) === asked) this.asked.delete(room)
    })
    this.asked.set(room, asked)
    return asked
  }

  private here(room: string): Found | undefined {
    const epoch = this.options.owned(room)
    if (epoch === undefined || this.source()?.mayAct() !== true) return undefined
    return { kind: 'here', epoch: tripleOf(epoch) }
  }

  private async ask(
    question: (source: RoomSource) => Promise<LocateAnswer>,
    room: string,
    signal: Cancellation,
    left?: EpochTriple,
  ): Promise<Found> {
    const { nowMs, patienceMs } = this.options
    const untilMs = nowMs() + patienceMs
    let why: string = NOT_IN.why
    while (!signal.aborted) {
      const source = this.source()
      // The cluster may go on asking for longer than this newcomer waits.
      const answer = source && (await this.wait(room, untilMs - nowMs(), question(source)))
      const here = this.here(room)
      if (here !== undefined) return here
      if (answer?.kind === 'none' || answer?.kind === 'lost') return { kind: answer.kind }
      if (answer?.kind === 'there') {
        const place = placeOf(answer.place)
        if (!this.isLeft(room, place, left)) return { kind: 'there', place }
        why = 'its shard does not answer, and has not been replaced yet'
      } else if (answer?.kind === 'here') why = 'this shard runs it, and has no lease'
      else if (answer !== undefined) why = answer.why
      else if (source !== undefined) why = 'those who know do not answer'
      if (nowMs() + ASK_AGAIN_MS > untilMs) break
      await this.wait(room, ASK_AGAIN_MS)
    }
    throw new NetError('NOT_READY', `where the room "${room}" is cannot be said now: ${why}.`, 'Try again in a while.')
  }

  /** Somebody comes from there, and this shard may be the next to run it: to be sent back helps nobody. */
  private isLeft(room: string, { epoch }: Elsewhere, left: EpochTriple | undefined): boolean {
    return left !== undefined && !isStaleEpoch(left, epoch) && this.options.standsBy(room)
  }

  /** Until there is an answer or the room opens here, at most so long. */
  private async wait<Answer>(room: string, ms: number, answer?: Promise<Answer>): Promise<Answer | undefined> {
    const waiting = this.waiting.get(room) ?? new Set()
    this.waiting.set(room, waiting)
    let wake = (): void => {}
    let cancel = (): void => {}
    const over = new Promise<undefined>((resolve) => {
      wake = () => resolve(undefined)
      waiting.add(wake)
      cancel = this.options.after(Math.max(0, ms), wake)
    })
    const first = await (answer === undefined ? over : Promise.race([answer, over]))
    cancel()
    waiting.delete(wake)
    if (waiting.size === 0 && this.waiting.get(room) === waiting) this.waiting.delete(room)
    return first
  }
}

function placeOf({ id, url, epoch }: { id: string; url: string; epoch: RoomEpoch }): Elsewhere {
  return { room: id, url, epoch: tripleOf(epoch) }
}
