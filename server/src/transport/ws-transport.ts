/**
 * WebSocket connections by `ws`, on a Node HTTP server that somebody else owns: the gate passes its 'upgrade' events here once it has let them in.
 * Holds the limits of the wire (size, fragments, buffered pieces, no compression) and the buffers that all its links share.
 * Never throws for what a client sent; a bad handshake is answered with an HTTP error, and its socket closed.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Link } from '@tickmesh/shared'
import { WebSocketServer } from 'ws'
import { SHORT_HEADER_BYTES } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { ReadingMemory } from './socket-reading.ts'
import { WsLink, type WsLinkOptions } from './ws-link.ts'

export interface WsTransportOptions {
  /** The largest message taken; above it the connection is closed with TOO_LARGE. At most 65,536, which is the default. */
  readonly maxMessageBytes?: number
  /**
   * Bytes that may wait for one client before it is dropped with TOO_SLOW; 1 MiB by default. The kernel takes megabytes before this counts a single byte:
   * it bounds memory and does not judge congestion.
   */
  readonly maxBufferedBytes?: number
  /** How long a peer may take to answer a close before it is cut off; 2,000 by default. */
  readonly closeTimeoutMs?: number
  /** Hears of errors that a link's owner threw in `onMessage`. */
  readonly onDefect?: (error: unknown) => void
}

const MAX_MESSAGE_BYTES = 65_536

export class WsTransport {
  readonly #server: WebSocketServer
  readonly #writer = new FrameWriter()
  readonly #options: WsLinkOptions

  constructor(options: WsTransportOptions = {}) {
    this.#options = {
      maxMessageBytes: Math.min(options.maxMessageBytes ?? MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES),
      maxBufferedBytes: options.maxBufferedBytes ?? 1_048_576,
      closeTimeoutMs: options.closeTimeoutMs ?? 2_000,
      onDefect: options.onDefect ?? (() => {}),
      reading: new ReadingMemory(SHORT_HEADER_BYTES),
    }
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: this.#options.maxMessageBytes,
      maxFragments: 64,
      maxBufferedChunks: 256,
    })
  }

  /** Finishes the WebSocket handshake of an 'upgrade' event. `accept` must attach to the link before it returns; it is not called if the handshake is wrong. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, accept: (link: Link) => void): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      accept(new WsLink(ws, socket, this.#writer, this.#options))
    })
  }
}
