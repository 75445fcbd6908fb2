/**
 * The rooms of a shard: opens, restores, moves and closes them as the cluster says, over the room host, ties each to those who stand by for it, and lists them in the
 * lobby. Implements what the node asks of its shard (`RoomKeeper`, `StandbyKeeper`, `MoveKeeper`). Made by a shard's composition (net/shard-cluster.ts, the simulation), which
 * calls `list` some times a second. Pure.
 * A room that ended by itself is told to the cluster, once its effects are carried out; one that was closed for it is not. A halted room runs no ticks, and is kept until it is known who goes on with it.
 */
import type { CloseReason, EpochTriple } from '@tickmesh/shared'
import { bestHaltMs } from '../../room/room-pause.ts'
import { RoomReplica } from '../../room/room-replica.ts'
import type { Keyframe, StandbyMode } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { Halt, MoveKeeper } from '../migrate/migrate-api.ts'
import type { HeldClaim, RoomKeeper } from '../ring/rooms-api.ts'
import type { StandbyKeeper } from '../standby/standby-api.ts'
import { compareEpochs, memberOf, type RoomEpoch } from '../view/view.ts'
import {
  type HostedRoom,
  type HostingCounts,
  type HostingOptions,
  type KeptHost,
  type KeptRoom,
  NO_HOSTING,
} from './hosting-api.ts'
import { NOT_YET, RoomLine } from './room-line.ts'
import { RoomLister } from './room-lister.ts'

/** Clients dial again, and are sent to whoever knows more. */
const NOT_OURS: CloseReason = { code: 'STALE_EPOCH', message: 'this shard does not own the room any more.' }

/** For rooms that were on disk: after the first view of a cluster that was restarted, others of it come, and some claims are made again. */
const STORED_MS = 60_000

export class HostedRooms implements RoomKeeper, StandbyKeeper, MoveKeeper {
  readonly counts: { -readonly [K in keyof HostingCounts]: HostingCounts[K] } = { ...NO_HOSTING }
  readonly #options: HostingOptions
  readonly #host: KeptHost
  readonly #epochs = new Map<string, RoomEpoch>()
  readonly #lines = new Map<string, RoomLine>()
  /** Rooms that stopped for good in their epoch, and what a claim says of them. */
  readonly #halted = new Map<string, HeldClaim>()
  readonly #lister: RoomLister
  #draining = false
  /** Until when rooms on disk are spoken of: nobody wants those back that nobody took over in this time. */
  #storedUntilMs: number | undefined

  constructor(options: HostingOptions) {
    this.#options = options
    this.#host = options.host
    this.#lister = new RoomLister(() => options.life()?.lobby, options.note)
  }

  /** Of a room that runs here. */
  epochOf(id: string): RoomEpoch | undefined {
    return this.#epochs.get(id)
  }

  /** A room that others run, and that this shard could go on with: whoever comes for it waits here. */
  standsBy(id: string): boolean {
    return this.#halted.has(id) || this.#options.life()?.standby.held.has(id) === true
  }

  open(id: string, epoch: RoomEpoch, created: Readonly<Record<string, unknown>>): boolean {
    if (this.#draining) return false
    // One of an older epoch is not the room that the cluster means.
    this.close(id, 'lost-ownership')
    return this.#run(id, epoch, (about) => this.#host.openRoom(id, { ...about, created }))
  }

  takeOver(id: string, epoch: RoomEpoch): boolean {
    const halted = this.#halted.get(id)
    // Whoever it was moved to may have made this shard its holder since: then that is what goes on.
    if (halted !== undefined && !isNewer(this.#options.life()?.standby.held.get(id), halted)) {
      this.goOn(id, epoch)
      // It may have been ended by hand meanwhile.
      return this.#epochs.has(id)
    }
    const { life, note, nowMs } = this.#options
    const fromMs = nowMs()
    const replica = life()?.standby.takeOver(id, epoch, fromMs) ?? this.#fromStore(id)
    if (!(replica instanceof RoomReplica)) return false
    const waiting = replica.waiting
    if (!this.#restore(id, epoch, replica)) return false
    const ms = nowMs() - fromMs
    const { counts } = this
    counts.takenOver++
    counts.replayedTicks = waiting
    counts.replayMs = ms
    counts.replayMaxMs = Math.max(counts.replayMaxMs, ms)
    note('room-taken-over', `the room "${id}" goes on here after tick ${replica.tick}; ${waiting} ticks were replayed`)
    return true
  }

  /** A replica of what this shard wrote down before all shards were restarted. */
  #fromStore(id: string): RoomReplica | undefined {
    const stored = this.#options.store?.load(id)
    if (stored === undefined) return undefined
    try {
      const replica = this.#host.openReplica(stored.keyframe)
      for (const record of stored.records) {
        replica.append(record)
        replica.replay(Number.POSITIVE_INFINITY)
      }
      return replica
    } catch (error) {
      this.#options.note('journal-unreadable', `the journal of the room "${id}" on disk is of no use: ${String(error)}`)
      this.#options.store?.drop(id)
      return undefined
    }
  }

  /** Restores a room from a replica that is this shard's own by now. */
  #restore(id: string, epoch: RoomEpoch, replica: RoomReplica, late?: Uint8Array): boolean {
    try {
      replica.replay(Number.POSITIVE_INFINITY)
    } catch (error) {
      this.#options.note('replay-failed', `the journal of the room "${id}" cannot be replayed: ${String(error)}`)
      return false
    }
    if (replica.diverged !== undefined)
      this.#options.note('replay-differs', `the room "${id}" came out otherwise from tick ${replica.diverged} on`)
    this.close(id, 'lost-ownership')
    const { created } = replica.head
    return this.#run(id, epoch, (about) => this.#host.restoreRoom(id, { ...about, created }, replica, late))
  }

  #run(id: string, epoch: RoomEpoch, open: (about: Omit<HostedRoom, 'created'>) => KeptRoom): boolean {
    const { mode, note, store } = this.#options
    const line = new RoomLine(mode, (record) => {
      const { life, nowMs, wake } = this.#options
      life()?.standby.append(id, record, nowMs())
      store?.record(id, record)
      wake()
    })
    this.#epochs.set(id, epoch)
    this.#lines.set(id, line)
    try {
      line.room = open({ epoch: tripleOf(epoch), standby: line })
    } catch (error) {
      this.#epochs.delete(id)
      this.#lines.delete(id)
      note('room-not-opened', `the room "${id}" could not be opened: ${String(error)}`)
      return false
    }
    this.#protect(id, epoch, line)
    store?.began(id, epoch, () => line.keyframe())
    // At once, as it is: a private room must not be seen, and matches look for attributes.
    this.#list(id, epoch)
    this.#options.onOpened?.(id)
    return true
  }

