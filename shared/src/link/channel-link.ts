/**
 * A Link over the two data channels of a WebRTC peer, whoever implements them: a browser, or a native library. Made by the server's and the client's
 * shells, which put their channels behind `ChannelPort` and tell the link what comes.
 * Never throws to its shell but what its owner threw, if nobody takes that. Memory is bounded: what overfills a channel is dropped (datagrams) or ends the link.
 */
import type { Cancel, Scheduler } from '../time/scheduler.ts'
import { POISON } from './buffer-pool.ts'
import { fromWebSocketClose, toWebSocketClose, truncateUtf8 } from './close-codes.ts'
import { DatagramJoiner, DatagramSplitter } from './datagram-split.ts'
import type { CloseReason, Lane, Link, LinkReceiver } from './link.ts'

/** The channels as a link uses them. None of it throws. */
export interface ChannelPort {
  /** Bytes that one channel has accepted and not yet given to its transport. */
  bufferedBytes(lane: Lane): number
  /** `bytes` is borrowed. False if the channel does not take it. */
  send(lane: Lane, bytes: Uint8Array): boolean
  /** On the reliable lane, in order with what was sent there. */
  sendText(text: string): void
  /** Ends the peer and frees what it holds. Called once, and nothing after it. */
  free(): void
}

export interface ChannelLinkOptions {
  readonly scheduler: Scheduler
  /** A larger message that comes ends the link with TOO_LARGE. */
  readonly maxMessageBytes: number
  /** More bytes than this waiting to be sent end the link with TOO_SLOW. */
  readonly maxBufferedBytes: number
  /** How long a peer may take to answer a close before it is cut off; 2,000 by default. */
  readonly closeTimeoutMs?: number
  /** How long the path may be interrupted before the link ends with CONNECTION_LOST; 5,000 by default. */
  readonly disconnectedMs?: number
  /** Takes what the owner's `onMessage` threw; the link ends with INTERNAL. Left out, it is thrown on. */
  readonly onDefect?: (error: unknown) => void
}

/** The largest message that a data channel carries, by what browsers announce. */
export const MAX_CHANNEL_MESSAGE_BYTES = 262_144

/** Datagrams are late rather than lost if they wait behind more than this. */
const MAX_WAITING_DATAGRAM_BYTES = 65_536
/** Messages kept from a peer that speaks before `attach`. */
const MAX_EARLY = 16
/** Time for the answer to a close to leave. */
const LINGER_MS = 200

/** Messages of the game are binary. The only text is the link's own: why it closes, as `<code> <text>` with the code and text of a WebSocket's close. */
const CLOSE = /^(4\d{3}) ([\s\S]*)$/
const MAX_CLOSE_BYTES = 123

const LOST: CloseReason = { code: 'CONNECTION_LOST', message: 'The connection broke.' }
const nothing = (): void => {}

interface Early {
  readonly lane: Lane
  readonly bytes: Uint8Array
}

export class ChannelLink implements Link {
  readonly kind = 'webrtc'
  readonly ordered = false
  readonly #port: ChannelPort
  readonly #options: ChannelLinkOptions
  readonly #splitter: DatagramSplitter
  readonly #joiner: DatagramJoiner
  #receiver: LinkReceiver | undefined
  /** What came before `attach`, in order; undefined once that was handed on. */
  #early: Early[] | undefined = []
  #ended: CloseReason | undefined
  #endedHere = false
  #told = false
  #freed = false
  #cancelFree: Cancel = nothing
  #cancelLost: Cancel | undefined

  constructor(port: ChannelPort, options: ChannelLinkOptions) {
    this.#port = port
    this.#options = options
    this.#splitter = new DatagramSplitter((bytes) => void port.send('datagram', bytes))
    this.#joiner = new DatagramJoiner((bytes) => this.#take('datagram', bytes))
  }

  get bufferedBytes(): number {
    return this.#freed ? 0 : this.#port.bufferedBytes('reliable') + this.#port.bufferedBytes('datagram')
  }

  /** True once nothing of the peer is left. */
  get isFreed(): boolean {
    return this.#freed
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
    this.#soon(() => this.#handOnEarly())
  }

