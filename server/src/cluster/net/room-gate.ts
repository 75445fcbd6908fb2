/**
 * The doors of a shard in a cluster: where a room is for whoever says hello here, and how it gets there. Made by the shard's composition (shard-cluster.ts),
 * asked by admission and sessions (`RoomDirectory`).
 * A room that this shard runs under a lease is here, without asking; all else the cluster says. What it does not know yet is asked again for some seconds.
 */
import { type HelloMessage, type Link, NetError } from '@tickmesh/shared'
import type { CarriedFrom, Elsewhere, Found, Pipe, RoomDirectory } from '../../gate/room-directory.ts'
import { type CreateRequest, type LocateAnswer, NOT_IN } from '../ring/rooms-api.ts'
import type { RoomEpoch } from '../view/view.ts'

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
  readonly nowMs: () => number
  readonly after: (ms: number, run: () => void) => void
  /** How long a newcomer waits for an answer; less than a handshake may take. */
  readonly patienceMs: number
  /** Left out: clients are told where to go. */
  readonly carry?: (hello: HelloMessage, link: Link, place: Elsewhere, address: string) => Pipe
}

const ASK_AGAIN_MS = 100

export class RoomGate implements RoomDirectory {
  private readonly source: () => RoomSource | undefined
  private readonly options: RoomGateOptions

  /** `source` gives undefined before the cluster is there. */
  constructor(source: () => RoomSource | undefined, options: RoomGateOptions) {
    this.source = source
    this.options = options
  }

  find(room: string, signal: () => AbortSignal): Found | Promise<Found> {
    return this.here(room) ?? this.ask((source) => source.locate(room), room, signal())
  }

  create(room: string, signal: () => AbortSignal): Found | Promise<Found> {
    return this.here(room) ?? this.ask((source) => source.create({ id: room }), room, signal())
  }

  /** Who was carried here is not carried on: nobody goes round in circles. */
  carry(hello: HelloMessage, link: Link, place: Elsewhere, { address, carried }: CarriedFrom): Pipe | undefined {
    return carried ? undefined : this.options.carry?.(hello, link, place, address)
  }

  private here(room: string): Found | undefined {
    const epoch = this.options.owned(room)
    if (epoch === undefined || this.source()?.mayAct() !== true) return undefined
    return { kind: 'here', epoch: tripleOf(epoch) }
  }

  private within<Answer>(answer: Promise<Answer>, ms: number): Promise<Answer | undefined> {
    const late = new Promise<undefined>((resolve) => this.options.after(Math.max(0, ms), () => resolve(undefined)))
    return Promise.race([answer, late])
  }

  private async ask(
    question: (source: RoomSource) => Promise<LocateAnswer>,
    room: string,
    signal: AbortSignal,
  ): Promise<Found> {
    const { nowMs, after, patienceMs } = this.options
    const untilMs = nowMs() + patienceMs
    let why: string = NOT_IN.why
    while (!signal.aborted) {
      const source = this.source()
      // The cluster may go on asking for longer than this newcomer waits.
      const answer = source && (await this.within(question(source), untilMs - nowMs()))
      if (answer?.kind === 'there') return { kind: 'there', place: placeOf(answer.place) }
      if (answer?.kind === 'none' || answer?.kind === 'lost') return { kind: answer.kind }
      if (answer?.kind === 'here') {
        const found = this.here(room)
        if (found !== undefined) return found
        why = 'this shard runs it, and has no lease'
      } else if (answer !== undefined) why = answer.why
      else if (source !== undefined) why = 'those who know do not answer'
      if (nowMs() + ASK_AGAIN_MS > untilMs) break
      await new Promise<void>((resolve) => after(ASK_AGAIN_MS, resolve))
    }
    throw new NetError('NOT_READY', `where the room "${room}" is cannot be said now: ${why}.`, 'Try again in a while.')
  }
}

export function tripleOf({ generation, view, k }: RoomEpoch): readonly [number, number, number] {
  return [generation, view, k]
}

function placeOf({ id, url, epoch }: { id: string; url: string; epoch: RoomEpoch }): Elsewhere {
  return { room: id, url, epoch: tripleOf(epoch) }
}
