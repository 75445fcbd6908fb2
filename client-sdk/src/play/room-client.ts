/**
 * One player's side of a room: turns frames into worlds, runs the ticks, and composes what to draw. Pure but for its host:
 * the same code runs in browsers, in bots and on virtual time. Messages that are not frames go to `RoomState`.
 */
import {
  ByteReader,
  type CompiledGame,
  createFrameHead,
  decodeFrameHead,
  EventLog,
  type FrameHead,
  PROVISIONAL_SNAPSHOT,
  packControl,
  SnapshotDecoder,
  SnapshotRing,
  TAGGED_SNAPSHOT,
} from '@tickmesh/shared'
import type { ClientHost } from './client-host.ts'
import type { ClockSync } from './clock-sync.ts'
import type { Outlet } from './current-link.ts'
import { EventTracker } from './event-tracker.ts'
import { InputLatch } from './input-latch.ts'
import { InputSender } from './input-sender.ts'
import { KnownTicks } from './known-ticks.ts'
import { DEFAULT_LEAD, LeadController, type LeadOptions, ORDERED_LEAD } from './lead.ts'
import { countHead, createCounts, type PlayCounts } from './play-counts.ts'
import type { PlayOptions } from './play-options.ts'
import { Playback } from './playback.ts'
import { Prediction } from './prediction.ts'
import { Screen } from './screen.ts'
import { Smoothing } from './smoothing.ts'
import { StallWatch } from './stall.ts'
import { Timeline } from './timeline.ts'

/** Frames that are kept: they serve as baselines, for drawing and for seenBy. */
const KEPT_TICKS = 128
/** A longer gap than this is jumped over, instead of being caught up with a burst of inputs. */
const CATCH_UP_MS = 200
/** Local time is looked at no less often, so that a gap in it is one. */
const MAX_WAIT_MS = 100
/** Requests for a full frame, while no inputs are sent that could carry them. */
const FULL_REQUEST_MS = 250
/** A provisional frame says that so many ticks are not held, or more. */
const UNKNOWN_BEHIND = 255
/** From the frame on the screen to the tick that takes up what was done on seeing it: a display frame, and up to a tick. */
const LOOK_MS = 35

export class RoomClient {
  readonly clock: ClockSync
  readonly playback: Playback
  readonly prediction: Prediction
  readonly smoothing: Smoothing
  readonly events: EventTracker
  readonly screen: Screen
  readonly latch: InputLatch
  readonly lead: LeadController
  readonly counts: PlayCounts = createCounts()
  /** The frames that were decoded, by tick. */
  readonly frames: SnapshotRing
  newestTick = -1
  readonly timeline: Timeline
  readonly #game: CompiledGame
  readonly #link: Outlet
  readonly #host: ClientHost
  readonly #options: PlayOptions
  readonly #decoder: SnapshotDecoder
  readonly #serverEvents: EventLog
  readonly #head: FrameHead = createFrameHead()
  readonly #reader = new ByteReader()
  readonly #scratch: Int32Array
  /** By tick: the snapshot that its frame was built on. */
  readonly #baselineOf = new Int32Array(KEPT_TICKS).fill(-1)
  readonly #sender: InputSender
  readonly #stall: StallWatch
  readonly #knownHeads = new KnownTicks()
  #fullAskedMs = Number.NEGATIVE_INFINITY
  #drawnMs = Number.NaN
  #drawnAt = 0

