/**
 * Members that hold the key and are broken: what they say parses and is absurd, or almost parses. Nothing of it throws, drives a count to the end of the numbers,
 * or grows without bound. That they lie about views is another matter: whoever holds the key is believed there.
 */
import { hash32, SeededRandom } from '@tickmesh/shared'
import { expect, test } from 'vitest'
import { isLife } from '../../../src/cluster/life.ts'
import { parsePart } from '../../../src/cluster/node/peer-parts.ts'
import { ToyReplica } from '../standby/standby-rig.ts'
import { messagesOf, type PartBody } from './hostile-corpus.ts'
import { NodesRig, type RigNode } from './nodes-rig.ts'

const STRANGER = 'aaaaaaaaaaaaaaaa'
const MAX = Number.MAX_SAFE_INTEGER
const ABSURD: readonly unknown[] = [
  ...[0, 1, -1, 2, 2 ** 31, 2 ** 32, 2 ** 48, MAX, 2 ** 53, 1e300, -1e300, Number.NaN, Number.POSITIVE_INFINITY, 0.5],
  ...['', 'x', 'x'.repeat(300), null, undefined, [], {}, true, false, STRANGER, '__proto__', 'r1'],
  ...[1_700_000_000_000, 1_700_000_059_000],
]

/** Alters values deep inside, and lists' lengths. */
class Mutator {
  readonly #random: SeededRandom
  readonly #lives: readonly string[]

  constructor(random: SeededRandom, lives: readonly string[]) {
    this.#random = random
    this.#lives = lives
  }

  pick<T>(list: readonly T[]): T {
    const at = this.#random.uint32() % list.length
    return list[at] as T
  }

