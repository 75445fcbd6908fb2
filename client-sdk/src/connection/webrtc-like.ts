/**
 * What the client needs of a WebRTC peer: the part that a browser's and the one of node-datachannel have in common.
 * Open one with `openPeer` of `#webrtc`, which package.json maps to the implementation for the platform.
 */
import type { ChannelPort, NativeChannelEvents } from '@tickmesh/shared'

/** What a peer tells. None of it is called from inside the peer's own methods, nor after `free`. */
export type PeerEvents = Omit<NativeChannelEvents, 'onFreed'>

/** A peer with the two negotiated channels of a link: 0 reliable, 1 for datagrams. */
export interface PeerLike extends ChannelPort {
  /** The offer with the candidates that are there within a tenth of a second. Called once. */
  offer(): Promise<string>
  /** Rejects if the answer makes no sense. */
  accept(answer: string): Promise<void>
}

/** Rejects where there is no WebRTC. */
export type OpenPeer = (iceServers: readonly string[], events: PeerEvents) => Promise<PeerLike>
