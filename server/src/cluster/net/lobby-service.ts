/**
 * The lobby's desk of a shard, tied to the cluster: rooms are made and found by the node, seats are kept by their owners, matches made by whoever makes them. Made
 * by the shard's composition (shard-cluster.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isRoomId, type LobbyPlace, NetError, type NetErrorCode } from '@tickmesh/shared'
import type { LobbyBackend, SeatFor } from '../../gate/lobby/lobby-backend.ts'
import type { Answer } from '../calls/peer-calls.ts'
import type { Life } from '../life.ts'
import type { ListedRoom, LobbyApi } from '../lobby/lobby-api.ts'
import type { Seeker } from '../match/criteria.ts'
import { SEATS } from '../match/matchmaker.ts'
import type { ClusterNodeApi } from '../node/cluster-node-api.ts'
import type { Services } from '../node/services.ts'
import { type LocateAnswer, NOT_IN } from '../ring/rooms-api.ts'

/** What it needs of the shell: ClusterShell is one. */
export interface LobbyShell {
  readonly node: ClusterNodeApi | undefined
  nowMs(): number
  /** After calls to the node. */
  wake(): void
  locate(id: string): Promise<LocateAnswer>
  create(request: {
    readonly id?: string
    readonly attributes?: Readonly<Record<string, unknown>>
  }): Promise<LocateAnswer>
}

/** What of this shard's visitors and rooms others ask for. */
export interface LobbyShard {
  /** Keeps a seat in a room that is here. Rejects with a NetError. */
  reserve(room: string, identity: unknown): Promise<string>
  identities(ids: readonly string[]): ReadonlyMap<string, unknown>
  summoned(places: ReadonlyMap<string, LobbyPlace>): void
}

/** Asks who visitors are, and tells them where to go. */
const WHO = 'who'
const SUMMON = 'summon'
const WHO_MS = 1_500
/** A cluster that changes its view answers nobody for some seconds: questions are asked again for so long, which is less than clients wait. */
const PATIENCE_MS = 9_000
const ASK_AGAIN_MS = 250
const MAX_IDS = 64

export class LobbyService implements LobbyBackend {
  readonly #shell: () => LobbyShell | undefined
  readonly #shard: LobbyShard
  readonly #encrypts: boolean
  /** Whose handlers are set. */
  #attached: Services | undefined

  /** `tickets`: false in a cluster without a key, where nobody can sign any; seats are then not kept. */
  constructor(shell: () => LobbyShell | undefined, shard: LobbyShard, tickets: boolean) {
    this.#shell = shell
    this.#shard = shard
    this.#encrypts = tickets
  }

  /** Answers what others ask of this life. Called for each that begins. */
  attach(): void {
    const services = this.#shell()?.node?.services
    if (services === undefined || services === this.#attached) return
    this.#attached = services
    services.calls.handle(SEATS, (body, _from, _nowMs, answer) => void this.#keepSeats(body).then(answer))
    services.calls.handle(WHO, (body, _from, _nowMs, answer) => {
      const known = this.#shard.identities(textsOf(body))
      answer({ ok: true, body: [...known].map(([id, identity]) => [id, identity ?? null]) })
    })
    services.calls.handle(SUMMON, (body, _from, _nowMs, answer) => {
      this.#shard.summoned(placesOf(body))
      answer({ ok: true, body: null })
    })
  }

  get lobby(): LobbyApi | undefined {
    return this.#shell()?.node?.lobby
  }

  get prefix(): string {
    return this.#shell()?.node?.life.slice(0, 8) ?? ''
  }

  create(room: string | undefined, attributes: ListedRoom['attributes'], seat: SeatFor): Promise<LobbyPlace> {
    const request = { attributes, ...(room === undefined ? {} : { id: room }) }
    return this.#patiently(async () => this.#seatAt((await this.#shell()?.create(request)) ?? NOT_IN, seat))
  }

  find(room: string, seat: SeatFor): Promise<LobbyPlace> {
    return this.#patiently(() => this.#find(room, seat))
  }

  async #find(room: string, seat: SeatFor): Promise<LobbyPlace> {
    const code = room.toUpperCase()
    let found = await this.#shell()?.locate(room)
    // Codes are said in either case.
    if (found?.kind === 'none' && code !== room) found = await this.#shell()?.locate(code)
    return this.#seatAt(found ?? NOT_IN, seat)
  }

  match(seeker: Seeker): Promise<readonly LobbyPlace[]> {
    return this.#patiently(() => this.#match(seeker))
  }

  async #match(seeker: Seeker): Promise<readonly LobbyPlace[]> {
    const { node, nowMs } = this.#needShell()
    const found = await this.#asked((done) => node.services.matchmaker.seek(seeker, nowMs, done))
    const { room, url, tickets } = found as { readonly room: string; readonly url: string; readonly tickets: string[] }
    return tickets.map((ticket) => placeOf(room, url, ticket))
  }

