/**
 * What the server knows of one client's path: does it lose packets, and does a queue grow on it? Asked by replication for each frame: it sends more often
 * to whom packets are lost, and less often where they queue. Pure; hot.
 *
 * Congestion shows in the round trip before any buffer shows it. The least round trip of the last few acknowledgements, which jitter hardly touches, is
 * compared with the least one of the last ten seconds: the difference is a queue. Snapshots are thinned step by step while it stays, and no longer once it
 * is gone. If thinning does not help, the path has become longer, and that is its new least (the idea of BBR's and LEDBAT's base delay).
 */

/** Round trips of which the least one stands for now. */
const RECENT = 8
/** After so many a queue would show. */
const KNOWN_AFTER = 3
/** The least round trip is sought in slots of two seconds, for ten. */
const SLOT_MS = 2_000
const SLOTS = 5
/** A queue that takes longer than this is congestion; under the second one it is gone. */
const QUEUE_MS = 80
const CLEAR_MS = 30
/** After a step of thinning it takes a while until its effect can show; thinning is taken back more slowly. */
const THIN_AFTER_MS = 250
const RELAX_AFTER_MS = 1_500
/** Every 2^3rd snapshot at the worst. */
const MAX_LEVEL = 3
/** If the worst thinning has not shortened the queue after so long, it is none. */
const GIVE_UP_MS = 3_000
/** A path that loses more than this share is lossy; under the second one no more, if that lasts. */
const LOSSY = 0.01
const CLEAN = 0.003
const CLEAN_AFTER_MS = 10_000
/** A new path is watched for so long. */
const UNKNOWN_MS = 5_000
/** What was sent closer together may be acknowledged for so long. */
const IN_FLIGHT_MS = 2_000
/** After snapshots were thinned, none are sent between the usual ones for so long. */
const CAUTION_MS = 5_000
/** How fast a loss is forgotten: in so many packets. */
const UPLINK_PACKETS = 256
const DOWNLINK_PACKETS = 128
/** More lost in a row than this is an outage, which tells nothing about the share. */
const MAX_IN_A_ROW = 10
/** A message that has not come when one of so many ticks later is there is lost, not overtaken. */
const OVERTAKEN_TICKS = 20
const ALL_ARRIVED = -1