  mutate(value: unknown): unknown {
    if (Array.isArray(value)) return this.#list(value)
    if (typeof value === 'object' && value !== null) {
      const copy: Record<string, unknown> = { ...value }
      const keys = Object.keys(copy)
      if (keys.length === 0) return copy
      const key = this.pick(keys)
      copy[key] = this.mutate(copy[key])
      return copy
    }
    if (isLife(value) && this.pick([true, true, false])) return this.pick(this.#lives)
    if (typeof value === 'number' && this.pick([true, false])) return value + this.pick([-1, 1, 2, 1_000, 1e6])
    return this.pick(ABSURD)
  }

  #list(value: readonly unknown[]): unknown[] {
    const copy = [...value]
    const act = this.#random.uint32() % 5
    if (act === 0 && copy.length > 0) copy.push(structuredClone(this.pick(copy)))
    else if (act === 1) copy.pop()
    else if (act === 2) copy.push(this.pick(ABSURD))
    else if (copy.length > 0) copy[this.#random.uint32() % copy.length] = this.mutate(this.pick(copy))
    return copy
  }
}

/** As a toy replica reads it. */
function recordOf(tick: number): { journal: Uint8Array; session: Uint8Array } {
  const journal = new Uint8Array(4)
  new DataView(journal.buffer).setUint32(0, tick)
  return { journal, session: new Uint8Array(0) }
}

/** `heard`: by others, what it makes the node say. */
function say(rig: NodesRig, to: RigNode, from: string, { part, body }: PartBody, heard = true): void {
  to.node.peerReceived({ cluster: 'rig', from, to: to.node.life, part, body }, rig.nowMs)
  if (heard) rig.deliver()
}

function three(seed = 1): NodesRig {
  const rig = new NodesRig(['a', 'b', 'c'], seed)
  rig.run(2_500)
  expect(rig.nodes.map(({ node }) => node.view?.members.length)).toEqual([3, 3, 3])
  return rig
}

test('whatever members say, truncated, mixed up and absurd, no node throws, and status can be told', () => {
  const parsed = new Map<string, number>()
  for (let seed = 1; seed <= 12; seed++) {
    const rig = three(seed)
    const random = new SeededRandom(seed * 7)
    const mutator = new Mutator(random, [...rig.nodes.map(({ node }) => node.life), STRANGER])
    // What views are told wrong ends lives soon, and then nothing more is tested: in every other run no such word.
    const all = [...messagesOf(rig, STRANGER), ...rig.envelopes]
    const corpus = all.filter(({ part }) => part !== 'view' || seed % 2 === 0)
    for (let i = 0; i < 400; i++) {
      const chosen = structuredClone(mutator.pick(corpus))
      let { body } = chosen
      for (let changes = random.uint32() % 3; changes > 0; changes--) body = mutator.mutate(body)
      if (parsePart(chosen.part, body) !== undefined) parsed.set(chosen.part, (parsed.get(chosen.part) ?? 0) + 1)
      const victim = rig.at(random.uint32() % 3)
      say(rig, victim, mutator.pick(rig.nodes.filter((one) => one !== victim)).node.life, { part: chosen.part, body })
      if (i % 25 === 0) rig.run(mutator.pick([10, 50, 300]))
      for (const { node } of rig.nodes) if (i % 100 === 0) node.status(rig.nowMs)
    }
  }
  for (const part of ['view', 'rooms', 'lobby', 'clock', 'calls', 'standby', 'moves'])
    expect(parsed.get(part), part).toBeGreaterThan(50)
})

test('owners and holders of rooms throw nothing, whatever members say of records, keyframes and moves', () => {
  const parsed = new Map<string, number>()
  const bytes = new Uint8Array(8)
  for (let seed = 1; seed <= 6; seed++) {
    const rig = three(seed)
    rig.openReplica = (epoch, keyframe) => new ToyReplica(epoch, keyframe)
    const [a, b] = [rig.at(0), rig.at(1)]
    const { generation, number } = a.node.view ?? { generation: 0, number: 0 }
    let tick = 0
    const source = { keyframe: () => ({ tick, about: bytes, journal: bytes, session: bytes }), stateAt: () => bytes }
    for (const room of ['r1', 'r2']) a.node.standby.protect(room, { generation, view: number, k: 1 }, source, rig.nowMs)
    const play = (ticks: number): void => {
      for (let n = 0; n < ticks; n++) {
        tick++
        for (const room of ['r1', 'r2']) a.node.standby.append(room, { tick, ...recordOf(tick) }, rig.nowMs)
        rig.run(20)
      }
    }
    play(30)
    const holders = rig.nodes.filter(({ node }) => node.standby.held.has('r1'))
    expect(holders.length).toBe(1)
    const random = new SeededRandom(seed * 11)
    const mutator = new Mutator(random, [...rig.nodes.map(({ node }) => node.life), STRANGER])
    const all = [...messagesOf(rig, STRANGER), ...rig.envelopes]
    const corpus = all.filter(({ part }) => part === 'standby' || part === 'moves')
    for (let i = 0; i < 600; i++) {
      const part = mutator.pick(['standby', 'moves'] as const)
      const chosen = structuredClone(mutator.pick(corpus.filter((one) => one.part === part)))
      let { body } = chosen
      for (let changes = random.uint32() % 3; changes > 0; changes--) body = mutator.mutate(body)
      if (parsePart(part, body) !== undefined) parsed.set(part, (parsed.get(part) ?? 0) + 1)
      const victim = mutator.pick([a, b, ...holders])
      say(rig, victim, mutator.pick(rig.nodes.filter((one) => one !== victim)).node.life, { part: chosen.part, body })
      if (i % 10 === 0) play(1)
    }
    for (const { node, ended } of rig.nodes) {
      node.status(rig.nowMs)
      expect(ended).toEqual([])
    }
  }
  for (const part of ['standby', 'moves']) expect(parsed.get(part), part).toBeGreaterThan(300)
})

test('a member that would have all rooms in the world held is told that there is no room', () => {
  const rig = three()
  rig.openReplica = (epoch, keyframe) => new ToyReplica(epoch, keyframe)
  const [a, b] = [rig.at(0), rig.at(1)]
  const { generation, number } = a.node.view ?? { generation: 0, number: 0 }
  const epoch = { generation, view: number, k: 1 }
  const hold = { t: 'hold', epoch, build: 'b', tick: 0, offset: 0 }
  // Announced, and never sent: four of 64 MB are waited for at a time.
  for (let n = 0; n < 5; n++) {
    const body = { ...hold, sizes: [0, 64 * 2 ** 20, 0], bytes: new Uint8Array(1), room: `l${n}`, line: n }
    say(rig, rig.at(2), b.node.life, { part: 'standby', body })
  }
  const refused = rig.envelopes.filter(({ body }) => (body as { readonly t?: string }).t === 'refused')
  expect(refused.map(({ body }) => (body as { readonly room: string }).room)).toEqual(['l4'])
  const small = { ...hold, sizes: [1, 0, 0], bytes: new Uint8Array(1) }
  for (let n = 0; n < 10_100; n++)
    say(rig, a, b.node.life, { part: 'standby', body: { ...small, room: `g${n}`, line: n } }, false)
  expect(a.node.standby.held.size).toBe(10_000)
  expect(a.ended).toEqual([])
})

test('damaged gossip packets and streams throw nothing and bring nobody in', () => {
  const rig = three()
  const random = new SeededRandom(3)
  const recorded = [...rig.packets, ...rig.streams]
  const names = rig
    .at(0)
    .node.status(rig.nowMs)
    .gossip.members.map(({ name }) => name)
  for (let i = 0; i < 4_000; i++) {
    const bytes = Uint8Array.from(recorded[random.uint32() % recorded.length] ?? [])
    for (let n = random.uint32() % 4; n > 0; n--) bytes[random.uint32() % bytes.length] = random.uint32() & 255
    const cut = random.uint32() % 3 === 0 ? bytes.subarray(0, random.uint32() % bytes.length) : bytes
    if (i % 2 === 0) rig.at(0).node.gossipReceived('10.0.0.9:1', cut, rig.nowMs)
    else rig.at(0).node.gossipAsked('10.0.0.9:1', cut, rig.nowMs)
    if (i % 100 === 0) rig.run(10)
  }
  rig.run(1_000)
  expect(rig.nodes.map(({ node, ended }) => [node.view?.members.length, ended.length])).toEqual(Array(3).fill([3, 0]))
  expect(names.length).toBe(3)
})

test('counts at the end of the numbers stall nobody: what is said afterwards still reaches all', () => {
  const rig = three()
  const [a, b] = [rig.at(0), rig.at(1)]
  const { generation, number } = a.node.view ?? { generation: 0, number: 0 }
  const view = { generation, number }
  const stamp = { wallMs: Math.floor(b.node.clusterMs(rig.nowMs)) + 50_000, count: MAX, life: b.node.life }
  const line = { kind: 'line', channel: 'c', from: 'f', text: 'poison' }
  const operation = (life: string, counter: number) => ({ dot: { life, counter }, stamp, view, needs: [], body: line })
  const delta = (operations: unknown[]) => ({
    part: 'lobby' as const,
    body: { type: 'delta', maps: [], operations, goal: 'push' },
  })
  say(rig, a, b.node.life, delta([operation(b.node.life, 1)]))
  // In our own name.
  say(rig, a, b.node.life, delta([operation(a.node.life, 1)]))
  const vector = [{ life: a.node.life, counter: MAX }]
  say(rig, a, b.node.life, {
    part: 'lobby',
    body: { type: 'whole', view, id: 1, part: 0, parts: 1, vector, entries: [], lines: [] },
  })
  a.node.lobby.say('c', 'a', 'hello')
  rig.run(2_000)
  for (const { node } of [rig.at(1), rig.at(2)]) {
    expect(node.lobby.lines('c').map(({ text }) => text)).toContain('hello')
  }
})

test('a ballot of an absurd round does not keep the others from the next view', () => {
  const rig = three()
  const ballot = { round: MAX, life: rig.at(1).node.life }
  const { generation, number } = rig.at(0).node.view ?? { generation: 0, number: 0 }
  for (const victim of [rig.at(0), rig.at(2)]) {
    say(rig, victim, ballot.life, { part: 'view', body: { kind: 'prepare', view: { generation, number }, ballot } })
  }
  rig.add('d')
  rig.run(6_000)
  expect(rig.nodes.map(({ node }) => node.view?.members.length)).toEqual([4, 4, 4, 4])
})

test('a wait that somebody says is never longer than a lease can last', () => {
  const rig = three()
  const a = rig.at(0)
  const { generation, number } = a.node.view ?? { generation: 0, number: 0 }
  const voters = a.node.view?.voters ?? []
  const changes = [{ removals: [], joins: [], changes: [], voters }]
  for (const { node } of rig.nodes) {
    const [other] = rig.nodes.filter((one) => one.node !== node)
    say(rig, { ...a, node }, other?.node.life ?? '', {
      part: 'view',
      body: { kind: 'chain', base: { generation, number }, changes, restMs: 1e12 },
    })
  }
  rig.run(3_000)
  const made: string[] = []
  a.node.create({ id: 'room' }, rig.nowMs, ({ kind }) => made.push(kind))
  rig.run(2_000)
  expect(made.every((kind) => kind === 'here' || kind === 'there') && made.length === 1).toBe(true)
})

test('what one member says of lives and rooms without end is bounded', () => {
  const rig = three()
  const [a, b] = [rig.at(0), rig.at(1)]
  const { generation, number } = a.node.view ?? { generation: 0, number: 0 }
  const view = { generation, number }
  const life = b.node.life
  const first = a.node.status(rig.nowMs).lobby.entries
  let sequence = 1_000
  for (let chunk = 0; chunk < 40; chunk++) {
    const from = sequence
    const entries = Array.from({ length: 4_000 }, () => ({ key: `p/${++sequence}`, sequence, value: 1 }))
    const maps = [
      {
        life,
        from: chunk === 0 ? 0 : from,
        upTo: sequence,
        target: sequence,
        asOf: sequence,
        reset: chunk === 0,
        entries,
      },
    ]
    a.node.peerReceived(
      {
        cluster: 'rig',
        from: life,
        to: a.node.life,
        part: 'lobby',
        body: { type: 'delta', maps, operations: [], goal: 'push' },
      },
      rig.nowMs,
    )
  }
  expect(a.node.status(rig.nowMs).lobby.entries - first).toBeLessThanOrEqual(80_000)
  for (let k = 1; k < 60_000; k++) {
    const body = { t: 'outranked', id: `g${hash32(k, 1, 2, 3) >>> 0}`, epoch: { generation, view: number, k } }
    say(rig, a, life, { part: 'rooms', body: { view, ...body } }, false)
  }
  expect(a.node.status(rig.nowMs).rooms.waiting).toBeLessThanOrEqual(20_000)
  expect(a.ended).toEqual([])
})
