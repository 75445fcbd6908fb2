/**
 * What whoever runs a server needs of it: health, metrics, and a way to stop that is kind to players. Made by the composition root, beside the room host.
 */
import type { ClusterFigures } from '../cluster/net/server-cluster.ts'
import type { HostCounts } from '../gate/host-options.ts'
import type { HttpRoute } from '../gate/http-route.ts'
import { HealthRoute, notReady, type ReadinessSource } from './health-route.ts'
import type { Log } from './log-line.ts'
import { MetricsRoute } from './metrics-route.ts'
import { ServerMetrics } from './server-metrics.ts'
import type { ServerStats } from './server-stats.ts'

/** What its routes take. */
export const OPERATIONS_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

export interface OpsOptions {
  /** `/healthz` and `/readyz`; true by default. */
  readonly health?: boolean
  /** `/metrics`, true by default: for programs of this machine only, unless a token is set, which is then asked of everybody. */
  readonly metrics?: boolean | { readonly token?: string }
}

/** What of the server is watched and stopped. */
export interface OperatedServer {
  readonly stats: ServerStats
  readonly counts: HostCounts
  /** Handshakes refused since the start, by reason. */
  readonly refused: Readonly<Record<string, number>>
  readonly maxConnections: number
  /** On a shard of a cluster. */
  readonly cluster?: ClusterFigures | undefined
  /** On a shard of a cluster: moves rooms to other shards while they are played. Resolves when none is left, or after so long. */
  moveAway?(withinMs: number): Promise<void>
  /** No newcomers from now on; players and rules are told. */
  drain(ms: number): void
  /** Ends everything, within bounded time. */
  close(): Promise<void>
}

export interface DrainOptions {
  /** How long players may go on; 30,000 by default. */
  readonly timeoutMs?: number
}

const DRAIN_MS = 30_000
/** Of the time for a drain: after that, players of rooms that nobody took are told that it ends. */
const MOVING_SHARE = 0.6
/** How often a draining server looks whether anybody is left. */
const LOOK_EVERY_MS = 50

export class Operations {
  readonly routes: readonly HttpRoute[]
  private phase: ReadinessSource['phase'] = 'starting'
  private readonly server: OperatedServer
  private readonly log: Log
  private readonly metrics: ServerMetrics | undefined
  private draining: Promise<void> | undefined
  private closing: Promise<void> | undefined

  constructor(server: OperatedServer, options: OpsOptions, log: Log) {
    const { health = true, metrics = true } = options
    this.server = server
    this.log = log
    const routes: HttpRoute[] = []
    if (health) routes.push(new HealthRoute(() => this.readiness))
    if (metrics !== false) {
      this.metrics = new ServerMetrics(() => this.measured)
      routes.push(new MetricsRoute(this.metrics, metrics === true ? undefined : metrics.token))
    }
    this.routes = routes
  }

  /** It listens: players may come. */
  started(): void {
    if (this.phase === 'starting') this.phase = 'serving'
  }

  /** Idempotent: a second call waits for the first. */
  drain({ timeoutMs = DRAIN_MS }: DrainOptions = {}): Promise<void> {
    this.draining ??= this.runDrain(timeoutMs)
    return this.draining
  }

  close(): Promise<void> {
    this.closing ??= this.runClose()
    return this.closing
  }

  private async runDrain(timeoutMs: number): Promise<void> {
    const { server, log } = this
    if (this.closing !== undefined) return this.closing
    this.phase = 'draining'
    const endMs = performance.now() + timeoutMs
    if (server.moveAway !== undefined) {
      log({ level: 'info', event: 'draining', message: 'the shard stops: its rooms are moved to others.' })
      await server.moveAway(timeoutMs * MOVING_SHARE)
      if (this.closing !== undefined) return this.closing
    }
    const leftMs = Math.max(0, Math.round(endMs - performance.now()))
    if (server.moveAway === undefined || server.stats.rooms > 0) await this.sendAway(leftMs)
    return this.close()
  }

  /** Players who are here have so long to come to an end. */
  private async sendAway(timeoutMs: number): Promise<void> {
    const { server, log } = this
    const { players } = server.stats
    const message = `the server stops within ${timeoutMs} ms; ${players} players are told, new ones are refused.`
    log({ level: 'info', event: 'draining', message })
    server.drain(timeoutMs)
    const untilMs = performance.now() + timeoutMs
    while (this.closing === undefined && server.stats.players > 0 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_EVERY_MS, timeoutMs)))
    }
    const left = server.stats.players
    const end = left === 0 ? 'everybody had left' : `time was up for ${left} players`
    log({ level: 'info', event: 'drained', message: `the server stops: ${end}.` })
  }

  private async runClose(): Promise<void> {
    this.phase = 'closed'
    try {
      await this.server.close()
    } finally {
      this.metrics?.stop()
    }
  }

  private get readiness(): ReadinessSource {
    const { stats, counts, maxConnections, cluster } = this.server
    const { connections, rooms } = stats
    const overloadedRooms = counts.overload[3] ?? 0
    return { phase: this.phase, connections, maxConnections, rooms, overloadedRooms, leaseLeftMs: cluster?.leaseLeftMs }
  }

  private get measured() {
    const { stats, counts, refused, cluster } = this.server
    return { stats, counts, refused, cluster, isReady: notReady(this.readiness) === undefined }
  }
}
