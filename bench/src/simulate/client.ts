/**
 * A client of a simple kind: it makes rooms (of names that several want, and of drawn ids), asks any shard where a room is, follows it there, and refuses a lower
 * epoch than it learned. It tells the judge if it had to take two owners for one.
 */
import { compareEpochs, type LocateAnswer, type RoomEpoch } from '@tickmesh/server/cluster'
import type { SeededRandom, VirtualScheduler } from '@tickmesh/shared'
import { epochText, type Judge } from './judge.ts'

/** What a shard does for clients, and how they reach it. `none`: no answer came. */
export interface Gate {
  readonly count: number
  /** Calls back with the answer, or after a while with undefined. */
  ask(shard: number, request: ClientRequest, done: (answer: LocateAnswer | undefined, life: string) => void): void
  /** Hears the room's frames from this shard on, if it runs it. */
  subscribe(shard: number, room: string, client: SimClient): void
  shardOf(url: string): number
  /** Something that a shard's lobby takes from clients and operators. */
  tell(shard: number, news: LobbyNews): void
}

export interface ClientRequest {
  readonly kind: 'create' | 'locate'
  readonly id: string | undefined
}

export interface LobbyNews {
  readonly kind: 'line' | 'setting' | 'ban' | 'unban' | 'here' | 'gone'
  readonly subject: string
  readonly value: number
}

export interface Frame {
  readonly room: string
  readonly epoch: RoomEpoch
  readonly life: string
}

interface Followed {
  epoch: RoomEpoch
  life: string
}

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta']
const NEWS = ['line', 'setting', 'ban', 'unban', 'here', 'gone'] as const
const MAX_FOLLOWED = 24

export class SimClient {
  frames = 0
  refused = 0
  readonly answers = { here: 0, there: 0, none: 0, lost: 0, unknown: 0, silent: 0 }
  readonly #time: VirtualScheduler
  readonly #random: SeededRandom
  readonly #gate: Gate
  readonly #judge: Judge
  readonly #rooms = new Map<string, Followed>()
  #stopped = false

  constructor(time: VirtualScheduler, random: SeededRandom, gate: Gate, judge: Judge) {
    this.#time = time
    this.#random = random
    this.#gate = gate
    this.#judge = judge
  }

  start(): void {
    this.#time.at(this.#time.now() + 200 + 1000 * this.#random.next(), () => this.#act())
  }

  /** Asks for nothing more; hears frames all the same. */
  stop(): void {
    this.#stopped = true
  }

  receive({ room, epoch, life }: Frame): void {
    const known = this.#rooms.get(room)
    if (known === undefined) {
      this.#learn(room, epoch, life)
      this.frames++
      return
    }
    const order = compareEpochs(epoch, known.epoch)
    if (order < 0) {
      this.refused++
      return
    }
    if (order === 0 && life !== known.life) {
      this.#judge.accuse('client took two owners', `${room} ${epochText(epoch)}: ${known.life} and ${life}`)
    }
    known.epoch = epoch
    known.life = life
    this.frames++
  }

  #act(): void {
    if (this.#stopped) return
    this.#time.at(this.#time.now() + 50 + 350 * this.#random.next(), () => this.#act())
    const shard = this.#random.int(0, this.#gate.count - 1)
    const dice = this.#random.next()
    const name = NAMES[this.#random.int(0, NAMES.length - 1)]
    if (dice < 0.5) this.#ask(shard, { kind: 'create', id: name })
    else if (dice < 0.58) this.#ask(shard, { kind: 'create', id: undefined })
    else if (dice < 0.7) this.#ask(shard, { kind: 'locate', id: name })
    else if (dice < 0.85) this.#ask(shard, { kind: 'locate', id: this.#someRoom() ?? name })
    else this.#gate.tell(shard, this.#drawNews())
  }

  #drawNews(): LobbyNews {
    const kind = NEWS[this.#random.int(0, NEWS.length - 1)] ?? 'line'
    return { kind, subject: `s${this.#random.int(0, 3)}`, value: this.#random.int(0, 99) }
  }

  #someRoom(): string | undefined {
    const at = this.#random.int(0, Math.max(0, this.#rooms.size - 1))
    let index = 0
    for (const id of this.#rooms.keys()) if (index++ === at) return id
    return undefined
  }

  #ask(shard: number, request: ClientRequest): void {
    this.#gate.ask(shard, request, (answer, life) => {
      if (answer === undefined) {
        this.answers.silent++
        return
      }
      this.answers[answer.kind]++
      if (answer.kind === 'there') {
        const { id, owner, url, epoch } = answer.place
        if (this.#learn(id, epoch, owner)) this.#gate.subscribe(this.#gate.shardOf(url), id, this)
      } else if (answer.kind === 'here' && request.id !== undefined) {
        if (this.#learn(request.id, answer.epoch, life)) this.#gate.subscribe(shard, request.id, this)
      }
    })
  }

  /** False: it knows better. */
  #learn(room: string, epoch: RoomEpoch, life: string): boolean {
    const known = this.#rooms.get(room)
    if (known !== undefined) {
      const order = compareEpochs(epoch, known.epoch)
      if (order < 0) return false
      if (order === 0 && known.life !== life) {
        this.#judge.accuse('client was told two owners', `${room} ${epochText(epoch)}: ${known.life} and ${life}`)
      }
    }
    this.#rooms.delete(room)
    this.#rooms.set(room, { epoch, life })
    for (const oldest of this.#rooms.keys()) {
      if (this.#rooms.size <= MAX_FOLLOWED) break
      this.#rooms.delete(oldest)
    }
    return true
  }
}
