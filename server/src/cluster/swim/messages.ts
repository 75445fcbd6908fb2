/**
 * The messages of memberlist's wire protocol (as HashiCorp's memberlist 0.2 to 0.6 and Serf speak it), decoded. Field names are those on the wire, in lower
 * camel case. Written and read by packets.ts and streams.ts; acted on by swim.ts.
 */

/** An IP address as raw bytes (4 or 16) with a port: what the wire carries. Texts of it: addresses.ts. */
export interface Endpoint {
  readonly ip: Uint8Array
  readonly port: number
}

/** [PMin, PMax, PCur, DMin, DMax, DCur]. */
export type Versions = Uint8Array

export interface Ping {
  readonly kind: 'ping'
  readonly seqNo: number
  /** The intended receiver's name; others ignore it. */
  readonly node: string
  readonly source: (Endpoint & { readonly node: string }) | undefined
}

export interface IndirectPing {
  readonly kind: 'indirectPing'
  readonly seqNo: number
  readonly target: Endpoint
  readonly node: string
  readonly nack: boolean
  readonly source: (Endpoint & { readonly node: string }) | undefined
}

export interface Ack {
  readonly kind: 'ack'
  readonly seqNo: number
  readonly payload: Uint8Array
}

export interface Nack {
  readonly kind: 'nack'
  readonly seqNo: number
}

export interface Suspect {
  readonly kind: 'suspect'
  readonly incarnation: number
  readonly node: string
  readonly from: string
}

export interface Alive {
  readonly kind: 'alive'
  readonly incarnation: number
  readonly node: string
  readonly address: Endpoint
  /** At most 512 bytes. */
  readonly meta: Uint8Array
  readonly versions: Versions
}

/** `from` equal to `node`: it left. */
export interface Dead {
  readonly kind: 'dead'
  readonly incarnation: number
  readonly node: string
  readonly from: string
}

/** Bytes of whoever uses memberlist; of Serf, here. */
export interface User {
  readonly kind: 'user'
  readonly bytes: Uint8Array
}

export type Message = Ping | IndirectPing | Ack | Nack | Suspect | Alive | Dead | User

export type WireState = 'alive' | 'suspect' | 'dead' | 'left'

/** One member in a push/pull. */
export interface NodeState {
  readonly name: string
  readonly address: Endpoint
  readonly meta: Uint8Array
  readonly incarnation: number
  readonly state: WireState
  readonly versions: Versions
}

export interface PushPull {
  readonly kind: 'pushPull'
  readonly join: boolean
  readonly nodes: readonly NodeState[]
  readonly userState: Uint8Array
}

export interface StreamError {
  readonly kind: 'error'
  readonly error: string
}

export type StreamMessage = PushPull | Ping | Ack | User | StreamError

export const MAX_META_BYTES = 512
/** What a packet is packed to. */
export const MAX_PACKET_BYTES = 1400
/** Ours and Serf 0.9's. */
export const OUR_VERSIONS: readonly number[] = [1, 5, 2, 2, 5, 5]
