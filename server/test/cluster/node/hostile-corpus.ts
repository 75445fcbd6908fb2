/** One sound message of every kind that shards say to each other, of this rig's lives and view: what a fuzzer starts from. */
import type { PeerEnvelope } from '../../../src/cluster/node/cluster-node-api.ts'
import type { NodesRig } from './nodes-rig.ts'

export type PartBody = Pick<PeerEnvelope, 'part' | 'body'>

export function messagesOf(rig: NodesRig, stranger: string): PartBody[] {
  const [a = '', b = '', c = ''] = rig.nodes.map(({ node }) => node.life)
  const view = rig.at(0).node.view
  if (view === undefined) throw new Error('the rig has no view yet')
  return [
    ...viewMessages(view, { a, b, c, stranger }),
    ...roomMessages(view, b),
    ...lobbyMessages(view, { a, b, c }),
    ...standbyMessages(view),
    ...moveMessages(view),
    ...others(a),
  ]
}

type View = NonNullable<NodesRig['nodes'][number]['node']['view']>

function viewMessages(view: View, { a, b, c, stranger }: Record<'a' | 'b' | 'c' | 'stranger', string>): PartBody[] {
  const id = { generation: view.generation, number: view.number }
  const ballot = { round: 3, life: b }
  const at = { name: 'x', address: '10.0.0.9:7946', url: 'ws://x', zone: '', weight: 10, draining: false }
  const member = { life: stranger, ...at }
  const changes = [{ life: b, zone: 'z', weight: 5, draining: true }]
  const change = { removals: [c], joins: [member], changes, voters: [a, b] }
  const accepted = { ballot, change }
  const memory = { generation: 1, number: 2, voterNames: ['a'], nextVoterNames: ['b'] }
  const bodies = [
    { kind: 'ask', view: id, seq: 5, gotSeq: 4, leaselessMs: 0 },
    { kind: 'answer', view: id, seq: 5, granted: true },
    { kind: 'prepare', view: id, ballot },
    { kind: 'promise', view: id, ballot, accepted, backs: [a, c], joins: [member], changes },
    { kind: 'overtaken', view: id, ballot, by: { round: 9, life: c } },
    { kind: 'accept', view: id, ballot, change },
    { kind: 'accepted', view: id, ballot, ages: [1], proofs: [true], refused: [false] },
    { kind: 'chain', base: id, changes: [change, change], restMs: 5 },
    { kind: 'whole', view: { ...view, number: view.number + 1 }, removed: [stranger] },
    { kind: 'fetch', view: { generation: 1, number: 1 } },
    { kind: 'voters', view: id, voters: [a, b], live: true },
    { kind: 'refusal', reason: 'x' },
    { kind: 'change', change: changes[0] },
    { kind: 'leave' },
    { kind: 'ended', life: c },
    { kind: 'look' },
    { kind: 'join', member, forwarded: false },
    { kind: 'found-prepare', ballot },
    { kind: 'found-promise', ballot, accepted: { ballot, view }, member, memory },
    { kind: 'found-overtaken', ballot, by: ballot },
    { kind: 'found-accept', ballot, view },
    { kind: 'found-accepted', ballot },
  ]
  return bodies.map((body) => ({ part: 'view', body }))
}

function roomMessages(view: View, b: string): PartBody[] {
  const epoch = { generation: view.generation, view: view.number, k: 1 }
  const bodies = [
    {
      ...{ t: 'claims', chunk: 0, chunks: 2, rooms: [{ id: 'r1', epoch }], gone: [{ id: 'r2', epoch }] },
      ...{ held: [{ id: 'r3', epoch, tick: 5 }], over: [{ id: 'r4', epoch }] },
    },
    { t: 'claimed', chunk: 0 },
    { t: 'outranked', id: 'r1', epoch },
    { t: 'find', request: 1, id: 'r1' },
    { t: 'make', request: 1, settled: 0, id: 'r5', attributes: { a: 1 } },
    { t: 'found', request: 1, answer: { kind: 'at', owner: b, epoch } },
    { t: 'open', settled: 0, id: 'r7', epoch, attributes: {}, takeOver: false },
    { t: 'open', settled: 0, id: 'r3', epoch, attributes: {}, takeOver: true },
    { t: 'opened', k: 1, isOpen: true },
    { t: 'ended', id: 'r1', epoch },
    { t: 'noted', id: 'r1', epoch },
    { t: 'rename', request: 1, id: 'r1', epoch, to: b },
    { t: 'renamed', request: 1, epoch },
    { t: 'refused', request: 1 },
    { t: 'runs', id: 'r1', epoch },
    { t: 'registered', id: 'r1', epoch },
    { t: 'over', id: 'r3', epoch },
    { t: 'taken', id: 'r3', owner: b, epoch },
  ]
  const id = { generation: view.generation, number: view.number }
  return bodies.map((body) => ({ part: 'rooms', body: { view: id, ...body } }))
}

