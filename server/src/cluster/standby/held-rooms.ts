/**
 * The holder's side: the rooms of others that this shard could go on with. Takes keyframes and records of each room's owner in its epoch, in order, answers at once, and
 * replays now and then. Made by `Standby`.
 *
 * What it acknowledged it has, until the owner says `drop`, it takes the room over, or a newer epoch was heard of and nobody wanted it for a while.
 */
import type { Life } from '../life.ts'
import { compareEpochs, isSameEpoch, type RoomEpoch } from '../view/view.ts'
import { HeldCopy } from './held-room.ts'
import { type Arriving, Incoming, keyframeOf } from './incoming.ts'
import type { HeldRoom, StandbyReplica } from './standby-api.ts'
import type { StandbyContext } from './standby-context.ts'
import { type HoldMessage, MAX_WHAT, type RecordsMessage, type StandbyMessage } from './standby-messages.ts'

const MAX_HELD = 10_000
const MAX_KNOWN = 20_000
/** Its owner says nothing for so long: is it still needed? */
const SILENT_MS = 10_000
const ASK_AGAIN_MS = 2_000
/** A newer epoch was heard of: after so long nobody wants it any more. */
const FENCED_MS = 10_000
/** Its owner is gone, and nobody took it over: it stays for so long. */
const ABANDONED_MS = 600_000
const REPLAY_EVERY_MS = 250
/** Of one room, and rooms in one call: other work comes between. */
const REPLAY_BUDGET_MS = 4
const REPLAY_ROOMS = 2
const REPLAY_PAUSE_MS = 1
const SAY_DIVERGED_MS = 500

type OfLine = { readonly room: string; readonly epoch: RoomEpoch; readonly line: number }

export class HeldRooms {
  readonly #held = new Map<string, HeldCopy>()
  readonly #incoming = new Incoming()
  /** The highest epoch that was heard of, by room. What is forgotten first was heard of first. */
  readonly #known = new Map<string, RoomEpoch>()
  readonly #context: StandbyContext
  /** When to replay next. */
  #replayMs = Number.POSITIVE_INFINITY

  constructor(context: StandbyContext) {
    this.#context = context
  }

  get held(): ReadonlyMap<string, HeldRoom> {
    return this.#held
  }

  get isEmpty(): boolean {
    return this.#held.size === 0 && this.#incoming.size === 0
  }

  get nextMs(): number {
    return this.#replayMs
  }

  replicaOf(room: string): StandbyReplica | undefined {
    return this.#held.get(room)?.replica
  }

