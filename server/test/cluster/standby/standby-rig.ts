/**
 * Several `Standby` parts on virtual time, over a network that delays, loses, doubles and reorders datagrams, and whose streams break with all that is under way. Rooms are
 * toys: a tick's record is its number. Watches what must hold at every word `held`, and plays the home: after a death the best claim takes the room over.
 */
import { SeededRandom } from '@tickmesh/shared'
import type { Life } from '../../../src/cluster/life.ts'
import type { PeerLane } from '../../../src/cluster/part.ts'
import { Standby } from '../../../src/cluster/standby/standby.ts'
import type { StandbyReplica } from '../../../src/cluster/standby/standby-api.ts'
import { parseStandbyMessage, type StandbyMessage } from '../../../src/cluster/standby/standby-messages.ts'
import { STANDBY_RULES, type StandbyRules } from '../../../src/cluster/standby/standby-rules.ts'
import { compareEpochs, type RoomEpoch, type View } from '../../../src/cluster/view/view.ts'
import type { Keyframe, StandbyMode, TickRecord } from '../../../src/room/standby-line.ts'
import { lifeOf, memberOf, numbers, viewOf } from '../ring/test-view.ts'

export interface Weather {
  readonly minMs: number
  readonly maxMs: number
  /** Of datagrams. */
  readonly loss: number
  readonly duplication: number
  /** Share of datagrams that come up to 1.5 s late. */
  readonly late: number
  /** Of streams, with each message. */
  readonly breaks: number
}

const FAIR: Weather = { minMs: 1, maxMs: 4, loss: 0, late: 0, duplication: 0, breaks: 0 }
export const BAD: Weather = { minMs: 1, maxMs: 60, loss: 0.2, late: 0.05, duplication: 0.2, breaks: 0.02 }

export const TICK_MS = 16

/** Which ticks it has; it takes whatever it is given: what may be given is the rules' business. */
export class ToyReplica implements StandbyReplica {
  readonly epoch: RoomEpoch
  readonly from: number
  readonly ticks = new Set<number>()
  tick: number
  replayed: number
  diverged: number | undefined
  isClosed = false
  /** The next append finds that it is damaged. */
  breaksAt = -1
  readonly mode: StandbyMode

  constructor(epoch: RoomEpoch, keyframe: Keyframe) {
    this.epoch = epoch
    this.from = keyframe.tick
    this.tick = keyframe.tick
    this.replayed = keyframe.tick
    this.mode = keyframe.about[0] === 1 ? 'states' : 'inputs'
  }

  get waiting(): number {
    return this.tick - this.replayed
  }

  append({ tick, journal }: TickRecord): void {
    if (tick === this.breaksAt) throw new Error('damaged')
    if (journal.length < 4 || numberIn(journal) !== tick) throw new Error(`a record of another tick than ${tick}`)
    this.ticks.add(tick)
    this.tick = tick
  }

  /** All ticks up to this one are there. */
  hasAll(upTo: number): boolean {
    for (let tick = this.from + 1; tick <= upTo; tick++) if (!this.ticks.has(tick)) return false
    return upTo <= this.tick
  }

  replay(): void {
    this.replayed = this.tick
  }

  explain(state: Uint8Array): string {
    return `state of ${state.length} bytes differs`
  }

  close(): void {
    this.isClosed = true
  }
}

export interface ToyRoom {
  readonly epoch: RoomEpoch
  tick: number
  isTicking: boolean
  mode: StandbyMode
  holders: readonly Life[]
  /** As it was told, last and highest; after nobody was required, anew. */
  heldTo: number
  /** In which view that was. */
  heldIn: number
}

export class Shard {
  readonly life: Life
  standby: Standby
  isUp = true
  /** Nothing of it is done, and nothing is read. */
  isFrozen = false
  view: View | undefined
  readonly rooms = new Map<string, ToyRoom>()
  readonly diverged: string[] = []
  /** Of the keyframes' journals. */
  keyframeBytes = 40
  recordBytes = 4
  isFull = false
  diverges = false
  replicas: ToyReplica[] = []

  constructor(rig: Rig, number: number, { holders, rules, build }: RigOptions) {
    this.life = lifeOf(number)
    this.standby = new Standby(
      {
        life: this.life,
        build: build(number),
        holders,
        mode: 'inputs',
        candidates: () =>
          (this.view?.members ?? [])
            .filter(({ life, draining }) => life !== this.life && !draining)
            .map(({ life }) => life),
      },
      {
        heldTo: (room, tick) => rig.heldTo(this, room, tick),
        holdersChanged: (room, lives, mode) => {
          const toy = this.rooms.get(room)
          if (toy === undefined) return
          toy.holders = lives
          toy.mode = mode
          rig.holdersChanged(room, toy.epoch, lives)
        },
        openReplica: (_, epoch, keyframe) => {
          if (this.isFull) return undefined
          const replica = new ToyReplica(epoch, keyframe)
          this.replicas.push(replica)
          return replica
        },
        diverged: (room, tick, what) => this.diverged.push(`${room} ${tick} ${what}`),
      },
      { send: (to, message, lane) => rig.send(this.life, to, message, lane) },
      rules,
    )
  }
}

