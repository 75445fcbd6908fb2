import { expect, test } from 'vitest'
import { SeededRandom } from '@tickmesh/shared'
import { NodesRig } from './nodes-rig.ts'
import { parsePart } from '../../../src/cluster/node/peer-parts.ts'

const L = 'aaaaaaaaaaaaaaaa'
function templates(rig: NodesRig): { part: any; body: any }[] {
  const [a, b, c] = rig.nodes.map((n) => n.node.life) as [string, string, string]
  const view = rig.at(0).node.view ?? rig.at(1).node.view ?? rig.at(2).node.view ?? { cluster: 'rig', generation: 1, number: 1, members: [], voters: [] }
  const id = { generation: view.generation, number: view.number }
  const ballot = { round: 3, life: b }
  const member = { life: L, name: 'x', address: '10.0.0.9:7946', url: 'ws://x', zone: '', weight: 10, draining: false }
  const change = { removals: [c], joins: [member], changes: [{ life: b, zone: 'z', weight: 5, draining: true }], voters: [a, b] }
  const memory = { generation: 1, number: 2, voterNames: ['a'], nextVoterNames: ['b'] }
  const epoch = { generation: view.generation, view: view.number, k: 1 }
  const stamp = { wallMs: 1_700_000_000_000, count: 1, life: b }
  const dot = { life: b, counter: 1 }
  const op = { dot, stamp, view: id, needs: [dot], body: { kind: 'store', store: 'settings', adds: true, key: 'k', value: { a: [1] }, removes: [dot] } }
  const v = (body: any) => ({ part: 'view', body })
  const r = (body: any) => ({ part: 'rooms', body: { view: id, ...body } })
  const l = (body: any) => ({ part: 'lobby', body })
  return [
    v({ kind: 'promise', view: id, ballot, accepted: { ballot, change }, backs: [a, c], joins: [member], changes: change.changes }),
    v({ kind: 'overtaken', view: id, ballot, by: { round: 9, life: c } }),
    v({ kind: 'accept', view: id, ballot, change }), v({ kind: 'accepted', view: id, ballot, ages: [1], proofs: [true], refused: [false] }),
    v({ kind: 'prepare', view: id, ballot }),
    v({ kind: 'chain', base: id, changes: [change, change], restMs: 5 }), v({ kind: 'whole', view: { ...view, number: view.number + 1 }, removed: [L] }), v({ kind: 'fetch', view: { generation: 1, number: 1 } }),
    v({ kind: 'voters', view: id, voters: [a, b], live: true }), v({ kind: 'refusal', reason: 'x' }), v({ kind: 'change', change: change.changes[0] }), v({ kind: 'leave' }), v({ kind: 'ended', life: c }), v({ kind: 'look' }), v({ kind: 'join', member, forwarded: false }),
    v({ kind: 'found-prepare', ballot }), v({ kind: 'found-promise', ballot, accepted: { ballot, view }, member, memory }), v({ kind: 'found-overtaken', ballot, by: ballot }), v({ kind: 'found-accept', ballot, view }), v({ kind: 'found-accepted', ballot }),
    r({ t: 'claims', chunk: 0, chunks: 2, rooms: [{ id: 'r1', epoch }], gone: [{ id: 'r2', epoch }] }), r({ t: 'claimed', chunk: 0 }), r({ t: 'outranked', id: 'r1', epoch }),
    r({ t: 'find', request: 1, id: 'r1' }), r({ t: 'make', request: 1, settled: 0, id: 'r5', attributes: { a: 1 } }), r({ t: 'found', request: 1, answer: { kind: 'at', owner: b, epoch } }), r({ t: 'open', settled: 0, id: 'r7', epoch, attributes: {} }), r({ t: 'opened', k: 1, isOpen: true }), r({ t: 'ended', id: 'r1', epoch }), r({ t: 'noted', id: 'r1', epoch }),
    l({ type: 'delta', maps: [{ life: b, from: 0, upTo: 5, target: 9, asOf: 3, reset: true, entries: [{ key: 'r/x', sequence: 1, value: { epoch: [1, 2, 3], state: 'open', players: 1, maxPlayers: 4, attributes: { a: 1 } } }, { key: 'p/x', sequence: 2, value: { name: 'n', where: 'w' } }, { key: 'load', sequence: 4, value: 0.5 }] }], operations: [op, { ...op, dot: { life: c, counter: 2 }, body: { kind: 'line', channel: 'c', from: 'f', text: 't' } }], goal: 'more' }),
    l({ type: 'whole', view: id, id: 1, part: 0, parts: 1, vector: [dot], entries: [{ store: 'parties', dot, stamp, key: 'k', value: [a] }], lines: [{ id: 'x', channel: 'c', from: 'f', text: 't', atMs: 1, stamp }] }),
    l({ type: 'digest', view: id, asks: 'whole', maps: [{ life: b, version: 3, asOf: 4, root: 'x' }], held: [{ life: b, counter: 3, waiting: [5], used: true }], root: 'x' }),
    l({ type: 'mend', version: 3, leaves: new Array(128).fill(1) }), l({ type: 'mended', version: 3, buckets: [1, 2], entries: [{ key: 'r/q', sequence: 2, value: null }] }),
    { part: 'calls', body: { k: 'call', id: 1, method: 'match', body: { players: [{ id: 'x', identity: {} }], attributes: {}, skill: 1 } } },
    { part: 'calls', body: { k: 'call', id: 2, method: 'seats', body: { room: 'r1', players: [{ id: 'x', identity: {} }] } } },
    { part: 'calls', body: { k: 'reply', id: 1, code: 'X', body: 'y' } }, { part: 'calls', body: { k: 'reply', id: 1, body: { tickets: [1] } } },
    { part: 'clock', body: { kind: 'ask', id: 1 } }, { part: 'clock', body: { kind: 'answer', id: 1, receivedMs: 1e12, sentMs: 1e12, stratum: 2, rootErrorMs: 1, follows: [a] } },
  ]
}