  constructor(game: CompiledGame, link: Outlet, host: ClientHost, clock: ClockSync, options: PlayOptions) {
    this.#game = game
    this.#link = link
    this.#host = host
    this.clock = clock
    this.#options = options
    this.timeline = new Timeline(clock, options.epochMs, this.#tickMs)
    this.frames = new SnapshotRing(KEPT_TICKS, game.worldInts)
    this.#scratch = new Int32Array(game.worldInts)
    this.#decoder = new SnapshotDecoder(game)
    this.#serverEvents = new EventLog(game, KEPT_TICKS)
    this.playback = new Playback(game.tickRate, game.snapshotRate)
    this.smoothing = new Smoothing(game)
    this.events = new EventTracker(game, options.events)
    this.events.seat = options.seat
    this.prediction = new (options.prediction ?? Prediction)(game, options.seat, this.frames, {
      ...options,
      events: this.events,
      smoothing: this.smoothing,
      inputDelayTicks: options.inputDelayTicks ?? game.inputDelayTicks,
      repeatTicks: options.syncTestTicks,
    })
    this.#stall = new StallWatch(options.onStall)
    this.screen = new Screen(game, (view, world) => this.prediction.predicts(view, world))
    this.latch = new InputLatch(game, options.development)
    const firstLeadMs = options.seat === 0 ? 0 : clock.delayMs / 2 + this.#tickMs
    this.lead = new LeadController(firstLeadMs, this.#tickMs, leadOptions(link))
    this.#sender = new InputSender(game, link, options.seat, this, this.counts)
  }

  /** `link` leads over another connection now. What the server may not have had is sent again; what was under way says nothing of the new path. */
  linkReplaced(nowMs: number, heldTick?: number): void {
    this.lead.follow(leadOptions(this.#link))
    this.#fullAskedMs = Number.NEGATIVE_INFINITY
    // Older inputs the server would not use.
    const oldest = Math.ceil(this.serverTickAt(nowMs) - this.#options.maxRewindMs / this.#tickMs)
    this.#sender.linkReplaced(nowMs, oldest, heldTick)
  }

  /**
   * `link` leads to another server, which goes on after `tick`: what the one before said of later ticks is void, and the inputs for them
   * are sent again. What was predicted from them stays until the first frame comes. Unless the room was moved, nobody knows from where it went on: events that
   * were not known to be held are void, too.
   */
  ownerChanged(tick: number, isMoved: boolean, nowMs: number): void {
    this.frames.clear(tick)
    this.newestTick = this.frames.newestTick
    this.playback.forgetAfter(tick)
    this.events.forgetAfter(isMoved ? tick : Math.min(tick, this.events.heldTick))
    this.counts.newestHead = Math.min(this.counts.newestHead, tick)
    this.#knownHeads.clear()
    this.linkReplaced(nowMs, tick)
  }

  /** True once there is a world to play in. */
  get ready(): boolean {
    return this.newestTick >= 0
  }

  /** The moment at which own entities were drawn last, in ticks. */
  get drawnTick(): number {
    return this.#drawnAt
  }

  get #tickMs(): number {
    return 1000 / this.#game.tickRate
  }

  /** The server's present in ticks, fractional. */
  serverTickAt(nowMs: number): number {
    return this.timeline.tickAt(nowMs)
  }

  /** A snapshot frame, its kind byte included. False: it is malformed. */
  onFrame(bytes: Uint8Array, nowMs: number): boolean {
    this.counts.bytesIn += bytes.length
    const head = this.#head
    const reader = this.#reader
    const isProvisional = bytes[0] === PROVISIONAL_SNAPSHOT
    const behind = isProvisional ? (bytes[2] ?? 0) : 0
    if (isProvisional && behind === 0) return false
    reader.start(bytes, isProvisional ? 3 : bytes[0] === TAGGED_SNAPSHOT ? 2 : 1)
    const near = this.newestTick >= 0 ? this.newestTick : 0
    if (!decodeFrameHead(reader, head, this.#game.ticksPerSnapshot, near)) return false
    this.timeline.heard(nowMs)
    if (behind < UNKNOWN_BEHIND) this.events.held(head.tick - behind)
    const serverSentMs = this.timeline.epochMs + head.tick * this.#tickMs + head.sendOffsetMs
    this.clock.onServerTime(serverSentMs, nowMs)
    if (this.#knownHeads.add(head.tick)) {
      this.#takeHead(head, serverSentMs, nowMs)
      if (isProvisional) this.counts.provisionalFrames++
    }
    if (head.tick <= this.newestTick) {
      if (head.baselineTick < 0) this.#sender.gotFull()
      return true
    }
    const baseline = head.baselineTick < 0 ? undefined : this.frames.find(head.baselineTick)
    if (head.baselineTick >= 0 && baseline === undefined) {
      this.#askForFull(nowMs)
      return true
    }
    return this.#decode(bytes, baseline, nowMs)
  }

  /** The next inputs say that nothing can be decoded; if there are none for now, a message of its own does. */
  #askForFull(nowMs: number): void {
    this.#sender.needsFull = true
    if (this.inStep(nowMs) && !this.prediction.blocked) return
    if (nowMs - this.#fullAskedMs < FULL_REQUEST_MS) return
    this.#fullAskedMs = nowMs
    const request = packControl({ t: 'full' })
    this.counts.controlOut += request.length
    this.#link.send('reliable', request)
  }

  /** The times and margins in a head are worth having even if the frame comes too late for anything else. */
  #takeHead(head: FrameHead, serverSentMs: number, nowMs: number): void {
    const { counts } = this
    const sender = this.#sender
    const sentMs = head.echo < 0 ? Number.NaN : sender.sent.sentAt(head.echo)
    if (!Number.isNaN(sentMs)) {
      this.clock.onSample(sentMs, serverSentMs - head.holdMs, serverSentMs, nowMs)
      counts.echoMs = nowMs - sentMs - head.holdMs
    }
    countHead(counts, head, this.#game.snapshotRate)
    sender.serverHas(head.newestInputTick)
    if (!Number.isNaN(head.marginMs)) {
      counts.marginMs = head.marginMs
      const leadMs = sender.sent.leadUpTo(head.newestInputTick, this.clock)
      this.lead.onMargin(nowMs, head.marginMs, leadMs, sender.sent.toldInputs)
    }
  }

  #decode(bytes: Uint8Array, baseline: Int32Array | undefined, nowMs: number): boolean {
    const head = this.#head
    const reader = this.#reader
    const scratch = this.#scratch
    const { tick, baselineTick } = head
    const bodyAt = reader.position
    const bodyBytes = head.bodyBytes < 0 ? reader.left : head.bodyBytes
    const builtOn = baseline === undefined ? tick : baselineTick
    const earlier = this.frames.find(this.#baselineOf[builtOn % KEPT_TICKS] ?? -1)
    const status = this.#decoder.decodeBody(
      bytes,
      bodyAt,
      bodyBytes,
      baseline,
      builtOn,
      tick,
      scratch,
      this.#serverEvents,
      earlier,
    )
    if (status === 'ok') {
      const tailAt = bodyAt + bodyBytes
      const tail = this.#decoder.decodeTail(bytes, tailAt, bytes.length - tailAt, this.#options.seat, baseline, scratch)
      if (tail === 'malformed') return false
      if (tail === 'check-failed') {
        this.counts.checkFailures++
        this.#askForFull(nowMs)
        return true
      }
    } else if (status === 'check-failed') {
      this.counts.checkFailures++
      this.#sender.suspect(this.#decoder.motionTypes)
      this.#askForFull(nowMs)
      return true
    } else return false
    if (baseline === undefined) {
      this.#sender.gotFull()
      this.events.onGap(tick)
    }
    this.#baselineOf[tick % KEPT_TICKS] = baselineTick
    this.#accept(tick, nowMs)
    return true
  }

  #accept(tick: number, nowMs: number): void {
    this.frames.put(tick, this.#scratch)
    this.newestTick = tick
    this.#sender.received(tick, nowMs)
    this.counts.frames++
    const sentMs = this.timeline.epochMs + tick * this.#tickMs
    const latenessMs = this.clock.fellIntoGap(sentMs) ? Number.NaN : this.clock.serverNow(nowMs) - sentMs
    this.counts.latenessMs = latenessMs
    const oldestMs = this.#options.maxRewindMs - LOOK_MS
    this.playback.limitTo(oldestMs - this.lead.leadMs)
    this.lead.limitTo(oldestMs - this.playback.delayMs)
    // Half a round trip and two intervals: older the newest snapshot does not get, unless the path stalls.
    const aheadMs = (this.prediction.maxAheadTicks + this.prediction.inputDelayTicks) * this.#tickMs
    this.lead.boundTo(Math.max(aheadMs / 2, aheadMs - this.clock.delayMs / 2 - 2000 / this.#game.snapshotRate))
    this.playback.onSnapshot(tick, latenessMs, nowMs)
    // What is too old to predict from only waits for one that is not.
    if (this.inStep(nowMs)) this.prediction.onSnapshot(tick, this.#scratch)
    this.events.onServer(this.#serverEvents, tick, this.events.heldTick)
    this.events.withdraw(tick)
    this.runTicks(nowMs)
    this.#acknowledge(nowMs)
  }

  /** While no inputs are made, the last one goes out once more with each frame: the server must hear that frames come. */
  #acknowledge(nowMs: number): void {
    // By a clock that stood still, no input is due for long.
    const isBehind = this.#playerTickAt(nowMs) < this.prediction.inputTick - 1
    if (this.prediction.blocked || isBehind || !this.inStep(nowMs)) this.#sender.acknowledge(nowMs)
  }

  /** Runs all ticks that are due, and gives the local time at which the next one is. */
  runTicks(nowMs: number): number {
    this.clock.observe(nowMs)
    this.timeline.look(nowMs)
    this.lead.advance(nowMs)
    if (!this.ready) return nowMs + Math.min(MAX_WAIT_MS, this.#tickMs)
    const { prediction } = this
    const sender = this.#sender
    const first = prediction.inputs.newestTick < 0
    if (!this.inStep(nowMs)) {
      if (!first) this.#stall.waits(nowMs)
      return nowMs + this.#tickMs
    }
    const due = Math.floor(this.#playerTickAt(nowMs))
    const behind = due - prediction.inputTick
    const jumps = (first || behind > CATCH_UP_MS / this.#tickMs) && !prediction.blocked
    if (jumps) this.#jumpTo(due, first)
    while (prediction.inputTick < due && !prediction.blocked) this.#runTick(nowMs)
    if (prediction.blocked && prediction.inputTick < due) this.#stall.waits(nowMs)
    else if (!first && !this.timeline.isAhead(nowMs) && this.#stall.goesOn(nowMs, jumps ? behind - 1 : 0))
      this.counts.resyncs++
    const ahead = prediction.inputTick + 1 - this.#playerTickAt(nowMs)
    sender.repeatIfDue(nowMs)
    const waitMs = Math.min(MAX_WAIT_MS, prediction.blocked ? this.#tickMs : ahead * this.#tickMs)
    return Math.max(nowMs + 1, Math.min(nowMs + waitMs, sender.repeatMs))
  }

  /**
   * False while the newest snapshot is so old that nothing can be predicted from it: after a gap, or if the clock is wrong.
   * Then no inputs are made; they would all be late.
   */
  inStep(nowMs: number): boolean {
    if (this.timeline.stands) return false
    return this.ready && this.serverTickAt(nowMs) - this.newestTick < this.prediction.maxAheadTicks
  }

  /** Where this player's inputs are in time, in ticks: the server's present and the lead. */
  #playerTickAt(nowMs: number): number {
    return this.serverTickAt(nowMs) + this.lead.leadMs / this.#tickMs
  }

  /** Goes on at the tick that is due, without inputs for those before: they would be late. */
  #jumpTo(due: number, first: boolean): void {
    const { prediction } = this
    if (!first) {
      this.counts.stalls++
      this.lead.jump()
    }
    const limit = this.newestTick + prediction.maxAheadTicks + prediction.inputDelayTicks
    prediction.skipTo(Math.max(prediction.inputTick, Math.min(due, limit) - 1))
  }

  #runTick(nowMs: number): void {
    const { prediction, playback } = this
    this.sample()
    prediction.advance(this.latch, playback.stamp)
    this.#sender.sendTick(prediction.inputTick, nowMs, this.#leadOf(prediction.inputTick, nowMs))
  }

  /** Reads the player's devices into the latch. */
  sample(): void {
    if (this.#host.isAway()) this.latch.release()
    else this.latch.take(this.#options.sample(), this.playback.stamp)
  }

  /**
   * How far ahead of the server's clock the input of `tick` is made at `nowMs`. What this machine itself is late counts as the path's lateness up
   * to a tick (timers are coarse); more is a stall, against which no lead is to be built up.
   */
  #leadOf(tick: number, nowMs: number): number {
    const actualMs = (tick - this.serverTickAt(nowMs)) * this.#tickMs
    return Math.min(this.lead.leadMs, actualMs + this.#tickMs)
  }

  /** Moves the view on to local time `nowMs` without composing a frame. False as long as there is nothing to show. */
  look(nowMs: number): boolean {
    this.runTicks(nowMs)
    if (!this.ready) return false
    this.sample()
    if (!this.playback.advance(this.serverTickAt(nowMs), nowMs)) return false
    this.smoothing.decay(Number.isNaN(this.#drawnMs) ? 0 : nowMs - this.#drawnMs)
    this.#drawnMs = nowMs
    this.counts.drawnFrames++
    if (this.playback.starved) this.counts.starvedFrames++
    this.events.playUntil(this.playback.viewTick)
    return true
  }

  /** Composes a display frame at local time `nowMs` into `screen.world`. False as long as there is nothing to show. */
  draw(nowMs: number): boolean {
    if (!this.look(nowMs)) return false
    const { playback, prediction } = this
    const ahead = this.#playerTickAt(nowMs) - prediction.inputDelayTicks - prediction.tick
    // While the server's time stands still the lead may shrink: what was drawn is not taken back.
    const fraction = Math.min(1, Math.max(0, ahead, this.#drawnAt - prediction.tick))
    this.#drawnAt = prediction.tick + fraction
    const next = prediction.tentative(this.latch, playback.stamp)
    return this.screen.compose(this.frames, playback.stamp, prediction.present, next, fraction, this.smoothing)
  }
}

function leadOptions({ ordered }: Outlet): LeadOptions {
  return ordered ? ORDERED_LEAD : DEFAULT_LEAD
}
