/** Ports and transports of one cluster on loopback, closed after each test. */
import { connect, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { ClusterPort, type PortReceiver } from '../../../src/cluster/net/cluster-port.ts'
import { Keyring } from '../../../src/cluster/net/keyring.ts'
import { PeerTransport } from '../../../src/cluster/net/peer-transport.ts'
import type { PeerEnvelope } from '../../../src/cluster/node/cluster-node-api.ts'

export const KEY = Buffer.alloc(32, 1).toString('base64')
export const OTHER_KEY = Buffer.alloc(32, 2).toString('base64')
const LIVES = ['0000000000000001', '0000000000000002'] as const

const open: { close(): unknown }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

/** Closes it after the test. */
export function closing<Closable extends { close(): unknown }>(each: Closable): Closable {
  open.push(each)
  return each
}

export interface Peer {
  readonly port: ClusterPort
  readonly address: string
  readonly transport: PeerTransport
  readonly keyring: Keyring
  readonly received: PeerEnvelope[]
  readonly refused: string[]
  readonly packets: Uint8Array[]
  close(): Promise<void>
}

export async function openPeer(
  options: { host?: string; cluster?: string; keys?: string[]; port?: number; asked?: PortReceiver['asked'] } = {},
): Promise<Peer> {
  const { host = '127.0.0.1', cluster = 'test', keys = [KEY], asked = () => 'close' } = options
  const keyring = new Keyring(cluster, keys)
  const received: PeerEnvelope[] = []
  const refused: string[] = []
  const packets: Uint8Array[] = []
  const port: ClusterPort = await ClusterPort.open({
    host,
    port: options.port ?? 0,
    keyring,
    note: () => {},
    receiver: {
      packet: (_, packet) => packets.push(packet),
      asked,
      datagram: (from, bytes) => transport.datagram(from, bytes),
      stream: (socket, from, proved) => transport.accept(socket, from, proved),
    },
  })
  const transport: PeerTransport = new PeerTransport({
    cluster,
    keyring,
    sendDatagram: (to, bytes) => port.sendDatagram(to, bytes),
    received: (envelope) => received.push(envelope),
    refused: (address) => refused.push(address),
    note: () => {},
  })
  const close = async () => {
    transport.close()
    await port.close()
  }
  return closing({ port, address: `127.0.0.1:${port.port}`, transport, keyring, received, refused, packets, close })
}

export function envelope(body: unknown): PeerEnvelope {
  return { cluster: 'test', from: LIVES[0], to: LIVES[1], part: 'view', body }
}

/** Looks again and again; no more than `patienceMs`. */
export async function until(what: () => boolean, patienceMs = 5_000): Promise<void> {
  const end = performance.now() + patienceMs
  while (!what()) {
    if (performance.now() > end) throw new Error(`not within ${patienceMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A stranger's connection. `ended` once the other side closed it. */
export function stranger(to: Peer, bytes: Uint8Array): { readonly socket: Socket; ended: boolean } {
  const socket = connect({ host: '127.0.0.1', port: to.port.port })
  const state = { socket, ended: false, close: () => socket.destroy() }
  socket.on('error', () => {})
  socket.on('close', () => {
    state.ended = true
  })
  socket.on('connect', () => bytes.length > 0 && socket.write(bytes))
  socket.resume()
  return closing(state)
}
