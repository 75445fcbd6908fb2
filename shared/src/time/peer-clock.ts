/**
 * One time for a group of machines: a clock that follows those peers' that are nearer to the source of time, under the full discipline of NTP (RFC 5905).
 * Pure. For the cluster: it brings each exchange with a peer, and asks `update` about once a second what became of it. Constants and sources: docs/clock.md.
 * Never follows a peer of its own stratum or a higher one, so that no two clocks follow each other. Never steps twice within a minute; and never goes where
 * the truth is more than `PANIC_MS` away unless three peers that agree say so.
 */
import { NetError } from '../error.ts'
import { ClockDiscipline, STEP_MS } from './clock-discipline.ts'
import { type ClockEstimate, ClockFilter } from './clock-filter.ts'
import { type Interval, intersection } from './intersection.ts'

/** What a peer says of itself with each answer. */
export interface PeerStanding {
  readonly id: string
  /** How far from the source of time: 1 is the source itself. */
  readonly stratum: number
  /** What its time may be off by, against the source: its `rootErrorMs`. */
  readonly rootErrorMs: number
}

/**
 * What an update did. `stepped`: time jumped. `held`: it should have stepped, but did within the last minute. `insane`: the peers' time is too far away to be believed.
 * `split`: no majority of the peers agrees. `alone`: no peer to follow. In the last four time goes on at its rate.
 */
export type PeerAdjustment = 'slewed' | 'stepped' | 'held' | 'insane' | 'split' | 'alone'

/** NTP's greatest change of speed (RFC 5905, MAXFREQ): leases may count on time that is never more than so much off its rate. */
const MAX_SLEW = 500e-6
/** NTP's time constant at its shortest poll, 16 s. */
const SLEW_TIME_MS = 16_000
const STEP_PAUSE_MS = 60_000
/**
 * RFC 5905 panics at 1000 s, for machines whose battery ran out. A shard was set when it started, and the worst crystal needs half a day for ten seconds.
 */
const PANIC_MS = 10_000
/** So many that agree are believed in spite of panic. */
const PANIC_QUORUM = 3
/** A peer not heard of for so long is no source any more. */
const SILENT_MS = 60_000
/** What two clocks that were just compared may differ by all the same, from timers and scheduling. RFC 5905 takes 5 ms (MINDISP); within a cluster 1 ms is ample. */
const MIN_ERROR_MS = 1
/** Local time that goes back by more than the lateness of a reader was set: what was known is void. */
const SET_BACK_MS = 250
/** Beyond this many sources more make nothing better. */
const MAX_PEERS = 32

interface Peer {
  readonly filter: ClockFilter
  stratum: number
  rootErrorMs: number
  heardMs: number
}

/** A source at the moment of an update. */
interface Source extends Interval {
  readonly offsetMs: number
  readonly errorMs: number
  readonly driftPpm: number | undefined
}

interface Agreement {
  readonly peers: number
  readonly offsetMs: number
  readonly errorMs: number
  readonly driftPpm: number | undefined
}

export class PeerClock {
  /** May change, as when the source of time died and a machine takes its place. 1: this clock is the source, and follows nobody. */
  stratum: number
  readonly #peers = new Map<string, Peer>()
  readonly #clock = new ClockDiscipline(MAX_SLEW, SLEW_TIME_MS)
  #lastLocalMs = Number.NEGATIVE_INFINITY
  #lastStepMs = Number.NEGATIVE_INFINITY
  #errorMs = Number.POSITIVE_INFINITY
  #errorAtMs = 0
  #insane = 0

  /** Begins with this machine's own idea of the time. */
  constructor(stratum: number) {
    if (!(stratum >= 1)) {
      throw new NetError(
        'BAD_ARGUMENT',
        `there is no stratum ${stratum}.`,
        'Use 1 for the source of time, more for those that follow.',
      )
    }
    this.stratum = stratum
  }

  /** The group's time at our time `localMs`: our own before a peer was followed. */
  now(localMs: number): number {
    return this.#clock.ready ? this.#clock.serverNow(localMs) : localMs
  }

  /** What the time may be off by, against the source: what this machine tells its own followers. Infinite before there is a peer; grows while there is none. */
  rootErrorMs(localMs: number): number {
    return this.stratum === 1 ? 0 : this.#errorMs + Math.max(0, localMs - this.#errorAtMs) * MAX_SLEW
  }

  /** How often time jumped, the first setting not counted. */
  get steps(): number {
    return this.#clock.steps
  }

  /** How often an update found peers that were too far away to be believed. */
  get insane(): number {
    return this.#insane
  }

