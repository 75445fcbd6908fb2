/**
 * Where rooms are, as admission and sessions ask it on a shard of a cluster. Implemented by cluster/net/room-gate.ts; a server by itself has none, and all its
 * rooms are here.
 */
import type { CloseReason, EpochTriple, HelloMessage, Link } from '@tickmesh/shared'

/** A room that another shard runs. */
export interface Elsewhere {
  readonly room: string
  /** Where clients connect. */
  readonly url: string
  readonly epoch: EpochTriple
}

export type Found =
  | { readonly kind: 'here'; readonly epoch: EpochTriple }
  | { readonly kind: 'there'; readonly place: Elsewhere }
  | { readonly kind: 'none' }
  /** Its owner is gone, and its match with it. It may be made anew. */
  | { readonly kind: 'lost' }

/** A client's connection that is carried to another shard. */
export interface Pipe {
  /** Its room goes on without this shard: if this one stops, the client dials another. */
  readonly outlivesUs?: boolean
  /** A message of the client; borrowed. */
  send(bytes: Uint8Array): void
  /** The client's connection ended. */
  close(reason: CloseReason): void
}

/** Whether anybody still waits for an answer; an `AbortSignal` is one, which pure code does not know. */
export interface Cancellation {
  readonly aborted: boolean
}

export interface RoomDirectory {
  /**
   * At once where that is known, else within some seconds. Rejects with NOT_READY; `signal` takes the question back. `left`: the epoch of the owner that somebody was
   * with who comes back: whoever stands by for the room lets it wait here, instead of sending it back there.
   */
  find(room: string, signal: () => Cancellation, left?: EpochTriple): Found | Promise<Found>
  /** Makes a room, here or elsewhere, or finds it. */
  create(room: string, signal: () => Cancellation): Found | Promise<Found>
  /** Carries a client, whose hello this is, to the shard that runs its room. Undefined: it is told where that is. */
  carry(hello: HelloMessage, link: Link, place: Elsewhere, from: CarriedFrom): Pipe | undefined
}

export interface CarriedFrom {
  readonly address: string
  /** It was carried here already. */
  readonly carried: boolean
}
