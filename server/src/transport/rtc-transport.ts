/**
 * WebRTC connections by `node-datachannel`: offers in, answers out, and links once both channels are open. Its route asks the gate and speaks HTTP.
 * Peers are bounded in number and, until they are open, in time. `close` frees them all; it leaves no thread behind when the process has no other user.
 */
import { isIP } from 'node:net'
import type { Link, Scheduler } from '@tickmesh/shared'
import { MAX_CHANNEL_MESSAGE_BYTES, NetError } from '@tickmesh/shared'
import { loadRtcNative, type NativePeerConfig, type RtcNative } from './rtc-native.ts'
import { readOffer, withPublicAddress, writeOffer } from './rtc-offer.ts'
import { RtcPeer } from './rtc-peer.ts'

export interface WebRtcOptions {
  /** STUN and TURN servers, as `stun:host:port` or `turn:user:password@host:port`. None by default: a server with a public address needs none. */
  readonly iceServers?: readonly string[]
  /** UDP ports to use; the system's choice by default. If both are the same, all peers share that port. */
  readonly portRange?: { readonly begin: number; readonly end: number }
  /** The IP address that players reach this machine at, if it is not its own: behind a one-to-one NAT, or in a container. */
  readonly publicAddress?: string
  /** The IP address whose UDP ports are used; by default that of the option `host`, or all of the machine's but loopback. Name it behind a proxy on this machine. */
  readonly bindAddress?: string
  /** Peers at a time, open or not; 1,000 by default. Who comes above that plays over a WebSocket. */
  readonly maxPeers?: number
}

export interface RtcTransportOptions {
  readonly webrtc: WebRtcOptions
  readonly maxMessageBytes: number
  readonly maxBufferedBytes: number
  /** A peer whose channels are not open after so long is freed. */
  readonly openTimeoutMs: number
  /** How long a peer may take to answer a close before it is cut off; 2,000 by default. */
  readonly closeTimeoutMs?: number
  /** Hears of errors that a link's owner threw in `onMessage`. */
  readonly onDefect?: (error: unknown) => void
}

/** What became of an offer. `answer` is for the peer. */
export type OfferResult =
  | { readonly ok: true; readonly answer: string }
  | {
      readonly ok: false
      readonly status: number
      readonly code: 'MALFORMED' | 'TOO_MANY_CONNECTIONS'
      readonly message: string
    }

const DEFAULT_MAX_PEERS = 1_000
const GATHER_TIMEOUT_MS = 1_000
const ICE_SERVER_REMEDY = 'Write ICE servers as stun:host:port or turn:user:password@host:port.'

const scheduler: Scheduler = {
  now: () => performance.now(),
  at(timeMs, run) {
    const timer = setTimeout(run, Math.max(0, timeMs - performance.now()))
    return () => clearTimeout(timer)
  },
}

export class RtcTransport {
  readonly #native: RtcNative
  readonly #options: RtcTransportOptions
  readonly #config: NativePeerConfig
  readonly #peers = new Set<RtcPeer>()
  #closed = false

  /** Rejects with BAD_STATE if the native library is not there, BAD_ARGUMENT for options that cannot work. */
  static async load(options: RtcTransportOptions): Promise<RtcTransport> {
    checkOptions(options.webrtc)
    const native = await loadRtcNative()
    const transport = new RtcTransport(native, options)
    try {
      native.createPeer(transport.#config).close()
    } catch (error) {
      native.release()
      const problem = `the option "webrtc" is not taken by node-datachannel: ${error instanceof Error ? error.message : error}.`
      throw new NetError('BAD_ARGUMENT', problem, ICE_SERVER_REMEDY)
    }
    return transport
  }

  private constructor(native: RtcNative, options: RtcTransportOptions) {
    this.#native = native
    this.#options = options
    const { iceServers = [], portRange, bindAddress } = options.webrtc
    this.#config = {
      iceServers: [...iceServers],
      disableAutoNegotiation: true,
      maxMessageSize: MAX_CHANNEL_MESSAGE_BYTES,
      ...(bindAddress === undefined ? {} : { bindAddress }),
      ...(portRange === undefined ? {} : { portRangeBegin: portRange.begin, portRangeEnd: portRange.end }),
      ...(portRange?.begin !== undefined && portRange.begin === portRange.end ? { enableIceUdpMux: true } : {}),
    }
  }

  /** Peers at this moment, open or not. */
  get peerCount(): number {
    return this.#peers.size
  }

