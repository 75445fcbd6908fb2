/**
 * What the server needs of `node-datachannel`, an optional peer dependency, and how it is loaded: once per server that wants WebRTC.
 * Its own types stay out of ours, so that programs without it compile.
 */
import { MAX_CHANNEL_MESSAGE_BYTES, type NativeChannelPeer, NetError, useNative } from '@tickmesh/shared'

export interface NativePeer extends NativeChannelPeer {
  setLocalDescription(type: 'answer'): void
  setRemoteDescription(sdp: string, type: 'offer'): void
  localDescription(): { readonly sdp: string } | null
  gatheringState(): string
  onGatheringStateChange(run: (state: string) => void): void
}

export interface NativePeerConfig {
  iceServers: string[]
  disableAutoNegotiation: boolean
  maxMessageSize: number
  bindAddress?: string
  portRangeBegin?: number
  portRangeEnd?: number
  enableIceUdpMux?: boolean
}

export interface RtcNative {
  createPeer(config: NativePeerConfig): NativePeer
  /** Ends this use of the library; the last one of the process ends its threads. Idempotent. */
  release(): void
}

/** What the transport below may hold back of one peer, and so what we do not see as buffered: enough for the largest message. */
const SCTP_BUFFER_BYTES = MAX_CHANNEL_MESSAGE_BYTES

/** Rejects with BAD_STATE if `node-datachannel` is not there or does not load. */
export async function loadRtcNative(): Promise<RtcNative> {
  const { PeerConnection, cleanup, setSctpSettings } = await import('node-datachannel').catch((error: unknown) => {
    throw new NetError(
      'BAD_STATE',
      `the option "webrtc" needs node-datachannel, which cannot be loaded (${error instanceof Error ? error.message : error}).`,
      'Run `npm install node-datachannel`, or leave the option out: players then come over WebSockets.',
    )
  })
  setSctpSettings({ sendBufferSize: SCTP_BUFFER_BYTES, recvBufferSize: SCTP_BUFFER_BYTES })
  return {
    createPeer: (config) => new PeerConnection('tickmesh', config),
    release: useNative(globalThis, cleanup),
  }
}
