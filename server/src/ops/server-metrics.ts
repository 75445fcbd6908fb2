/**
 * The metrics of one server, in a registry of its own. Everything is read when it is asked for; no label has a value that peers choose, so the number of
 * series is bounded. docs/operations.md lists them.
 */
import { Counter, Gauge, Registry } from 'prom-client'
import type { ClusterFigures } from '../cluster/net/server-cluster.ts'
import type { HostCounts } from '../gate/host-options.ts'
import { HistogramMetric } from './histogram-metric.ts'
import type { PlayCounts } from './play-counts.ts'
import { ProcessMetrics } from './process-metrics.ts'
import type { ServerStats } from './server-stats.ts'

/** What is read at each scrape. */
export interface MetricsSource {
  readonly stats: ServerStats
  readonly counts: HostCounts
  /** Handshakes refused since the start, by reason. */
  readonly refused: Readonly<Record<string, number>>
  /** May new players be sent here? */
  readonly isReady: boolean
  /** On a shard of a cluster. */
  readonly cluster?: ClusterFigures | undefined
}

interface Single {
  readonly name: string
  readonly help: string
  readonly read: (source: MetricsSource) => number
}

interface Labelled {
  readonly name: string
  readonly help: string
  readonly label: string
  /** Gives each value of the label once. */
  readonly read: (source: MetricsSource) => Iterable<readonly [string, number]>
}

const GAUGES: readonly Single[] = [
  { name: 'tickmesh_ready', help: '1 if the server takes new players.', read: ({ isReady }) => (isReady ? 1 : 0) },
  { name: 'tickmesh_rooms', help: 'Rooms.', read: ({ stats }) => stats.rooms },
  {
    name: 'tickmesh_players',
    help: 'Players with a seat, those who are away included.',
    read: ({ stats }) => stats.players,
  },
  {
    name: 'tickmesh_players_away',
    help: 'Players whose connection is lost and whose seat is kept.',
    read: ({ stats }) => stats.away,
  },
  { name: 'tickmesh_spectators', help: 'Spectators.', read: ({ stats }) => stats.spectators },
]

const CLUSTER_GAUGES: readonly Single[] = [
  {
    name: 'tickmesh_cluster_view',
    help: 'Number of the installed view within its generation; 0: none.',
    read: ({ cluster }) => cluster?.view ?? 0,
  },
  { name: 'tickmesh_cluster_members', help: 'Members of it.', read: ({ cluster }) => cluster?.members ?? 0 },
  {
    name: 'tickmesh_cluster_lease_seconds',
    help: 'How long the lease still runs; negative: for how long there has been none.',
    read: ({ cluster }) => (cluster?.leaseLeftMs ?? 0) / 1000,
  },
  {
    name: 'tickmesh_cluster_rooms_frozen',
    help: 'Rooms that stand still, as this shard has no lease.',
    read: ({ cluster }) => cluster?.frozenRooms ?? 0,
  },
  {
    name: 'tickmesh_cluster_rooms_unsafe',
    help: 'Rooms of this shard that nobody stands by for.',
    read: ({ cluster }) => cluster?.unsafeRooms ?? 0,
  },
  {
    name: 'tickmesh_cluster_rooms_held',
    help: 'Rooms of other shards that this one stands by for.',
    read: ({ cluster }) => cluster?.heldRooms ?? 0,
  },
  {
    name: 'tickmesh_cluster_standby_lag_seconds',
    help: 'How far the slowest of those who stand by for rooms of this shard is behind.',
    read: ({ cluster }) => (cluster?.standbyLagMs ?? 0) / 1000,
  },
]

const CLUSTER_COUNTERS: readonly Single[] = [
  {
    name: 'tickmesh_cluster_pauses_total',
    help: 'How often rooms stood still for want of a lease.',
    read: ({ cluster }) => cluster?.pauses ?? 0,
  },
  {
    name: 'tickmesh_cluster_takeovers_total',
    help: 'Rooms of shards that died which went on here.',
    read: ({ cluster }) => cluster?.takenOver ?? 0,
  },
  {
    name: 'tickmesh_cluster_moves_total',
    help: 'Rooms that were moved from here to other shards.',
    read: ({ cluster }) => cluster?.moved ?? 0,
  },
]

const LABELLED_GAUGES: readonly Labelled[] = [
  {
    name: 'tickmesh_connections',
    help: 'Open connections.',
    label: 'transport',
    read: ({ counts }) => counts.transports,
  },
  {
    name: 'tickmesh_rooms_overload',
    help: 'Rooms by overload level: 0 is well, 1 and 2 thin snapshots, 3 is overloaded.',
    label: 'level',
    read: ({ counts }) => counts.overload.map((rooms, level) => [String(level), rooms] as const),
  },
]

const play =
  (name: keyof PlayCounts) =>
  ({ counts }: MetricsSource) =>
    counts.play[name]

