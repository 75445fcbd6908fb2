/**
 * The rules that a simulated cluster goes by: the real ones, unless a mistake is planted.
 */
import {
  drawLife,
  JOB_RULES,
  type JobRules,
  LEASE_TIMES,
  type LeaseTimes,
  type Life,
  LOBBY_RULES,
  type LobbyRules,
  MOVE_RULES,
  type MoveRules,
  NODE_RULES,
  type NodeRules,
  ROOM_RULES,
  type RoomRules,
  STANDBY_RULES,
  type StandbyRules,
  VIEW_RULES,
  type ViewRules,
} from '@tickmesh/server/cluster'
import { hash32 } from '@tickmesh/shared'

/** What the shell of a shard has to do right, which the simulated machine does in its place. */
export interface ShellRules {
  /** The life of a process that starts on a machine where `earlier` ran before. */
  nextLife(random: () => number, earlier: Life | undefined): Life
}

/** The same of what ties a room host to its node. */
export interface PlayRules {
  /** What a room is told is held, when this is. */
  heldTick(tick: number): number
  /** Whether rooms are told that they may act, when the node says this. */
  mayAct(byNode: boolean): boolean
}

export interface SimRules {
  readonly view: ViewRules
  readonly rooms: RoomRules
  readonly lobby: LobbyRules
  readonly jobs: JobRules
  readonly node: NodeRules
  readonly standby: StandbyRules
  readonly moves: MoveRules
  readonly shell: ShellRules
  readonly play: PlayRules
  readonly times: LeaseTimes
}

export const TRUE_RULES: SimRules = {
  view: VIEW_RULES,
  rooms: ROOM_RULES,
  lobby: LOBBY_RULES,
  jobs: JOB_RULES,
  node: NODE_RULES,
  standby: STANDBY_RULES,
  moves: MOVE_RULES,
  shell: { nextLife: (random) => drawLife(random) },
  play: {
    heldTick: (tick) => tick,
    mayAct: (byNode) => byNode,
  },
  times: LEASE_TIMES,
}

/** The real rules, but for a mistake in one part. */
export function mistaken<Part extends keyof SimRules>(part: Part, change: Partial<SimRules[Part]>): SimRules {
  return { ...TRUE_RULES, [part]: { ...TRUE_RULES[part], ...change } }
}

/** 32 bits of a text; stands for the shell's XXH32. */
export function hashText(text: string): number {
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (let at = 0; at < text.length; at++) {
    low = Math.imul(low ^ text.charCodeAt(at), 0x01000193)
    high = Math.imul(high ^ low, 0x85ebca6b)
  }
  return hash32(low, high, text.length, 0)
}