export interface RigOptions {
  readonly seed: number
  readonly weather: Weather
  readonly holders: number
  readonly rules: StandbyRules
  readonly build: (shard: number) => string
}

const TRUE: RigOptions = { seed: 1, weather: FAIR, holders: 1, rules: STANDBY_RULES, build: () => 'b' }

interface Letter {
  readonly atMs: number
  readonly order: number
  readonly from: Life
  readonly to: Life
  readonly lane: PeerLane
  readonly message: StandbyMessage
}

export class Rig {
  nowMs = 0
  weather: Weather
  /** Of one pair, both ways. */
  readonly slow = new Map<string, number>()
  readonly cut = new Set<string>()
  readonly shards: Shard[] = []
  readonly violations: string[] = []
  readonly random: SeededRandom
  view: View
  sent: StandbyMessage[] = []
  #letters: Letter[] = []
  #order = 0
  /** When the newest message of each stream arrives. */
  readonly #streams = new Map<string, number>()
  /** Who was called a holder in an epoch, and may still have it. */
  readonly #called = new Map<string, Set<Life>>()
  /** By whoever goes on with a room: its replica is held no more. */
  readonly #taken = new Map<string, ToyReplica>()

  constructor(count: number, options: Partial<RigOptions> = {}) {
    const all = { ...TRUE, ...options }
    this.random = new SeededRandom(all.seed)
    this.weather = all.weather
    for (const number of numbers(count)) this.shards.push(new Shard(this, number, all))
    this.view = viewOf([])
    this.install(numbers(count))
  }

  shard(number: number): Shard {
    const shard = this.shards[number]
    if (shard === undefined) throw new Error(`there is no shard ${number}`)
    return shard
  }

  of(life: Life): Shard | undefined {
    return this.shards.find((shard) => shard.life === life)
  }

  /** The next view; each member installs it when it hears of it, or `by` those. */
  install(members: readonly number[], by = members, draining: readonly number[] = []): void {
    const isFirst = this.view.members.length === 0
    const about = members.map((number) => memberOf(number, { draining: draining.includes(number) }))
    this.view = viewOf(about, isFirst ? 1 : this.view.number + 1)
    for (const number of by) this.installAt(number)
  }

  installAt(number: number): void {
    const shard = this.shard(number)
    if (!shard.isUp) return
    shard.view = this.view
    shard.standby.viewInstalled(this.view, this.nowMs)
  }

  open(at: number, id: string, k = 1, tick = 0): ToyRoom {
    const shard = this.shard(at)
    const epoch = { generation: 1, view: this.view.number, k }
    const room: ToyRoom = {
      epoch,
      tick,
      isTicking: true,
      mode: 'inputs',
      holders: [],
      heldTo: Number.POSITIVE_INFINITY,
      heldIn: 0,
    }
    shard.rooms.set(id, room)
    const source = {
      keyframe: () => ({
        tick: room.tick,
        about: Uint8Array.of(room.mode === 'states' ? 1 : 0),
        journal: new Uint8Array(shard.keyframeBytes),
        session: new Uint8Array(3),
      }),
      stateAt: () => new Uint8Array(5),
    }
    shard.standby.protect(id, epoch, source, this.nowMs)
    return room
  }

  /** Its process ends. */
  kill(number: number): void {
    this.shard(number).isUp = false
  }

  /** What the home does: the best of all claims goes on. Undefined: nobody has it. */
  takeOver(id: string, k = 1, by?: Life): { readonly shard: Shard; readonly replica: ToyReplica } | undefined {
    const claims = this.shards
      .filter(({ isUp, view, life }) => isUp && (by === undefined || life === by) && view?.number === this.view.number)
      .flatMap((shard) => {
        const held = shard.standby.held.get(id)
        return held?.isHolder === true ? [{ shard, held }] : []
      })
    claims.sort((a, b) => compareEpochs(b.held.epoch, a.held.epoch) || b.held.tick - a.held.tick)
    const [best] = claims
    if (best === undefined) return undefined
    const epoch = { generation: 1, view: this.view.number, k }
    const replica = best.shard.standby.takeOver(id, epoch, this.nowMs)
    if (replica instanceof ToyReplica) this.#taken.set(id, replica)
    return replica instanceof ToyReplica ? { shard: best.shard, replica } : undefined
  }

