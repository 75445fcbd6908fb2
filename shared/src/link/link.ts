/**
 * A Link is one connection between two peers, whatever carries it: WebSocket, WebRTC, or memory.
 * Every transport implements this and passes the same conformance suite.
 */
import type { NetErrorCode } from '../error.ts'

/**
 * `reliable` keeps order and loses nothing. `datagram` may lose, reorder and duplicate: the consumer decides what is still useful.
 * Links over one ordered stream carry both lanes in that stream, in order.
 */
export type Lane = 'reliable' | 'datagram'

/** Why a link ended. `code` is public; `message` is for people (at most 120 bytes of UTF-8 cross the wire). */
export interface CloseReason {
  readonly code: NetErrorCode
  readonly message: string
}

/**
 * What a link tells its owner. Never called from inside the owner's own `attach`, `send` or `close`, so an owner may walk its list of links while it sends.
 * `bytes` is borrowed until the call returns: copy to keep. After an own `close()` nothing but `onClose` is called, after `onClose` nothing at all.
 */
export interface LinkReceiver {
  onMessage(lane: Lane, bytes: Uint8Array): void
  /** Called exactly once, also after an own `close()`: soon after it, without waiting for the peer. */
  onClose(reason: CloseReason): void
}

export interface Link {
  /** True if both lanes share one ordered stream (WebSocket): what is sent arrives, once and in order. */
  readonly ordered: boolean
  /** Bytes accepted but not yet written to the network. */
  readonly bufferedBytes: number
  /** Who hears of messages and of the end. Called once, synchronously when the link is handed over: before that nothing is delivered. */
  attach(receiver: LinkReceiver): void
  /** `bytes` is borrowed until the call returns: a link that cannot write at once copies. Never throws; after the end it does nothing. */
  send(lane: Lane, bytes: Uint8Array): void
  /** Tells the peer why, then ends. Idempotent. */
  close(reason: CloseReason): void
}
