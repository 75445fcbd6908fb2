/**
 * The owner's side of one room: who holds it, and up to where. Made by `Standby` for each room that runs here; driven by ticks, answers and views.
 *
 * A holder is brought up (`joining`: not required), becomes required once it has all, and is required until it says that it is out or a view without it is installed. So
 * whoever could be named the successor has each tick that was ever called held. A slow holder delays nothing but that word: another is brought up, and replaces it.
 */
import type { StandbyMode, TickRecord } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { RoomEpoch } from '../view/view.ts'
import { HeldWord } from './held-word.ts'
import { Holder, SLOW_MS } from './holder.ts'
import { RecordLog } from './record-log.ts'
import type { JournalSource, ProtectedStatus } from './standby-api.ts'
import type { StandbyContext } from './standby-context.ts'
import { MAX_RECORD_BYTES, MAX_STATE_BYTES, type StandbyMessage } from './standby-messages.ts'

const MAX_LOG_BYTES = 8 * 1024 * 1024
const MAX_LOG_MS = 5_000
const REPLACE_EVERY_MS = 2_000
/** One that could not hold the room, or was given up, is not asked again for so long. */
const AVOID_MS = 10_000
const EXPLAIN_MS = 2_000

export class ProtectedRoom {
  readonly id: string
  readonly epoch: RoomEpoch
  readonly source: JournalSource
  readonly holders = new Map<Life, Holder>()
  mode: StandbyMode
  readonly #context: StandbyContext
  readonly #log: RecordLog
  readonly #avoided = new Map<Life, number>()
  /** As the keeper was told. */
  #told: readonly Life[] = []
  /** A tick that came out otherwise at a holder: from then on states are told. */
  #diverged: { readonly tick: number; explainByMs: number } | undefined
  #replacedMs = Number.NEGATIVE_INFINITY
  /** Holders came, went, or became slow: who is to hold the room is found out anew. */
  #mustChoose = true
  /** States of holders, their builds or the mode changed: the keeper hears of it. */
  #mustTell = false
  #required: readonly Holder[] = []
  readonly #word: HeldWord

  constructor(
    context: StandbyContext,
    /** `isContinued`: it ran before, in an earlier epoch. */
    room: { readonly id: string; readonly epoch: RoomEpoch; readonly isContinued?: boolean },
    source: JournalSource,
  ) {
    this.id = room.id
    this.epoch = room.epoch
    this.#word = new HeldWord(room.isContinued === true)
    this.source = source
    this.mode = context.options.mode
    this.#context = context
    this.#log = new RecordLog(-1)
  }

  get tick(): number {
    return this.#log.newest
  }

  get heldTick(): number {
    return this.#word.tick
  }

  /** Hot. Calls nothing of the source: a tick is under way. */
  append(record: TickRecord, nowMs: number): void {
    const log = this.#log
    const size = record.journal.length + record.session.length
    if (this.holders.size === 0 || record.tick !== log.newest + 1 || size > MAX_RECORD_BYTES) {
      // Nobody follows, or nobody can from here.
      log.clear(record.tick)
      for (const holder of this.holders.values()) holder.restart(nowMs)
      return
    }
    log.append(record, nowMs)
    for (const holder of this.holders.values()) holder.stream(log, nowMs)
    if (log.bytes > MAX_LOG_BYTES) this.#letGo(nowMs)
  }

