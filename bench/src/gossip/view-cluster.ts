/**
 * Five shards of the default game profile as views and leases alone, over a network of any badness, on virtual time: how long a silent machine stays in the
 * view, and whether loss ever takes a machine out that is well. Called by the gossip bench.
 */
import {
  ASK_EVERY_MS,
  drawLife,
  EVIDENCE_MS,
  LEASE_TIMES,
  VIEW_RULES,
  type View,
  type ViewMessage,
  Views,
} from '@tickmesh/server/cluster'
import { Impairment, type ImpairmentOptions, SeededRandom, VirtualScheduler } from '@tickmesh/shared'
import { percentile, round } from '../figures.ts'

const SHARDS = 5
const NAMES = Array.from({ length: SHARDS }, (_, index) => `shard-${index}`)
/** What a message of views weighs on the wire, about: for bottlenecks, which these networks do not have. */
const MESSAGE_BYTES = 100
const FOUNDED_WITHIN_MS = 30_000
const PATIENCE_MS = 30_000

const LAN: ImpairmentOptions = { delayMs: 0.3, jitterMs: 0.3 }
/** Every fifth packet is lost, three in a row on the average. */
const LOSSY: ImpairmentOptions = { delayMs: 1, jitterMs: 2, loss: 0.2, lossBurst: 3 }

interface Shard {
  readonly index: number
  readonly life: string
  views: Views
  silent: boolean
  removed: boolean
  wakeMs: number
}

class ViewCluster {
  readonly scheduler = new VirtualScheduler({ maxEventsPerRun: Number.POSITIVE_INFINITY })
  readonly shards: Shard[] = []
  /** Called with each view that a shard installs. */
  installed: (shard: number, view: View) => unknown = () => {}
  removals = 0
  readonly #random: SeededRandom
  readonly #links: Impairment[] = []
  readonly #byLife = new Map<string, Shard>()

  constructor(network: ImpairmentOptions, seed: number) {
    this.#random = new SeededRandom(seed)
    for (let link = 0; link < SHARDS * SHARDS; link++)
      this.#links.push(new Impairment({ ...network, seed: this.#random.uint32() }))
    for (let index = 0; index < SHARDS; index++) this.#add(index)
    const known = this.shards.map(({ index, life }) => ({ life, ...placeOf(index) }))
    for (const { views } of this.shards) views.knowShards(known, 0)
    for (const shard of this.shards) this.#wake(shard)
  }

  get nowMs(): number {
    return this.scheduler.now()
  }

  /** Runs until all are members of one view. Throws if they do not become that. */
  found(): void {
    const whole = () => this.shards.every(({ views }) => views.view?.members.length === SHARDS)
    while (!whole()) {
      if (this.nowMs > FOUNDED_WITHIN_MS) throw new Error('five shards did not found a cluster')
      this.run(100)
    }
  }

  run(ms: number): void {
    this.scheduler.runUntil(this.nowMs + ms)
  }

  #add(index: number): void {
    const life = drawLife(() => this.#random.uint32())
    const views = new Views(
      {
        cluster: 'bench',
        life,
        self: { ...placeOf(index), url: `wss://shard-${index}.example`, zone: '', weight: 10, draining: false },
        founding: { kind: 'list', names: NAMES },
        memory: undefined,
        rules: VIEW_RULES,
        times: LEASE_TIMES,
        askEveryMs: ASK_EVERY_MS,
        evidenceMs: EVIDENCE_MS,
        random: () => this.#random.uint32(),
        wallMs: () => 1_000_000 + this.nowMs,
      },
      { send: (to, message, lane) => this.#send(shard, to, message, lane === 'stream') },
      {
        viewInstalled: (view) => this.installed(index, view),
        removed: () => {
          shard.removed = true
          this.removals++
        },
        remember: () => {},
        note: () => {},
      },
    )
    const shard: Shard = { index, life, views, silent: false, removed: false, wakeMs: Number.POSITIVE_INFINITY }
    this.shards.push(shard)
    this.#byLife.set(life, shard)
  }

  #wake(shard: Shard): void {
    const atMs = Math.max(this.nowMs, shard.views.nextMs)
    if (atMs >= shard.wakeMs || shard.removed) return
    shard.wakeMs = atMs
    this.scheduler.at(atMs, () => {
      if (shard.wakeMs !== atMs) return
      shard.wakeMs = Number.POSITIVE_INFINITY
      if (shard.silent) return
      shard.views.tick(this.nowMs)
      this.#wake(shard)
    })
  }

  #send(from: Shard, toLife: string, message: ViewMessage, stream: boolean): void {
    const to = this.#byLife.get(toLife)
    const link = to && this.#links[from.index * SHARDS + to.index]
    if (to === undefined || link === undefined || from.silent) return
    const arriveMs = stream
      ? link.orderedArrival(this.nowMs, MESSAGE_BYTES)
      : link.datagramArrival(this.nowMs, MESSAGE_BYTES)
    if (arriveMs === Number.POSITIVE_INFINITY) return
    this.scheduler.at(arriveMs, () => {
      if (to.silent || to.removed) return
      to.views.receive(from.life, message, this.nowMs)
      this.#wake(to)
    })
  }
}

export interface RemovalTimes {
  readonly trials: number
  /** From the moment a machine falls silent until the last of the others has a view without it. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Trials in which it was never removed: 0. */
  readonly missed: number
}

/** Each trial has a cluster of its own, and another machine and moment. */
export function measureSilentMachine(trials: number, seed: number, onTrial: () => void): RemovalTimes {
  const times: number[] = []
  for (let trial = 0; trial < trials; trial++) {
    const random = new SeededRandom(seed + trial * 7_919)
    const cluster = new ViewCluster(LAN, random.uint32())
    cluster.found()
    cluster.run(500 + random.next() * 500)
    const victim = cluster.shards[random.int(0, SHARDS - 1)]
    if (victim === undefined) continue
    victim.silent = true
    const silentMs = cluster.nowMs
    const without = new Map<number, number>()
    cluster.installed = (shard, view) => {
      const gone = !view.members.some(({ life }) => life === victim.life)
      if (gone && !without.has(shard)) without.set(shard, cluster.nowMs - silentMs)
    }
    while (without.size < SHARDS - 1 && cluster.nowMs - silentMs < PATIENCE_MS) cluster.run(50)
    if (without.size === SHARDS - 1) times.push(Math.max(...without.values()))
    onTrial()
  }
  const at = (share: number) => round(percentile(times, share))
  return { trials, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), missed: trials - times.length }
}

export interface LossyHours {
  readonly hours: number
  readonly lossShare: number
  readonly meanBurst: number
  /** Views after the founding, each of which took somebody out or back in; and shards that found themselves removed: 0. */
  readonly falseRemovals: number
}

/** `onMinute` is called for each simulated minute. */
export function measureFalseRemovals(hours: number, seed: number, onMinute: () => void): LossyHours {
  const cluster = new ViewCluster(LOSSY, seed)
  cluster.found()
  const changes = new Set<number>()
  cluster.installed = (_shard, view) => changes.add(view.number)
  for (let minute = 0; minute < hours * 60; minute++) {
    cluster.run(60_000)
    onMinute()
  }
  return { hours, lossShare: 0.2, meanBurst: 3, falseRemovals: Math.max(changes.size, cluster.removals) }
}

function placeOf(index: number): { readonly name: string; readonly address: string } {
  return { name: NAMES[index] ?? '', address: `10.0.0.${index + 1}:7946` }
}
