/** What a node asks of its shard about rooms, all together; `HostedRooms` is one. */
import type { MoveKeeper } from '../migrate/migrate-api.ts'
import type { RoomKeeper } from '../ring/rooms-api.ts'
import type { StandbyKeeper } from '../standby/standby-api.ts'

export interface ShardKeeper extends RoomKeeper, StandbyKeeper, MoveKeeper {}

/** As part of a node's host, which is more. */
export function shardOf(keeper: ShardKeeper): ShardKeeper {
  return {
    open: (id, epoch, attributes) => keeper.open(id, epoch, attributes),
    takeOver: (id, epoch) => keeper.takeOver(id, epoch),
    holds: () => keeper.holds(),
    lost: (id, epoch) => keeper.lost(id, epoch),
    close: (id, why) => keeper.close(id, why),
    load: () => keeper.load(),
    loadOf: (life) => keeper.loadOf(life),
    heldTo: (room, tick) => keeper.heldTo(room, tick),
    holdersChanged: (room, holders, mode) => keeper.holdersChanged(room, holders, mode),
    openReplica: (room, epoch, keyframe) => keeper.openReplica(room, epoch, keyframe),
    diverged: (room, tick, what) => keeper.diverged(room, tick, what),
    announce: (room, url) => keeper.announce(room, url),
    connected: (room) => keeper.connected(room),
    bestHaltMs: (room) => keeper.bestHaltMs(room),
    halt: (room) => keeper.halt(room),
    goOn: (room, epoch) => keeper.goOn(room, epoch),
    calledOff: (room) => keeper.calledOff(room),
    handedOver: (room, to, url, epoch) => keeper.handedOver(room, to, url, epoch),
    expect: (room, isExpected) => keeper.expect(room, isExpected),
    arrived: (room) => keeper.arrived(room),
    openAt: (room, epoch, halt) => keeper.openAt(room, epoch, halt),
  }
}
