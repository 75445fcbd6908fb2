/**
 * Everything that leaves in packets: messages to one member, with as much news as fits beside them, and gossip to a few. Called by swim.ts. Messages are
 * encoded once, when they are queued.
 */
import type { ClusterAddress } from '../life.ts'
import { BroadcastQueue } from './broadcast-queue.ts'
import { MAX_PACKET_BYTES, type Message } from './messages.ts'
import { retransmitLimit } from './swim-scaling.ts'
import type { PacketWriter } from './wire-api.ts'

/** What AES-GCM adds (net/keyring.ts); kept free with and without a key. */
const ENCRYPTION_BYTES = 29
const MAX_NEWS = 8_192
const MAX_USER_MESSAGES = 256

export class Outbox {
  readonly #writer: PacketWriter
  readonly #send: (to: ClusterAddress, packet: Uint8Array) => void
  readonly #retransmitMult: number
  readonly #news = new BroadcastQueue(MAX_NEWS)
  readonly #user = new BroadcastQueue(MAX_USER_MESSAGES)
  readonly #parts: Uint8Array[] = []
  packetsSent = 0
  bytesSent = 0

  constructor(writer: PacketWriter, retransmitMult: number, send: (to: ClusterAddress, packet: Uint8Array) => void) {
    this.#writer = writer
    this.#retransmitMult = retransmitMult
    this.#send = send
  }

  /** Messages that wait to be told. */
  get waiting(): number {
    return this.#news.size + this.#user.size
  }

  /** Replaces what is still to be told about `subject`. */
  broadcast(subject: string, message: Message): void {
    this.#news.queue(subject, this.#writer.encode(message))
  }

  broadcastUser(bytes: Uint8Array): void {
    this.#user.queue('', this.#writer.encode({ kind: 'user', bytes }))
  }

  /** These messages and nothing else. */
  sendAlone(to: ClusterAddress, messages: readonly Message[], crc: boolean): void {
    this.#parts.length = 0
    for (const message of messages) this.#parts.push(this.#writer.encode(message))
    this.#flush(to, crc)
  }

  /** With news. `members`: how many are known. */
  sendWithNews(to: ClusterAddress, message: Message, members: number): void {
    this.#parts.length = 0
    this.#parts.push(this.#writer.encode(message))
    this.#addNews(members)
    this.#flush(to, false)
  }

  /** News alone, if there is any. */
  sendNews(to: ClusterAddress, members: number, crc: boolean): void {
    this.#parts.length = 0
    this.#addNews(members)
    if (this.#parts.length > 0) this.#flush(to, crc)
  }

  #addNews(members: number): void {
    if (this.waiting === 0) return
    const { perMessageBytes, perPacketBytes } = this.#writer
    const limit = retransmitLimit(this.#retransmitMult, members)
    let space = MAX_PACKET_BYTES - ENCRYPTION_BYTES - perPacketBytes
    for (const part of this.#parts) space -= part.length + perMessageBytes
    space = this.#news.take(this.#parts, space, perMessageBytes, limit)
    this.#user.take(this.#parts, space, perMessageBytes, limit)
  }

  #flush(to: ClusterAddress, crc: boolean): void {
    const packet = this.#writer.pack(this.#parts, crc)
    this.packetsSent++
    this.bytesSent += packet.length
    this.#send(to, packet)
  }
}
