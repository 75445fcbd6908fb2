/**
 * The one port of a shard in its cluster: UDP and TCP on the same number, gossip and peers' own messages side by side. Made by the shell.
 *
 *     UDP  'T' ...   a peer's datagram               TCP  16 ...  TLS: a peer's stream
 *          else      gossip, encrypted if there           else    gossip, encrypted if there is a key: one
 *                    is a key                                     request, one answer, and the end
 *
 * Never throws for what comes, and never keeps more of it than its limits say; what no key opens is counted and dropped, at any time.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv4, isIPv6, type Server, type Socket } from 'node:net'
import { NetError } from '@tickmesh/shared'
import { countedAs, parseAddress } from '../../gate/address.ts'
import type { ClusterAddress } from '../life.ts'
import { joinAddress } from '../swim/addresses.ts'
import { targetOf } from './cluster-options.ts'
import { exchangeGossip, GossipStream } from './gossip-stream.ts'
import type { Keyring } from './keyring.ts'

export interface PortReceiver {
  /** A gossip packet, decrypted. */
  packet(from: ClusterAddress, packet: Uint8Array): void
  /** All that came so far of a gossip stream, decrypted. */
  asked(from: ClusterAddress, request: Uint8Array): Uint8Array | 'more' | 'close'
  datagram(from: ClusterAddress, bytes: Uint8Array): void
  /** Nothing of it was read yet; it begins with a ClientHello. Until `proved` is called it counts as a stranger's. */
  stream(socket: Socket, from: ClusterAddress, proved: () => void): void
}

export interface PortOptions {
  readonly host: string
  /** 0: any that is free for both. */
  readonly port: number
  readonly keyring: Keyring
  readonly receiver: PortReceiver
  readonly note: (event: string, message: string) => void
}

export const PEER_DATAGRAM = 0x54
const TLS_HANDSHAKE = 0x16
/**
 * Connections of strangers, and for gossip; peers are counted by their transport. As many again are for hosts that a peer has proved itself from: strangers
 * do not shut them out.
 */
const MAX_INBOUND = 128
const MAX_PROVED_HOSTS = 1_024
/** What all of them may have sent, and is kept. */
const MAX_INBOUND_BYTES = 16 * 1024 * 1024
const MAX_INBOUND_PER_HOST = 32
/** Of this machine, where whole clusters may run. */
const MAX_INBOUND_LOOPBACK = 96
const MAX_OUTBOUND = 64
const FIRST_BYTE_MS = 3_000
const GOSSIP_MS = 10_000
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024
const PORT_TRIES = 32

export class ClusterPort {
  readonly port: number
  readonly counts = { undecryptable: 0, limited: 0 }
  readonly #options: PortOptions
  readonly #isIpv6: boolean
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #inbound = new Map<Socket, { readonly host: string; readonly isProved: boolean }>()
  #inboundOfProved = 0
  readonly #perHost = new Map<string, number>()
  /** Those that proved themselves longest ago first. */
  readonly #provedHosts = new Set<string>()
  readonly #all = new Set<Socket>()
  #inboundBytes = 0
  #outbound = 0
  #closed = false

