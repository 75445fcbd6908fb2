/** What shards ask of each other beyond the protocols that keep the cluster together: calls, and matches made by whoever runs what runs once. Part of the node. */
import type { CallsMessage } from '../calls/call-messages.ts'
import { PeerCalls } from '../calls/peer-calls.ts'
import type { Life } from '../life.ts'
import type { LobbyApi } from '../lobby/lobby-api.ts'
import { type MatchHost, Matchmaker } from '../match/matchmaker.ts'
import type { Part, PartHost } from '../part.ts'
import { memberOf, oldestOf, type View } from '../view/view.ts'

export interface ServicesOptions {
  readonly life: Life
  readonly random: () => number
  /** Seats of each room. */
  readonly maxPlayers: number
  readonly lobby: LobbyApi
  /** This shard has a lease, and runs what runs once. */
  readonly isSingleton: (nowMs: number) => boolean
  readonly create: MatchHost['create']
}

export class Services implements Part<CallsMessage> {
  readonly calls: PeerCalls
  readonly matchmaker: Matchmaker
  #view: View | undefined

  constructor({ life, random, ...options }: ServicesOptions, peers: PartHost<CallsMessage>) {
    this.calls = new PeerCalls({ life, random }, peers)
    this.matchmaker = new Matchmaker({
      ...options,
      life,
      calls: this.calls,
      singleton: () => (this.#view === undefined ? undefined : oldestOf(this.#view)?.life),
      urlOf: (of) => (this.#view === undefined ? undefined : memberOf(this.#view, of)?.url),
    })
  }

  /** All members but this one. */
  others(): Life[] {
    const lives = this.#view?.members.map(({ life }) => life) ?? []
    return lives.filter((life) => life !== this.calls.life)
  }

  viewInstalled(view: View, before: View | undefined): void {
    this.#view = view
    for (const { life } of before?.members ?? []) if (memberOf(view, life) === undefined) this.calls.lifeRemoved(life)
  }

  receive(from: Life, message: CallsMessage, nowMs: number): void {
    this.calls.receive(from, message, nowMs)
  }

  tick(nowMs: number): void {
    this.calls.tick(nowMs)
  }

  get nextMs(): number {
    return this.calls.nextMs
  }
}
