/**
 * Streams of memberlist's wire, after decryption: one message each way, without any length in front, so that a reader must try whether it is whole.
 * Pure; called by swim.ts with all bytes that came so far. Never throws; bounded in members and bytes.
 *
 *     push/pull   06, map { Join, Nodes, UserStateLen }, Nodes maps of members, UserStateLen bytes
 *     user        08, map { UserMsgLen }, UserMsgLen bytes       compressed  09, map { Algo: 0, Buf: LZW of one of these }
 *     ping, ack   00 or 02, map                                  error       0d, map { Error }
 */
import { Fields } from './fields.ts'
import { LzwDecoder } from './lzw.ts'
import { fieldsOf, fieldsOfState, readMessage, readState, TYPE } from './message-codec.ts'
import type { NodeState, StreamMessage } from './messages.ts'
import { type LegacyLimits, LegacyReader, writeLegacy } from './msgpack-legacy.ts'
import type { StreamCodec, StreamRead } from './wire-api.ts'

export interface StreamLimits {
  readonly maxNodes: number
  /** Of a whole stream, compressed and decompressed. */
  readonly maxBytes: number
}

const STREAM_LIMITS: StreamLimits = { maxNodes: 16_384, maxBytes: 8 * 1024 * 1024 }
const MAX_ERROR_BYTES = 1024
/** Keys and values of one member, with room for fields of later versions. */
const ITEMS_PER_NODE = 64

type Refused = (reason: string) => void
const MORE: StreamRead = { kind: 'more' }

function no(reason: string): StreamRead {
  return { kind: 'refused', reason }
}

class Streams implements StreamCodec {
  readonly #limits: StreamLimits
  readonly #items: LegacyLimits
  readonly #lzw = new LzwDecoder()

  constructor(limits: StreamLimits) {
    this.#limits = limits
    this.#items = { maxDepth: 4, maxItems: limits.maxNodes * ITEMS_PER_NODE, maxRawBytes: limits.maxBytes }
  }

  encode(message: StreamMessage): Uint8Array {
    const out: number[] = [TYPE[message.kind]]
    let tail: Uint8Array | undefined
    switch (message.kind) {
      case 'ping':
      case 'ack':
        writeLegacy(out, fieldsOf(message))
        break
      case 'user':
        tail = message.bytes
        writeLegacy(out, { UserMsgLen: tail.length })
        break
      case 'error':
        writeLegacy(out, { Error: message.error })
        break
      case 'pushPull':
        tail = message.userState
        writeLegacy(out, { Join: message.join, Nodes: message.nodes.length, UserStateLen: tail.length })
        for (const node of message.nodes) writeLegacy(out, fieldsOfState(node))
        break
    }
    const bytes = new Uint8Array(out.length + (tail?.length ?? 0))
    bytes.set(out)
    if (tail !== undefined) bytes.set(tail, out.length)
    return bytes
  }

  read(bytes: Uint8Array, refused: Refused = () => {}): StreamRead {
    if (bytes.length > this.#limits.maxBytes) return no('size')
    if (bytes[0] !== TYPE.compress) return this.#message(bytes, refused)
    const reader = new LegacyReader(bytes, 1, this.#items)
    const map = reader.map()
    if (map === undefined) return reader.problem === 'more' ? MORE : no('malformed')
    const packed = map.get('Buf')
    if (!(packed instanceof Uint8Array) || (map.get('Algo') ?? 0) !== 0) return no('malformed')
    const text = this.#lzw.decode(packed, this.#limits.maxBytes)
    if (text === undefined) return no('lzw')
    const read = this.#message(text, refused)
    // What was compressed is all there is.
    return read.kind === 'more' ? no('truncated') : read
  }

  #message(bytes: Uint8Array, refused: Refused): StreamRead {
    const type = bytes[0]
    if (type === undefined) return MORE
    if (type === TYPE.label) return no('label')
    if (type !== TYPE.ping && type !== TYPE.ack && type !== TYPE.pushPull && type !== TYPE.user && type !== TYPE.error)
      return no('type')
    const reader = new LegacyReader(bytes, 1, this.#items)
    const map = reader.map()
    if (map === undefined) return reader.problem === 'more' ? MORE : no('malformed')
    if (type === TYPE.pushPull) return this.#pushPull(reader, new Fields(map), refused)
    if (type === TYPE.user) return this.#user(reader, new Fields(map))
    if (type === TYPE.error) {
      const fields = new Fields(map)
      const error = fields.text('Error', MAX_ERROR_BYTES)
      return fields.sound ? { kind: 'message', message: { kind: 'error', error } } : no('malformed')
    }
    const message = readMessage(type, map)
    if (typeof message === 'string') return no(message)
    return message.kind === 'ping' || message.kind === 'ack' ? { kind: 'message', message } : no('type')
  }

  #pushPull(reader: LegacyReader, head: Fields, refused: Refused): StreamRead {
    const join = head.flag('Join')
    const count = head.uint('Nodes')
    const stateBytes = head.uint('UserStateLen')
    if (!head.sound) return no('malformed')
    if (count > this.#limits.maxNodes) return no('count')
    if (stateBytes > this.#limits.maxBytes) return no('size')
    const nodes: NodeState[] = []
    for (let i = 0; i < count; i++) {
      const map = reader.map()
      if (map === undefined) return reader.problem === 'more' ? MORE : no('malformed')
      const node = readState(map)
      if (typeof node === 'string') refused(node)
      else nodes.push(node)
    }
    const userState = reader.take(stateBytes)?.slice()
    if (userState === undefined) return MORE
    return { kind: 'message', message: { kind: 'pushPull', join, nodes, userState } }
  }

  #user(reader: LegacyReader, head: Fields): StreamRead {
    const length = head.uint('UserMsgLen')
    if (!head.sound) return no('malformed')
    if (length > this.#limits.maxBytes) return no('size')
    const bytes = reader.take(length)?.slice()
    return bytes === undefined ? MORE : { kind: 'message', message: { kind: 'user', bytes } }
  }
}

/** One for each node: it keeps tables for decompression. */
export function makeStreams(limits: StreamLimits = STREAM_LIMITS): StreamCodec {
  return new Streams(limits)
}
