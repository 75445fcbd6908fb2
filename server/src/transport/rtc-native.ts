/**
 * What the server needs of `node-datachannel`, an optional peer dependency, and how it is loaded: once per server that wants WebRTC.
 * Its own types stay out of ours, so that programs without it compile.
 */
import { MAX_CHANNEL_MESSAGE_BYTES, NetError, useNative } from '@tickmesh/shared'

export interface NativeChannel {
  sendMessage(text: string): boolean
  sendMessageBinary(bytes: Uint8Array): boolean
  isOpen(): boolean
  bufferedAmount(): number
  onOpen(run: () => void): void
  onClosed(run: () => void): void
  onError(run: (error: string) => void): void
  onMessage(run: (message: string | Uint8Array | ArrayBuffer) => void): void
}

export interface NativePeer {
  close(): void
  setLocalDescription(type: 'answer'): void
  setRemoteDescription(sdp: string, type: 'offer'): void
  localDescription(): { readonly sdp: string } | null
  createDataChannel(
    label: string,
    config: { negotiated: boolean; id: number; unordered?: boolean; maxRetransmits?: number },
  ): NativeChannel
  gatheringState(): string
  onStateChange(run: (state: string) => void): void
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