  /** The replica is the caller's from now on. */
  take(room: string, epoch: RoomEpoch, nowMs: number): StandbyReplica | undefined {
    const copy = this.#held.get(room)
    if (copy === undefined || !this.#context.rules.mayTakeOver(copy, epoch)) return undefined
    this.#held.delete(room)
    this.fence(room, epoch, nowMs)
    return copy.replica
  }

  /** Nothing lower is taken from now on. */
  fence(room: string, epoch: RoomEpoch, nowMs: number): void {
    const { rules } = this.#context
    const known = this.#known.get(room)
    if (known === undefined || !rules.isRefused(epoch, known)) this.#know(room, epoch)
    const newest = this.#known.get(room) ?? epoch
    const copy = this.#held.get(room)
    if (copy !== undefined && copy.fencedMs === Number.POSITIVE_INFINITY && rules.isRefused(copy.epoch, newest))
      copy.fencedMs = nowMs
    const arriving = this.#incoming.get(room)
    if (arriving !== undefined && rules.isRefused(arriving.epoch, newest)) this.#incoming.delete(room)
  }

  /** Its owner has a holder in this epoch: what is held of it in an earlier one is the past, and must not come back. */
  outdated(room: string, epoch: RoomEpoch, nowMs: number): void {
    this.fence(room, epoch, nowMs)
    const copy = this.#held.get(room)
    if (copy === undefined || !this.#context.rules.isRefused(copy.epoch, epoch)) return
    this.#held.delete(room)
    copy.replica.close()
  }

  /** This shard runs the room itself now: what it held of it is the past. */
  forget(room: string): void {
    this.#incoming.delete(room)
    this.#held.get(room)?.replica.close()
    this.#held.delete(room)
  }

  /** It is over, up to this epoch. */
  over(room: string, epoch: RoomEpoch): void {
    const copy = this.#held.get(room)
    if (copy !== undefined && compareEpochs(copy.epoch, epoch) <= 0) this.forget(room)
  }

  hold(from: Life, message: HoldMessage, nowMs: number): void {
    const { room, epoch, line, bytes, offset } = message
    const copy = this.#held.get(room)
    if (this.#refuses(room, epoch)) return
    if (copy !== undefined && copy.owner === from && copy.line >= line) {
      // It has it: the answer was lost.
      if (copy.line === line) this.#say(from, heldBy(copy))
      return
    }
    let arriving = this.#incoming.get(room)
    if (arriving === undefined || arriving.owner !== from || arriving.line < line) {
      if (offset > 0) return this.#say(from, { t: 'need', room, epoch, line: 0, tick: 0 })
      arriving =
        this.#held.size < MAX_HELD || copy !== undefined ? this.#incoming.begin(from, message, nowMs) : undefined
      if (arriving === undefined) return this.#say(from, { t: 'refused', room, epoch, line, why: 'full' })
    } else if (arriving.line > line) return
    arriving.heardMs = nowMs
    if (copy?.owner === from) copy.heardMs = nowMs
    if (offset === arriving.received && arriving.received + bytes.length <= arriving.total) {
      arriving.chunks.push(bytes)
      arriving.received += bytes.length
      this.#context.counts.bytesReceived += bytes.length
    }
    const { build } = this.#context.options
    this.#say(from, { t: 'got', room, epoch, line, bytes: arriving.received, build })
    if (arriving.received === arriving.total) this.#open(room, arriving, nowMs)
  }

  /** Hot. Answers before anything is replayed. */
  records(from: Life, { room, epoch, line, from: first, records, counts }: RecordsMessage, nowMs: number): void {
    if (this.#refuses(room, epoch)) return
    const copy = this.#held.get(room)
    if (copy === undefined) {
      // A keyframe that is on its way has all of this, or it is said again.
      if (!this.#incoming.get(room)) this.#say(from, { t: 'need', room, epoch, line: 0, tick: 0 })
      return
    }
    const { rules } = this.#context
    const offered = { owner: from, epoch, line, tick: first }
    if (rules.fits(copy, offered) === 'refuse') return
    copy.heardMs = nowMs
    copy.isHolder ||= counts
    let isWhole = true
    for (let i = 0; i + 1 < records.length && isWhole && !copy.isFull; i += 2) {
      const fit = rules.fits(copy, { ...offered, tick: first + (i >> 1) })
      const [journal, session] = [records[i], records[i + 1]]
      if (fit === 'gap' || journal === undefined || session === undefined) isWhole = false
      else if (fit === 'take') {
        if (!copy.take(first + (i >> 1), journal, session))
          return this.#say(from, { t: 'need', room, epoch, line: 0, tick: 0 })
        this.#context.counts.bytesReceived += journal.length + session.length
      }
    }
    if (copy.replica.waiting > 0) this.#replayMs = Math.min(this.#replayMs, copy.replayMs)
    this.#say(from, isWhole ? heldBy(copy) : { t: 'need', ...lineOf(copy), tick: copy.tick })
  }

  /** In an epoch that is over nothing is confirmed: an old owner would take its successor for one who holds nothing, and ask it no more. */
  drop(from: Life, { room, epoch, line }: OfLine): void {
    if (this.#refuses(room, epoch)) return
    const word = { owner: from, epoch, line }
    const copy = this.#held.get(room)
    if (copy !== undefined && this.#context.rules.mayDrop(copy, word)) {
      this.#held.delete(room)
      copy.replica.close()
    }
    const arriving = this.#incoming.get(room)
    if (arriving !== undefined && this.#context.rules.mayDrop(arriving, word)) this.#incoming.delete(room)
    // It has nothing of that, be it that it never had.
    this.#say(from, { t: 'dropped', room, epoch, line })
  }

  /** What the diverged tick was at its owner. */
  explain(from: Life, { room, line, tick }: OfLine & { readonly tick: number }, bytes: Uint8Array): void {
    const copy = this.#held.get(room)
    if (copy === undefined || copy.owner !== from || copy.line !== line || copy.hasExplained) return
    if (copy.replica.diverged !== tick) return
    copy.hasExplained = true
    const what = copy.replica.explain(bytes).slice(0, MAX_WHAT)
    this.#context.counts.diverged++
    this.#say(from, { t: 'explained', ...lineOf(copy), tick, what })
    this.#context.keeper.diverged(room, tick, what)
  }

  /** Asks, and lets go of, what is not heard of any more. */
  look(nowMs: number): void {
    this.#incoming.letGoOfSilent(nowMs)
    for (const copy of this.#held.values()) {
      const isAbandoned = !this.#context.isMember(copy.owner) && nowMs - copy.heardMs > ABANDONED_MS
      if (isAbandoned || (nowMs - copy.fencedMs > FENCED_MS && this.#incoming.get(copy.id) === undefined)) {
        this.forget(copy.id)
      } else if (nowMs - copy.heardMs > SILENT_MS && nowMs - copy.askedMs > ASK_AGAIN_MS) {
        copy.askedMs = nowMs
        if (this.#context.isMember(copy.owner)) this.#say(copy.owner, { t: 'need', ...lineOf(copy), tick: copy.tick })
      }
    }
  }

  /** Replays some rooms that wait for it, in turn. */
  replay(nowMs: number): void {
    if (nowMs < this.#replayMs) return
    let left = REPLAY_ROOMS
    this.#replayMs = Number.POSITIVE_INFINITY
    for (const copy of this.#held.values()) {
      if (copy.replica.waiting === 0) continue
      if (nowMs >= copy.replayMs && left > 0) {
        left--
        this.#replayOne(copy, nowMs)
      }
      const nextMs = Math.max(copy.replayMs, nowMs + REPLAY_PAUSE_MS)
      if (copy.replica.waiting > 0) this.#replayMs = Math.min(this.#replayMs, nextMs)
    }
  }

  stop(): void {
    for (const { replica } of this.#held.values()) replica.close()
    this.#held.clear()
    this.#incoming.clear()
    this.#known.clear()
    this.#replayMs = Number.POSITIVE_INFINITY
  }

  #replayOne(copy: HeldCopy, nowMs: number): void {
    const before = copy.replica.waiting
    copy.replica.replay(REPLAY_BUDGET_MS)
    // What the budget did not allow comes soon, else what has come until then. One that came out otherwise stands still.
    const { waiting } = copy.replica
    copy.replayMs = nowMs + (waiting > 0 && waiting < before ? REPLAY_PAUSE_MS : REPLAY_EVERY_MS)
    // Others come first the next time.
    this.#held.delete(copy.id)
    this.#held.set(copy.id, copy)
    const { diverged } = copy.replica
    if (diverged === undefined || copy.hasExplained || nowMs - copy.saidDivergedMs < SAY_DIVERGED_MS) return
    copy.saidDivergedMs = nowMs
    this.#say(copy.owner, { t: 'diverged', ...lineOf(copy), tick: diverged })
  }

  #open(room: string, arriving: Arriving, nowMs: number): void {
    const { owner, epoch, line } = arriving
    this.#incoming.delete(room)
    const replica = this.#context.keeper.openReplica(room, epoch, keyframeOf(arriving))
    if (replica === undefined) return this.#say(owner, { t: 'refused', room, epoch, line, why: 'unreadable' })
    const before = this.#held.get(room)
    before?.replica.close()
    const copy = new HeldCopy({ id: room, owner, epoch, line }, replica, nowMs)
    copy.isHolder = before?.owner === owner && isSameEpoch(before.epoch, epoch) && before.isHolder
    this.#held.set(room, copy)
    this.fence(room, epoch, nowMs)
    this.#say(owner, heldBy(copy))
  }

  #refuses(room: string, epoch: RoomEpoch): boolean {
    const { rules } = this.#context
    return rules.isRefused(epoch, this.#known.get(room)) || rules.isRefused(epoch, this.#held.get(room)?.epoch)
  }

  #know(room: string, epoch: RoomEpoch): void {
    this.#known.delete(room)
    this.#known.set(room, epoch)
    const [first] = this.#known.keys()
    if (this.#known.size > MAX_KNOWN && first !== undefined) this.#known.delete(first)
  }

  /**
   * `held` goes by datagram: it stands alone and counts upwards, so that one that is lost, doubled or late does no harm, and it does not queue behind the keyframes and
   * records that this shard sends to the same peer. The rest is rare, and goes in order.
   */
  #say(to: Life, message: StandbyMessage): void {
    this.#context.send(to, message, message.t === 'held' || message.t === 'got' ? 'datagram' : 'stream')
  }
}

function heldBy(copy: HeldCopy): StandbyMessage {
  return { t: 'held', ...lineOf(copy), tick: copy.tick, counts: copy.isHolder }
}

function lineOf({ id, epoch, line }: HeldCopy): OfLine {
  return { room: id, epoch, line }
}
