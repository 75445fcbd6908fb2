/**
 * Replication: which snapshot each client gets, against which baseline, and the frames themselves. Called by the room at the snapshot rate; hot.
 * State never queues behind state: a client whose acknowledgements stay out gets no snapshot, or few; the next one covers what it missed.
 * A body is encoded once for all clients with equal baseline and view, straight into the memory that is sent; each client's head is put before it, its tail
 * after it. Spectators (seat 0) get no tail: they own nothing. Allocates nothing per client but the view that a link needs.
 */
import {
  type CompiledGame,
  createFrameHead,
  type EpochTriple,
  encodeFrameHead,
  epochTag,
  MAX_WINDOW_TICKS,
  PROVISIONAL_SNAPSHOT,
  SNAPSHOT,
  type SnapshotEncoder,
  type SnapshotSource,
  TAGGED_SNAPSHOT,
} from '@tickmesh/shared'
import type { Interest } from '../interest/interest.ts'
import { FrameBatch } from './frame-batch.ts'
import { FrameBody, type ReplicationSources } from './frame-body.ts'
import { BODY_AT, type FrameMemory } from './frame-memory.ts'
import type { PlayerCore } from './player-core.ts'
import type { WireTools } from './wire-tools.ts'

export interface ReplicationOptions {
  /** A client that acknowledges nothing for so long is dropped. */
  readonly stuckMs: number
  readonly fullFramesPerSecond: number
  /** Of a room of a cluster: frames carry its tag. */
  readonly epoch?: EpochTriple | undefined
}

/** A client's check of an entity type failed: its motion computes something else. */
export type SuspectListener = (type: string, player: PlayerCore, wholeRoom: boolean) => void

export interface ReplicationCounts {
  framesSent: number
  framesSkipped: number
  bytesSent: number
  bodiesEncoded: number
}

const NO_FRAME = -2
const FULL = -1
/** A client whose acknowledgements stay out gets a snapshot this seldom. */
const PROBE_MS = 500
/** Over datagrams nothing queues behind a loss: a silence is no congestion unless it lasts. */
const DATAGRAM_SILENCE_MS = 1_000
const DATAGRAM_PROBE_MS = 200
/** A client whose path loses packets gets at most so many times the usual snapshots. */
const MOST_EXTRA = 3
/** Trends are taken from a snapshot that is at most this old: a client keeps its frames for 128 ticks. */
export const TREND_TICKS = 96
/** So many clients must suspect a type's motion before the whole room goes without it. */
const SUSPECTS_FOR_ROOM = 3

export class Replication {
  readonly counts: ReplicationCounts = { framesSent: 0, framesSkipped: 0, bytesSent: 0, bodiesEncoded: 0 }
  private readonly game: CompiledGame
  private readonly encoder: SnapshotEncoder
  private readonly memory: FrameMemory
  private readonly history: SnapshotSource
  private readonly interest: Interest | undefined
  /** Where each client gets a body of its own. */
  private readonly batch: FrameBatch | undefined
  private readonly options: ReplicationOptions
  private readonly onPlainType: SuspectListener
  private readonly body: FrameBody
  private readonly head = createFrameHead()
  private readonly snapshotMs: number
  private readonly probeMs: number
  /** NO_TAG: the room has no epoch. */
  private tag: number
  /** The most that may lie between two snapshots, so that the second can still be a delta. */
  private readonly spanMs: number
  private readonly extraTicks: number
  /** Per entity type: 1 = coded without motion for everybody; and how many clients suspected it. */
  private readonly plainTypes: Uint8Array
  private readonly suspects: Uint16Array
  /** The two snapshots that were last found in the history for the frames in hand: most clients ask for the same. */
  private keptBaseline = -1
  private keptEarlier = -1
  /** How many ticks those who stand by are behind what is being sent; 0: it is final. */
  behind = 0
  /** Whether there is anybody to whom snapshots between the usual ones may have to be sent. */
  someLosePackets = false

