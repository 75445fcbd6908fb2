/** Rooms that come to a shard: a room opens only from a replica that the standby gave away, and only what runs is said to run. */
import { expect, it } from 'vitest'
import { HostedRooms } from '../../../src/cluster/hosting/hosted-rooms.ts'
import type { HostingLife, KeptHost } from '../../../src/cluster/hosting/hosting-api.ts'
import type { RoomEpoch } from '../../../src/cluster/view/view.ts'
import type { RoomReplica } from '../../../src/room/room-replica.ts'
import { TestServer } from '../../raw-client.ts'
import { protectedRoom } from '../../room/standby-rig.ts'
import { makeWalkers, walkerRules } from '../../test-game.ts'

const epochAt = (k: number): RoomEpoch => ({ generation: 1, view: 1, k })

/** A shard that holds a room of another. */
function shard() {
  const { core, server: owner } = protectedRoom()
  owner.run(100)
  const server = new TestServer(makeWalkers(), walkerRules, { onRoomEnded: (id) => kept.ended(id) })
  const host = server.host as unknown as KeptHost
  const replica = host.openReplica(core.keyframe())
  const standby = {
    ...{ protect: () => {}, unprotect: () => {}, append: () => {}, held: new Map() },
    replicaOf: () => replica,
    gives: true,
    takeOver: (): RoomReplica | undefined => (standby.gives ? replica : undefined),
  }
  const lobby = { put: () => {}, remove: () => {}, setLoad: () => {}, loadOf: () => 0 }
  const kept: HostedRooms = new HostedRooms({
    host,
    life: () => ({ lobby, standby, view: undefined }) as unknown as HostingLife,
    nowMs: () => server.scheduler.now(),
    mode: 'inputs',
    wake: () => {},
    note: () => {},
  })
  const halt = { tick: core.tickNumber, hash: replica.hash(), late: new Uint8Array() }
  return { kept, server, standby, halt }
}

it('opens no room whose replica is not its own: the epoch may not be a newer one', () => {
  const { kept, server, standby, halt } = shard()
  standby.gives = false
  expect(kept.openAt('main', epochAt(2), halt)).toBe(false)
  expect([kept.epochOf('main'), server.host.rooms.size]).toEqual([undefined, 0])
  standby.gives = true
  expect(kept.openAt('main', epochAt(2), { ...halt, hash: halt.hash + 1 })).toBe(false)
  expect(kept.openAt('main', epochAt(2), halt)).toBe(true)
  expect([kept.epochOf('main'), server.host.rooms.size]).toEqual([epochAt(2), 1])
})

it('does not say that it goes on with a room that stopped for a move, and was ended by hand meanwhile', () => {
  const { kept, server, halt } = shard()
  kept.openAt('main', epochAt(2), halt)
  kept.halt('main')
  expect(kept.takeOver('main', epochAt(3))).toBe(true)
  expect(kept.epochOf('main')).toEqual(epochAt(3))
  kept.halt('main')
  server.host.closeRoom('main', { code: 'ROOM_CLOSED', message: '' })
  expect(kept.takeOver('main', epochAt(4))).toBe(false)
  expect(kept.epochOf('main')).toBeUndefined()
  // The cluster still has to hear of its end.
  expect(kept.over('main')).toBe(true)
})
