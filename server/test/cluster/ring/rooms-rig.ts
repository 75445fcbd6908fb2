/**
 * Several `ClusterRooms` on virtual time, over a network that delays, reorders, loses and duplicates. Views are handed in by the test. Remembers who runs what, and
 * complains when two run one room.
 */
import { SeededRandom } from '@tickmesh/shared'
import type { Life } from '../../../src/cluster/life.ts'
import { ClusterRooms } from '../../../src/cluster/ring/cluster-rooms.ts'
import { parseRoomMessage, type RoomMessage } from '../../../src/cluster/ring/room-messages.ts'
import { ROOM_RULES, type RoomRules } from '../../../src/cluster/ring/room-rules.ts'
import type { CreateRequest, LocateAnswer } from '../../../src/cluster/ring/rooms-api.ts'
import { compareEpochs, type RoomEpoch, type View } from '../../../src/cluster/view/view.ts'
import { hash, lifeOf, memberOf, numbers, viewOf } from './test-view.ts'

export interface Weather {
  readonly minMs: number
  readonly maxMs: number
  readonly loss: number
  readonly duplication: number
}

export const FAIR: Weather = { minMs: 1, maxMs: 5, loss: 0, duplication: 0 }
export const BAD: Weather = { minMs: 1, maxMs: 400, loss: 0.3, duplication: 0.3 }

interface Letter {
  readonly atMs: number
  readonly from: Life
  readonly to: Life
  readonly message: RoomMessage
}

export class Shard {
  readonly life: Life
  readonly rooms: ClusterRooms
  /** Rooms that run here, as the keeper sees it. */
  readonly running = new Map<string, RoomEpoch>()
  load = 0
  isUp = true
  leaseEndMs = Number.POSITIVE_INFINITY

  constructor(rig: Rig, number: number, rules: RoomRules) {
    this.life = lifeOf(number)
    const random = new SeededRandom(number + 1)
    this.rooms = new ClusterRooms(
      { life: this.life, hash, random: () => random.uint32(), mayAct: (nowMs) => nowMs < this.leaseEndMs, rules },
      {
        open: (id, epoch) => {
          if (this.load >= 1) return false
          this.running.set(id, epoch)
          rig.opened(this, id, epoch)
          return true
        },
        close: (id) => this.running.delete(id),
        load: () => this.load,
        loadOf: (life) => rig.shardOf(life)?.load ?? 1,
      },
      { send: (to, message) => rig.send(this.life, to, message) },
    )
  }
}

export class Rig {
  nowMs = 0
  weather: Weather
  readonly shards: Shard[] = []
  /** Broken promises. */
  readonly violations: string[] = []
  sent = 0
  opens = 0
  /** Off for tests that look at memory: watching remembers each room, and checks each message. */
  watches = true
  /** Whether a message is lost on purpose. */
  drops: (from: Life, to: Life, message: RoomMessage) => boolean = () => false
  readonly #random: SeededRandom
  readonly #rules: RoomRules
  readonly #letters: Letter[] = []
  readonly #newest = new Map<string, RoomEpoch>()
  view: View

