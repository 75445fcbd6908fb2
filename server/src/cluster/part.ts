/**
 * The form that all protocols of the cluster have: they take messages and the time, and give messages and the next time they want to be called. No part
 * holds a clock, a timer or a socket, so the same code runs on sockets and in the simulation.
 */
import type { Life } from './life.ts'

/** How a message travels between shards. `datagram`: at most 1,200 bytes packed, may be lost, doubled, out of order. `stream`: in order, until the connection breaks. */
export type PeerLane = 'datagram' | 'stream'

/** What a part may do to the outside. */
export interface PartHost<Message> {
  /** To a life, if it is known where that is; else nothing happens. Never calls back from inside. */
  send(to: Life, message: Message, lane: PeerLane): void
}

export interface Part<Message> {
  /** `message` was checked by the part's own parser, `from` was authenticated. */
  receive(from: Life, message: Message, nowMs: number): void
  /** Does what is due. May be called early, late (after a stall), and as often as one likes. */
  tick(nowMs: number): void
  /** When `tick` wants to be called next, on the clock that `nowMs` is of; Infinity: not until something else happens. */
  readonly nextMs: number
}
