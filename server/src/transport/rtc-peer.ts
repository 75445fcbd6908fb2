/**
 * One WebRTC peer of the native library, with the two data channels of a link. Made by RtcTransport, which is told when it opens and when it is freed.
 * Nothing that the peer does throws past here, and nothing native is touched once it is freed.
 */
import { ChannelLink, type ChannelLinkOptions, NativeChannels } from '@tickmesh/shared'
import type { NativePeer } from './rtc-native.ts'

export interface RtcPeerEvents {
  /** Both channels are open. Called once, and not after `onFreed`. */
  readonly onOpen: (link: ChannelLink) => void
  /** It is gone, whether it was ever open or not. Called once. */
  readonly onFreed: () => void
}

export class RtcPeer {
  readonly link: ChannelLink
  readonly #native: NativePeer
  readonly #channels: NativeChannels

  /** Answers the offer, which the caller has read and written anew. Throws what the native library throws; then nothing is left of the peer. */
  constructor(native: NativePeer, offerSdp: string, events: RtcPeerEvents, options: ChannelLinkOptions) {
    this.#native = native
    try {
      native.setRemoteDescription(offerSdp, 'offer')
      this.#channels = new NativeChannels(native, {
        onOpen: () => events.onOpen(this.link),
        onBytes: (lane, bytes) => this.link.onBytes(lane, bytes),
        onText: (lane, text) => this.link.onText(lane, text),
        onInterrupted: () => this.link.onInterrupted(),
        onRestored: () => this.link.onRestored(),
        onGone: () => this.link.onGone(),
        onFreed: () => events.onFreed(),
      })
      this.link = new ChannelLink(this.#channels, options)
      native.setLocalDescription('answer')
    } catch (error) {
      native.close()
      throw error
    }
  }

  /** Whether both channels were open once. */
  get isOpened(): boolean {
    return this.#channels.isOpened
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
      return this.#channels.isFreed ? undefined : native.localDescription()?.sdp
    } catch {
      // It was closed in another thread.
      return undefined
    }
  }
}
