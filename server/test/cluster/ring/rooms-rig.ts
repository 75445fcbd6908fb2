/**
 * Several `ClusterRooms` on virtual time, over a network that delays, reorders, loses and duplicates. Views are handed in by the test. Remembers who runs what, and
 * complains when two run one room.
 */
import { SeededRandom } from '@tickmesh/shared'
import type { Life } from '../../../src/cluster/life.ts'
import { ClusterRooms } from '../../../src/cluster/ring/cluster-rooms.ts'
import { parseRoomMessage, type RoomMessage } from '../../../src/cluster/ring/room-messages.ts'
import { ROOM_RULES, type RoomRules } from '../../../src/cluster/ring/room-rules.ts'
import type { CreateRequest, HeldClaim, LocateAnswer } from '../../../src/cluster/ring/rooms-api.ts'
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
  /** Rooms that it holds, or that stopped here for good. */
  readonly handed: { readonly id: string; readonly to: Life; readonly url: string; readonly epoch: RoomEpoch }[] = []
  readonly held = new Map<string, HeldClaim>()
  /** Rooms that it was told are lost, as their home. */
  readonly lost: string[] = []
  refusesTakeover = false
  load = 0
  isUp = true
  leaseEndMs = Number.POSITIVE_INFINITY

  constructor(rig: Rig, number: number, rules: RoomRules) {
    this.life = lifeOf(number)
    const random = new SeededRandom(number + 1)
    this.rooms = new ClusterRooms(
      {
        life: this.life,
        hash,
        random: () => random.uint32(),
        mayAct: (nowMs) => nowMs < this.leaseEndMs,
        rules,
        onOver: (id, epoch) => {
          if (compareEpochs(this.held.get(id)?.epoch ?? epoch, epoch) <= 0) this.held.delete(id)
        },
      },
      {
        open: (id, epoch) => {
          if (this.load >= 1) return false
          this.running.set(id, epoch)
          rig.opened(this, id, epoch)
          return true
        },
        takeOver: (id, epoch) => {
          const held = this.held.get(id)
          if (held === undefined || this.refusesTakeover) return false
          this.held.delete(id)
          this.running.set(id, epoch)
          rig.tookOver(held)
          rig.opened(this, id, epoch)
          return true
        },
        holds: () => this.held.values(),
        lost: (id, epoch) => {
          this.lost.push(id)
          rig.saidLost({ id, epoch })
        },
        close: (id) => {
          this.running.delete(id)
          this.held.delete(id)
        },
        handedOver: (id, to, url, epoch) => {
          this.held.delete(id)
          this.handed.push({ id, to, url, epoch })
        },
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
  /** Epochs in which rooms ended at shards that stay, or were said to be lost. */
  readonly #over = new Map<string, RoomEpoch>()
  takeovers = 0
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

  tookOver({ id, epoch }: HeldClaim): void {
    this.takeovers++
    const over = this.#over.get(id)
    if (over !== undefined && compareEpochs(over, epoch) >= 0)
      this.violations.push(`${id} of ${JSON.stringify(epoch)} was taken over, and was over`)
  }

  saidLost({ id, epoch }: { readonly id: string; readonly epoch: RoomEpoch }): void {
    if (!this.watches) return
    this.#over.set(id, epoch)
    for (const { running, isUp, life, leaseEndMs } of this.shards) {
      const run = running.get(id)
      if (isUp && this.nowMs < leaseEndMs && run !== undefined && compareEpochs(run, epoch) <= 0)
        this.violations.push(`${id} is said to be lost, and runs at ${life}`)
    }
  }

  /** A shard holds a room as its owner has told it up to `tick`. */
  hold(at: number, id: string, tick: number, epoch = this.epochOf(id)): void {
    if (epoch !== undefined) this.shard(at).held.set(id, { id, epoch, tick })
  }

  epochOf(id: string): RoomEpoch | undefined {
    return this.shards.find(({ isUp, running }) => isUp && running.has(id))?.running.get(id)
  }

  /** The owner stops for good in its epoch. */
  halt(at: number, id: string, tick: number): void {
    const shard = this.shard(at)
    this.hold(at, id, tick)
    shard.running.delete(id)
    shard.rooms.halted(id, this.nowMs)
  }

  /** Goes on under an epoch that its home gave. */
  goOn(at: number, id: string, epoch: RoomEpoch): void {
    const shard = this.shard(at)
    shard.held.delete(id)
    shard.running.set(id, epoch)
    this.opened(shard, id, epoch)
    shard.rooms.runs(id, epoch, this.nowMs)
  }

  /** The list fills with its answers (which should be one). */
  nextEpoch(at: number, id: string, to: number, from = this.epochOf(id)): (RoomEpoch | undefined)[] {
    const epochs: (RoomEpoch | undefined)[] = []
    if (from !== undefined)
      this.shard(at).rooms.nextEpoch(id, from, lifeOf(to), this.nowMs, (epoch) => epochs.push(epoch))
    return epochs
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

  /** `stays`: it is no shard that will be removed before it could say so. */
  end(at: number, id: string, stays = true): void {
    const epoch = this.shard(at).running.get(id)
    if (epoch !== undefined && stays && this.watches) this.#over.set(id, epoch)
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