  constructor(
    game: CompiledGame,
    tools: WireTools,
    sources: ReplicationSources,
    options: ReplicationOptions,
    onPlainType: SuspectListener,
  ) {
    this.game = game
    this.encoder = tools.encoder
    this.memory = tools.memory
    this.history = sources.history
    this.interest = sources.interest
    if (sources.interest !== undefined) this.batch = new FrameBatch(this.memory, game.maxPlayers)
    this.options = options
    this.onPlainType = onPlainType
    this.tag = epochTag(options.epoch)
    this.plainTypes = sources.interest?.plainTypes ?? new Uint8Array(game.entities.length)
    this.suspects = new Uint16Array(game.entities.length)
    this.body = new FrameBody(sources, this.plainTypes)
    this.snapshotMs = 1000 / game.snapshotRate
    this.spanMs = ((MAX_WINDOW_TICKS - game.ticksPerSnapshot) * 1000) / game.tickRate
    this.probeMs = Math.min(PROBE_MS, this.spanMs)
    this.extraTicks = Math.ceil(game.ticksPerSnapshot / MOST_EXTRA)
  }

  /** Frames are of another epoch from now on. */
  retag(epoch: EpochTriple | undefined): void {
    this.tag = epochTag(epoch)
  }

  /** Does anybody get a snapshot of this tick? Usual ones come every `everyTicks`. */
  isDue(tick: number, everyTicks: number, overload: number): boolean {
    // Where everybody gets a part of his own, that is spread over all ticks: none is late by the work of three.
    if (this.interest !== undefined || tick % everyTicks === 0) return true
    // Between the usual ones those get a snapshot whose path loses packets, if there is time.
    return overload === 0 && this.someLosePackets && tick % this.extraTicks === 0
  }

  /** Sends the snapshot of `tick`, which is in the history and was due at `dueMs`, to those who are to get it. */
  send(
    players: readonly PlayerCore[],
    tick: number,
    nowMs: number,
    dueMs: number,
    overload: number,
    everyTicks = 1,
  ): void {
    const current = this.history.find(tick)
    if (current === undefined) return
    const extra = overload === 0 && tick % this.extraTicks === 0
    const spread = this.interest === undefined ? 0 : 1
    this.keptBaseline = -1
    this.keptEarlier = -1
    this.someLosePackets = false
    for (let i = 0; i < players.length; i++) {
      const player = players[i]
      if (player === undefined) continue
      if (!player.link.ordered && player.path.lossy) this.someLosePackets = true
      const usual = (tick + player.seat * spread) % everyTicks === 0
      player.nextBaseline =
        usual || (extra && this.wantsExtra(player, nowMs)) ? this.choose(player, tick, nowMs) : NO_FRAME
      player.nextEarlier = this.earlierOf(player, tick)
    }
    this.head.overload = overload
    this.head.sendOffsetMs = nowMs - dueMs
    this.body.current = current
    this.body.tick = tick
    let begun = false
    for (let i = 0; i < players.length; i++) {
      const player = players[i]
      if (player === undefined || player.nextBaseline === NO_FRAME) continue
      if (this.interest === undefined) this.sendGroup(players, i, player, nowMs)
      else {
        if (!begun) this.interest.begin(tick, current)
        begun = true
        this.sendPart(player, this.interest, nowMs)
      }
    }
    this.batch?.flush()
  }

  /** Encodes and sends what one client is to see. */
  private sendPart(player: PlayerCore, interest: Interest, nowMs: number): void {
    const { body } = this
    const { nextBaseline: baselineTick, bytesSent } = player
    const own = player.plainTypes
    const viewer = interest.viewer(player.seat, player.facade, player.sent.newest < 0)
    interest.fill(viewer, baselineTick, nowMs, own !== undefined && !equalTypes(own, this.plainTypes))
    player.nextBaseline = NO_FRAME
    body.baseline = baselineTick === FULL ? undefined : interest.baseline
    body.baselineTick = baselineTick === FULL ? body.tick : baselineTick
    body.current = interest.visible
    body.plainTypes = own ?? this.plainTypes
    // A client that is coded in its own way shares with nobody.
    let end = own === undefined ? interest.bodies.copy(this.memory.bytes, BODY_AT) : -1
    if (end < 0) {
      end = this.writeBody()
      if (own === undefined) interest.bodies.keep(this.memory.bytes, BODY_AT, end)
    }
    this.sendFrame(player, baselineTick, end, nowMs)
    interest.sent(viewer, player.bytesSent - bytesSent)
  }

