/**
 * Who judges a run: it sees all shards and true time, which no shard does. At every virtual instant at most one shard has a room active under a lease that its own
 * clock calls valid, and at most one is the singleton; epochs of what acts only grow; there is one chain of views in each generation.
 * Called at each change by the machines, and by clients for what they accept.
 */
import { compareEpochs, type RoomEpoch, type View } from '@tickmesh/server/cluster'
import type { Trace } from './trace.ts'

/** A shard process as the judge sees it; another one after each restart. */
export interface Accused {
  readonly index: number
  readonly life: string
  /** Until when, in true time, its own clock says that it has a lease. Looked at whenever it matters. */
  leaseEndTrueMs(): number
  /** Whether it would do at this moment what runs once, by its own clock. */
  runsSingleton(): boolean
}

export interface Violation {
  readonly rule: string
  readonly atMs: number
  readonly what: string
}

interface RoomRecord {
  readonly holders: Map<Accused, RoomEpoch>
  /** Of all that ever acted in it. */
  acted: RoomEpoch | undefined
  actedBy: string
  actedMs: number
  /** Which life each epoch belongs to; the newest few. */
  readonly owners: Map<string, string>
}

const MAX_VIOLATIONS = 20
const MAX_EPOCHS_KEPT = 64

export class Judge {
  readonly violations: Violation[] = []
  /** What the trace held at the first violation. */
  lastEvents: readonly string[] = []
  acts = 0
  opens = 0
  readonly #rooms = new Map<string, RoomRecord>()
  readonly #views = new Map<string, string>()
  readonly #singletons = new Set<Accused>()
  readonly #trace: Trace
  readonly #now: () => number

  constructor(trace: Trace, now: () => number) {
    this.#trace = trace
    this.#now = now
  }

  get viewCount(): number {
    return this.#views.size
  }

  accuse(rule: string, what: string): void {
    if (this.violations.length >= MAX_VIOLATIONS) return
    if (this.violations.length === 0) this.lastEvents = this.#trace.last(60)
    this.violations.push({ rule, atMs: this.#now(), what })
    this.#trace.add(this.#now(), `VIOLATION ${rule}`, -1, what)
  }

  opened(shard: Accused, id: string, epoch: RoomEpoch): void {
    this.opens++
    const room = this.#room(id)
    const name = epochText(epoch)
    const owner = room.owners.get(name)
    if (owner !== undefined) this.accuse('epoch used twice', `${id} ${name}: by ${owner}, and by ${shard.life}`)
    room.owners.set(name, shard.life)
    for (const oldest of room.owners.keys()) {
      if (room.owners.size <= MAX_EPOCHS_KEPT) break
      room.owners.delete(oldest)
    }
    room.holders.set(shard, epoch)
    if (this.#isValid(shard)) this.#lookAt(id, room, shard)
  }

  closed(shard: Accused, id: string): void {
    this.#rooms.get(id)?.holders.delete(shard)
  }

  /** Its lease was not valid, and is. */
  leaseBack(shard: Accused, ids: Iterable<string>): void {
    for (const id of ids) {
      const room = this.#rooms.get(id)
      if (room?.holders.has(shard) === true) this.#lookAt(id, room, shard)
    }
  }

  /** The process is gone. */
  gone(shard: Accused, ids: Iterable<string>): void {
    for (const id of ids) this.closed(shard, id)
    this.#singletons.delete(shard)
  }

  /** A tick of the room ran, as the shard thought that it might. */
  acted(shard: Accused, id: string, epoch: RoomEpoch): void {
    this.acts++
    const room = this.#room(id)
    const order = room.acted === undefined ? 1 : compareEpochs(epoch, room.acted)
    if (order < 0) {
      this.accuse(
        'older epoch acted',
        `${id}: shard ${shard.index} acted in ${epochText(epoch)}, after ${room.acted && epochText(room.acted)}`,
      )
    } else if (order === 0 && room.actedBy !== shard.life) {
      this.accuse('epoch of two owners', `${id} ${epochText(epoch)} acts on shard ${shard.index} and elsewhere`)
    }
    if (order > 0) {
      room.acted = epoch
      room.actedBy = shard.life
    }
    room.actedMs = this.#now()
    this.#lookAt(id, room, shard)
  }

  /** Its job began that runs once in the cluster. */
  singletonStarts(shard: Accused): void {
    this.#trace.add(this.#now(), 'is the one', shard.index)
    for (const other of this.#singletons) {
      if (other.runsSingleton()) {
        this.accuse('two singletons', `shards ${shard.index} (${shard.life}) and ${other.index} (${other.life})`)
      }
    }
    this.#singletons.add(shard)
  }

  singletonStops(shard: Accused): void {
    this.#singletons.delete(shard)
  }

  installed(shard: Accused, view: View, before: View | undefined): void {
    const name = `${view.generation}.${view.number}`
    const text = JSON.stringify(view)
    const known = this.#views.get(name)
    if (known === undefined) this.#views.set(name, text)
    else if (known !== text) this.accuse('two views of one number', `${name}: ${known} and ${text}`)
    if (before !== undefined && before.generation === view.generation && view.number <= before.number) {
      this.accuse('views out of order', `shard ${shard.index} went from ${before.number} to ${view.number}`)
    }
  }

  /** The epoch under which the room acted last, and who did. */
  actedLast(id: string): { readonly epoch: RoomEpoch; readonly life: string } | undefined {
    const room = this.#rooms.get(id)
    return room?.acted === undefined ? undefined : { epoch: room.acted, life: room.actedBy }
  }

  #lookAt(id: string, room: RoomRecord, shard: Accused): void {
    if (room.holders.size < 2) return
    for (const [other, epoch] of room.holders) {
      if (other === shard || !this.#isValid(other)) continue
      const left = (other.leaseEndTrueMs() - this.#now()).toFixed(1)
      this.accuse(
        'two active',
        `${id}: shards ${shard.index} (${shard.life}) and ${other.index} (${other.life}, ${epochText(epoch)}, lease for another ${left} ms)`,
      )
    }
  }

  #isValid(shard: Accused): boolean {
    return shard.leaseEndTrueMs() > this.#now()
  }

  #room(id: string): RoomRecord {
    let room = this.#rooms.get(id)
    if (room === undefined) {
      room = { holders: new Map(), acted: undefined, actedBy: '', actedMs: 0, owners: new Map() }
      this.#rooms.set(id, room)
    }
    return room
  }
}

export function epochText({ generation, view, k }: RoomEpoch): string {
  return `${generation}.${view}.${k}`
}
