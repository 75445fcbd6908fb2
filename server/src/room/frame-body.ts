/**
 * What the body of a frame is made of: a view onto the past, filled anew by replication for each body. Hot.
 */
import type { BodyInput, BodyPart, EventLog, EventSource, SnapshotSource } from '@tickmesh/shared'
import type { Interest } from '../interest/interest.ts'

/** Where replication finds the past. */
export interface ReplicationSources {
  /** Snapshots. */
  readonly history: SnapshotSource
  /** What was held in each tick: worlds, of which the seats' columns are read. */
  readonly held: SnapshotSource
  readonly events: EventLog
  /** Given where each client gets only a part of the world. */
  readonly interest?: Interest | undefined
}

export class FrameBody implements BodyInput {
  baseline: Int32Array | undefined
  earlier: Int32Array | undefined
  baselineTick = -1
  current: Int32Array = new Int32Array(0)
  tick = 0
  plainTypes: Uint8Array
  readonly events: EventSource
  readonly part: BodyPart | undefined
  private readonly held: SnapshotSource

  constructor({ held, events, interest }: ReplicationSources, plainTypes: Uint8Array) {
    this.held = held
    this.events = interest?.events ?? events
    this.part = interest?.part
    this.plainTypes = plainTypes
  }

  heldAt(tick: number): Int32Array | undefined {
    return this.held.find(tick)
  }
}
