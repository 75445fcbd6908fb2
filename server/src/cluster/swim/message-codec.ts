/**
 * One message of memberlist: its type byte and its map, written and read. Pure; called by packets.ts and streams.ts.
 * Field names and their order are the wire's: Go's names, sorted.
 */
import { isReachable } from './addresses.ts'
import { Fields } from './fields.ts'
import type { Endpoint, Message, NodeState, WireState } from './messages.ts'
import { MAX_META_BYTES } from './messages.ts'
import type { LegacyMap, WritableRecord } from './msgpack-legacy.ts'
import { areCompatible } from './versions.ts'

export const TYPE = {
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compress: 9,
  encrypt: 10,
  nack: 11,
  crc: 12,
  error: 13,
  label: 244,
} as const

const MAX_ACK_PAYLOAD_BYTES = 1024
const STATES: readonly WireState[] = ['alive', 'suspect', 'dead', 'left']

type Source = (Endpoint & { readonly node: string }) | undefined

function sourceFields(source: Source): WritableRecord {
  return source === undefined ? {} : { SourceAddr: source.ip, SourceNode: source.node, SourcePort: source.port }
}

/** What follows the type byte. Not for user messages, whose bytes follow as they are. */
export function fieldsOf(message: Exclude<Message, { kind: 'user' }>): WritableRecord {
  switch (message.kind) {
    case 'ping':
      return { Node: message.node, SeqNo: message.seqNo, ...sourceFields(message.source) }
    case 'indirectPing': {
      const { nack, node, seqNo, target, source } = message
      const asked = { Nack: nack, Node: node, Port: target.port, SeqNo: seqNo, Target: target.ip }
      return { ...asked, ...sourceFields(source) }
    }
    case 'ack':
      return { Payload: message.payload, SeqNo: message.seqNo }
    case 'nack':
      return { SeqNo: message.seqNo }
    case 'suspect':
    case 'dead':
      return { From: message.from, Incarnation: message.incarnation, Node: message.node }
    case 'alive': {
      const { address, incarnation, meta, node, versions } = message
      const told = { Addr: address.ip, Incarnation: incarnation, Meta: meta, Node: node }
      return { ...told, Port: address.port, Vsn: versions }
    }
  }
}

/** The message of this type, or why it is refused. */
export function readMessage(type: number, map: LegacyMap): Message | string {
  const fields = new Fields(map)
  switch (type) {
    case TYPE.ping: {
      const seqNo = fields.uint('SeqNo')
      return whole(fields, { kind: 'ping', seqNo, node: fields.text('Node'), source: readSource(fields) })
    }
    case TYPE.indirectPing: {
      const target = { ip: fields.bytes('Target', 16), port: fields.uint('Port', 65_535) }
      if (!isReachable(target)) return 'address'
      const asked = { seqNo: fields.uint('SeqNo'), node: fields.text('Node'), nack: fields.flag('Nack') }
      return whole(fields, { kind: 'indirectPing', target, ...asked, source: readSource(fields) })
    }
    case TYPE.ack: {
      const payload = fields.bytes('Payload', MAX_ACK_PAYLOAD_BYTES)
      return whole(fields, { kind: 'ack', seqNo: fields.uint('SeqNo'), payload })
    }
    case TYPE.nack:
      return whole(fields, { kind: 'nack', seqNo: fields.uint('SeqNo') })
    case TYPE.suspect:
    case TYPE.dead: {
      const accused = { incarnation: fields.uint('Incarnation'), node: fields.name('Node'), from: fields.text('From') }
      return whole(fields, { kind: type === TYPE.dead ? 'dead' : 'suspect', ...accused })
    }
    case TYPE.alive: {
      const node = fields.name('Node')
      const member = readMember(fields)
      return typeof member === 'string' ? member : whole(fields, { kind: 'alive', node, ...member })
    }
    default:
      return 'type'
  }
}

/** The state's fields, to be written. */
export function fieldsOfState(state: NodeState): WritableRecord {
  const { address, incarnation, meta, name, versions } = state
  const told = { Addr: address.ip, Incarnation: incarnation, Meta: meta, Name: name, Port: address.port }
  return { ...told, State: STATES.indexOf(state.state), Vsn: versions }
}

/** One member of a push/pull, or why it is left out. */
export function readState(map: LegacyMap): NodeState | string {
  const fields = new Fields(map)
  const name = fields.name('Name')
  const state = STATES[fields.uint('State', 3)] ?? 'alive'
  const member = readMember(fields)
  if (typeof member === 'string') return member
  return fields.sound ? { name, state, ...member } : 'malformed'
}

function readMember(fields: Fields): Pick<NodeState, 'address' | 'meta' | 'incarnation' | 'versions'> | string {
  const address = { ip: fields.bytes('Addr', 16), port: fields.uint('Port', 65_535) }
  const meta = fields.bytes('Meta', 65_536)
  const incarnation = fields.uint('Incarnation')
  const versions = fields.bytes('Vsn', 255)
  if (!fields.sound) return 'malformed'
  if (meta.length > MAX_META_BYTES) return 'meta'
  if (!areCompatible(versions)) return 'versions'
  if (!isReachable(address)) return 'address'
  return { address, meta, incarnation, versions }
}

/** Where to answer, if it says so. */
function readSource(fields: Fields): Source {
  const ip = fields.bytes('SourceAddr', 16)
  const port = fields.uint('SourcePort', 65_535)
  const node = fields.text('SourceNode')
  return isReachable({ ip, port }) ? { ip, port, node } : undefined
}

function whole(fields: Fields, message: Message): Message | string {
  return fields.sound ? message : 'malformed'
}