  private wantsExtra({ link, path, wantsFull }: PlayerCore, nowMs: number): boolean {
    return !link.ordered && !wantsFull && path.wantsExtra(nowMs)
  }

  /** The baseline of a client's next frame, FULL or NO_FRAME. */
  private choose(player: PlayerCore, tick: number, nowMs: number): number {
    if (!player.seated || player.ended || player.greeting) return NO_FRAME
    const sinceFrameMs = nowMs - player.lastFrameAtMs
    if (player.ackTick < player.sent.newest) {
      const { ordered } = player.link
      const outstandingMs = nowMs - player.sent.firstSentAfter(player.ackTick)
      if (outstandingMs > player.trip.p95Ms + (ordered ? 2 * this.snapshotMs : DATAGRAM_SILENCE_MS)) {
        if (outstandingMs > this.options.stuckMs) {
          player.end({ code: 'TOO_SLOW', message: `nothing was acknowledged for ${this.options.stuckMs} ms.` })
          return NO_FRAME
        }
        // The longer the silence, the fewer: a queue must be able to drain.
        const probeMs = ordered ? this.probeMs : Math.max(DATAGRAM_PROBE_MS, outstandingMs / 4)
        if (sinceFrameMs < probeMs) return this.skip(player)
      }
    }
    if (player.path.thinning > 0 && sinceFrameMs < this.thinnedMs(player)) return this.skip(player)
    const baseline = player.wantsFull ? FULL : player.link.ordered ? player.lastFrameTick : player.ackTick
    if (baseline >= 0 && tick - baseline <= MAX_WINDOW_TICKS && this.isKept(baseline)) return baseline
    if (nowMs - player.lastFullAtMs < 1000 / this.options.fullFramesPerSecond) return this.skip(player)
    return FULL
  }

  /** How long a client on a congested path waits for its next snapshot: never for so long that only a full frame could follow. */
  private thinnedMs({ path, link }: PlayerCore): number {
    // A millisecond early is on time: frames leave when their ticks are done. Of datagrams one may be lost.
    return Math.min(this.snapshotMs * 2 ** path.thinning - 1, link.ordered ? this.spanMs : this.spanMs / 2)
  }

  /** The snapshot before the baseline as this client had it, while both sides still keep it; else -1. */
  private earlierOf(player: PlayerCore, tick: number): number {
    const earlier = player.nextBaseline < 0 ? -1 : player.sent.baselineOf(player.nextBaseline)
    if (earlier < 0 || tick - earlier > TREND_TICKS || player.nextBaseline - earlier > MAX_WINDOW_TICKS) return -1
    return this.isKept(earlier) ? earlier : -1
  }

  private isKept(tick: number): boolean {
    if (tick === this.keptBaseline || tick === this.keptEarlier) return true
    if (this.history.find(tick) === undefined) return false
    this.keptEarlier = this.keptBaseline
    this.keptBaseline = tick
    return true
  }

  private skip(player: PlayerCore): number {
    player.framesSkipped++
    this.counts.framesSkipped++
    return NO_FRAME
  }

  /** Encodes the body that `model`, the player at `first`, is to get, and sends it to all who get the same. */
  private sendGroup(players: readonly PlayerCore[], first: number, model: PlayerCore, nowMs: number): void {
    const { body, history } = this
    const { nextBaseline: baselineTick, nextEarlier: earlierTick } = model
    const plainTypes = model.plainTypes ?? this.plainTypes
    body.baseline = baselineTick === FULL ? undefined : history.find(baselineTick)
    body.earlier = earlierTick < 0 ? undefined : history.find(earlierTick)
    body.baselineTick = baselineTick === FULL ? body.tick : baselineTick
    body.plainTypes = plainTypes
    const end = this.writeBody()
    for (let i = first; i < players.length; i++) {
      const player = players[i]
      if (player === undefined || player.nextBaseline !== baselineTick || player.nextEarlier !== earlierTick) continue
      if (!equalTypes(player.plainTypes ?? this.plainTypes, plainTypes)) continue
      player.nextBaseline = NO_FRAME
      this.sendFrame(player, baselineTick, end, nowMs)
    }
  }

