/**
 * What the dashboard shows of the past: a sample each second, the views, and the newest lines of the log. Bounded. Filled by the composition root once a
 * second and by its log; asked by dashboard-route.ts.
 */
import type { ClusterStatus } from '../../cluster/node/cluster-node-api.ts'
import type { View } from '../../cluster/view/view.ts'
import type { Log } from '../log-line.ts'
import type { ServerStats } from '../server-stats.ts'
import type { EventEntry, JourneyEntry, Sample, ViewEntry } from './dashboard-state.ts'
import { RoomJourneys, type TravellingRoom } from './room-journeys.ts'

const MAX_SAMPLES = 600
const MAX_VIEWS = 100
const MAX_EVENTS = 200
const MAX_OF_A_KIND = 40

/** Figures that only grow. */
interface Totals {
  readonly atMs: number
  readonly ticks: number
  readonly packets: number
  readonly bytes: number
}

export class DashboardMemory {
  readonly samples: Sample[] = []
  readonly views: ViewEntry[] = []
  readonly events: EventEntry[] = []
  private readonly rooms = new RoomJourneys()
  private last: Totals | undefined

  /** The same log, of which the dashboard remembers the newest lines. */
  listening(log: Log, wallMs: () => number): Log {
    return (line) => {
      log(line)
      const { level, event, message } = line
      const last = this.events.at(-1)
      // What happened is kept line by line, what goes wrong again and again is counted.
      const isSame = last?.event === event && last.level === level && (level !== 'info' || last.message === message)
      if (isSame) this.events.pop()
      keep(this.events, { atMs: wallMs(), level, event, message, times: isSame ? last.times + 1 : 1 }, MAX_EVENTS)
      this.thin(event)
    }
  }

  /** One kind of line does not push out all others. */
  private thin(event: string): void {
    let count = 0
    for (const entry of this.events) if (entry.event === event) count++
    if (count <= MAX_OF_A_KIND) return
    const oldest = this.events.findIndex((entry) => entry.event === event)
    this.events.splice(oldest, 1)
  }

  /** Rooms that went from one shard to another. */
  get journeys(): readonly JourneyEntry[] {
    return this.rooms.entries
  }

  /** Called a few times a second, so that a short stay is seen. */
  follow(atMs: number, rooms: Iterable<TravellingRoom>, view: View): void {
    this.rooms.follow(atMs, rooms, view)
  }

  sample(atMs: number, stats: ServerStats, { views, gossip, clock }: ClusterStatus): void {
    const { packetsSent, packetsReceived, bytesSent, bytesReceived } = gossip
    const totals = {
      atMs,
      ticks: stats.ticks,
      packets: packetsSent + packetsReceived,
      bytes: bytesSent + bytesReceived,
    }
    const before = this.last ?? totals
    const seconds = Math.max(0.001, (atMs - before.atMs) / 1000)
    // Lateness may have been reset meanwhile, and its count with it.
    const rate = (now: number, then: number): number => Math.max(0, now - then) / seconds
    this.last = totals
    const sample: Sample = {
      atMs,
      players: stats.players,
      rooms: stats.rooms,
      ticks: rate(totals.ticks, before.ticks),
      tickLatenessP99Ms: stats.tickLatenessP99Ms,
      gossipPackets: rate(totals.packets, before.packets),
      gossipBytes: rate(totals.bytes, before.bytes),
      leaseLeftMs: Math.max(0, views.leaseLeftMs),
      clockOffsetMs: clock.offsetMs,
      clockErrorMs: clock.errorMs,
    }
    keep(this.samples, sample, MAX_SAMPLES)
    if (views.view !== undefined) this.see(atMs, views.view)
  }

  private see(atMs: number, view: NonNullable<ClusterStatus['views']['view']>): void {
    const { generation, number } = view
    const last = this.views.at(-1)
    if (last?.generation === generation && last.number === number) return
    const members = view.members.map(({ name, life }) => `${name} (${life.slice(0, 4)})`)
    const before = new Set(last?.members ?? [])
    const now = new Set(members)
    const came = members.filter((member) => !before.has(member))
    const went = [...before].filter((member) => !now.has(member))
    keep(this.views, { atMs, generation, number, members, came, went }, MAX_VIEWS)
  }
}

function keep<Entry>(list: Entry[], entry: Entry, most: number): void {
  list.push(entry)
  if (list.length > most) list.shift()
}
