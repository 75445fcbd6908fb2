/**
 * The peer of `node-datachannel`, an optional peer dependency, for bots and tests. Taken for `#webrtc` in Node.
 * Ends the library's threads when the process has no other user, so that it can exit.
 */
import { MAX_CHANNEL_MESSAGE_BYTES, NativeChannels, useNative } from '@tickmesh/shared'
import type { PeerConnection } from 'node-datachannel'
import type { OpenPeer, PeerEvents, PeerLike } from './webrtc-like.ts'

const OFFER_WAIT_MS = 100
/** As the server sets it: what may wait below what we see. */
const SCTP_BUFFER_BYTES = MAX_CHANNEL_MESSAGE_BYTES

/** Rejects if `node-datachannel` is not there or does not load. */
export const openPeer: OpenPeer = async (iceServers, events) => {
  const { PeerConnection, cleanup, setSctpSettings } = await import('node-datachannel')
  setSctpSettings({ sendBufferSize: SCTP_BUFFER_BYTES, recvBufferSize: SCTP_BUFFER_BYTES })
  const release = useNative(globalThis, cleanup)
  try {
    const peer = new PeerConnection('tickmesh', { iceServers: [...iceServers], disableAutoNegotiation: true })
    return new NodePeer(peer, release, events)
  } catch (error) {
    release()
    throw error
  }
}

class NodePeer extends NativeChannels implements PeerLike {
  readonly #peer: PeerConnection

  constructor(peer: PeerConnection, release: () => void, events: PeerEvents) {
    // Not inside a call of the library's.
    super(peer, { ...events, onFreed: () => setImmediate(release) })
    this.#peer = peer
  }

  async offer(): Promise<string> {
    const peer = this.#peer
    peer.setLocalDescription('offer')
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, OFFER_WAIT_MS)
      const look = (state: string): void => {
        if (state !== 'complete') return
        clearTimeout(timer)
        resolve()
      }
      peer.onGatheringStateChange(look)
      look(peer.gatheringState())
    })
    return peer.localDescription()?.sdp ?? ''
  }

  async accept(answer: string): Promise<void> {
    if (!this.isFreed) this.#peer.setRemoteDescription(answer, 'answer')
  }
}
