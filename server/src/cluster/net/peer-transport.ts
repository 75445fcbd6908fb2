/**
 * Carries envelopes between shards, authenticated and encrypted: small ones that may be lost as sealed datagrams, all others in order over TLS. Made by the
 * shell, over the cluster's port.
 * Tells when a peer's address refuses connections: its process is gone, or never was. Never throws for what comes; all that waits is bounded.
 */
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { ClusterAddress } from '../life.ts'
import type { PeerEnvelope } from '../node/cluster-node-api.ts'
import type { PeerLane } from '../part.ts'
import { joinAddress } from '../swim/addresses.ts'
import { targetOf } from './cluster-options.ts'
import { DatagramSeal, SEAL_BYTES } from './datagram-seal.ts'
import { FrameGatherer } from './frame-gatherer.ts'
import type { Keyring } from './keyring.ts'
import { packEnvelope, unpackEnvelope } from './peer-codec.ts'
import { PEER_TLS, PeerStream } from './peer-stream.ts'

/** Sealed. Larger ones go by stream. */
const MAX_DATAGRAM_BYTES = 1_200
const MAX_PEERS = 1_024
/** Streams that peers dialled. Those that have not proved that they have the key are bounded by the port. */
const MAX_INBOUND = 1_024
const HANDSHAKE_MS = 3_000
const LOOK_MS = 500
const SAY_AGAIN_MS = 10_000

export interface PeerCounts {
  readonly sent: number
  readonly received: number
  /** Not sent: too much waited, or it could not be packed. */
  readonly dropped: number
  readonly malformed: number
  readonly replayed: number
  readonly undecryptable: number
  /** Open streams, both ways. */
  readonly connections: number
  /** Streams of others that have not proved yet that they have the key. */
  readonly handshakes: number
}

export const NO_PEER_COUNTS: PeerCounts = {
  sent: 0,
  received: 0,
  dropped: 0,
  malformed: 0,
  replayed: 0,
  undecryptable: 0,
  connections: 0,
  handshakes: 0,
}

export interface PeerTransportOptions {
  readonly cluster: string
  readonly keyring: Keyring
  readonly sendDatagram: (to: ClusterAddress, bytes: Uint8Array) => void
  /** Its sender has the cluster's key. Whether `to` is our life is not looked at. */
  readonly received: (envelope: PeerEnvelope, from: ClusterAddress | undefined) => void
  /** A connection to this address was refused; after an established one broke, it was dialled again before this is said. */
  readonly refused: (address: ClusterAddress) => void
  readonly note: (event: string, message: string) => void
}