  private constructor(options: PortOptions, udp: UdpSocket, tcp: Server, port: number) {
    this.#options = options
    this.#isIpv6 = isIPv6(options.host)
    this.#udp = udp
    this.#tcp = tcp
    this.port = port
    udp.on('message', (bytes, info) => this.#packet(bytes, info))
    udp.on('error', (error) => options.note('cluster-port', `UDP: ${error.message}`))
    tcp.on('connection', (socket) => this.#connected(socket))
    tcp.on('error', (error) => options.note('cluster-port', `TCP: ${error.message}`))
    try {
      udp.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
    } catch {
      // The system allows less: then bursts lose more packets, which gossip bears.
    }
  }

  /** Throws PORT_IN_USE. */
  static async open(options: PortOptions): Promise<ClusterPort> {
    for (let tries = 1; ; tries++) {
      const tcp = createServer({ noDelay: true })
      const udp = createSocket({ type: isIPv6(options.host) ? 'udp6' : 'udp4' })
      try {
        tcp.listen({ port: options.port, host: options.host })
        await once(tcp, 'listening')
        const bound = tcp.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : options.port
        udp.bind({ port, address: options.host, exclusive: true })
        await once(udp, 'listening')
        return new ClusterPort(options, udp, tcp, port)
      } catch (error) {
        tcp.close()
        udp.close()
        if (options.port === 0 && tries < PORT_TRIES) continue
        const problem = `cannot listen at ${joinAddress(options.host, options.port)} (UDP and TCP): ${error instanceof Error ? error.message : error}.`
        throw new NetError('PORT_IN_USE', problem, 'Take another cluster port, or 0 for any that is free.')
      }
    }
  }

  sendGossip(to: ClusterAddress, packet: Uint8Array): void {
    this.sendDatagram(to, this.#options.keyring.sealPacket(packet))
  }

  /** As it is. */
  sendDatagram(to: ClusterAddress, bytes: Uint8Array): void {
    const target = targetOf(to)
    if (this.#closed || target === undefined) return
    try {
      // Errors of sending are lost packets.
      // A socket of IPv6 writes IPv4 addresses as its own.
      const host = this.#isIpv6 && isIPv4(target.host) ? `::ffff:${target.host}` : target.host
      this.#udp.send(bytes, target.port, host, () => {})
    } catch {
      // An address of the other family, or none at all.
    }
  }

  /** Connects, writes, and gives all that came until the other side closed, decrypted; or undefined. `done` is called once, never at once. */
  exchange(to: ClusterAddress, request: Uint8Array, done: (answer: Uint8Array | undefined) => void): void {
    const target = targetOf(to)
    if (this.#closed || target === undefined || this.#outbound >= MAX_OUTBOUND) {
      if (this.#outbound >= MAX_OUTBOUND) this.counts.limited++
      setImmediate(done, undefined)
      return
    }
    this.#outbound++
    const socket = exchangeGossip(target, request, this.#options.keyring, GOSSIP_MS, (answer) => {
      this.#outbound--
      if (answer === 'undecryptable') this.counts.undecryptable++
      if (!this.#closed) done(typeof answer === 'string' ? undefined : answer)
    })
    this.#remember(socket)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const socket of this.#all) socket.destroy()
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ])
  }

  #packet(bytes: Uint8Array, info: RemoteInfo): void {
    const { keyring, receiver } = this.#options
    const from = joinAddress(info.address, info.port)
    if (bytes[0] === PEER_DATAGRAM) return receiver.datagram(from, bytes)
    const packet = keyring.openPacket(bytes)
    if (packet === undefined) this.counts.undecryptable++
    else receiver.packet(from, packet)
  }

  #connected(socket: Socket): void {
    const from = joinAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0)
    socket.on('error', () => {})
    this.#remember(socket)
    if (!this.#admit(socket)) {
      this.counts.limited++
      socket.destroy()
      return
    }
    socket.once('close', () => this.#forget(socket))
    const deadline = setTimeout(() => socket.destroy(), FIRST_BYTE_MS)
    socket.once('close', () => clearTimeout(deadline))
    socket.once('data', (first: Buffer) => {
      clearTimeout(deadline)
      if (first[0] !== TLS_HANDSHAKE) return this.#gossip(socket, from, first)
      socket.pause()
      socket.unshift(first)
      this.#options.receiver.stream(socket, from, () => this.#proved(socket))
    })
  }

  #gossip(socket: Socket, from: ClusterAddress, first: Uint8Array): void {
    const { keyring, receiver } = this.#options
    const stream = new GossipStream(keyring)
    const deadline = setTimeout(() => {
      this.counts.limited++
      socket.destroy()
    }, GOSSIP_MS)
    let kept = 0
    socket.once('close', () => {
      clearTimeout(deadline)
      this.#inboundBytes -= kept
    })
    const take = (bytes: Uint8Array) => {
      kept += bytes.length
      this.#inboundBytes += bytes.length
      const read = this.#inboundBytes > MAX_INBOUND_BYTES ? 'limited' : stream.take(bytes)
      if (read === 'more') return
      if (typeof read === 'string') {
        this.counts[read]++
        socket.destroy()
        return
      }
      const answer = receiver.asked(from, read)
      if (answer === 'more' && !keyring.encrypts) return
      socket.off('data', take)
      if (typeof answer === 'string') socket.destroy()
      else socket.end(keyring.sealStream(answer))
    }
    socket.on('data', take)
    take(first)
  }

  /** False: there are too many of its kind, or from its address. */
  #admit(socket: Socket): boolean {
    const host = countedHost(socket)
    const ofHost = this.#perHost.get(host) ?? 0
    const isProved = this.#provedHosts.has(host)
    const ofKind = isProved ? this.#inboundOfProved : this.#inbound.size - this.#inboundOfProved
    const most = /^(127\.|0:0:0:0::)/.test(host) ? MAX_INBOUND_LOOPBACK : MAX_INBOUND_PER_HOST
    if (ofKind >= MAX_INBOUND || ofHost >= most) return false
    this.#inbound.set(socket, { host, isProved })
    if (isProved) this.#inboundOfProved++
    this.#perHost.set(host, ofHost + 1)
    return true
  }

  /** A stranger no more. */
  #proved(socket: Socket): void {
    const host = countedHost(socket)
    this.#forget(socket)
    this.#provedHosts.delete(host)
    this.#provedHosts.add(host)
    const [oldest = host] = this.#provedHosts
    if (this.#provedHosts.size > MAX_PROVED_HOSTS) this.#provedHosts.delete(oldest)
  }

  #forget(socket: Socket): void {
    const counted = this.#inbound.get(socket)
    if (counted === undefined) return
    const { host, isProved } = counted
    this.#inbound.delete(socket)
    if (isProved) this.#inboundOfProved--
    const left = (this.#perHost.get(host) ?? 1) - 1
    if (left === 0) this.#perHost.delete(host)
    else this.#perHost.set(host, left)
  }

  #remember(socket: Socket): void {
    this.#all.add(socket)
    socket.once('close', () => this.#all.delete(socket))
  }
}

/** IPv6 by its /64. */
function countedHost({ remoteAddress = '' }: Socket): string {
  const groups = parseAddress(remoteAddress)
  return groups === undefined ? '' : countedAs(groups)
}
