/**
 * What an attack is: how its connections come about, and what each of them does. Attacks are listed in attacks.ts and run by the siege.
 */
import type { SeededRandom } from '@tickmesh/shared'
import type { AttackPlayer } from './attack-player.ts'
import type { AttackSocket, AttackTarget } from './attack-socket.ts'

/** One connection of an attack, open. */
export interface Peer {
  readonly socket: AttackSocket
  readonly player: AttackPlayer
  readonly random: SeededRandom
  readonly target: AttackTarget
  /** What the connections of one attack know of each other. */
  readonly shared: AttackMemory
  /** Where to join: with the honest ones, or not. */
  readonly room: string
  /** Counts connections of this attack. */
  readonly turn: number
}

/** What was seen of an honest session, to be said again. */
export interface AttackMemory {
  recorded: Uint8Array[]
  secret: string | undefined
}

/** Called every `everyMs`, with 0, 1, 2 ...: one step of the attack. */
export type Step = (n: number) => void

export interface Attack {
  readonly name: string
  /** For people: what it does. */
  readonly what: string
  /** False: plain TCP, without a WebSocket handshake. */
  readonly upgrade: boolean
  /** At a time. */
  readonly connections: number
  readonly everyMs: number
  /** The attacker gives up on a connection after that. */
  readonly lifeMs: number
  /** Before it connects again; 300 by default. */
  readonly retryMs?: number
  /** All connections of the attack come from one address, unless it has several. */
  readonly addresses?: number
  readonly headers?: string
  /** Called when a connection is open; what it gives is called again and again. */
  begin(peer: Peer): Step
}