export class PeerTransport {
  readonly #options: PeerTransportOptions
  readonly #seal: DatagramSeal
  readonly #tls: Server
  readonly #peers = new Map<ClusterAddress, PeerStream>()
  readonly #kept = new Set<ClusterAddress>()
  readonly #inbound = new Set<TLSSocket>()
  /** By their remote address, those that have not proved that they have the key. */
  readonly #handshakes = new Map<string, { readonly socket: Socket; readonly proved: () => void }>()
  readonly #watch: NodeJS.Timeout
  readonly #counts = { sent: 0, received: 0, dropped: 0, malformed: 0, replayed: 0, undecryptable: 0 }
  #saidMs = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(options: PeerTransportOptions) {
    this.#options = options
    this.#seal = new DatagramSeal(options.keyring)
    const pskCallback = (_: TLSSocket, identity: string) => this.#keyOf(identity)
    this.#tls = createServer({ ...PEER_TLS, handshakeTimeout: HANDSHAKE_MS, pskCallback })
    this.#tls.on('secureConnection', (socket) => this.#joined(socket))
    this.#tls.on('tlsClientError', (_, socket) => {
      this.#counts.undecryptable++
      socket.destroy()
    })
    this.#watch = setInterval(() => this.#look(), LOOK_MS)
    this.#watch.unref()
  }

  get counts(): PeerCounts {
    let connections = this.#inbound.size
    for (const peer of this.#peers.values()) if (peer.connected) connections++
    return { ...this.#counts, connections, handshakes: this.#handshakes.size }
  }

  /** Never throws. What cannot be packed, or is too much, is dropped, counted and noted. */
  send(address: ClusterAddress, envelope: PeerEnvelope, lane: PeerLane): void {
    if (this.#closed) return
    const bytes = packEnvelope(envelope)
    if (bytes === undefined) return this.#drop(1, `a message of ${envelope.part} to ${address} cannot be packed`)
    this.#counts.sent++
    if (lane === 'datagram' && bytes.length + SEAL_BYTES <= MAX_DATAGRAM_BYTES)
      this.#options.sendDatagram(address, this.#seal.seal(bytes))
    else this.#peer(address)?.send(bytes)
  }

  /** To these addresses a stream is kept, so that the end of their process is noticed at once. */
  keepOpen(addresses: readonly ClusterAddress[]): void {
    if (this.#closed) return
    const wanted = new Set(addresses)
    for (const address of this.#kept) if (!wanted.has(address)) this.#peers.get(address)?.keep(false)
    this.#kept.clear()
    for (const address of wanted) {
      const peer = this.#peer(address)
      if (peer === undefined) continue
      this.#kept.add(address)
      peer.keep(true)
    }
  }

  /** A peer's datagram, from the port. */
  datagram(from: ClusterAddress, bytes: Uint8Array): void {
    const opened = this.#seal.open(bytes)
    if (typeof opened === 'string') this.#counts[opened]++
    else this.#take(opened, from)
  }

  /** A connection that begins as TLS, from the port. */
  accept(socket: Socket, from: ClusterAddress, proved: () => void): void {
    if (this.#closed || this.#inbound.size >= MAX_INBOUND) {
      this.#counts.dropped++
      socket.destroy()
      return
    }
    this.#handshakes.set(from, { socket, proved })
    socket.once('close', () => this.#handshakes.delete(from))
    this.#tls.emit('connection', socket)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#watch)
    for (const peer of this.#peers.values()) peer.close()
    for (const socket of this.#inbound) socket.destroy()
    for (const { socket } of this.#handshakes.values()) socket.destroy()
  }

  #joined(socket: TLSSocket): void {
    const from = joinAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0)
    this.#handshakes.get(from)?.proved()
    this.#handshakes.delete(from)
    this.#inbound.add(socket)
    const frames = new FrameGatherer()
    socket.setKeepAlive(true, 2_000)
    socket.on('error', () => {})
    socket.on('close', () => this.#inbound.delete(socket))
    socket.on('data', (bytes) => {
      const sound = frames.take(bytes, (frame) => this.#take(frame))
      if (sound) return
      this.#counts.malformed++
      socket.destroy()
    })
  }

  /** `identity`: the cluster, and which of its keys. */
  #keyOf(identity: string): Buffer | null {
    const { cluster, keyring } = this.#options
    const index = keyring.names().findIndex((name) => identity === `${cluster}/${name}`)
    return keyring.derive('peer streams')[index] ?? null
  }

  #take(bytes: Uint8Array, from?: ClusterAddress): void {
    if (this.#closed) return
    const envelope = unpackEnvelope(bytes, this.#options.cluster)
    if (envelope === undefined) {
      this.#counts.malformed++
      return
    }
    this.#counts.received++
    this.#options.received(envelope, from)
  }

  #peer(address: ClusterAddress): PeerStream | undefined {
    const known = this.#peers.get(address)
    if (known !== undefined) return known
    const target = targetOf(address)
    if (target === undefined) return undefined
    if (this.#peers.size >= MAX_PEERS) {
      this.#drop(1, `more than ${MAX_PEERS} peers`)
      return undefined
    }
    const { cluster, keyring, refused } = this.#options
    const peer = new PeerStream({
      ...target,
      cluster,
      keyring,
      refused: () => !this.#closed && refused(address),
      dropped: (frames) => this.#drop(frames, `${frames} messages to ${address} waited too long, or were too many`),
    })
    this.#peers.set(address, peer)
    return peer
  }

  #look(): void {
    const nowMs = performance.now()
    for (const [address, peer] of this.#peers) {
      peer.look(nowMs)
      if (!peer.idle) continue
      peer.close()
      this.#peers.delete(address)
    }
  }

  #drop(frames: number, message: string): void {
    this.#counts.dropped += frames
    const nowMs = performance.now()
    if (nowMs - this.#saidMs < SAY_AGAIN_MS) return
    this.#saidMs = nowMs
    this.#options.note('peer-message-dropped', message)
  }
}
