/** The dashboard of one shard: remembers, and answers. Made by the composition root of a server that is a shard. */
import type { ServerCluster } from '../../cluster/net/server-cluster.ts'
import type { HttpRoute } from '../../gate/http-route.ts'
import type { Log } from '../log-line.ts'
import type { ServerStats } from '../server-stats.ts'
import { DashboardMemory } from './dashboard-memory.ts'
import { DashboardRoute } from './dashboard-route.ts'
import type { DashboardOptions, DashboardState, RoomEntry } from './dashboard-state.ts'

export interface DashboardSource {
  readonly url: string
  stats(): ServerStats
  readonly cluster: ServerCluster
}

const SAMPLE_MS = 1_000
const FOLLOW_MS = 250
const MAX_ROOMS = 200

export class Dashboard {
  readonly route: HttpRoute
  private readonly memory = new DashboardMemory()
  private source: DashboardSource | undefined
  private timer: NodeJS.Timeout | undefined
  private watch: NodeJS.Timeout | undefined

  /** Throws BAD_ARGUMENT for a token that could be guessed. */
  constructor(options: Exclude<DashboardOptions, false>) {
    this.route = new DashboardRoute(() => this.state(), options === true ? undefined : options.token)
  }

  /** The same log, of which the dashboard shows the newest lines. */
  listening(log: Log): Log {
    return this.memory.listening(log, Date.now)
  }

  start(source: DashboardSource): void {
    this.source = source
    this.timer = setInterval(() => {
      const status = source.cluster.status()
      if (status !== undefined) this.memory.sample(Date.now(), source.stats(), status)
    }, SAMPLE_MS)
    this.timer.unref()
    this.watch = setInterval(() => {
      const view = source.cluster.status()?.views.view
      if (view !== undefined) this.memory.follow(Date.now(), source.cluster.lobby?.rooms() ?? [], view)
    }, FOLLOW_MS)
    this.watch.unref()
  }

  stop(): void {
    clearInterval(this.timer)
    clearInterval(this.watch)
  }

  private state(): DashboardState | undefined {
    const { source, memory } = this
    const status = source?.cluster.status()
    if (source === undefined || status === undefined) return undefined
    const rooms = roomsOf(source.cluster)
    return {
      atMs: Date.now(),
      url: source.url,
      stats: source.stats(),
      cluster: status,
      ring: source.cluster.sampleRing(),
      rooms: rooms.slice(0, MAX_ROOMS),
      roomCount: rooms.length,
      samples: memory.samples,
      views: memory.views,
      journeys: memory.journeys,
      hosting: source.cluster.hosting,
      events: memory.events,
    }
  }
}

function roomsOf(cluster: ServerCluster): RoomEntry[] {
  const rooms: RoomEntry[] = []
  for (const { id, owner, state, players, maxPlayers, holders = [] } of cluster.lobby?.rooms() ?? []) {
    rooms.push({ id, owner, state, players, maxPlayers, holders })
  }
  return rooms.sort((a, b) => b.players - a.players || (a.id < b.id ? -1 : 1))
}
