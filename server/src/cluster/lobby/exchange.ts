/**
 * How lobbies come to know the same: own changes are pushed to members of the view, and every 200 ms a random one is asked what it knows: digest, delta, acknowledgement, as in Scuttlebutt
 * (van Renesse et al. 2008). Messages are bounded and resumed by version; where equal versions have different roots, deltas missed something: that is counted, and mended.
 * Pure. Called by `Lobby`. Only lives of the view are spoken with, and of.
 */
import type { Life } from '../life.ts'
import type { PartHost } from '../part.ts'
import type { View } from '../view/view.ts'
import type { CausalLog } from './causal-log.ts'
import type { MapChunk, MapEntry } from './life-map.ts'
import type { LifeMaps } from './life-maps.ts'
import {
  type DeltaMessage,
  type DigestMessage,
  type HeldDigest,
  type LobbyMessage,
  MAX_WAITING,
  type WholeMessage,
} from './lobby-messages.ts'
import type { LobbyLimits, LobbyRules } from './lobby-rules.ts'
import type { Operation } from './operation.ts'
import { afterChunk, type Peer, Peers, UNKNOWN } from './peers.ts'
import { packedSize } from './plain.ts'
import type { SharedState, WholeState } from './shared-state.ts'
import { cutWhole, WholeAssembly } from './snapshots.ts'
import { covers, dominates, type ReadonlyVector, sortedPairs } from './version-vector.ts'

export interface ExchangeOptions {
  readonly life: Life
  /** Gives 32 bits. */
  readonly random: () => number
  readonly limits: LobbyLimits
  readonly rules: LobbyRules
  readonly maps: LifeMaps
  readonly log: CausalLog
  readonly state: SharedState
  /** A whole state of another was joined. */
  readonly joined: (state: WholeState) => void
}

