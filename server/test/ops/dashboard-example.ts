/** A state of the dashboard as a shard of five might have it. Made for tests. */
import type { ClusterStatus } from '../../src/cluster/node/cluster-node-api.ts'
import type { Member } from '../../src/cluster/view/view.ts'
import type { DashboardState, Sample } from '../../src/ops/dashboard/dashboard-state.ts'

const START_MS = Date.UTC(2026, 0, 1)
const lives = ['00aa11bb22cc33dd', '11bb22cc33dd44ee', '22cc33dd44ee55ff', '33dd44ee55ff6600', '44ee55ff66007711']

const members: readonly Member[] = lives.map((life, at) => ({
  life,
  name: `shard-${at + 1}`,
  address: `127.0.0.1:${7946 + at}`,
  url: `ws://127.0.0.1:${8080 + at}/tickmesh`,
  zone: at % 2 === 0 ? 'a' : 'b',
  weight: 10,
  draining: at === 4,
  since: at + 1,
}))

function clusterStatus(): ClusterStatus {
  return {
    cluster: 'arena',
    life: lives[0] ?? '',
    name: 'shard-1',
    views: {
      phase: 'member',
      view: { cluster: 'arena', generation: 7, number: 12, members, voters: lives },
      leaseLeftMs: 690,
      survives: 2,
      members: members.map((member, at) => ({
        member,
        evidence: at === 3 ? 'silent' : undefined,
        roundTripAgeMs: at === 3 ? 2400 : 60 + at,
      })),
    },
    gossip: {
      members: [
        ...members.map(({ name, address, life }, at) => ({
          name,
          address,
          incarnation: at + 1,
          state: at === 3 ? ('suspect' as const) : ('alive' as const),
          tags: { role: 'tickmesh', life },
        })),
        { name: 'serf-1', address: '127.0.0.1:9000', incarnation: 3, state: 'alive', tags: { role: 'ops' } },
      ],
      awareness: 1,
      packetsSent: 5000,
      packetsReceived: 5000,
      bytesSent: 400_000,
      bytesReceived: 400_000,
      refused: {},
    },
    rooms: { owned: 4, homed: 5, waiting: 0 },
    standby: {
      rooms: [
        {
          ...{ id: 'match-1', epoch: { generation: 7, view: 12, k: 1 }, mode: 'inputs', tick: 900, heldTick: 899 },
          holders: [{ life: lives[1] ?? '', state: 'holding', tick: 899, lagMs: 1.5 }],
        },
        {
          ...{ id: 'match-6', epoch: { generation: 7, view: 12, k: 2 }, mode: 'states', tick: 50, holders: [] },
          heldTick: Number.POSITIVE_INFINITY,
        },
      ],
      held: [
        { id: 'match-2', owner: lives[1] ?? '', epoch: { generation: 7, view: 11, k: 4 }, tick: 7000, isHolder: true },
      ],
      ...{ bytesSent: 3_400_000, bytesReceived: 2_100_000, replaced: 1, diverged: 0 },
    },
    moves: {
      moving: [{ room: 'match-1', to: lives[2] ?? '', step: 'gathering', sinceMs: 1 }],
      ...{ inLine: 0, stranded: 0, counts: { moved: 3, refused: 0, aborted: 0, unknown: 0, taken: 2 } },
    },
    clock: {
      stratum: 2,
      offsetMs: 0.21,
      errorMs: 1.4,
      steps: 0,
      peers: lives.slice(1).map((life, at) => ({ life, offsetMs: at / 10, errorMs: 1.2 })),
    },
    lobby: { lives: 5, entries: 20, tombstones: 3, root: 'c0ffee12', alarms: 0 },
    singleton: lives[0],
  }
}

function sample(second: number): Sample {
  const wave = Math.sin(second / 20)
  return {
    atMs: START_MS + second * 1000,
    players: Math.round(40 + 12 * wave),
    rooms: 4,
    ticks: 240 + 4 * wave,
    tickLatenessP99Ms: 1.1 + 0.4 * wave,
    gossipPackets: 40 + 6 * wave,
    gossipBytes: 3200 + 400 * wave,
    leaseLeftMs: 690 + 30 * wave,
    clockOffsetMs: 0.2 * wave,
    clockErrorMs: 1.4,
  }
}

export function exampleState(): DashboardState {
  const names = members.map(({ name }) => name)
  return {
    atMs: START_MS + 300_000,
    url: 'ws://127.0.0.1:8080/tickmesh',
    stats: {
      ...{
        rooms: 4,
        connections: 45,
        players: 44,
        away: 1,
        spectators: 0,
        roomsMade: 9,
        authenticating: 0,
        resumes: 2,
      },
      ...{ resumesRefused: 0, peersDropped: 0, ticks: 100_000, tickLatenessP50Ms: 0.2, tickLatenessP99Ms: 1.2 },
      tickLatenessMaxMs: 5,
    },
    cluster: clusterStatus(),
    ring: Array.from({ length: 200 }, (_, at) => [(at + 1) / 200, lives[(at * 7) % 5] ?? ''] as const),
    rooms: Array.from({ length: 12 }, (_, at) => ({
      id: `match-${at + 1}`,
      owner: lives[at % 5] ?? '',
      state: at === 3 ? 'full' : 'open',
      players: at === 3 ? 16 : 8,
      maxPlayers: 16,
      holders: at === 5 ? [] : [lives[(at + 1) % 5] ?? ''],
    })),
    roomCount: 12,
    samples: Array.from({ length: 300 }, (_, second) => sample(second)),
    views: [
      { atMs: START_MS, generation: 7, number: 11, members: names.slice(0, 4), came: names.slice(0, 4), went: [] },
      { atMs: START_MS + 60_000, generation: 7, number: 12, members: names, came: ['shard-5'], went: [] },
    ],
    journeys: [
      { atMs: START_MS + 1500, room: 'match-4', kind: 'failover', from: 'shard-6', to: 'shard-1' },
      { atMs: START_MS + 2500, room: 'match-5', kind: 'move', from: 'shard-5', to: 'shard-2' },
    ],
    hosting: { takenOver: 1, replayedTicks: 14, replayMs: 2.5, replayMaxMs: 2.5, lost: 0 },
    events: [
      {
        atMs: START_MS,
        level: 'info',
        event: 'view-installed',
        message: 'view 7.12 of 5 members: survives 2.',
        times: 1,
      },
      {
        atMs: START_MS + 1000,
        level: 'warn',
        event: 'member-suspected',
        message: '<b>shard-4</b> is silent.',
        times: 1,
      },
    ],
  }
}
