/**
 * What swim.ts needs of the wire: packets.ts and streams.ts give it. No encryption: that is between here and the socket (net/keyring.ts).
 */
import type { Message, StreamMessage } from './messages.ts'

export interface PacketReader {
  /**
   * All messages of a packet, compounds opened, CRC checked, compression undone. Never throws: what is not sound is left out and counted in `refused` by its
   * reason. Output is bounded: 64 kB decompressed, 255 messages.
   */
  read(packet: Uint8Array, refused: (reason: string) => void): readonly Message[]
}

export interface PacketWriter {
  /** One message with its type byte, as it goes into a packet or a compound. */
  encode(message: Message): Uint8Array
  /** One packet: a single message as it is, several as a compound (at most 127). `crc`: the receiver understands it. */
  pack(messages: readonly Uint8Array[], crc: boolean): Uint8Array
  /** What each message costs in a compound, besides its own bytes; and the compound itself. */
  readonly perMessageBytes: number
  readonly perPacketBytes: number
}

/** What a stream said so far: whole, or not yet, or never will be. */
export type StreamRead =
  | { readonly kind: 'message'; readonly message: StreamMessage }
  | { readonly kind: 'more' }
  | { readonly kind: 'refused'; readonly reason: string }

export interface StreamCodec {
  encode(message: StreamMessage): Uint8Array
  /** Of all bytes that came so far. Never throws. At most 1,048,576 nodes are not enough reason to take so many: bounded by `maxNodes` and bytes. Members of a push/pull that are not sound are left out of it, and told to `refused`. */
  read(bytes: Uint8Array, refused?: (reason: string) => void): StreamRead
}
