/**
 * The peer of `node-datachannel`, an optional peer dependency, for bots and tests. Taken for `#webrtc` in Node.
 * Ends the library's threads when the process has no other user, so that it can exit.
 */
import { type Lane, MAX_CHANNEL_MESSAGE_BYTES, useNative } from '@tickmesh/shared'
import type { DataChannel, PeerConnection } from 'node-datachannel'
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

class NodePeer implements PeerLike {
  readonly #peer: PeerConnection
  readonly #release: () => void
  readonly #reliable: DataChannel
  readonly #datagram: DataChannel
  readonly #events: PeerEvents
  #isOpen = false
  #isFreed = false

  constructor(peer: PeerConnection, release: () => void, events: PeerEvents) {
    this.#peer = peer
    this.#release = release
    this.#events = events
    this.#reliable = peer.createDataChannel('reliable', { negotiated: true, id: 0 })
    this.#datagram = peer.createDataChannel('datagram', {
      negotiated: true,
      id: 1,
      unordered: true,
      maxRetransmits: 0,
    })
    this.#listen(this.#reliable, 'reliable')
    this.#listen(this.#datagram, 'datagram')
    peer.onStateChange((state) => {
      if (this.#isFreed) return
      if (state === 'connected') events.onRestored()
      else if (state === 'disconnected') events.onInterrupted()
      else if (state === 'failed' || state === 'closed') events.onGone()
    })
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
    if (!this.#isFreed) this.#peer.setRemoteDescription(answer, 'answer')
  }

  bufferedBytes(lane: Lane): number {
    try {
      return this.#channel(lane).bufferedAmount()
    } catch {
      // It was closed in another thread; we are told of it soon.
      return 0
    }
  }

  send(lane: Lane, bytes: Uint8Array): boolean {
    const channel = this.#channel(lane)
    try {
      if (!channel.isOpen()) return false
      // False means that it was queued.
      channel.sendMessageBinary(bytes)
      return true
    } catch {
      // As above, or the message is larger than the peer takes.
      return false
    }
  }

  sendText(text: string): void {
    try {
      if (this.#reliable.isOpen()) this.#reliable.sendMessage(text)
    } catch {
      // As above.
    }
  }

  free(): void {
    if (this.#isFreed) return
    this.#isFreed = true
    this.#peer.close()
    // Not inside a call of the library's.
    setImmediate(this.#release)
  }

  #channel(lane: Lane): DataChannel {
    return lane === 'reliable' ? this.#reliable : this.#datagram
  }

  #listen(channel: DataChannel, lane: Lane): void {
    const events = this.#events
    const onGone = (): void => {
      if (!this.#isFreed) events.onGone()
    }
    channel.onOpen(() => {
      if (this.#isOpen || this.#isFreed || !this.#reliable.isOpen() || !this.#datagram.isOpen()) return
      this.#isOpen = true
      events.onOpen()
    })
    channel.onClosed(onGone)
    channel.onError(onGone)
    channel.onMessage((message) => {
      if (this.#isFreed) return
      if (typeof message === 'string') events.onText(lane, message)
      else if (message instanceof ArrayBuffer) events.onBytes(lane, new Uint8Array(message))
      // Not a Buffer, whose slice() is no copy.
      else events.onBytes(lane, new Uint8Array(message.buffer, message.byteOffset, message.length))
    })
  }
}