  async identitiesOf(ids: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const { node, nowMs } = this.#needShell()
    const { services } = node
    const known = new Map<string, unknown>()
    const asked = services.others().map(async (life) => {
      // Who does not answer knows nobody.
      const answer = await this.#asked((done) => services.calls.ask(life, WHO, ids, nowMs, done, WHO_MS)).catch(
        () => [],
      )
      for (const entry of Array.isArray(answer) ? answer : []) {
        const [id, identity]: unknown[] = Array.isArray(entry) ? entry : []
        if (typeof id === 'string' && ids.includes(id)) known.set(id, identity ?? undefined)
      }
    })
    await Promise.all(asked)
    return known
  }

  summon(places: ReadonlyMap<string, LobbyPlace>): void {
    const { node, nowMs } = this.#needShell()
    const { services } = node
    const body = [...places].map(([id, { room, url, ticket }]) => [id, room, url, ticket ?? ''])
    for (const life of services.others()) services.calls.ask(life, SUMMON, body, nowMs, () => {})
    this.#shell()?.wake()
  }

  async #seatAt(answer: LocateAnswer, seat: SeatFor): Promise<LobbyPlace> {
    const { node, nowMs } = this.#needShell()
    const { room, owner, url } = this.#whereIs(answer, node)
    const body = { room, players: [seat] }
    const kept = await this.#asked((done) => node.services.calls.ask(owner, SEATS, body, nowMs, done))
    const { tickets } = (kept ?? {}) as { readonly tickets?: unknown }
    return placeOf(room, url, Array.isArray(tickets) ? String(tickets[0] ?? '') : '')
  }

  async #patiently<Found>(ask: () => Promise<Found>): Promise<Found> {
    const untilMs = performance.now() + PATIENCE_MS
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof NetError) || error.code !== 'NOT_READY' || performance.now() > untilMs) throw error
      }
      await sleep(ASK_AGAIN_MS, undefined, { ref: false })
    }
  }

  #whereIs(
    answer: LocateAnswer,
    node: ClusterNodeApi,
  ): { readonly room: string; readonly owner: Life; readonly url: string } {
    switch (answer.kind) {
      case 'there':
        return { room: answer.place.id, owner: answer.place.owner, url: answer.place.url }
      case 'here': {
        const url = node.view?.members.find(({ life }) => life === node.life)?.url ?? ''
        return { room: answer.id, owner: node.life, url }
      }
      case 'none':
        throw new NetError('ROOM_NOT_FOUND', 'there is no such room.', 'Check its id or code.')
      case 'lost':
        throw new NetError('ROOM_LOST', 'the shard that ran this room is gone, and its match with it.', 'Join another.')
      case 'unknown':
        throw new NetError('NOT_READY', `the cluster cannot say now: ${answer.why}.`, 'Try again in a while.')
    }
  }

  #asked(ask: (done: (answer: Answer) => void) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      ask((answer) => {
        if (answer.ok) resolve(answer.body)
        else reject(new NetError(answer.code, answer.message, ''))
      })
      this.#shell()?.wake()
    })
  }

  #needShell(): { readonly node: ClusterNodeApi; readonly nowMs: number } {
    const shell = this.#shell()
    const node = shell?.node
    if (shell === undefined || node === undefined)
      throw new NetError('NOT_READY', 'this shard is in no cluster at the moment.', 'Try again, or at another shard.')
    return { node, nowMs: shell.nowMs() }
  }

  /** All or none. */
  async #keepSeats(body: unknown): Promise<Answer> {
    const { room, players } = (body ?? {}) as { readonly room?: unknown; readonly players?: unknown }
    if (!isRoomId(room) || !Array.isArray(players) || players.length === 0 || players.length > MAX_IDS)
      return refusal('BAD_ARGUMENT', 'this asks for no seats.')
    if (!this.#encrypts) return { ok: true, body: { tickets: players.map(() => '') } }
    const tickets: string[] = []
    try {
      for (const player of players) {
        const { identity } = (player ?? {}) as { readonly identity?: unknown }
        tickets.push(await this.#shard.reserve(room, identity ?? undefined))
      }
      return { ok: true, body: { tickets } }
    } catch (error) {
      // Seats that were kept meanwhile are free again when their tickets run out.
      if (error instanceof NetError) return refusal(error.code, error.text)
      return refusal('INTERNAL', 'the owner failed at this.')
    }
  }
}

function refusal(code: NetErrorCode, message: string): Answer {
  return { ok: false, code, message }
}

function placeOf(room: string, url: string, ticket: string): LobbyPlace {
  return ticket === '' ? { room, url } : { room, url, ticket }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, MAX_IDS).filter((item) => typeof item === 'string') : []
}

function placesOf(value: unknown): ReadonlyMap<string, LobbyPlace> {
  const places = new Map<string, LobbyPlace>()
  for (const entry of Array.isArray(value) ? value.slice(0, MAX_IDS) : []) {
    const [id, room, url, ticket]: unknown[] = Array.isArray(entry) ? entry : []
    if (typeof id === 'string' && isRoomId(room) && typeof url === 'string')
      places.set(id, placeOf(room, url, typeof ticket === 'string' ? ticket : ''))
  }
  return places
}