/** What is asked of one peer again and again is asked so seldom. */
const ALL = { version: Number.POSITIVE_INFINITY, asOf: Number.POSITIVE_INFINITY }
const MAX_WAIVER_ROUNDS = 1024
const ASK_EVERY_MS = 50
const WHOLE_EVERY_MS = 1_000
const MEND_EVERY_MS = 500

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #host: PartHost<LobbyMessage>
  readonly #peers: Peers
  readonly #assembly: WholeAssembly
  readonly #idleSince = new Map<Life, number>()
  #outbox: Operation[] = []
  #view: View | undefined
  #nowMs = 0
  #pushMs = Number.POSITIVE_INFINITY
  #exchangeMs = Number.POSITIVE_INFINITY
  #wholeId = 0
  #mendFrom: Life | undefined
  /** Messages of lives that are not in the view. */
  refused = 0
  /** Equal versions with different roots. */
  alarms = 0
  mended = 0

  constructor(options: ExchangeOptions, host: PartHost<LobbyMessage>) {
    this.#options = options
    this.#host = host
    this.#peers = new Peers(options.life, options.rules)
    this.#assembly = new WholeAssembly(options.limits.maxSnapshotParts)
  }

  get nextMs(): number {
    return this.#view === undefined ? Number.POSITIVE_INFINITY : Math.min(this.#pushMs, this.#exchangeMs)
  }

  viewInstalled(view: View, nowMs: number): void {
    this.#view = view
    this.#nowMs = nowMs
    this.#options.log.viewInstalled(view)
    this.#peers.viewInstalled(view)
    this.#exchangeMs = nowMs + this.#options.limits.exchangeEveryMs
    this.#pushMs = Math.min(this.#pushMs, nowMs + this.#options.limits.pushAfterMs)
    const { limits, random } = this.#options
    for (const peer of this.#peers.some(limits.pushTo, random)) this.#sendDigest(peer.life, 'both')
  }

  /** The own map changed, or an operation was said here. */
  changed(operation?: Operation): void {
    if (operation !== undefined) this.#outbox.push(operation)
    this.#pushMs = Math.min(this.#pushMs, this.#nowMs + this.#options.limits.pushAfterMs)
  }

  tick(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    if (this.#view === undefined) return
    if (nowMs >= this.#pushMs) this.#push()
    if (nowMs < this.#exchangeMs) return
    const { limits, random } = this.#options
    this.#exchangeMs = nowMs + limits.exchangeEveryMs
    for (const peer of this.#peers.some(1, random)) this.#sendDigest(peer.life, 'both')
    this.#tidy()
  }

  receive(from: Life, message: LobbyMessage, nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    const peer = this.#peers.get(from)
    if (this.#view === undefined || peer === undefined) {
      this.refused++
      return
    }
    switch (message.type) {
      case 'digest':
        return this.#digestCame(peer, message)
      case 'delta':
        return this.#deltaCame(peer, message)
      case 'whole':
        return this.#wholeCame(peer, message)
      case 'mend':
        return this.#mendAsked(peer, message.version, message.leaves)
      case 'mended':
        this.mended++
        return this.#options.maps.mend(from, message.version, new Set(message.buckets), message.entries)
    }
  }

  #push(): void {
    this.#pushMs = Number.POSITIVE_INFINITY
    const { maps, limits, random } = this.#options
    const operations = this.#outbox.splice(0).slice(0, 32)
    const chunks = new Map<string, MapChunk | undefined>()
    for (const peer of this.#peers.some(limits.pushTo, random)) {
      const at = `${peer.pushed.version} ${peer.pushed.asOf}`
      if (!chunks.has(at)) chunks.set(at, maps.own.chunk(peer.pushed, limits.maxMessageBytes / 2)?.chunk)
      const chunk = chunks.get(at)
      if (chunk === undefined && operations.length === 0) continue
      const more = chunk !== undefined && chunk.upTo < maps.own.version
      if (chunk !== undefined) peer.pushed = afterChunk(peer.pushed, chunk)
      const sent = chunk === undefined ? [] : [chunk]
      this.#host.send(peer.life, { type: 'delta', maps: sent, operations, goal: more ? 'more' : 'push' }, 'stream')
    }
  }

  #digestCame(peer: Peer, digest: DigestMessage): void {
    this.#peers.heard(peer, digest)
    this.#compareRoots(peer, digest)
    if (digest.asks === 'nothing') return
    if (digest.asks === 'whole') return this.#sendWhole(peer)
    this.#sendDelta(peer)
    if (digest.asks === 'both') this.#sendDigest(peer.life, this.#lacksSomethingOf(digest) ? 'mine' : 'nothing')
  }

  #deltaCame(peer: Peer, { maps, operations, goal }: DeltaMessage): void {
    let gap = false
    let gained = false
    for (const chunk of maps) {
      const outcome = this.#options.maps.follow(chunk)
      if (outcome === 'gap') gap = true
      else if (outcome === 'taken') gained = true
    }
    for (const operation of operations) {
      if (!this.#options.log.covers(operation.dot)) gained = true
      if (!this.#options.log.receive(operation)) gap = true
    }
    if (goal === 'end' || (goal === 'more' && !gained)) return this.#sendDigest(peer.life, 'nothing')
    if (goal === 'push' && !gap) return
    if (gap && this.#nowMs < peer.askedMs + ASK_EVERY_MS) return
    if (gap) peer.askedMs = this.#nowMs
    this.#sendDigest(peer.life, 'mine')
  }

  #sendDelta(peer: Peer): void {
    const { maps, log, limits } = this.#options
    const budget = limits.maxMessageBytes - 1024
    const lacked = log.lackedBy(peer.vector, budget / 2)
    if (lacked === 'whole') this.#sendWhole(peer)
    const { operations, more } = lacked === 'whole' ? { operations: [], more: false } : lacked
    const known = (life: Life) => (life === peer.life ? ALL : (peer.maps.get(life) ?? UNKNOWN))
    const found = maps.lackedBy(known, budget / 2)
    if (found.chunks.length === 0 && operations.length === 0) return
    for (const chunk of found.chunks)
      if (chunk.life === this.#options.life) peer.pushed = afterChunk(known(chunk.life), chunk)
    const goal = more || found.more ? 'more' : 'end'
    this.#host.send(peer.life, { type: 'delta', maps: found.chunks, operations, goal }, 'stream')
  }

  #sendWhole(peer: Peer): void {
    const view = this.#view
    if (view === undefined || this.#nowMs < peer.wholeMs + WHOLE_EVERY_MS) return
    peer.wholeMs = this.#nowMs
    const { log, state, limits } = this.#options
    const vector = sortedPairs(log.delivered).map(([life, counter]) => ({ life, counter }))
    const head = { vector, view: { generation: view.generation, number: view.number }, id: ++this.#wholeId }
    for (const part of cutWhole(state.whole(), head, limits.maxMessageBytes - 1024))
      this.#host.send(peer.life, part, 'stream')
  }

  #wholeCame(peer: Peer, message: WholeMessage): void {
    const whole = this.#assembly.take(peer.life, message, this.#nowMs)
    if (whole === undefined) return
    const { log, state, joined, rules } = this.#options
    if (this.#view === undefined || !rules.mayFollow(this.#view, message.view)) return
    const vector = new Map(whole.vector.map(({ life, counter }) => [life, counter]))
    if (this.#mendFrom === peer.life && sameKnowledge(log.delivered, vector)) {
      this.#mendFrom = undefined
      this.mended++
      state.replace(whole.state)
    } else {
      state.join(
        whole.state,
        (dot) => covers(vector, dot),
        (dot) => log.covers(dot),
      )
      joined(whole.state)
      log.joined(vector)
    }
    this.#sendDigest(peer.life, 'nothing')
  }

  #sendDigest(to: Life, asks: DigestMessage['asks']): void {
    const view = this.#view
    if (view === undefined) return
    const { maps, log, state } = this.#options
    const { generation, number } = view
    const root = log.waiting === 0 ? state.root : ''
    this.#host.send(
      to,
      { type: 'digest', view: { generation, number }, asks, maps: maps.digest(), held: this.#held(), root },
      'stream',
    )
  }

  /** What is held of each life's operations. */
  #held(): HeldDigest[] {
    const { log, state } = this.#options
    const lives = new Set([...log.delivered.keys(), ...(log.waiting > 0 ? log.authors() : [])])
    let authors: Set<Life> | undefined
    return [...lives].map((life) => {
      const counter = log.counterOf(life)
      if (this.#isMember(life)) return { life, counter, waiting: [], used: true }
      authors ??= new Set([...state.authors(), ...log.authors()])
      return { life, counter, waiting: log.waitingOf(life, MAX_WAITING), used: authors.has(life) }
    })
  }

  #lacksSomethingOf(digest: DigestMessage): boolean {
    const { maps, log } = this.#options
    return (
      digest.held.some(({ life, counter }) => counter > log.counterOf(life)) ||
      digest.maps.some(({ life, version }) => this.#isMember(life) && version > (maps.of(life)?.version ?? 0))
    )
  }

  #compareRoots(peer: Peer, digest: DigestMessage): void {
    const { maps, log, state, life: self } = this.#options
    const mine = new Map(maps.digest().map((each) => [each.life, each]))
    for (const { life, version, root } of digest.maps) {
      const own = mine.get(life)
      if (own === undefined || root === '' || own.root === '' || own.version !== version || own.root === root) continue
      this.alarms++
      const author = this.#peers.get(life)
      if (life === self || author === undefined || this.#nowMs < author.mendMs + MEND_EVERY_MS) continue
      author.mendMs = this.#nowMs
      const leaves = maps.of(life)?.tree.leaves() ?? []
      this.#host.send(life, { type: 'mend', version, leaves }, 'stream')
    }
    if (digest.root === '' || log.waiting > 0 || digest.root === state.root || !this.#knowsTheSame(digest)) return
    this.alarms++
    if (peer.life > self) return
    this.#mendFrom = peer.life
    this.#sendDigest(peer.life, 'whole')
  }

  /** Counters that one side has forgotten make them different, until the other forgets them, too: nothing is concluded. */
  #knowsTheSame(digest: DigestMessage): boolean {
    const { log } = this.#options
    const theirs = new Map(digest.held.map(({ life, counter }) => [life, counter]))
    for (const [life, counter] of theirs) if (log.counterOf(life) !== counter) return false
    for (const [life, counter] of log.delivered) if (theirs.get(life) !== counter) return false
    return true
  }

  #isMember(life: Life): boolean {
    return this.#view !== undefined && this.#options.rules.acceptsLife(this.#view, life)
  }

  #mendAsked(peer: Peer, version: number, leaves: readonly number[]): void {
    const { maps, limits } = this.#options
    if (version !== maps.own.version) return
    const buckets: number[] = []
    const entries: MapEntry[] = []
    let left = limits.maxMessageBytes - 1024
    for (const bucket of maps.own.tree.differing(leaves)) {
      const found = maps.own.inBuckets(new Set([bucket]))
      for (const { key, value } of found) left -= 48 + packedSize(key) + packedSize(value)
      if (left < 0 && buckets.length > 0) break
      buckets.push(bucket)
      entries.push(...found)
    }
    this.#host.send(peer.life, { type: 'mended', version, buckets, entries }, 'stream')
  }

  /** Forgets what everybody is past. */
  #tidy(): void {
    const { maps, log, state, limits } = this.#options
    maps.collect((life) => this.#peers.leastVersion(life), limits.maxEntries)
    const least = new Map<Life, number>()
    log.prune((life) => {
      const known = least.get(life) ?? this.#peers.leastCounter(life)
      least.set(life, known)
      return known
    })
    this.#waive()
    this.#peers.forgetAll((life) => !log.delivered.has(life) && !this.#isMember(life))
    const removed = [...log.delivered.keys()].filter((life) => !this.#isMember(life))
    if (removed.length === 0) return this.#idleSince.clear()
    this.#forgetIdle(removed, new Set([...state.authors(), ...log.authors()]))
  }

  /** What nobody holds any more is not waited for; each waiver may show the next gap. */
  #waive(): void {
    const { log, rules } = this.#options
    for (let rounds = 0; rounds < MAX_WAIVER_ROUNDS && log.waiting > 0; rounds++) {
      let waived = false
      for (const dot of log.missing()) {
        if (!rules.mayWaive(this.#isMember(dot.life), this.#peers.holding(dot))) continue
        log.waive(dot)
        waived = true
      }
      if (!waived) return
    }
  }

  #forgetIdle(removed: readonly Life[], authors: ReadonlySet<Life>): void {
    const { log, limits } = this.#options
    for (const life of removed) {
      if (authors.has(life) || !this.#peers.allDoneWith(life, log.counterOf(life))) this.#idleSince.delete(life)
      else if (!this.#idleSince.has(life)) this.#idleSince.set(life, this.#nowMs)
      else if (this.#nowMs >= (this.#idleSince.get(life) ?? 0) + limits.forgetAfterMs) {
        this.#idleSince.delete(life)
        log.forget(life)
      }
    }
  }
}

function sameKnowledge(a: ReadonlyVector, b: ReadonlyVector): boolean {
  return dominates(a, b) && dominates(b, a)
}