  constructor(count: number, { seed = 1, weather = FAIR, rules = {} as Partial<RoomRules> } = {}) {
    this.#random = new SeededRandom(seed)
    this.weather = weather
    this.#rules = { ...ROOM_RULES, ...rules }
    for (const number of numbers(count)) this.shards.push(new Shard(this, number, this.#rules))
    this.view = viewOf(numbers(count).map((number) => memberOf(number)))
  }

  /** Another shard, in no view yet. */
  add(): Shard {
    const shard = new Shard(this, this.shards.length, this.#rules)
    this.shards.push(shard)
    return shard
  }

  shard(number: number): Shard {
    const shard = this.shards[number]
    if (shard === undefined) throw new Error(`there is no shard ${number}`)
    return shard
  }

  shardOf(life: Life): Shard | undefined {
    return this.shards.find((shard) => shard.life === life)
  }

  /** The next view, of these shards; installed by each of them at once, unless `by` says by whom. */
  install(members: readonly number[], { takeoverInMs = 0, by = members } = {}): void {
    const number = this.nowMs === 0 && this.view.number === 1 ? 1 : this.view.number + 1
    this.view = viewOf(
      members.map((member) => memberOf(member)),
      number,
    )
    this.installAt(by, takeoverInMs)
  }

  installAt(by: readonly number[], takeoverInMs = 0): void {
    for (const member of by)
      this.shard(member).rooms.viewInstalled(this.view, undefined, this.nowMs + takeoverInMs, this.nowMs)
  }

  /** It is never heard of again, and runs nothing. */
  kill(number: number): void {
    const shard = this.shard(number)
    shard.isUp = false
    shard.running.clear()
  }

  opened(shard: Shard, id: string, epoch: RoomEpoch): void {
    this.opens++
    if (!this.watches) return
    const newest = this.#newest.get(id)
    if (newest !== undefined && compareEpochs(epoch, newest) <= 0)
      this.violations.push(`${id} opened under ${JSON.stringify(epoch)} after ${JSON.stringify(newest)}`)
    this.#newest.set(id, epoch)
    for (const other of this.shards)
      if (other !== shard && other.isUp && other.running.has(id) && this.nowMs < other.leaseEndMs)
        this.violations.push(`${id} runs at ${other.life} and ${shard.life}`)
  }

  send(from: Life, to: Life, message: RoomMessage): void {
    this.sent++
    const { minMs, maxMs, loss, duplication } = this.weather
    if (this.#random.next() < loss || this.drops(from, to, message)) return
    // What goes out was checked as if it had come from a stranger.
    const parsed = this.watches ? parseRoomMessage(structuredClone(message)) : message
    if (parsed === undefined) {
      this.violations.push(`unreadable: ${JSON.stringify(message)}`)
      return
    }
    for (const copy of [0, 1])
      if (copy === 0 || this.#random.next() < duplication)
        this.#letters.push({
          atMs: Math.ceil(this.nowMs + minMs + this.#random.next() * (maxMs - minMs)),
          from,
          to,
          message: parsed,
        })
  }

  /** Runs for so long. */
  run(forMs: number): void {
    const endMs = this.nowMs + forMs
    for (;;) {
      const atMs = this.#nextMs()
      if (atMs > endMs) break
      this.nowMs = Math.max(this.nowMs, atMs)
      const due = this.#letters.filter((letter) => letter.atMs <= this.nowMs).sort((a, b) => a.atMs - b.atMs)
      const later = this.#letters.filter((letter) => letter.atMs > this.nowMs)
      this.#letters.splice(0, this.#letters.length, ...later)
      for (const { from, to, message } of due) {
        const shard = this.shardOf(to)
        if (shard?.isUp) shard.rooms.receive(from, message, this.nowMs)
      }
      for (const shard of this.shards) if (shard.isUp && shard.rooms.nextMs <= this.nowMs) shard.rooms.tick(this.nowMs)
    }
    this.nowMs = endMs
  }

  /** Starts a creation; the list fills with its answers (which should be one). */
  create(at: number, request: CreateRequest = {}): LocateAnswer[] {
    const answers: LocateAnswer[] = []
    this.shard(at).rooms.create(request, this.nowMs, (answer) => answers.push(answer))
    return answers
  }

  locate(at: number, id: string): LocateAnswer[] {
    const answers: LocateAnswer[] = []
    this.shard(at).rooms.locate(id, this.nowMs, (answer) => answers.push(answer))
    return answers
  }

  /** Who runs a room. */
  runners(id: string): Life[] {
    return this.shards.filter(({ isUp, running }) => isUp && running.has(id)).map(({ life }) => life)
  }

  end(at: number, id: string): void {
    this.shard(at).running.delete(id)
    this.shard(at).rooms.ended(id, this.nowMs)
  }

  #nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { atMs } of this.#letters) next = Math.min(next, atMs)
    for (const shard of this.shards) if (shard.isUp) next = Math.min(next, shard.rooms.nextMs)
    return next
  }
}