const COUNTERS: readonly Single[] = [
  { name: 'tickmesh_rooms_created_total', help: 'Rooms made.', read: ({ stats }) => stats.roomsMade },
  { name: 'tickmesh_ticks_total', help: 'Ticks run, over all rooms.', read: ({ counts }) => counts.durations.count },
  {
    name: 'tickmesh_ticks_skipped_total',
    help: 'Ticks by which timelines were shifted, as the process could not keep up.',
    read: play('skippedTicks'),
  },
  { name: 'tickmesh_frames_sent_total', help: 'Snapshot frames sent to players.', read: play('framesSent') },
  {
    name: 'tickmesh_frames_skipped_total',
    help: 'Frames not sent, as a player could not take them.',
    read: play('framesSkipped'),
  },
  { name: 'tickmesh_frame_bytes_sent_total', help: 'Bytes of frames sent to players.', read: play('bytesSent') },
  {
    name: 'tickmesh_bodies_encoded_total',
    help: 'Frame bodies encoded, which players share.',
    read: play('bodiesEncoded'),
  },
  { name: 'tickmesh_inputs_late_total', help: 'Inputs that came after their tick.', read: play('lateInputs') },
  {
    name: 'tickmesh_inputs_ignored_total',
    help: 'Inputs for ticks too far ahead, or long over.',
    read: play('ignoredInputs'),
  },
  {
    name: 'tickmesh_presses_refused_total',
    help: 'Presses that came too late to be applied.',
    read: play('refusedPresses'),
  },
  {
    name: 'tickmesh_stamps_clamped_total',
    help: 'View stamps that were not possible, and were clamped.',
    read: play('clampedStamps'),
  },
  { name: 'tickmesh_events_dropped_total', help: 'Events of games that did not fit.', read: play('droppedEvents') },
  {
    name: 'tickmesh_commands_dropped_total',
    help: 'Commands of games that did not fit.',
    read: play('droppedCommands'),
  },
  {
    name: 'tickmesh_entities_overflowed_total',
    help: 'Entities that did not fit into their table.',
    read: play('overflows'),
  },
  { name: 'tickmesh_resumes_total', help: 'Players who came back to their seat.', read: ({ stats }) => stats.resumes },
  {
    name: 'tickmesh_resumes_refused_total',
    help: 'Attempts to come back that were refused.',
    read: ({ stats }) => stats.resumesRefused,
  },
]

const LABELLED_COUNTERS: readonly Labelled[] = [
  {
    name: 'tickmesh_peers_dropped_total',
    help: 'Peers dropped for what they sent, by the code they were told.',
    label: 'code',
    read: ({ counts }) => counts.dropped,
  },
  {
    name: 'tickmesh_handshakes_refused_total',
    help: 'Connections turned away before they were made, and HTTP requests refused.',
    label: 'reason',
    read: ({ refused }) => Object.entries(refused),
  },
]

export class ServerMetrics {
  private readonly registry = new Registry()
  private readonly process = new ProcessMetrics(this.registry)
  private readonly source: () => MetricsSource
  private readonly setters: readonly ((source: MetricsSource) => void)[]

  constructor(source: () => MetricsSource) {
    this.source = source
    const registers = [this.registry]
    const clustered = source().cluster !== undefined
    this.setters = [
      ...[...GAUGES, ...(clustered ? CLUSTER_GAUGES : [])].map(({ name, help, read }) => {
        const gauge = new Gauge({ name, help, registers })
        return (now: MetricsSource) => gauge.set(read(now))
      }),
      ...LABELLED_GAUGES.map(({ name, help, label, read }) => {
        const gauge = new Gauge({ name, help, registers, labelNames: [label] })
        return (now: MetricsSource) => {
          gauge.reset()
          for (const [value, count] of read(now)) gauge.set({ [label]: value }, count)
        }
      }),
      ...[...COUNTERS, ...(clustered ? CLUSTER_COUNTERS : [])].map(({ name, help, read }) => {
        const counter = new Counter({ name, help, registers })
        return (now: MetricsSource) => setCounter(counter, {}, read(now))
      }),
      ...LABELLED_COUNTERS.map(({ name, help, label, read }) => {
        const counter = new Counter({ name, help, registers, labelNames: [label] })
        return (now: MetricsSource) => {
          counter.reset()
          for (const [value, count] of read(now)) counter.inc({ [label]: value }, count)
        }
      }),
      ...this.cpuCounter(),
    ]
    const { lateness, durations } = source().counts
    const lateHelp = 'How late ticks began. Reset only by tests.'
    new HistogramMetric(this.registry, 'tickmesh_tick_lateness_seconds', lateHelp, () => lateness)
    new HistogramMetric(this.registry, 'tickmesh_tick_duration_seconds', 'How long ticks took.', () => durations)
  }

  get contentType(): string {
    return this.registry.contentType
  }

  /** In Prometheus's text format. */
  render(): Promise<string> {
    const now = this.source()
    for (const set of this.setters) set(now)
    this.process.update()
    return this.registry.metrics()
  }

  stop(): void {
    this.process.stop()
    this.registry.clear()
  }

  private cpuCounter(): ((source: MetricsSource) => void)[] {
    const help = 'Time on the processor, user and system.'
    const counter = new Counter({ name: 'process_cpu_seconds_total', help, registers: [this.registry] })
    return [
      () => {
        const { user, system } = process.cpuUsage()
        setCounter(counter, {}, (user + system) / 1e6)
      },
    ]
  }
}

/** What is counted elsewhere. */
function setCounter(counter: Counter, labels: Record<string, string>, value: number): void {
  counter.reset()
  counter.inc(labels, value)
}