export class PathHealth {
  /** Only every 2^level-th snapshot is to be sent. */
  thinning = 0
  /** True: packets are lost, so more of them, closer together, get more through. A path that is not known yet is taken for one that loses some. */
  lossy = true
  /** Shares of packets lost, estimated. */
  uplinkLoss = 0
  downlinkLoss = 0
  private readonly recentMs = new Float64Array(RECENT).fill(Number.POSITIVE_INFINITY)
  private recentAt = 0
  /** Bit i: the message whose newest tick is i before the newest one came. */
  private arrived = ALL_ARRIVED
  private readonly slotLeastMs = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY)
  private slot = 0
  private slotEndMs = 0
  private changedMs = Number.NEGATIVE_INFINITY
  private congestedSinceMs = Number.NaN
  private lossyUntilMs = Number.NaN
  /** From then on all snapshots that are acknowledged were sent at the usual pace. */
  private usualAgainMs = Number.NEGATIVE_INFINITY

  /** Takes in a round trip of `rttMs`, acknowledged at `nowMs`. */
  onRoundTrip(nowMs: number, rttMs: number): void {
    this.recentMs[this.recentAt] = rttMs
    this.recentAt = (this.recentAt + 1) % RECENT
    if (nowMs >= this.slotEndMs) {
      this.slot = (this.slot + 1) % SLOTS
      this.slotLeastMs[this.slot] = rttMs
      this.slotEndMs = nowMs + SLOT_MS
    } else if (rttMs < (this.slotLeastMs[this.slot] ?? 0)) this.slotLeastMs[this.slot] = rttMs
    this.judgeQueue(nowMs)
  }

  /** True: snapshots between the usual ones are to be sent, since some are lost, and no queue grows. */
  wantsExtra(nowMs: number): boolean {
    if (!this.lossy || this.thinning > 0 || nowMs - this.changedMs < CAUTION_MS) return false
    return this.recentMs[KNOWN_AFTER] !== Number.POSITIVE_INFINITY && this.queueMs <= QUEUE_MS
  }

  /** How long packets wait in queues, as far as can be told. */
  get queueMs(): number {
    const recent = least(this.recentMs)
    return recent === Number.POSITIVE_INFINITY ? 0 : recent - Math.min(recent, least(this.slotLeastMs))
  }

  private judgeQueue(nowMs: number): void {
    const { queueMs } = this
    if (queueMs <= QUEUE_MS) this.congestedSinceMs = Number.NaN
    if (queueMs > QUEUE_MS) {
      if (Number.isNaN(this.congestedSinceMs)) this.congestedSinceMs = nowMs
      if (nowMs - this.congestedSinceMs > GIVE_UP_MS && this.thinning === MAX_LEVEL) this.startAfresh(nowMs)
      else if (this.thinning < MAX_LEVEL && nowMs - this.changedMs > THIN_AFTER_MS)
        this.setThinning(this.thinning + 1, nowMs)
    } else if (queueMs < CLEAR_MS && this.thinning > 0 && nowMs - this.changedMs > RELAX_AFTER_MS) {
      this.setThinning(this.thinning - 1, nowMs)
    }
  }

  private setThinning(level: number, nowMs: number): void {
    this.thinning = level
    this.changedMs = nowMs
  }

  /** The path is longer than it was: what was its least round trip is no more. */
  private startAfresh(nowMs: number): void {
    this.slotLeastMs.fill(Number.POSITIVE_INFINITY)
    this.slotLeastMs[this.slot] = least(this.recentMs)
    this.congestedSinceMs = Number.NaN
    this.setThinning(0, nowMs)
  }

  /** An input message came; its newest tick is `advance` after the newest one before, or not after it (0 and less: it was overtaken). */
  onInputMessage(nowMs: number, advance: number): void {
    if (advance <= 0) {
      if (advance > -32) this.arrived |= 1 << -advance
      return
    }
    // A longer gap is an outage, or a page that was hidden: it tells nothing about the share.
    if (advance <= MAX_IN_A_ROW) {
      for (let n = 0; n < advance; n++) {
        const lost = ((this.arrived >>> (OVERTAKEN_TICKS - n)) & 1) === 0
        this.uplinkLoss += ((lost ? 1 : 0) - this.uplinkLoss) / UPLINK_PACKETS
      }
      this.judgeLoss(nowMs)
    }
    this.arrived = advance <= MAX_IN_A_ROW ? (this.arrived << advance) | 1 : ALL_ARRIVED
  }

  /**
   * A snapshot was acknowledged, and `skipped` that were sent before it never were. Only while snapshots come at their usual pace: closer ones are overtaken.
   * A single one skipped is not counted: it may have come together with the next.
   */
  onAcknowledged(nowMs: number, skipped: number): void {
    if (skipped > MAX_IN_A_ROW || this.lossy || nowMs < this.usualAgainMs) return
    for (let lost = 1; lost < skipped; lost++) this.downlinkLoss += (1 - this.downlinkLoss) / DOWNLINK_PACKETS
    this.downlinkLoss -= this.downlinkLoss / DOWNLINK_PACKETS
    this.judgeLoss(nowMs)
  }

  private judgeLoss(nowMs: number): void {
    if (this.uplinkLoss > LOSSY || this.downlinkLoss > LOSSY) {
      if (!this.lossy) this.lossyUntilMs = nowMs + CLEAN_AFTER_MS
      this.lossy = true
    }
    if (!this.lossy) return
    if (Number.isNaN(this.lossyUntilMs)) this.lossyUntilMs = nowMs + UNKNOWN_MS
    if (this.uplinkLoss > CLEAN) this.lossyUntilMs = nowMs + CLEAN_AFTER_MS
    if (nowMs < this.lossyUntilMs) return
    this.lossy = false
    this.downlinkLoss = 0
    this.usualAgainMs = nowMs + IN_FLIGHT_MS
  }
}

function least(values: Float64Array): number {
  let smallest = Number.POSITIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0
    if (value < smallest) smallest = value
  }
  return smallest
}
