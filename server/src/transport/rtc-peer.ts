/**
 * One WebRTC peer of the native library, with the two data channels of a link. Made by RtcTransport, which is told when it opens and when it is freed.
 * Nothing that the peer does throws past here, and nothing native is touched once it is freed.
 */
import { ChannelLink, type ChannelLinkOptions, type ChannelPort, type Lane } from '@tickmesh/shared'
import type { NativeChannel, NativePeer } from './rtc-native.ts'

export interface RtcPeerEvents {
  /** Both channels are open. Called once, and not after `onFreed`. */
  readonly onOpen: (link: ChannelLink) => void
  /** It is gone, whether it was ever open or not. Called once. */
  readonly onFreed: () => void
}

export class RtcPeer implements ChannelPort {
  readonly link: ChannelLink
  readonly #native: NativePeer
  readonly #reliable: NativeChannel
  readonly #datagram: NativeChannel
  readonly #events: RtcPeerEvents
  #freed = false
  #opened = false

  /** Answers the offer, which the caller has read and written anew. Throws what the native library throws; then nothing is left of the peer. */
  constructor(native: NativePeer, offerSdp: string, events: RtcPeerEvents, options: ChannelLinkOptions) {
    this.#native = native
    this.#events = events
    this.link = new ChannelLink(this, options)
    try {
      native.setRemoteDescription(offerSdp, 'offer')
      this.#reliable = native.createDataChannel('reliable', { negotiated: true, id: 0 })
      this.#datagram = native.createDataChannel('datagram', {
        negotiated: true,
        id: 1,
        unordered: true,
        maxRetransmits: 0,
      })
      native.onStateChange((state) => this.#onState(state))
      this.#listen(this.#reliable, 'reliable')
      this.#listen(this.#datagram, 'datagram')
      native.setLocalDescription('answer')
    } catch (error) {
      native.close()
      throw error
    }
  }

  /** Whether both channels were open once. */
  get isOpened(): boolean {
    return this.#opened
  }

  /** The answer with all candidates that are found within `timeoutMs`; undefined if the peer is gone by then. */
  async answer(timeoutMs: number): Promise<string | undefined> {
    const native = this.#native
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      const look = (state: string): void => {
        if (state !== 'complete') return
        clearTimeout(timer)
        resolve()
      }
      native.onGatheringStateChange(look)
      look(native.gatheringState())
    })
    try {
      return this.#freed ? undefined : native.localDescription()?.sdp
    } catch {
      // It was closed in another thread.
      return undefined
    }
  }

  bufferedBytes(lane: Lane): number {
    if (this.#freed) return 0
    try {
      return this.#channel(lane).bufferedAmount()
    } catch {
      // It was closed in another thread; we are told of it soon.
      return 0
    }
  }

  send(lane: Lane, bytes: Uint8Array): boolean {
    if (this.#freed) return false
    const channel = this.#channel(lane)
    try {
      if (!channel.isOpen()) return false
      // False means that it was queued.
      channel.sendMessageBinary(bytes)
      return true
    } catch {
      // As above.
      return false
    }
  }

  sendText(text: string): void {
    if (this.#freed) return
    try {
      if (this.#reliable.isOpen()) this.#reliable.sendMessage(text)
    } catch {
      // As above.
    }
  }

  free(): void {
    if (this.#freed) return
    this.#freed = true
    this.#native.close()
    this.#events.onFreed()
  }

  #channel(lane: Lane): NativeChannel {
    return lane === 'reliable' ? this.#reliable : this.#datagram
  }

  #listen(channel: NativeChannel, lane: Lane): void {
    channel.onOpen(() => this.#onChannelOpen())
    channel.onClosed(() => this.#onGone())
    channel.onError(() => this.#onGone())
    channel.onMessage((message) => {
      if (this.#freed) return
      if (typeof message === 'string') this.link.onText(lane, message)
      else if (message instanceof ArrayBuffer) this.link.onBytes(lane, new Uint8Array(message))
      // Not a Buffer, whose slice() is no copy.
      else this.link.onBytes(lane, new Uint8Array(message.buffer, message.byteOffset, message.length))
    })
  }

  #onChannelOpen(): void {
    if (this.#freed || this.#opened || !this.#reliable.isOpen() || !this.#datagram.isOpen()) return
    this.#opened = true
    this.#events.onOpen(this.link)
  }

  #onState(state: string): void {
    if (state === 'connected') this.link.onRestored()
    else if (state === 'disconnected') this.link.onInterrupted()
    else if (state === 'failed' || state === 'closed') this.#onGone()
  }

  #onGone(): void {
    if (!this.#freed) this.link.onGone()
  }
}
