/**
 * Lobbies on a network of any badness, in virtual time, from one seed. Every message crosses as JSON and through the parser; views are installed at different moments.
 */
import { expect } from 'vitest'
import type { Life } from '../../../src/cluster/life.ts'
import { Lobby } from '../../../src/cluster/lobby/lobby.ts'
import type { OwnRoom } from '../../../src/cluster/lobby/lobby-api.ts'
import { parseLobbyMessage } from '../../../src/cluster/lobby/lobby-messages.ts'
import { LOBBY_LIMITS, LOBBY_RULES, type LobbyLimits, type LobbyRules } from '../../../src/cluster/lobby/lobby-rules.ts'
import type { View } from '../../../src/cluster/view/view.ts'

/** FNV-1a with a finisher: good enough to tell texts apart in tests. */
export function testHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return (hash ^ (hash >>> 15)) >>> 0
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }
}

export function lifeOf(index: number): Life {
  return index.toString(16).padStart(16, '0')
}

export function viewOf(number: number, lives: readonly Life[]): View {
  const members = [...lives].sort().map((life) => ({
    life,
    name: life,
    address: '127.0.0.1:1',
    url: `ws://${life}`,
    zone: '',
    weight: 10,
    draining: false,
    since: Number.parseInt(life, 16),
  }))
  return { cluster: 'test', generation: 1, number, members, voters: members.map(({ life }) => life).slice(0, 7) }
}

export function roomOf(id: string, k = 0, attributes: OwnRoom['attributes'] = {}): OwnRoom {
  return { id, epoch: { generation: 1, view: 1, k }, state: 'open', players: k % 8, maxPlayers: 8, attributes }
}

export interface Badness {
  readonly loss: number
  readonly duplication: number
  /** Messages take from 1 to this many ms, each its own: so they overtake each other. */
  readonly maxDelayMs: number
}

const GOOD: Badness = { loss: 0, duplication: 0, maxDelayMs: 1 }

interface Flight {
  readonly atMs: number
  readonly order: number
  readonly from: Life
  readonly to: Life
  readonly text: string
}

export class LobbyNet {
  readonly lobbies = new Map<Life, Lobby>()
  readonly random: () => number
  readonly #limits: LobbyLimits
  readonly #rules: LobbyRules
  readonly #cut = new Set<string>()
  #flights: Flight[] = []
  #installs: { readonly atMs: number; readonly life: Life; readonly view: View }[] = []
  #order = 0
  nowMs = 0
  badness = GOOD
  bytes = 0
  messages = 0
  largest = 0

  constructor(seed: number, limits: Partial<LobbyLimits> = {}, rules: Partial<LobbyRules> = {}) {
    this.random = randomFrom(seed)
    this.#limits = { ...LOBBY_LIMITS, ...limits }
    this.#rules = { ...LOBBY_RULES, ...rules }
  }

  chance(share: number): boolean {
    return this.random() / 2 ** 32 < share
  }

  below(count: number): number {
    return this.random() % count
  }

  lobby(index: number): Lobby {
    const found = this.lobbies.get(lifeOf(index))
    if (found === undefined) throw new Error(`no lobby ${index}`)
    return found
  }

  add(index: number): Lobby {
    const life = lifeOf(index)
    const lobby = new Lobby(
      {
        life,
        hash: testHash,
        random: randomFrom(index * 7919 + this.random()),
        // Cluster clocks differ by a few ms.
        clusterNowMs: () => 1_000_000 + this.nowMs + (index % 5),
        limits: this.#limits,
        rules: this.#rules,
      },
      { send: (to, message) => this.#send(life, to, JSON.stringify(message)) },
    )
    this.lobbies.set(life, lobby)
    return lobby
  }

  /** Each installs it within `spreadMs`. */
  install(view: View, spreadMs = 0): void {
    for (const life of this.lobbies.keys())
      if (view.members.some((member) => member.life === life))
        this.#installs.push({ atMs: this.nowMs + (spreadMs === 0 ? 0 : this.below(spreadMs)), life, view })
  }

  remove(index: number): void {
    this.lobbies.delete(lifeOf(index))
  }

  cut(a: number, b: number): void {
    this.#cut.add(`${lifeOf(a)} ${lifeOf(b)}`)
  }

  heal(): void {
    this.#cut.clear()
    this.badness = GOOD
  }

  run(ms: number, each?: () => void): void {
    const end = this.nowMs + ms
    while (this.nowMs < end) {
      this.nowMs++
      each?.()
      this.#step()
    }
  }

  #step(): void {
    const installs = this.#installs.filter(({ atMs }) => atMs <= this.nowMs)
    this.#installs = this.#installs.filter(({ atMs }) => atMs > this.nowMs)
    for (const { life, view } of installs) this.lobbies.get(life)?.viewInstalled(view, undefined, this.nowMs)
    const due = this.#flights.filter(({ atMs }) => atMs <= this.nowMs)
    if (due.length > 0) this.#flights = this.#flights.filter(({ atMs }) => atMs > this.nowMs)
    for (const { from, to, text } of due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)) {
      const message = parseLobbyMessage(JSON.parse(text))
      expect(message, text).toBeDefined()
      if (message !== undefined) this.lobbies.get(to)?.receive(from, message, this.nowMs)
    }
    for (const lobby of this.lobbies.values()) if (lobby.nextMs <= this.nowMs) lobby.tick(this.nowMs)
  }

  #send(from: Life, to: Life, text: string): void {
    this.bytes += text.length
    this.messages++
    this.largest = Math.max(this.largest, text.length)
    if (this.#cut.has(`${from} ${to}`)) return
    const copies = this.chance(this.badness.loss) ? 0 : this.chance(this.badness.duplication) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const atMs = this.nowMs + 1 + this.below(this.badness.maxDelayMs)
      this.#flights.push({ atMs, order: this.#order++, from, to, text })
    }
  }
}

/** All know the same, byte for byte, and nothing was out of order on the way. */
export function expectEqual(net: LobbyNet): void {
  const lobbies = [...net.lobbies.values()]
  const [first] = lobbies
  for (const lobby of lobbies) {
    // A diff of lines, for whoever has to find out why.
    const lines = new Set(first?.dump().split('\n'))
    expect(
      lobby
        .dump()
        .split('\n')
        .filter((line) => !lines.has(line))
        .map((line) => line.slice(0, 80)),
    ).toEqual([])
    expect(lobby.dump() === first?.dump()).toBe(true)
    expect(lobby.root).toBe(first?.root)
    expect(lobby.status().waiting).toBe(0)
    expect(lobby.status().alarms).toBe(0)
  }
}
