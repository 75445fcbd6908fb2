/**
 * Packets of memberlist's wire, as they come out of decryption and go into encryption: `CRC [compressed [compound [message, ...]]]`, each wrapper optional.
 * Pure; called by swim.ts for each packet. Reading never throws, and never gives more than 64 kB of decompressed bytes or 255 messages for one packet.
 *
 *     compound    07, count u8, count lengths u16, parts          compressed  09, map { Algo: 0, Buf: LZW of a message }
 *     CRC         0c, CRC-32 u32, packet (outermost only)         user        08, bytes as they are
 *     others      type, map                                       all numbers big-endian
 */
import { assert, crc32 } from '@tickmesh/shared'
import { LzwDecoder } from './lzw.ts'
import { fieldsOf, readMessage, TYPE } from './message-codec.ts'
import type { Message } from './messages.ts'
import { LegacyReader, PACKET_LIMITS, writeLegacy } from './msgpack-legacy.ts'
import type { PacketReader, PacketWriter } from './wire-api.ts'

const MAX_DECOMPRESSED_BYTES = 65_536
const MAX_MESSAGES = 255
/** Wrappers within wrappers. Peers send two: a compound that was compressed. */
const MAX_NESTING = 4
/** Old peers miscount from 128 on. */
const MAX_PARTS = 127
const CRC_BYTES = 5

type Refused = (reason: string) => void

class Packets implements PacketReader, PacketWriter {
  readonly perMessageBytes = 2
  /** A compound's head, and a CRC. */
  readonly perPacketBytes = 2 + CRC_BYTES
  readonly #lzw = new LzwDecoder()
  /** Decompressed bytes that this packet may still give. */
  #budget = 0

  read(packet: Uint8Array, refused: Refused): readonly Message[] {
    const messages: Message[] = []
    this.#budget = MAX_DECOMPRESSED_BYTES
    let body = packet
    if (packet[0] === TYPE.crc) {
      const said = packet.length > CRC_BYTES ? readU32(packet, 1) : -1
      if (said !== crc32(packet, CRC_BYTES, packet.length)) {
        refused('crc')
        return messages
      }
      body = packet.subarray(CRC_BYTES)
    }
    this.#part(body, 0, messages, refused)
    return messages
  }

  #part(part: Uint8Array, nesting: number, into: Message[], refused: Refused): void {
    const type = part[0]
    if (type === undefined) return refused('empty')
    if (into.length >= MAX_MESSAGES) return refused('count')
    if (type === TYPE.compound || type === TYPE.compress) {
      if (nesting >= MAX_NESTING) return refused('nesting')
      if (type === TYPE.compound) return this.#compound(part, nesting, into, refused)
      const text = this.#decompress(part)
      return typeof text === 'string' ? refused(text) : this.#part(text, nesting + 1, into, refused)
    }
    if (type === TYPE.user) {
      into.push({ kind: 'user', bytes: part.slice(1) })
      return
    }
    if (type === TYPE.label) return refused('label')
    if (type > TYPE.dead && type !== TYPE.nack) return refused('type')
    const map = new LegacyReader(part, 1, PACKET_LIMITS).map()
    const message = map === undefined ? 'malformed' : readMessage(type, map)
    if (typeof message === 'string') return refused(message)
    into.push(message)
  }

  #compound(part: Uint8Array, nesting: number, into: Message[], refused: Refused): void {
    const count = part[1] ?? 0
    let at = 2 + count * 2
    if (at > part.length) return refused('truncated')
    for (let i = 0; i < count; i++) {
      const length = ((part[2 + i * 2] ?? 0) << 8) | (part[3 + i * 2] ?? 0)
      if (at + length > part.length) return refused('truncated')
      this.#part(part.subarray(at, at + length), nesting + 1, into, refused)
      at += length
    }
  }

  #decompress(part: Uint8Array): Uint8Array | string {
    const map = new LegacyReader(part, 1, PACKET_LIMITS).map()
    const packed = map?.get('Buf')
    if (!(packed instanceof Uint8Array) || (map?.get('Algo') ?? 0) !== 0) return 'malformed'
    const text = this.#lzw.decode(packed, this.#budget)
    if (text === undefined) return 'lzw'
    this.#budget -= text.length
    return text
  }

  encode(message: Message): Uint8Array {
    if (message.kind === 'user') {
      const bytes = new Uint8Array(message.bytes.length + 1)
      bytes[0] = TYPE.user
      bytes.set(message.bytes, 1)
      return bytes
    }
    const out: number[] = [TYPE[message.kind]]
    writeLegacy(out, fieldsOf(message))
    return Uint8Array.from(out)
  }

  pack(messages: readonly Uint8Array[], crc: boolean): Uint8Array {
    assert(messages.length > 0 && messages.length <= MAX_PARTS, 'a packet holds 1 to 127 messages')
    const start = crc ? CRC_BYTES : 0
    const [only] = messages
    const head = messages.length === 1 ? 0 : 2 + messages.length * 2
    let length = start + head
    for (const message of messages) {
      // An empty part kills old peers.
      assert(message.length > 0 && message.length <= 65_535, 'a message in a packet has 1 to 65535 bytes')
      length += message.length
    }
    const packet = new Uint8Array(length)
    let at = start + head
    if (only !== undefined && messages.length === 1) packet.set(only, at)
    else {
      packet[start] = TYPE.compound
      packet[start + 1] = messages.length
      for (const [index, message] of messages.entries()) {
        packet[start + 2 + index * 2] = message.length >> 8
        packet[start + 3 + index * 2] = message.length & 255
        packet.set(message, at)
        at += message.length
      }
    }
    if (crc) {
      packet[0] = TYPE.crc
      writeU32(packet, 1, crc32(packet, CRC_BYTES, packet.length))
    }
    return packet
  }
}

/** One for each node: it keeps tables for decompression. */
export function makePackets(): PacketReader & PacketWriter {
  return new Packets()
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  )
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = (value >>> (24 - 8 * i)) & 255
}