function lobbyMessages(view: View, { a, b, c }: Record<'a' | 'b' | 'c', string>): PartBody[] {
  const id = { generation: view.generation, number: view.number }
  const stamp = { wallMs: 1_700_000_000_000, count: 1, life: b }
  const dot = { life: b, counter: 1 }
  const room = { epoch: [1, 2, 3], state: 'open', players: 1, maxPlayers: 4, attributes: { a: 1 } }
  const entries = [
    { key: 'r/x', sequence: 1, value: room },
    { key: 'p/x', sequence: 2, value: { name: 'n', where: 'w' } },
    { key: 'load', sequence: 4, value: 0.5 },
  ]
  const store = { kind: 'store', store: 'settings', adds: true, key: 'k', value: { a: [1] }, removes: [dot] }
  const line = { channel: 'c', from: 'f', text: 't' }
  const operation = { dot, stamp, view: id, needs: [dot], body: store }
  const said = { ...operation, dot: { life: c, counter: 2 }, body: { kind: 'line', ...line } }
  const maps = [{ life: b, from: 0, upTo: 5, target: 9, asOf: 3, reset: true, entries }]
  const party = { store: 'parties', dot, stamp, key: 'k', value: [a] }
  const digested = {
    maps: [{ life: b, version: 3, asOf: 4, root: 'x' }],
    held: [{ life: b, counter: 3, waiting: [5], used: true }],
  }
  const bodies = [
    { type: 'delta', maps, operations: [operation, said], goal: 'more' },
    {
      type: 'whole',
      view: id,
      id: 1,
      part: 0,
      parts: 1,
      vector: [dot],
      entries: [party],
      lines: [{ id: 'x', ...line, atMs: 1, stamp }],
    },
    { type: 'digest', view: id, asks: 'whole', ...digested, root: 'x' },
    { type: 'mend', version: 3, leaves: new Array(128).fill(1) },
    { type: 'mended', version: 3, buckets: [1, 2], entries: [{ key: 'r/q', sequence: 2, value: null }] },
  ]
  return bodies.map((body) => ({ part: 'lobby', body }))
}

/** Of a room that its sender runs, and holds, and of keyframes that come whole and in parts. */
function standbyMessages(view: View): PartBody[] {
  const of = { room: 'r1', epoch: { generation: view.generation, view: view.number, k: 1 } }
  const line = { ...of, line: 1 }
  const bytes = new Uint8Array(8)
  const bodies = [
    { t: 'hold', ...line, build: 'b', tick: 4, sizes: [2, 4, 2], offset: 0, bytes },
    { t: 'hold', ...line, line: 2, build: 'b', tick: 4, sizes: [8, 8, 8], offset: 0, bytes },
    { t: 'hold', ...line, line: 2, build: 'b', tick: 4, sizes: [8, 8, 8], offset: 8, bytes },
    { t: 'got', ...line, bytes: 8, build: 'b' },
    { t: 'records', ...line, from: 5, records: [bytes, bytes, bytes, bytes] },
    { t: 'records', ...line, from: 7, records: [] },
    { t: 'held', ...line, tick: 6 },
    { t: 'need', ...line, tick: 5 },
    { t: 'need', ...line, line: 0, tick: 0 },
    { t: 'refused', ...line, why: 'full' },
    { t: 'drop', ...line },
    { t: 'dropped', ...line },
    { t: 'diverged', ...line, tick: 5 },
    { t: 'state', ...line, tick: 5, bytes },
    { t: 'explained', ...line, tick: 5, what: 'x' },
    { t: 'fence', ...of },
    { t: 'fenced', ...of },
  ]
  return bodies.map((body) => ({ part: 'standby', body }))
}

function moveMessages(view: View): PartBody[] {
  const epoch = { generation: view.generation, view: view.number, k: 1 }
  const of = { view: { generation: view.generation, number: view.number }, room: 'r1', next: { ...epoch, k: 2 } }
  const bodies = [
    { t: 'prepare', ...of, epoch },
    { t: 'arrived', ...of, players: 2 },
    { t: 'off', ...of },
    { t: 'word', ...of, epoch, tick: 6, hash: 12, late: new Uint8Array(8) },
    { t: 'cancel', ...of },
    { t: 'ask', ...of },
    { t: 'answer', ...of, answer: 'opened', isHeld: true },
    { t: 'answer', ...of, answer: 'refused', isHeld: false },
  ]
  return bodies.map((body) => ({ part: 'moves', body }))
}

function others(a: string): PartBody[] {
  const seeker = { players: [{ id: 'x', identity: {} }], attributes: {}, skill: 1 }
  const calls = [
    { k: 'call', id: 1, method: 'match', body: seeker },
    { k: 'call', id: 2, method: 'seats', body: { room: 'r1', players: seeker.players } },
    { k: 'reply', id: 1, code: 'X', body: 'y' },
    { k: 'reply', id: 1, body: { tickets: [1] } },
  ]
  const clock = [
    { kind: 'ask', id: 1 },
    { kind: 'answer', id: 1, receivedMs: 1e12, sentMs: 1e12, stratum: 2, rootErrorMs: 1, follows: [a] },
  ]
  return [
    ...calls.map((body) => ({ part: 'calls' as const, body })),
    ...clock.map((body) => ({ part: 'clock' as const, body })),
  ]
}