test('fuzz', () => {
  const seed = Number(process.env.SEED ?? 1)
  const random = new SeededRandom(seed)
  const rig = new NodesRig(['a', 'b', 'c'], seed)
  rig.run(3000)
  const pick = <T>(list: readonly T[]): T => list[random.uint32() % list.length]!
  const lives = () => [...rig.nodes.map((n) => n.node.life), L, 'bbbbbbbbbbbbbbbb']
  const absurd = () => pick<unknown>([0, 1, -1, 2, 2 ** 31, 2 ** 32, 2 ** 48, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e300, -1e300, NaN, Infinity, 0.5, '', 'x', 'x'.repeat(300), null, undefined, [], {}, true, false, pick(lives()), pick(lives()), [pick(lives())], { life: pick(lives()) }, 'r1', '__proto__', 1_700_000_000_000, 1_700_000_060_000])
  const mutate = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const copy = value.map((x) => (random.uint32() % 4 === 0 ? mutate(x) : x))
      const act = random.uint32() % 8
      if (act === 0 && copy.length > 0) copy.push(structuredClone(pick(copy)))
      else if (act === 1) copy.pop()
      else if (act === 2) copy.push(absurd())
      else if (act === 3 && copy.length > 0) copy[random.uint32() % copy.length] = mutate(pick(copy))
      return copy
    }
    if (typeof value === 'object' && value !== null) {
      const copy: Record<string, unknown> = { ...value }
      const keys = Object.keys(copy)
      if (keys.length === 0) return copy
      for (let n = 1 + (random.uint32() % 2); n > 0; n--) { const key = pick(keys); copy[key] = mutate(copy[key]) }
      return copy
    }
    if (typeof value === 'number' && random.uint32() % 2 === 0) return value + pick([-1, 1, 2, 1000, 1e6])
    return absurd()
  }
  const errors = new Map<string, string>()
  let parsed = 0, sent = 0, endedCount = 0
  const kinds = new Map<string, number>()
  const end = performance.now() + Number(process.env.MS ?? 20000)
  while (performance.now() < end) {
    const base = random.uint32() % 3 === 0 && rig.envelopes.length > 0 ? pick(rig.envelopes) : pick(templates(rig))
    let body: unknown = structuredClone(base.body)
    // current view
    const view = rig.at(0).node.view
    if (view && random.uint32() % 2 && typeof body === 'object' && body && 'view' in body && base.part !== 'lobby') (body as any).view = (body as any).kind === 'whole' ? (body as any).view : { generation: view.generation, number: view.number }
    for (let n = random.uint32() % 3; n > 0; n--) body = mutate(body)
    const victim = rig.at(random.uint32() % 3)
    const froms = rig.nodes.filter((n) => n !== victim).map((n) => n.node.life)
    const from = random.uint32() % 8 === 0 ? L : pick(froms)
    sent++
    try {
      if (parsePart(base.part, body)) { parsed++; const k = `${base.part} ${(body as any).kind ?? (body as any).t ?? (body as any).k ?? (body as any).type}`; kinds.set(k, (kinds.get(k) ?? 0) + 1) }
      victim.node.peerReceived({ cluster: 'rig', from, to: victim.node.life, part: base.part, body }, rig.nowMs)
      rig.deliver()
      if (sent % 20 === 0) rig.run(pick([10, 50, 200]))
      if (sent % 50 === 0) { const n = pick(rig.nodes).node; pick([() => n.create({ id: 'r' + (random.uint32() % 50) }, rig.nowMs, () => {}), () => n.locate('r' + (random.uint32() % 50), rig.nowMs, () => {}), () => n.lobby.say('c', 'f', 't'), () => n.lobby.set('k' + random.uint32() % 5, 1), () => n.lobby.put({ id: 'z', epoch: { generation: 1, view: 1, k: 1 }, state: 'open', players: 1, maxPlayers: 2, attributes: {} }), () => n.status(rig.nowMs), () => n.lobby.ban('x'), () => { const p = n.lobby.parties.create('p'); n.lobby.parties.join(p.id, 'q') }, () => n.services.matchmaker.seek({ players: [{ id: 'x', identity: {} }], attributes: {} } as any, rig.nowMs, () => {})])() }
    } catch (error) {
      const e = error as Error
      const at = `${e.message} ${(e.stack ?? '').split('\n').slice(1, 5).join(' | ')}`
      if (!errors.has(at)) { errors.set(at, JSON.stringify(body).slice(0, 400)); console.log('THROW', base.part, at, '\n   ', JSON.stringify(body).slice(0, 600)) }
      rig.restart(victim); 
    }
    for (const n of rig.nodes) if (n.ended.length > 0) { endedCount++; n.ended.length = 0; rig.restart(n) }
    if (sent % 2000 === 0 || (rig.nodes.some((n) => n.node.view === undefined) && sent % 100 === 0)) { rig.nodes.length = 0; rig.nowMs = 1000; for (const n of ['a', 'b', 'c']) rig.add(n); rig.run(2500) }
  }
  console.log({ sent, parsed, endedCount, errors: errors.size, nowMs: rig.nowMs }, [...kinds].sort().map(([k, n]) => `${k}:${n}`).join(' '))
  console.log(rig.nodes.map((n) => JSON.stringify({ ...n.node.status(rig.nowMs).lobby, rooms: n.node.status(rig.nowMs).rooms })))
  console.log(process.memoryUsage().heapUsed / 1e6)
})