  /** One exchange, the peer's stamps being its `now`. False if it was not kept: it cannot be true, contradicts that peer's others, or is of too many peers. */
  addSample(
    peer: PeerStanding,
    sentMs: number,
    remoteReceivedMs: number,
    remoteSentMs: number,
    receivedMs: number,
  ): boolean {
    this.#observe(receivedMs)
    let known = this.#peers.get(peer.id)
    if (known === undefined) {
      if (this.#peers.size >= MAX_PEERS) return false
      known = { filter: new ClockFilter(), stratum: 0, rootErrorMs: 0, heardMs: 0 }
      this.#peers.set(peer.id, known)
    }
    known.stratum = peer.stratum
    known.rootErrorMs = peer.rootErrorMs
    if (!known.filter.addSample(sentMs, remoteReceivedMs, remoteSentMs, receivedMs)) return false
    known.heardMs = receivedMs
    return true
  }

  /** The peer is gone. */
  forget(id: string): void {
    this.#peers.delete(id)
  }

  /** Follows the peers. Call it about once a second. */
  update(localMs: number): PeerAdjustment {
    this.#observe(localMs)
    const sources = this.#sources(localMs)
    if (sources.length === 0) return 'alone'
    const truth = this.#choose(localMs, sources)
    if (typeof truth === 'string') return truth
    const awayMs = Math.abs(truth.offsetMs + localMs - this.now(localMs))
    const first = !this.#clock.ready
    if (!first && awayMs > STEP_MS && localMs - this.#lastStepMs < STEP_PAUSE_MS) return 'held'
    const adjustment = this.#clock.update(localMs, truth.offsetMs, truth.driftPpm)
    if (adjustment === 'stepped' && !first) this.#lastStepMs = localMs
    this.#errorMs = truth.errorMs + (adjustment === 'slewed' ? awayMs : 0)
    this.#errorAtMs = localMs
    return adjustment
  }

  /** If our own clock was set back, time goes on from where it was, and the peers are asked anew. One that was set forward is not told from a stalled process: the filters find out. */
  #observe(localMs: number): void {
    if (localMs < this.#lastLocalMs - SET_BACK_MS) {
      this.#clock.onLocalStep(this.#lastLocalMs, localMs)
      this.#errorAtMs += localMs - this.#lastLocalMs
      this.#lastStepMs += localMs - this.#lastLocalMs
      this.#peers.clear()
      this.#lastLocalMs = localMs
    }
    this.#lastLocalMs = Math.max(this.#lastLocalMs, localMs)
  }

  /** The peers that may be followed: nearer to the source than this one, and heard of lately. */
  #sources(localMs: number): Source[] {
    const sources: Source[] = []
    for (const [id, peer] of this.#peers) {
      if (localMs - peer.heardMs > SILENT_MS) this.#peers.delete(id)
      else if (peer.stratum < this.stratum) {
        const estimate = peer.filter.estimate(localMs)
        if (estimate !== undefined) sources.push(sourceOf(peer, estimate))
      }
    }
    return sources
  }

  /** What a majority agrees on, but for the insane. Three that agree may be as far away as they like; so may the first that is ever heard. */
  #choose(localMs: number, sources: readonly Source[]): Agreement | 'insane' | 'split' {
    const all = agreement(sources)
    if (!this.#clock.ready) return all ?? 'split'
    if (all !== undefined && all.peers >= PANIC_QUORUM) return all
    const ownMs = this.now(localMs)
    const sane = sources.filter((source) => Math.abs(localMs + source.offsetMs - ownMs) <= PANIC_MS)
    if (sane.length < sources.length) this.#insane++
    return agreement(sane) ?? (sane.length === 0 ? 'insane' : 'split')
  }
}

function sourceOf(peer: Peer, { offsetMs, errorBoundMs, driftPpm }: ClockEstimate): Source {
  const errorMs = errorBoundMs + peer.rootErrorMs + MIN_ERROR_MS
  return { offsetMs, errorMs, driftPpm, lowMs: offsetMs - errorMs, highMs: offsetMs + errorMs }
}

/**
 * What a majority agrees on: the mean of those that are part of it, each with the inverse of what it may be off by as weight (RFC 5905 section 11.2.3).
 * If the majority is right, the truth is in what its intervals have in common, so the mean is off by no more than the far end of that.
 */
function agreement(sources: readonly Source[]): Agreement | undefined {
  const common = intersection(sources)
  if (common === undefined) return undefined
  let peers = 0
  let weights = 0
  let offsets = 0
  let driftWeights = 0
  let drifts = 0
  for (const source of sources) {
    if (source.lowMs > common.highMs || source.highMs < common.lowMs) continue
    const weight = 1 / source.errorMs
    peers++
    weights += weight
    offsets += weight * source.offsetMs
    if (source.driftPpm === undefined) continue
    driftWeights += weight
    drifts += weight * source.driftPpm
  }
  const offsetMs = offsets / weights
  const errorMs = Math.max(offsetMs - common.lowMs, common.highMs - offsetMs)
  return { peers, offsetMs, errorMs, driftPpm: driftWeights > 0 ? drifts / driftWeights : undefined }
}
