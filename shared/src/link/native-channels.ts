/**
 * The two negotiated data channels of a link on a peer of `node-datachannel`, as that library has them: 0 reliable, 1 for datagrams. Made by the server's
 * peer and by the client's in Node. The library closes things in threads of its own: nothing here throws because of that, and nothing native is touched,
 * nor anything told, once it is freed.
 */
import type { ChannelPort } from './channel-link.ts'
import type { Lane } from './link.ts'

/** What is needed of the library. Its own types stay out of ours, so that programs without it compile. */
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

export interface NativeChannelPeer {
  close(): void
  createDataChannel(
    label: string,
    config: { negotiated: boolean; id: number; unordered?: boolean; maxRetransmits?: number },
  ): NativeChannel
  onStateChange(run: (state: string) => void): void
}

/** What the channels tell. */
export interface NativeChannelEvents {
  /** Both channels are open. Called once. */
  onOpen(): void
  /** `bytes` is the callee's. */
  onBytes(lane: Lane, bytes: Uint8Array): void
  onText(lane: Lane, text: string): void
  /** The path is interrupted, and may come back. */
  onInterrupted(): void
  onRestored(): void
  /** The peer or one of its channels is no more, or did not come to be. */
  onGone(): void
  /** The peer was closed. Called once, and nothing after it. */
  onFreed(): void
}

export class NativeChannels implements ChannelPort {
  readonly #peer: NativeChannelPeer
  readonly #events: NativeChannelEvents
  readonly #reliable: NativeChannel
  readonly #datagram: NativeChannel
  #isFreed = false
  #isOpened = false

  /** Throws what the library throws. */
  constructor(peer: NativeChannelPeer, events: NativeChannelEvents) {
    this.#peer = peer
    this.#events = events
    this.#reliable = peer.createDataChannel('reliable', { negotiated: true, id: 0 })
    this.#datagram = peer.createDataChannel('datagram', {
      negotiated: true,
      id: 1,
      unordered: true,
      maxRetransmits: 0,
    })
    peer.onStateChange((state) => this.#onState(state))
    this.#listen(this.#reliable, 'reliable')
    this.#listen(this.#datagram, 'datagram')
  }

  /** Whether both channels were open once. */
  get isOpened(): boolean {
    return this.#isOpened
  }

  get isFreed(): boolean {
    return this.#isFreed
  }

  bufferedBytes(lane: Lane): number {
    if (this.#isFreed) return 0
    try {
      return this.#channel(lane).bufferedAmount()
    } catch {
      // It was closed in another thread; we are told of it soon.
      return 0
    }
  }

  send(lane: Lane, bytes: Uint8Array): boolean {
    if (this.#isFreed) return false
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
    if (this.#isFreed) return
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
    this.#events.onFreed()
  }

  #channel(lane: Lane): NativeChannel {
    return lane === 'reliable' ? this.#reliable : this.#datagram
  }

  #listen(channel: NativeChannel, lane: Lane): void {
    const events = this.#events
    channel.onOpen(() => {
      if (this.#isOpened || this.#isFreed || !this.#reliable.isOpen() || !this.#datagram.isOpen()) return
      this.#isOpened = true
      events.onOpen()
    })
    channel.onClosed(() => this.#onGone())
    channel.onError(() => this.#onGone())
    channel.onMessage((message) => {
      if (this.#isFreed) return
      if (typeof message === 'string') events.onText(lane, message)
      else if (message instanceof ArrayBuffer) events.onBytes(lane, new Uint8Array(message))
      // Not a Buffer, whose slice() is no copy.
      else events.onBytes(lane, new Uint8Array(message.buffer, message.byteOffset, message.length))
    })
  }

  #onState(state: string): void {
    if (this.#isFreed) return
    if (state === 'connected') this.#events.onRestored()
    else if (state === 'disconnected') this.#events.onInterrupted()
    else if (state === 'failed' || state === 'closed') this.#onGone()
  }

  #onGone(): void {
    if (!this.#isFreed) this.#events.onGone()
  }
}
