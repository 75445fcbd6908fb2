/**
 * Input sender: what a client says to the server in a match: its newest inputs, and what it has received. Made and called by the room client (hot).
 * Holds no clock. Only inputs that are in the ring are ever sent; a spectator, who has none, only acknowledges. Allocates nothing per message.
 */
import {
  ByteWriter,
  type CompiledGame,
  createInputHead,
  INPUT,
  InputEncoder,
  type InputMessageHead,
  type InputRing,
} from '@tickmesh/shared'
import type { Outlet } from './current-link.ts'
import { Outgoing } from './outgoing.ts'
import type { PlayCounts } from './play-counts.ts'
import { SentInputs } from './sent-inputs.ts'

/** Inputs that a datagram carries at most. */
const MAX_INPUTS_A_MESSAGE = 12
/** A path is taken to lose packets from this share of lost snapshots on. */
const LOSSY_SHARE = 0.005
/** Where ticks are shorter, the next one's message comes soon enough; and a server takes no more than 400 messages a second. */
const LEAST_REPEATED_TICK_MS = 8

/** Where inputs and the interpolation delay are read: prediction and playback. */
export interface InputSources {
  readonly prediction: { readonly inputs: InputRing; readonly firstInputTick: number }
  readonly playback: { readonly delayMs: number }
}

export class InputSender {
  /** True: nothing can be decoded without a full frame. Messages say so. */
  needsFull = false
  /** When the inputs left, and with which lead. */
  readonly sent = new SentInputs()
  /** When the last message goes out once more. */
  repeatMs = Number.POSITIVE_INFINITY
  readonly #link: Outlet
  readonly #sources: InputSources
  readonly #counts: PlayCounts
  readonly #tickRate: number
  readonly #watches: boolean
  readonly #head: InputMessageHead
  readonly #encoder: InputEncoder
  readonly #writer = new ByteWriter()
  readonly #outgoing = new Outgoing()
  #knownTick = -1
  #receivedTick = -1
  #receivedMs = 0
  /** Inputs up to here were made for an earlier link. */
  #replacedTick = -1

  /** Seat 0 watches. */
  constructor(game: CompiledGame, link: Outlet, seat: number, sources: InputSources, counts: PlayCounts) {
    this.#link = link
    this.#sources = sources
    this.#counts = counts
    this.#tickRate = game.tickRate
    this.#watches = seat === 0
    this.#head = createInputHead(game)
    this.#encoder = new InputEncoder(game)
  }

  /** The server has the inputs up to `tick`: they need not be sent again. */
  serverHas(tick: number): void {
    if (tick > this.#knownTick) this.#knownTick = tick
  }

  /** The snapshot of `tick` was decoded: messages acknowledge it. */
  received(tick: number, nowMs: number): void {
    this.#receivedTick = tick
    this.#receivedMs = nowMs
  }

  /** A full frame came. */
  gotFull(): void {
    this.needsFull = false
    this.#head.suspectTypes.fill(0)
  }

  /** The check of a frame failed: names the types that were coded by their motion, by type 1 in `motionTypes`. */
  suspect(motionTypes: Uint8Array): void {
    const { suspectTypes } = this.#head
    for (let type = 0; type < motionTypes.length; type++) {
      if (motionTypes[type] === 1) suspectTypes[type >> 3] = (suspectTypes[type >> 3] ?? 0) | (1 << (type & 7))
    }
  }

  /**
   * Another link is in use: sends all inputs from tick `oldest` on that the server has not named or may not have used, oldest first: what came over
   * the old link for ticks to come it has taken back. A full frame comes by itself. Another server, which goes on after `heldTick`, gets all that are newer.
   */
  linkReplaced(nowMs: number, oldest: number, heldTick?: number): void {
    const { newestTick } = this.#sources.prediction.inputs
    const known = heldTick ?? Math.min(this.#knownTick, this.#receivedTick)
    // It takes none that are older; which of the later ones it has, it will say.
    this.#knownTick = heldTick ?? this.#knownTick
    this.gotFull()
    // What came over the old link, the new one's frames are not built on.
    this.#receivedTick = -1
    this.#head.ackTick = -1
    this.sent.forget()
    this.repeatMs = Number.POSITIVE_INFINITY
    this.#replacedTick = newestTick
    if (newestTick < 0 || this.#watches) return
    // All ticks since the last gap are in the ring.
    let from = Math.max(known + 1, oldest, this.#sources.prediction.firstInputTick)
    for (; from <= newestTick; from += MAX_INPUTS_A_MESSAGE) {
      const tick = Math.min(newestTick, from + MAX_INPUTS_A_MESSAGE - 1)
      this.#send(tick, nowMs, tick - from + 1)
    }
  }

  /** Sends the input of `tick`, which was just made, `leadMs` ahead of the server's clock. */
  sendTick(tick: number, nowMs: number, leadMs: number): void {
    this.#send(tick, nowMs)
    this.sent.add(tick, nowMs, leadMs)
    const tickMs = 1000 / this.#tickRate
    const repeats = !this.#link.ordered && tickMs >= LEAST_REPEATED_TICK_MS && this.#counts.lostShare > LOSSY_SHARE
    if (repeats) this.repeatMs = nowMs + tickMs / 2
  }

  /** Where packets are lost, a message goes out twice, half a tick apart: so a burst of losses lasts half as long. */
  repeatIfDue(nowMs: number): void {
    if (nowMs < this.repeatMs) return
    this.repeatMs = Number.POSITIVE_INFINITY
    this.#sendAgain(nowMs)
  }

  /** Sends the newest input once more, unless a message has acknowledged the newest snapshot already. */
  acknowledge(nowMs: number): void {
    if (this.#head.ackTick !== this.#receivedTick) this.#sendAgain(nowMs)
  }

  #sendAgain(nowMs: number): void {
    // Not the newest tick: a client that fell behind a snapshot goes on from there, and has no inputs up to it.
    const { newestTick } = this.#sources.prediction.inputs
    if (newestTick >= 0) this.#send(newestTick, nowMs)
  }

  /** `count`: how many ticks at most; by default what the link and the server's answers ask for. */
  #send(tick: number, nowMs: number, count = 0): void {
    const head = this.#head
    const writer = this.#writer
    const outgoing = this.#outgoing
    const link = this.#link
    const watches = this.#watches
    const { prediction, playback } = this.#sources
    if (watches && head.ackTick === this.#receivedTick && !this.needsFull) return
    head.newestTick = tick
    head.count =
      count > 0
        ? count
        : link.ordered || watches
          ? 1
          : Math.max(1, Math.min(MAX_INPUTS_A_MESSAGE, tick - this.#knownTick, tick - prediction.firstInputTick + 1))
    head.ackTick = this.#receivedTick
    head.ackHoldMs = nowMs - this.#receivedMs
    head.interpolationDelayMs = playback.delayMs
    head.needsFull = this.needsFull
    // Where messages were lost, or whoever goes on has older counters, they may have grown by more than the few bits tell.
    const isNew = this.#knownTick < this.#replacedTick
    head.wideCounters = isNew || (!link.ordered && tick - this.#knownTick > this.#tickRate)
    writer.start(outgoing.bytes)
    writer.u8(INPUT)
    this.#encoder.encode(writer, prediction.inputs, head)
    this.#counts.bytesOut += writer.position
    link.send('datagram', outgoing.view(writer.position))
  }
}