  #protect(id: string, epoch: RoomEpoch, line: RoomLine): void {
    const { life, nowMs } = this.#options
    life()?.standby.protect(id, epoch, line, nowMs())
  }

  #unprotect(id: string, why: 'ended' | 'moved'): void {
    const { life, nowMs } = this.#options
    this.#lines.delete(id)
    this.#options.store?.ended(id)
    life()?.standby.unprotect(id, why, nowMs())
  }

  close(id: string, why: 'lost-ownership' | 'removed'): void {
    const wasHere = this.#epochs.delete(id)
    if (!this.#halted.delete(id) && !wasHere) return
    this.#lister.unlist(id)
    if (why === 'removed') this.#options.store?.shelved(id)
    this.#unprotect(id, 'moved')
    this.#options.note('room-taken', `the room "${id}" is not this shard's any more: ${why}`)
    this.#host.dropRoom(id, NOT_OURS)
  }

  /** The host says that a room ended. It stays protected until what it had to do outside is done: should this shard die now, a successor does it. */
  ended(id: string): void {
    this.#lister.unlist(id)
  }

  /** The host says that nothing is left to do for a room that ended. True: the cluster has to hear of it. */
  over(id: string): boolean {
    const ran = this.#epochs.delete(id)
    const wasOurs = this.#halted.delete(id) || ran
    if (wasOurs) this.#unprotect(id, 'ended')
    return wasOurs
  }

  holds(): HeldClaim[] {
    const claims = new Map<string, HeldClaim>()
    for (const claim of this.#stored()) claims.set(claim.id, claim)
    for (const claim of this.#options.life()?.standby.held.values() ?? [])
      if (claim.isHolder) claims.set(claim.id, claim)
    for (const claim of this.#halted.values()) if (!isNewer(claims.get(claim.id), claim)) claims.set(claim.id, claim)
    return [...claims.values()]
  }

  /** What was written down before all shards were restarted. If the cluster lived on meanwhile, it knows better; and so it does once it has been there for a while. */
  #stored(): HeldClaim[] {
    const { life, store, nowMs } = this.#options
    const generation = life()?.view?.generation
    if (store === undefined || generation === undefined) return []
    this.#storedUntilMs ??= nowMs() + STORED_MS
    const isOver = nowMs() > this.#storedUntilMs
    for (const { id, epoch } of store.found) if (isOver || epoch.generation >= generation) store.drop(id)
    return [...store.found]
  }

  lost(id: string): void {
    this.counts.lost++
    this.#options.note('room-lost', `the room "${id}" is lost: its shard and all who stood by for it are gone`)
    this.#options.onLost?.(id)
  }

  /** This life is over: what is left ends, and the next life's lobby knows of nothing. */
  closeAll(): void {
    for (const id of [...this.#epochs.keys(), ...this.#halted.keys()]) this.close(id, 'removed')
    this.#storedUntilMs = undefined
    this.#lister.clear()
  }

  drain(): void {
    this.#draining = true
  }

  load(): number {
    return this.#draining ? 1 : this.#host.load
  }

  loadOf(life: Life): number {
    return this.#options.life()?.lobby.loadOf(life) ?? 0
  }

  /** Tells the lobby what changed since it was called last. */
  list(): void {
    for (const [id, epoch] of this.#epochs) this.#list(id, epoch)
  }

  #list(id: string, epoch: RoomEpoch): void {
    const about = { draining: this.#draining, holders: this.#lines.get(id)?.holders ?? [] }
    this.#lister.list(id, epoch, this.#host.roomNamed(id), about)
  }

  // Standby.

  heldTo(room: string, tick: number): void {
    this.#lines.get(room)?.heldTo(tick)
  }

  holdersChanged(room: string, holders: readonly Life[], mode: StandbyMode): void {
    const view = this.#options.life()?.view
    const isTold = this.#options.carries !== true
    const urls = isTold ? holders.flatMap((life) => (view && memberOf(view, life)?.url) ?? []) : []
    this.#lines.get(room)?.holdersChanged(holders, urls, mode)
  }

  openReplica(room: string, _epoch: RoomEpoch, keyframe: Keyframe): RoomReplica | undefined {
    try {
      return this.#host.openReplica(keyframe)
    } catch (error) {
      this.#options.note('cannot-stand-by', `the room "${room}" cannot be held here: ${String(error)}`)
      return undefined
    }
  }

  diverged(room: string, tick: number, what: string): void {
    const problem = `the room "${room}" came out otherwise at a holder in tick ${tick}: ${what}`
    this.#options.note(
      'not-deterministic',
      `${problem}. This game is not deterministic here; its states are sent instead`,
    )
  }

  // Moves.

  announce(room: string, url: string): void {
    if (this.#options.carries !== true) this.#host.roomNamed(room)?.announceMove(url)
  }

  connected(room: string): number {
    // Those who are carried come when it has moved.
    return this.#options.carries === true ? 0 : (this.#host.roomNamed(room)?.connectedPlayers ?? 0)
  }

  bestHaltMs(room: string): number {
    const running = this.#host.roomNamed(room)
    const nowMs = this.#options.nowMs()
    return running === undefined ? nowMs : bestHaltMs(running, nowMs)
  }

  halt(room: string): Halt | undefined {
    const [running, epoch] = [this.#host.roomNamed(room), this.#epochs.get(room)]
    if (running === undefined || epoch === undefined) return undefined
    const halt = running.halt()
    this.#epochs.delete(room)
    this.#halted.set(room, { id: room, epoch, tick: halt.tick })
    return halt
  }

  goOn(room: string, epoch: RoomEpoch): void {
    const running = this.#host.roomNamed(room)
    const line = this.#lines.get(room)
    if (running === undefined || line === undefined) return
    this.#halted.delete(room)
    const { life, nowMs, note } = this.#options
    this.#epochs.set(room, epoch)
    line.heldTick = NOT_YET
    running.goOn(tripleOf(epoch))
    life()?.standby.unprotect(room, 'moved', nowMs())
    this.#protect(room, epoch, line)
    this.#options.onOpened?.(room)
    note('room-goes-on', `the room "${room}" was not moved, and goes on here`)
  }

  calledOff(room: string): void {
    this.#host.roomNamed(room)?.announceMove('')
  }

  handedOver(room: string, to: Life, url: string, epoch: RoomEpoch): void {
    if (!this.#halted.delete(room)) return
    this.#lister.unlist(room)
    this.#unprotect(room, 'moved')
    if (this.#options.carries === true) this.#host.dropRoom(room, NOT_OURS)
    else this.#host.handOver(room, { url, epoch: tripleOf(epoch) })
    this.#options.note('room-moved', `the room "${room}" goes on at ${url} (${to})`)
  }

  expect(room: string, isExpected: boolean): void {
    const replica = isExpected ? this.#options.life()?.standby.replicaOf(room) : undefined
    this.#host.expectRoom(room, replica instanceof RoomReplica ? replica : undefined)
  }

  arrived(room: string): number {
    return this.#host.arrived(room)
  }

  openAt(room: string, epoch: RoomEpoch, halt: Halt): boolean {
    const { life, nowMs } = this.#options
    const standby = life()?.standby
    const replica = standby?.replicaOf(room)
    if (standby === undefined || !(replica instanceof RoomReplica)) return false
    try {
      replica.replay(Number.POSITIVE_INFINITY)
    } catch (error) {
      this.#options.note('replay-failed', `the journal of the room "${room}" cannot be replayed: ${String(error)}`)
      return false
    }
    if (replica.tick !== halt.tick || replica.hash() !== halt.hash) {
      this.#options.note(
        'room-not-moved',
        `the room "${room}" is not the same here in tick ${halt.tick}, and stays where it was`,
      )
      return false
    }
    if (standby.takeOver(room, epoch, nowMs()) !== replica) return false
    return this.#restore(room, epoch, replica, halt.late)
  }
}

function isNewer(held: HeldClaim | undefined, than: HeldClaim): boolean {
  return held !== undefined && compareEpochs(held.epoch, than.epoch) > 0
}

export function tripleOf({ generation, view, k }: RoomEpoch): EpochTriple {
  return [generation, view, k]
}