  send(lane: Lane, bytes: Uint8Array): void {
    if (this.#ended !== undefined) return
    if (lane === 'datagram') {
      // Not queued: a newer one is on its way.
      if (this.#port.bufferedBytes('datagram') > MAX_WAITING_DATAGRAM_BYTES) return
      if (this.#splitter.send(bytes)) return
    }
    this.#sendReliable(bytes)
  }

  close(reason: CloseReason): void {
    if (this.#ended !== undefined) return
    this.#end(reason, true)
    this.#sayClose(reason)
    this.#freeAfter(this.#options.closeTimeoutMs ?? 2_000)
  }

  /** A message came on a channel. `bytes` is the link's from now on. */
  onBytes(lane: Lane, bytes: Uint8Array): void {
    if (this.#ended !== undefined) return
    const { maxMessageBytes } = this.#options
    if (bytes.length > maxMessageBytes) {
      const text = `a message of ${bytes.length} bytes; at most ${maxMessageBytes} are taken.`
      return this.close({ code: 'TOO_LARGE', message: text })
    }
    if (lane === 'reliable') this.#take(lane, bytes)
    else if (this.#joiner.receive(bytes) === 'malformed')
      this.close({ code: 'MALFORMED', message: 'a part of a datagram makes no sense.' })
  }

  /** Text came on a channel. */
  onText(lane: Lane, text: string): void {
    const close = lane === 'reliable' ? CLOSE.exec(text) : null
    if (close === null) return this.close({ code: 'MALFORMED', message: 'Only binary messages are taken.' })
    // The answer to our own, or it crossed ours.
    if (this.#ended !== undefined) return this.#free()
    const reason = fromWebSocketClose(Number(close[1]), truncateUtf8(close[2] ?? '', MAX_CLOSE_BYTES))
    this.#end(reason, false)
    this.#sayClose(reason)
    this.#freeAfter(LINGER_MS)
  }

  /** The path is interrupted, and may come back. */
  onInterrupted(): void {
    if (this.#ended !== undefined || this.#cancelLost !== undefined) return
    const { scheduler, disconnectedMs = 5_000 } = this.#options
    this.#cancelLost = scheduler.at(scheduler.now() + disconnectedMs, () => this.onGone())
  }

  onRestored(): void {
    this.#cancelLost?.()
    this.#cancelLost = undefined
  }

  /** The peer or one of its channels is no more. */
  onGone(): void {
    this.#end(LOST, false)
    this.#free()
  }

  #sendReliable(bytes: Uint8Array): void {
    if (bytes.length > MAX_CHANNEL_MESSAGE_BYTES) {
      const text = `a message of ${bytes.length} bytes is to be sent; a data channel carries ${MAX_CHANNEL_MESSAGE_BYTES}.`
      return this.close({ code: 'TOO_LARGE', message: text })
    }
    // The lane may not lose anything; that the channel has ended is heard of a moment later.
    if (!this.#port.send('reliable', bytes)) return this.onGone()
    const { maxBufferedBytes } = this.#options
    if (this.bufferedBytes <= maxBufferedBytes) return
    this.#end({ code: 'TOO_SLOW', message: `more than ${maxBufferedBytes} bytes waited to be read.` }, true)
    // A word to the peer would only queue behind the rest.
    this.#free()
  }

  #sayClose(reason: CloseReason): void {
    const { code, text } = toWebSocketClose(reason)
    this.#port.sendText(`${code} ${text}`)
  }

  /** Bytes of the owner: to be handed on now, or kept until there is one. */
  #take(lane: Lane, bytes: Uint8Array): void {
    if (this.#early === undefined) this.#deliver(lane, bytes)
    else if (this.#early.length < MAX_EARLY)
      this.#early.push({ lane, bytes: lane === 'reliable' ? bytes : bytes.slice() })
    else if (lane === 'reliable')
      this.close({ code: 'BAD_STATE', message: `more than ${MAX_EARLY} messages came before attach().` })
  }

  #deliver(lane: Lane, bytes: Uint8Array): void {
    const { onDefect } = this.#options
    try {
      this.#receiver?.onMessage(lane, bytes)
    } catch (error) {
      if (onDefect === undefined) throw error
      onDefect(error)
      this.close({ code: 'INTERNAL', message: 'The server failed at this message.' })
    } finally {
      bytes.fill(POISON)
    }
  }

  #handOnEarly(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const { lane, bytes } of early) if (!this.#endedHere) this.#deliver(lane, bytes)
    this.#tellEnd()
  }

  #end(reason: CloseReason, here: boolean): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    this.#endedHere = here
    this.onRestored()
    // Never from inside the owner's own call. Before `attach` was followed up, `#handOnEarly` tells.
    if (this.#early === undefined) this.#soon(() => this.#tellEnd())
  }

  #tellEnd(): void {
    if (this.#ended === undefined || this.#told) return
    this.#told = true
    this.#receiver?.onClose(this.#ended)
  }

  #soon(run: () => void): void {
    this.#options.scheduler.at(this.#options.scheduler.now(), run)
  }

  #freeAfter(delayMs: number): void {
    if (this.#freed) return
    const { scheduler } = this.#options
    this.#cancelFree = scheduler.at(scheduler.now() + delayMs, () => this.#free())
  }

  #free(): void {
    if (this.#freed) return
    this.#freed = true
    this.#cancelFree()
    this.#port.free()
  }
}
