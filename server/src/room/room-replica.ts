/**
 * A room as somebody keeps it who stands by: its match, computed again from the records as they come, and what its sessions have come to. Opened by the room host from a
 * keyframe, fed by the standby protocol; a room is restored from it. Pure: the clock is passed in.
 * To append is cheap, and never computes; what waits is replayed some at a time. Bounded: beyond 10 s of ticks, or 8 MB, it takes no more until some are replayed.
 */
import { type CompiledGame, NetError, Replica } from '@tickmesh/shared'
import type { StandbyReplica } from '../cluster/standby/standby-api.ts'
import { SessionLedger } from './session-ledger.ts'
import { type SessionNote, type StandbyHead, unpackHead, unpackNotes } from './session-notes.ts'
import type { Keyframe, TickRecord } from './standby-line.ts'

interface Waiting {
  readonly journal: Uint8Array
  readonly notes: readonly SessionNote[]
  readonly bytes: number
}

const MAX_WAITING_MS = 10_000
const MAX_WAITING_BYTES = 8 * 1024 * 1024
/** No room keeps more of its past. */
const MAX_HISTORY_TICKS = 2_048

export class RoomReplica implements StandbyReplica {
  readonly head: StandbyHead
  readonly game: CompiledGame
  /** The match, at the tick that was replayed last. */
  readonly match: Replica
  /** The same of its sessions. */
  readonly ledger: SessionLedger
  diverged: number | undefined
  /** Something in it was no record, or could not be computed: it stands before that tick, and nothing goes on from here. */
  isDamaged = false
  private readonly clock: { nowMs(): number }
  private readonly maxWaiting: number
  private queue: Waiting[] = []
  /** Of the queue: those before it are replayed. */
  private next = 0
  private bytes = 0
  private newest: number

  /** Throws GAME_MISMATCH, SCHEMA_MISMATCH or MALFORMED, or a JournalError. */
  constructor(game: CompiledGame, keyframe: Keyframe, clock: { nowMs(): number }) {
    const head = checkedHead(game, keyframe.about)
    this.head = head
    this.game = game
    this.clock = clock
    this.maxWaiting = Math.ceil((game.tickRate * MAX_WAITING_MS) / 1000)
    this.match = new Replica(game, head)
    this.match.load(keyframe.journal)
    this.ledger = new SessionLedger(game.maxPlayers)
    const notes = unpackNotes(keyframe.session)
    if (notes === undefined || !this.ledger.apply(notes)) throw malformed('the session notes of a keyframe')
    if (this.match.tick !== keyframe.tick) throw malformed(`a keyframe of tick ${keyframe.tick}`)
    this.newest = keyframe.tick
  }

  get tick(): number {
    return this.newest
  }

  /** The tick that it stands at. */
  get replayed(): number {
    return this.match.tick
  }

  get waiting(): number {
    return this.queue.length - this.next
  }

  /** Throws TOO_LARGE if too much waits, MALFORMED if it is damaged or not the next. */
  append({ tick, journal, session }: TickRecord): void {
    if (this.isDamaged) throw malformed('a record before this one')
    if (tick !== this.newest + 1) throw malformed(`tick ${tick}, after ${this.newest},`)
    const bytes = journal.length + session.length
    if (this.waiting >= this.maxWaiting || this.bytes + bytes > MAX_WAITING_BYTES) {
      const problem = `${this.waiting} ticks with ${this.bytes} bytes wait to be replayed already.`
      throw new NetError('TOO_LARGE', problem, 'Replay some, or start from another keyframe.')
    }
    const notes = session.length === 0 ? NO_NOTES : unpackNotes(session)
    if (notes === undefined) throw malformed(`the session notes of tick ${tick}`)
    this.queue.push({ journal, notes, bytes })
    this.bytes += bytes
    this.newest = tick
  }

  /** Stands still at a diverged tick, to explain it, unless all is to be replayed. What cannot be read, or computed, counts as diverged, and ends it. */
  replay(maxMs: number): void {
    const isAll = maxMs === Number.POSITIVE_INFINITY
    const untilMs = isAll ? maxMs : this.clock.nowMs() + maxMs
    while (this.next < this.queue.length && !this.isDamaged) {
      if (!isAll && (this.diverged !== undefined || this.clock.nowMs() >= untilMs)) break
      this.replayNext()
    }
    if (this.next * 2 < this.queue.length) return
    this.queue = this.queue.slice(this.next)
    this.next = 0
  }

  private replayNext(): void {
    const record = this.queue[this.next]
    if (record === undefined) return
    const tick = this.match.tick + 1
    try {
      if (!this.match.apply(record.journal)) this.diverged ??= tick
      if (this.match.tick !== tick || !this.ledger.apply(record.notes)) throw malformed(`tick ${tick}`)
      this.next++
      this.bytes -= record.bytes
    } catch {
      this.isDamaged = true
      this.diverged ??= tick
    }
  }

  explain(state: Uint8Array): string {
    try {
      return this.match.explain(state) ?? 'nothing that is kept'
    } catch (error) {
      return `it cannot be compared (${String(error).slice(0, 200)})`
    }
  }

  /** Of the state of the tick that it stands at. */
  hash(): number {
    return this.match.hash()
  }

  close(): void {
    this.isDamaged = true
    this.queue = []
    this.next = 0
    this.bytes = 0
  }
}

const NO_NOTES: readonly SessionNote[] = []

function malformed(what: string): NetError {
  return new NetError('MALFORMED', `${what} does not fit, or cannot be read.`, 'Ask for another keyframe.')
}

function checkedHead(game: CompiledGame, about: Uint8Array): StandbyHead {
  const head = unpackHead(about)
  if (head === undefined) throw malformed('the head of a keyframe')
  if (head.game !== game.id) {
    throw new NetError('GAME_MISMATCH', `the room plays "${head.game}", this shard "${game.id}".`, 'Deploy one game.')
  }
  if (head.schema !== game.schemaHash || head.worldInts !== game.worldInts || head.tickRate !== game.tickRate) {
    const problem = `the room has the schema ${head.schema.toString(16)}, this shard ${game.schemaHash.toString(16)}.`
    throw new NetError('SCHEMA_MISMATCH', problem, 'Rooms move between shards of one schema only.')
  }
  if (head.historyTicks < 1 || head.historyTicks > MAX_HISTORY_TICKS) throw malformed('the head of a keyframe')
  return head
}
