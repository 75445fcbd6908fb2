/**
 * The browser's own RTCPeerConnection. Taken for `#webrtc` everywhere but in Node.
 */
import type { Lane } from '@tickmesh/shared'
import type { OpenPeer, PeerEvents, PeerLike } from './webrtc-like.ts'

const OFFER_WAIT_MS = 100

/** Rejects where there is no WebRTC: old browsers, and those whose owner switched it off. */
export const openPeer: OpenPeer = async (iceServers, events) => new BrowserPeer(iceServers, events)

class BrowserPeer implements PeerLike {
  readonly #peer: RTCPeerConnection
  readonly #reliable: RTCDataChannel
  readonly #datagram: RTCDataChannel
  readonly #events: PeerEvents

  constructor(iceServers: readonly string[], events: PeerEvents) {
    this.#peer = new RTCPeerConnection({ iceServers: iceServers.map(iceServer) })
    this.#events = events
    this.#reliable = this.#peer.createDataChannel('reliable', { negotiated: true, id: 0 })
    this.#datagram = this.#peer.createDataChannel('datagram', {
      negotiated: true,
      id: 1,
      ordered: false,
      maxRetransmits: 0,
    })
    this.#listen(this.#reliable, 'reliable')
    this.#listen(this.#datagram, 'datagram')
    this.#peer.onconnectionstatechange = () => {
      const { connectionState } = this.#peer
      if (connectionState === 'connected') events.onRestored()
      else if (connectionState === 'disconnected') events.onInterrupted()
      else if (connectionState === 'failed' || connectionState === 'closed') events.onGone()
    }
  }

  async offer(): Promise<string> {
    const peer = this.#peer
    await peer.setLocalDescription()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, OFFER_WAIT_MS)
      const look = (): void => {
        if (peer.iceGatheringState !== 'complete') return
        clearTimeout(timer)
        resolve()
      }
      peer.onicegatheringstatechange = look
      look()
    })
    return peer.localDescription?.sdp ?? ''
  }

  async accept(answer: string): Promise<void> {
    await this.#peer.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  bufferedBytes(lane: Lane): number {
    return this.#channel(lane).bufferedAmount
  }

  send(lane: Lane, bytes: Uint8Array): boolean {
    const channel = this.#channel(lane)
    if (channel.readyState !== 'open') return false
    try {
      // `send` of the DOM's types excludes shared memory, which the SDK never allocates.
      channel.send(bytes as Uint8Array<ArrayBuffer>)
      return true
    } catch {
      // More waits than the browser holds, or the message is larger than the peer takes.
      return false
    }
  }

  sendText(text: string): void {
    if (this.#reliable.readyState === 'open') this.#reliable.send(text)
  }

  free(): void {
    const peer = this.#peer
    const reliable = this.#reliable
    const datagram = this.#datagram
    peer.onconnectionstatechange = null
    peer.onicegatheringstatechange = null
    for (const channel of [reliable, datagram]) {
      channel.onopen = null
      channel.onmessage = null
      channel.onclose = null
    }
    peer.close()
  }

  #channel(lane: Lane): RTCDataChannel {
    return lane === 'reliable' ? this.#reliable : this.#datagram
  }

  #listen(channel: RTCDataChannel, lane: Lane): void {
    const events = this.#events
    channel.binaryType = 'arraybuffer'
    channel.onopen = () => {
      if (this.#reliable.readyState === 'open' && this.#datagram.readyState === 'open') events.onOpen()
    }
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) events.onBytes(lane, new Uint8Array(data))
      else if (typeof data === 'string') events.onText(lane, data)
    }
    channel.onclose = () => events.onGone()
  }
}

/** `turn:user:password@host:port` takes its name and password along. */
function iceServer(server: string): RTCIceServer {
  const found = /^(turns?:)([^:@]+):([^@]+)@(.+)$/.exec(server)
  if (found === null) return { urls: server }
  const [, scheme = '', username = '', credential = '', host = ''] = found
  return { urls: scheme + host, username, credential }
}