  receive(holder: Holder, message: StandbyMessage, nowMs: number): void {
    if (message.t === 'dropped') {
      if (holder.state === 'leaving' && 'line' in message && message.line >= holder.line) this.#remove(holder, nowMs)
      return
    }
    if (message.t === 'fence' || message.t === 'fenced') return
    if (message.t === 'explained') return this.explained(message.tick, message.what)
    if (message.t === 'need' && message.line === 0) {
      // It has nothing, or nothing sound: it begins anew, unless that is under way.
      if (holder.isOpen) holder.restart(nowMs)
    } else if (this.#context.rules.counts(message.line, holder.line)) this.#answered(holder, message, nowMs)
    this.#settle(nowMs)
  }

  viewInstalled(nowMs: number): void {
    for (const holder of [...this.holders.values()])
      if (!this.#context.isMember(holder.life)) {
        holder.forget()
        this.holders.delete(holder.life)
      }
    this.#changed()
    this.look(nowMs)
  }

  /** What is due: retries, those who are slow, keyframes. Between two ticks. */
  look(nowMs: number): void {
    for (const [life, untilMs] of this.#avoided) if (nowMs >= untilMs) this.#mustChoose = this.#avoided.delete(life)
    for (const holder of [...this.holders.values()]) {
      holder.look(this.#log, nowMs)
      if (holder.isStuck(nowMs)) this.#avoid(holder, nowMs)
    }
    this.#letGo(nowMs)
    if (this.#hasSlow(nowMs)) this.#mustChoose = true
    const diverged = this.#diverged
    if (diverged !== undefined && nowMs >= diverged.explainByMs) this.explained(diverged.tick, NOT_KEPT)
    this.#settle(nowMs)
  }

  pin(life: Life, nowMs: number): void {
    const holder = this.holders.get(life)
    if (holder === undefined) this.#add(life, false, nowMs)
    else holder.isPinned = true
    this.#settle(nowMs)
  }

  unpin(life: Life, nowMs: number): void {
    const holder = this.holders.get(life)
    if (holder === undefined) return
    holder.isPinned = false
    this.#mustChoose = true
    this.#settle(nowMs)
  }

  /** A holder told what differed. */
  explained(tick: number, what: string): void {
    const diverged = this.#diverged
    if (diverged?.tick !== tick || diverged.explainByMs === Number.POSITIVE_INFINITY) return
    diverged.explainByMs = Number.POSITIVE_INFINITY
    this.#context.keeper.diverged(this.id, tick, what)
  }

  /** It is protected no more. */
  end(): void {
    if (this.#word.isFencing) this.#context.unfence(this.id, this.epoch)
    for (const holder of this.holders.values()) holder.forget()
    this.holders.clear()
  }

  status(nowMs: number): ProtectedStatus {
    const holders = [...this.holders.values()].map((holder) => ({
      life: holder.life,
      state: holder.state,
      tick: Math.max(0, holder.tick),
      lagMs: holder.lagMs(this.#log, nowMs),
    }))
    const { id, epoch, mode, heldTick } = this
    return { id, epoch, mode, tick: Math.max(0, this.tick), heldTick, holders }
  }

  #answered(holder: Holder, message: StandbyMessage, nowMs: number): void {
    switch (message.t) {
      case 'got':
        this.#mustTell ||= holder.build !== message.build
        return holder.got(message.bytes, message.build, nowMs)
      case 'held':
        holder.isKnowing = message.counts
        holder.has(message.tick, this.#log, nowMs)
        return this.#letGo(nowMs)
      case 'need':
        holder.has(message.tick, this.#log, nowMs)
        return holder.fill(message.tick, this.#log, nowMs)
      case 'refused':
        holder.isUnfit = true
        return this.#avoid(holder, nowMs)
      case 'diverged':
        return this.#differs(holder, message.tick, nowMs)
      default:
        return
    }
  }

  /** Who becomes a holder, who leaves; then what follows from that for the keeper; then keyframes for those who wait for one. Hot, but for what changed. */
  #settle(nowMs: number): void {
    this.#promote(nowMs)
    if (this.#mustChoose) {
      this.#dismiss(nowMs)
      this.#choose(nowMs)
    }
    if (this.#mustTell) this.#tell(nowMs)
    const wordRoom = { isWanted: () => this.#wanted() > 0, fence: (done: () => void) => this.#fenceOthers(nowMs, done) }
    if (this.#word.update(this.#context.rules, { required: this.#required, newest: this.tick }, wordRoom))
      this.#context.keeper.heldTo(this.id, this.heldTick)
    for (const holder of this.holders.values()) if (holder.wantsKeyframe) this.#bringUp(holder, nowMs)
  }

  #fenceOthers(nowMs: number, done: () => void): void {
    this.#context.fence(this.id, this.epoch, new Set(this.#required.map(({ life }) => life)), nowMs, done)
  }

  #promote(nowMs: number): void {
    const { rules } = this.#context
    for (const holder of this.holders.values()) {
      if (holder.state !== 'joining' || !holder.isOpen) continue
      const about = { tick: holder.tick, newest: this.tick, lagMs: holder.lagMs(this.#log, nowMs) }
      if (!rules.mayRequire({ ...about, heldTick: this.heldTick })) continue
      holder.state = 'holding'
      holder.wasRequired = true
      this.#changed()
    }
  }

  #changed(): void {
    this.#mustChoose = true
    this.#mustTell = true
  }

  /** One more than there are to be: the worst leaves. */
  #dismiss(nowMs: number): void {
    for (const holder of [...this.holders.values()]) if (holder.isUnfit) this.#leave(holder, nowMs)
    for (;;) {
      const holding = this.#core().filter(({ state }) => state === 'holding')
      const free = holding.filter(({ isPinned }) => !isPinned)
      if (holding.length <= this.#wanted() || free.length === 0) return
      const worst = free.reduce((a, b) => (this.#badness(b, nowMs) >= this.#badness(a, nowMs) ? b : a))
      const isSlow = this.#badness(worst, nowMs) > SLOW_MS
      if (!this.#leave(worst, nowMs)) return
      if (isSlow) this.#context.counts.replaced++
    }
  }

  /** How much better it would be without it. */
  #badness(holder: Holder, nowMs: number): number {
    const lagMs = holder.lagMs(this.#log, nowMs)
    return this.#eligible().includes(holder.life) ? lagMs : lagMs + SLOW_MS
  }

  #leave(holder: Holder, nowMs: number): boolean {
    if (holder.state === 'leaving') return false
    const others = this.#core().filter((other) => other !== holder && other.state === 'holding').length
    const { wasRequired, isUnfit: unfit } = holder
    if (!this.#context.rules.mayLeave({ wasRequired, others, wanted: this.#wanted(), unfit })) return false
    holder.leave(nowMs)
    this.#changed()
    return true
  }

  /** Finds out how many are missing, and whom to bring up. */
  #choose(nowMs: number): void {
    this.#mustChoose = false
    this.#releaseUnpinned(nowMs)
    const eligible = this.#eligible()
    const core = this.#core()
    const others = eligible.filter((life) => {
      const known = this.holders.get(life)
      return known === undefined || (!known.isCore && known.state !== 'leaving')
    })
    let missing = this.#wanted() - core.length
    if (missing <= 0 && others.length > 0 && this.#mayReplace(core, eligible, nowMs)) {
      // Told again until it may be.
      this.#mustChoose = nowMs - this.#replacedMs < REPLACE_EVERY_MS
      if (this.#mustChoose) return
      this.#replacedMs = nowMs
      missing = 1
    }
    for (const life of others.slice(0, Math.max(0, missing))) {
      const known = this.holders.get(life)
      if (known === undefined) this.#add(life, true, nowMs)
      else known.isCore = true
    }
  }

  /** One of them is slow, or drains, and nobody is being brought up. */
  #mayReplace(core: readonly Holder[], eligible: readonly Life[], nowMs: number): boolean {
    if (core.some(({ state }) => state === 'joining')) return false
    return core.some(
      (holder) => !holder.isPinned && (holder.isSlow(this.#log, nowMs) || !eligible.includes(holder.life)),
    )
  }

  /** What a move added and does not need any more stays, if a holder is missing anyway. */
  #releaseUnpinned(nowMs: number): void {
    for (const holder of [...this.holders.values()]) {
      if (holder.isCore || holder.isPinned || holder.state === 'leaving') continue
      if (this.#core().length < this.#wanted()) holder.isCore = true
      else this.#leave(holder, nowMs)
    }
  }

  #hasSlow(nowMs: number): boolean {
    for (const holder of this.holders.values()) {
      if (holder.isCore && !holder.isPinned && holder.isSlow(this.#log, nowMs)) return true
    }
    return false
  }

  #avoid(holder: Holder, nowMs: number): void {
    this.#avoided.set(holder.life, nowMs + AVOID_MS)
    this.#leave(holder, nowMs)
  }

  #core(): Holder[] {
    return [...this.holders.values()].filter(({ isCore, state }) => isCore && state !== 'leaving')
  }

  #eligible(): readonly Life[] {
    const { options, isMember } = this.#context
    return options
      .candidates(this.id)
      .filter((life) => life !== options.life && isMember(life) && !this.#avoided.has(life))
  }

  /** How many are to hold it, as far as there are others. */
  #wanted(): number {
    const lives = new Set(this.#eligible())
    for (const { life, state } of this.holders.values()) if (state !== 'leaving') lives.add(life)
    return Math.min(this.#context.options.holders, lives.size)
  }

  #add(life: Life, isCore: boolean, nowMs: number): void {
    if (!this.#context.isMember(life) || life === this.#context.options.life) return
    this.holders.set(life, new Holder(this.#context, { room: this.id, epoch: this.epoch, life }, isCore, nowMs))
  }

  #remove(holder: Holder, nowMs: number): void {
    holder.forget()
    this.holders.delete(holder.life)
    this.#changed()
    this.#settle(nowMs)
  }

  #bringUp(holder: Holder, nowMs: number): void {
    const keyframe = this.source.keyframe()
    if (keyframe.tick !== this.#log.newest) {
      this.#log.clear(keyframe.tick)
      for (const other of this.holders.values()) if (other.isOpen) other.restart(nowMs)
    }
    holder.begin(keyframe, nowMs)
    if (holder.isUnfit) this.#avoid(holder, nowMs)
  }

  /** Lets go of records that nobody needs, and of those that somebody has needed for too long. */
  #letGo(nowMs: number): void {
    const log = this.#log
    let needed = log.newest
    let isBringingUp = false
    for (const holder of this.holders.values()) {
      needed = Math.min(needed, holder.behindFrom ?? needed)
      if (!holder.isOpen && holder.behindFrom !== undefined) isBringingUp = true
    }
    log.letGo(needed)
    const oldestMs = log.timeOf(log.first) ?? nowMs
    if (log.bytes <= MAX_LOG_BYTES && (isBringingUp || nowMs - oldestMs <= MAX_LOG_MS)) return
    log.clear(log.newest)
    for (const holder of this.holders.values())
      if ((holder.behindFrom ?? log.newest) < log.newest) holder.restart(nowMs)
  }

  #differs(holder: Holder, tick: number, nowMs: number): void {
    const state = this.source.stateAt(tick)
    const { id: room, epoch } = this
    const isKept = state !== undefined && state.length <= MAX_STATE_BYTES
    if (isKept)
      this.#context.send(holder.life, { t: 'state', room, epoch, line: holder.line, tick, bytes: state }, 'stream')
    if (this.#diverged !== undefined) return
    this.#context.counts.diverged++
    this.#diverged = { tick, explainByMs: nowMs + EXPLAIN_MS }
    this.#mustTell = true
    if (!isKept) this.explained(tick, NOT_KEPT)
  }

  #modeNow(): StandbyMode {
    const { options } = this.#context
    if (options.mode === 'states' || this.#diverged !== undefined) return 'states'
    for (const { build } of this.holders.values()) if (build !== undefined && build !== options.build) return 'states'
    return 'inputs'
  }

  /** The keeper hears of what changed. Ticks told in another way need a keyframe first. */
  #tell(nowMs: number): void {
    this.#mustTell = false
    const { rules, keeper } = this.#context
    const all = [...this.holders.values()]
    this.#required = all.filter((holder) => rules.isRequired(holder))
    const holders = all.filter(({ state }) => state === 'holding').map(({ life }) => life)
    const mode = this.#modeNow()
    const isOtherMode = mode !== this.mode
    if (!isOtherMode && holders.length === this.#told.length && holders.every((life, at) => life === this.#told[at]))
      return
    this.#told = holders
    this.mode = mode
    keeper.holdersChanged(this.id, holders, mode)
    if (isOtherMode) for (const holder of all) if (holder.state !== 'leaving') holder.restart(nowMs)
  }
}

const NOT_KEPT = 'the state of that tick is not kept any more'