  /** Gives the offset after the body. */
  private writeBody(): number {
    this.counts.bodiesEncoded++
    for (;;) {
      const end = this.encoder.writeBody(this.body, this.memory.bytes, BODY_AT)
      if (end >= 0) return end
      this.memory.grow()
    }
  }

  private writeTail(seat: number, bodyEnd: number): number {
    const { body, memory } = this
    for (;;) {
      const end = this.encoder.writeTail(seat, body.baseline, body.current, memory.bytes, bodyEnd)
      if (end >= 0) return end
      memory.grow()
    }
  }

  private sendFrame(player: PlayerCore, baselineTick: number, bodyEnd: number, nowMs: number): void {
    const { memory, body } = this
    const end = player.seat === 0 ? bodyEnd : this.writeTail(player.seat, bodyEnd)
    const headBytes = this.writeHead(player, baselineTick, end > bodyEnd ? bodyEnd - BODY_AT : -1, nowMs)
    const start = BODY_AT - headBytes
    for (let i = 0; i < headBytes; i++) memory.bytes[start + i] = memory.head[i] ?? 0
    const lane = baselineTick === FULL ? 'reliable' : 'datagram'
    if (this.batch?.take(player, lane, start, end) !== true) player.link.send(lane, memory.view(start, end))
    const { tick } = body
    player.sent.push(tick, nowMs, baselineTick)
    player.lastFrameTick = tick
    player.lastFrameAtMs = nowMs
    if (baselineTick === FULL) {
      player.lastFullAtMs = nowMs
      player.lastFullTick = tick
      player.wantsFull = false
    }
    player.framesSent++
    player.bytesSent += end - start
    this.counts.framesSent++
    this.counts.bytesSent += end - start
  }

  /** Writes kind and head; gives their bytes. */
  private writeHead(player: PlayerCore, baselineTick: number, bodyBytes: number, nowMs: number): number {
    const { head, memory } = this
    const { inputs } = player
    head.tick = this.body.tick
    head.baselineTick = baselineTick
    head.newestInputTick = inputs.ring.newestTick
    head.usedMask = inputs.usedMask
    head.usedCount = this.body.tick - player.lastFrameTick
    head.marginMs = inputs.leastMarginMs
    head.lateInputs = inputs.lateSinceFrame
    head.refusedPresses = inputs.refusedSinceFrame
    head.echo = player.echo
    head.holdMs = nowMs - player.echoAtMs
    head.bodyBytes = bodyBytes
    const writer = memory.writer.start(memory.head)
    const isProvisional = this.behind > 0 && this.tag >= 0
    writer.u8(isProvisional ? PROVISIONAL_SNAPSHOT : this.tag < 0 ? SNAPSHOT : TAGGED_SNAPSHOT)
    if (this.tag >= 0) writer.u8(this.tag)
    if (isProvisional) writer.u8(this.behind < 255 ? this.behind : 255)
    encodeFrameHead(writer, head, this.game.ticksPerSnapshot)
    inputs.frameSent()
    player.echo = -1
    return writer.position
  }

  /** A client said that it can decode nothing without a full frame. */
  requestFull(player: PlayerCore, nowMs: number): void {
    // It may have said so before the full frame that was sent could reach it.
    const answered =
      player.lastFullTick > player.ackTick && nowMs - player.lastFullAtMs < player.trip.p95Ms + 2 * this.snapshotMs
    if (!answered) player.wantsFull = true
  }

  /** A client named types whose check failed: its motion computes something else. */
  suspect(player: PlayerCore, bits: Uint8Array): void {
    for (let type = 0; type < this.suspects.length; type++) {
      if ((((bits[type >> 3] ?? 0) >> (type & 7)) & 1) === 0) continue
      player.plainTypes ??= this.plainTypes.slice()
      if (player.plainTypes[type] === 1) continue
      player.plainTypes[type] = 1
      const count = (this.suspects[type] ?? 0) + 1
      this.suspects[type] = count
      const wholeRoom = count >= SUSPECTS_FOR_ROOM
      if (wholeRoom) {
        this.plainTypes[type] = 1
        this.interest?.goPlain(type)
      }
      this.onPlainType(this.game.entities[type]?.name ?? '', player, wholeRoom)
    }
  }
}

function equalTypes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
