/** A server with one room that others stand by for: how far those are is the test's to say. */
import type { CloseReason } from '@tickmesh/shared'
import type { HostOptions, Rules } from '../../src/index.ts'
import type { RoomCore } from '../../src/room/room-core.ts'
import { type SessionNote, unpackNotes } from '../../src/room/session-notes.ts'
import type { StandbyLine, StandbyMode, TickRecord } from '../../src/room/standby-line.ts'
import { type RawClient, TestServer } from '../raw-client.ts'
import { makeWalkers, type Walkers, walkerRules } from '../test-game.ts'

export const EPOCH = [1, 1, 1] as const
export const LOST: CloseReason = { code: 'CONNECTION_LOST', message: '' }

class FakeLine implements StandbyLine {
  mode: StandbyMode = 'inputs'
  heldTick = Number.POSITIVE_INFINITY
  urls: readonly string[] = []
  readonly records: TickRecord[] = []

  append(record: TickRecord): void {
    this.records.push(record)
  }

  /** All session notes since record `from`. */
  notes(from = 0): SessionNote[] {
    return this.records.slice(from).flatMap(({ session }) => unpackNotes(session) ?? [])
  }
}

export function protectedRoom(
  rules: Partial<Rules<Walkers>> = {},
  options: Partial<HostOptions> = {},
  offsetMs: number | undefined = undefined,
) {
  const line = new FakeLine()
  const clock = { nowMs: () => 0 }
  const clusterMs = offsetMs === undefined ? {} : { clusterMs: () => clock.nowMs() + offsetMs }
  const all = { ...walkerRules, ...rules } as Rules<Walkers>
  const server = new TestServer(makeWalkers(), all, { roomIdleMs: 60_000, ...clusterMs, ...options })
  clock.nowMs = () => server.scheduler.now()
  const core: RoomCore = server.host.openRoom('main', { epoch: EPOCH, created: {}, standby: line })
  const room = () => {
    const there = server.host.rooms.get('main')
    if (there === undefined) throw new Error('the room is over')
    return there
  }
  /** Those who stand by have all up to this tick from now on. */
  const hold = (tick = core.tickNumber): void => {
    line.heldTick = tick
    core.committed()
  }
  const texts = (client: RawClient): unknown[] => client.of('msg').map(({ v }) => v[0])
  const tick = (count = 1): void => server.run((count * 1000) / 60)
  return { server, line, core, room, hold, texts, tick }
}