  heldTo(shard: Shard, room: string, tick: number): void {
    const toy = shard.rooms.get(room)
    if (toy === undefined) return
    if (Number.isFinite(tick) && Number.isFinite(toy.heldTo) && tick < toy.heldTo)
      this.violations.push(`${room}: held fell from ${toy.heldTo} to ${tick}`)
    const view = shard.view?.number ?? 0
    if (!Number.isFinite(tick) && Number.isFinite(toy.heldTo) && toy.heldIn === view)
      this.violations.push(`${room}: nobody is required any more, and nobody died`)
    toy.heldTo = tick
    toy.heldIn = view
    if (!Number.isFinite(tick)) return
    const called = this.#called.get(keyOf(room, toy.epoch)) ?? new Set()
    let having = 0
    for (const life of called) {
      const holder = this.of(life)
      const isMember = shard.view?.members.some((member) => member.life === life) === true
      if (holder === undefined || !isMember) continue
      const replica = holder.standby.replicaOf(room)
      // It has dropped it: it can claim nothing.
      if (!(replica instanceof ToyReplica) || compareEpochs(replica.epoch, toy.epoch) !== 0) continue
      if (replica.hasAll(tick)) having++
      else this.violations.push(`${room}: ${tick} is called held, and ${life} has ${replica.tick} only`)
    }
    const taken = this.#taken.get(room)
    // Where nobody was required yet the word only stands still.
    if (toy.holders.length > 0 && having === 0 && taken?.hasAll(tick) !== true)
      this.violations.push(`${room}: ${tick} is called held, and nobody has it`)
  }

  holdersChanged(room: string, epoch: RoomEpoch, lives: readonly Life[]): void {
    const key = keyOf(room, epoch)
    const called = this.#called.get(key) ?? new Set()
    for (const life of lives) called.add(life)
    this.#called.set(key, called)
  }

  send(from: Life, to: Life, message: StandbyMessage, lane: PeerLane): void {
    const parsed = parseStandbyMessage(structuredClone(message))
    if (parsed === undefined) {
      this.violations.push(`unreadable: ${JSON.stringify(message)}`)
      return
    }
    this.sent.push(parsed)
    // It has nothing left of it: when it comes back it begins anew.
    if (parsed.t === 'dropped' && this.of(from)?.standby.replicaOf(parsed.room) === undefined)
      this.#called.get(keyOf(parsed.room, parsed.epoch))?.delete(from)
    const pair = [from, to].sort().join(' ')
    if (this.cut.has(pair)) return
    const { minMs, maxMs, loss, late, duplication, breaks } = this.weather
    const delay = () => minMs + this.random.next() * (maxMs - minMs) + (this.slow.get(pair) ?? 0)
    const post = (atMs: number) => this.#letters.push({ atMs, order: this.#order++, from, to, lane, message: parsed })
    if (lane === 'datagram') {
      if (this.random.next() < loss) return
      post(this.nowMs + delay() + (this.random.next() < late ? 1_500 * this.random.next() : 0))
      if (this.random.next() < duplication) post(this.nowMs + delay())
      return
    }
    const stream = `${from} ${to}`
    if (this.random.next() < breaks) {
      this.#letters = this.#letters.filter((one) => one.lane === 'datagram' || one.from !== from || one.to !== to)
      return
    }
    const atMs = Math.max(this.nowMs + delay(), this.#streams.get(stream) ?? 0)
    this.#streams.set(stream, atMs)
    post(atMs)
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs
    while (this.nowMs < endMs) {
      this.nowMs += 1
      if (this.nowMs % TICK_MS === 0) this.#tickRooms()
      const due = this.#letters.filter(({ atMs }) => atMs <= this.nowMs)
      if (due.length > 0) {
        this.#letters = this.#letters.filter(({ atMs }) => atMs > this.nowMs)
        due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
        for (const letter of due) this.#deliver(letter)
      }
      for (const { isUp, isFrozen, standby } of this.shards)
        if (isUp && !isFrozen && standby.nextMs <= this.nowMs) standby.tick(this.nowMs)
    }
  }

  #deliver(letter: Letter): void {
    const shard = this.of(letter.to)
    if (!shard?.isUp) return
    // It reads it when it wakes up.
    if (shard.isFrozen) this.#letters.push({ ...letter, atMs: this.nowMs + 1 })
    else shard.standby.receive(letter.from, letter.message, this.nowMs)
  }

  #tickRooms(): void {
    for (const shard of this.shards) {
      if (!shard.isUp || shard.isFrozen) continue
      for (const [id, room] of shard.rooms) {
        if (!room.isTicking) continue
        room.tick++
        const journal = new Uint8Array(Math.max(4, shard.recordBytes))
        new DataView(journal.buffer).setUint32(0, room.tick)
        shard.standby.append(id, { tick: room.tick, journal, session: new Uint8Array(0) }, this.nowMs)
      }
    }
  }
}

function numberIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}

function keyOf(room: string, { generation, view, k }: RoomEpoch): string {
  return `${room} ${generation} ${view} ${k}`
}