  /**
   * Answers an offer. If it is accepted, `accept` is called when the link is open, and must attach to it before it returns; it may never be. `onGone` is called
   * exactly once: when nothing of the peer is left, or when there was never one.
   */
  async answer(sdp: string, accept: (link: Link) => void, onGone: () => void): Promise<OfferResult> {
    const { webrtc } = this.#options
    const refuse = (status: number, code: 'MALFORMED' | 'TOO_MANY_CONNECTIONS', message: string): OfferResult => {
      onGone()
      return { ok: false, status, code, message }
    }
    if (this.#closed || this.#peers.size >= (webrtc.maxPeers ?? DEFAULT_MAX_PEERS))
      return refuse(503, 'TOO_MANY_CONNECTIONS', 'the server takes no more WebRTC peers. Connect over a WebSocket.')
    const offer = readOffer(sdp)
    const malformed = 'this is no offer of data channels with negotiated ids.'
    if (offer === undefined) return refuse(400, 'MALFORMED', malformed)
    let peer: RtcPeer
    try {
      peer = this.#openPeer(writeOffer(offer, (webrtc.iceServers ?? []).length > 0), accept, onGone)
    } catch {
      return refuse(400, 'MALFORMED', malformed)
    }
    const answer = await peer.answer(GATHER_TIMEOUT_MS)
    if (answer === undefined)
      return { ok: false, status: 503, code: 'TOO_MANY_CONNECTIONS', message: 'the server stops.' }
    return {
      ok: true,
      answer: webrtc.publicAddress === undefined ? answer : withPublicAddress(answer, webrtc.publicAddress),
    }
  }

  #openPeer(offer: string, accept: (link: Link) => void, onGone: () => void): RtcPeer {
    const {
      maxMessageBytes,
      maxBufferedBytes,
      openTimeoutMs,
      closeTimeoutMs = 2_000,
      onDefect = () => {},
    } = this.#options
    // No state of the library's covers a peer that began to connect and never came.
    const tooLate = setTimeout(() => peer.link.onGone(), openTimeoutMs)
    const onOpen = (link: Link): void => {
      clearTimeout(tooLate)
      try {
        accept(link)
      } catch (error) {
        onDefect(error)
        link.close({ code: 'INTERNAL', message: 'The server failed at this connection.' })
      }
    }
    const onFreed = (): void => {
      clearTimeout(tooLate)
      this.#peers.delete(peer)
      onGone()
    }
    const limits = { scheduler, maxMessageBytes, maxBufferedBytes, closeTimeoutMs, onDefect }
    let peer: RtcPeer
    try {
      peer = new RtcPeer(this.#native.createPeer(this.#config), offer, { onOpen, onFreed }, limits)
    } catch (error) {
      clearTimeout(tooLate)
      throw error
    }
    this.#peers.add(peer)
    return peer
  }

  /** Links that were closed just now get a moment to say why; then everything is freed. */
  async close(graceMs = 500): Promise<void> {
    this.#closed = true
    const reason = { code: 'SERVER_STOPPING', message: 'The server stops.' } as const
    for (const peer of [...this.#peers]) {
      if (peer.isOpened) peer.link.close(reason)
      else peer.link.onGone()
    }
    const untilMs = performance.now() + graceMs
    while (this.#peers.size > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 10))
    // Through the link, which has alarms of its own.
    for (const peer of [...this.#peers]) peer.link.onGone()
    this.#native.release()
  }
}

function checkOptions({ iceServers = [], portRange, publicAddress, bindAddress, maxPeers }: WebRtcOptions): void {
  const wrong = (name: string, value: unknown, remedy: string): NetError =>
    new NetError('BAD_ARGUMENT', `webrtc.${name} is ${JSON.stringify(value)}.`, remedy)
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535
  if (
    portRange !== undefined &&
    !(isPort(portRange.begin) && isPort(portRange.end) && portRange.begin <= portRange.end)
  )
    throw wrong('portRange', portRange, 'Give ports from 1 to 65,535, the smaller one as begin.')
  for (const [name, value] of Object.entries({ publicAddress, bindAddress }))
    if (value !== undefined && isIP(value) === 0)
      throw wrong(name, value, 'Give an IP address; names are not looked up.')
  if (!iceServers.every((server) => /^(stun|turns?):./.test(server)))
    throw wrong('iceServers', iceServers, ICE_SERVER_REMEDY)
  if (maxPeers !== undefined && !(maxPeers >= 0)) throw wrong('maxPeers', maxPeers, 'Give how many peers there may be.')
}
