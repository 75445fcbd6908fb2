/** Two shards on one virtual time, without a cluster: the room `main` of the first is streamed to a replica on the second, record by record. */
import type { EpochTriple } from '@tickmesh/shared'
import type { HostOptions, Room, Rules } from '../../src/index.ts'
import type { RoomCore } from '../../src/room/room-core.ts'
import type { RoomReplica } from '../../src/room/room-replica.ts'
import type { StandbyLine, TickRecord } from '../../src/room/standby-line.ts'
import { type RawClient, TestServer } from '../raw-client.ts'
import { makeWalkers, type Trace, type Walkers, walkerRules } from '../test-game.ts'

const FIRST: EpochTriple = [1, 1, 1]
export const SECOND: EpochTriple = [1, 2, 1]
/** The second shard's clock is so far ahead of the first's. */
const OFFSET_MS = 123_456.5

export function line(append: (record: TickRecord) => void = () => {}): StandbyLine {
  return { mode: 'inputs', heldTick: Number.POSITIVE_INFINITY, urls: [], append }
}

export interface TwoShards {
  readonly first: TestServer<Walkers>
  readonly second: TestServer<Walkers>
  readonly core: RoomCore
  readonly replica: RoomReplica
  readonly calls: string[]
  readonly trace: Trace
  readonly room: (server: TestServer<Walkers>) => Room<Walkers>
  readonly run: (ms: number) => void
  readonly resume: (client: RawClient, more?: object) => RawClient
}

export function twoShards(rules: Partial<Rules<Walkers>> = {}, options: Partial<HostOptions> = {}): TwoShards {
  const calls: string[] = []
  const all: Rules<Walkers> = {
    ...walkerRules,
    onCreate: () => calls.push('create'),
    onJoin(room, player) {
      calls.push(`join ${player.seat}`)
      walkerRules.onJoin?.(room, player)
    },
    onDisconnect: (_room, player) => calls.push(`disconnect ${player.seat}`),
    onReconnect: (_room, player) => calls.push(`reconnect ${player.seat}`),
    onLeave: (_room, player) => calls.push(`leave ${player.seat}`),
    onDispose: () => calls.push('dispose'),
    onRestore: () => calls.push('restore'),
    ...rules,
  }
  const trace: Trace = { presses: [], throwAt: -1 }
  const game = makeWalkers(trace)
  const hosted = { roomIdleMs: 60_000, graceMs: 5_000, ...options }
  const clock = { nowMs: () => 0 }
  const clusterMs = () => clock.nowMs()
  const first = new TestServer(game, all, { ...hosted, clusterMs })
  const { scheduler } = first
  clock.nowMs = () => scheduler.now()
  const second = new TestServer(game, all, { ...hosted, clusterMs, seed: 2 }, scheduler)
  second.spentMs = OFFSET_MS
  const waiting: TickRecord[] = []
  const standby = line((record) => waiting.push(record))
  const core = first.host.openRoom('main', { epoch: FIRST, created: { mode: 'duel' }, standby })
  const replica = second.host.openReplica(core.keyframe())
  const feed = (): void => {
    for (const record of waiting.splice(0)) replica.append(record)
    replica.replay(Number.POSITIVE_INFINITY)
  }
  return {
    first,
    second,
    core,
    replica,
    calls,
    trace,
    room: (server) => server.host.rooms.get('main') as Room<Walkers>,
    run: (ms) => {
      first.run(ms)
      feed()
    },
    resume: (client, more = {}) => {
      const again = second.connect()
      again.goOnAs(client)
      const { resume = '', epoch } = client.welcome ?? {}
      again.hello({ room: 'main', resume, epoch, heard: client.of('msg').length, ...more })
      first.run(1)
      return again
    },
  }
}

/** Lets clients play so many ticks, in time. */
export function play(shards: TwoShards, clients: readonly RawClient[], ticks: number, levels = [0]): void {
  for (let n = 0; n < ticks; n++) {
    for (const client of clients) client.input(shards.first.nextTick(client), levels)
    shards.run(1000 / 60)
  }
}
