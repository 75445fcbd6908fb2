/**
 * Machines and a network on virtual time, for `Views` alone: bad clocks, stalls, crashes and restarts; delay, loss, copies and cuts of each direction of a
 * link. At every event it checks what views and leases promise; the first broken promise throws.
 */

import type { PeerLane } from '../../../src/cluster/part.ts'
import { compareViews, memberOf, type View } from '../../../src/cluster/view/view.ts'
import { parseViewMessage, type ViewMessage } from '../../../src/cluster/view/view-messages.ts'
import { type LeaseTimes, VIEW_RULES, type ViewRules } from '../../../src/cluster/view/view-rules.ts'
import { Views } from '../../../src/cluster/view/views.ts'
import type { Founding, ViewMemory } from '../../../src/cluster/view/views-api.ts'

export interface RigOptions {
  readonly seed?: number
  readonly rules?: ViewRules
  readonly times?: LeaseTimes
  readonly askEveryMs?: number
  readonly evidenceMs?: number
  /** Parses each message, as a real node does; off for large runs. */
  readonly parse?: boolean
}

export interface Link {
  lossShare: number
  copyShare: number
  minMs: number
  maxMs: number
}

export class Machine {
  readonly name: string
  readonly life: string
  readonly founding: Founding
  readonly offsetMs: number
  readonly rate: number
  zone: string
  views: Views
  alive = true
  removed: string | undefined
  stalledUntilMs = 0
  memory: ViewMemory | undefined
  readonly installed: View[] = []
  readonly notes: string[] = []
  wakeMs = Number.POSITIVE_INFINITY

  constructor(
    rig: Rig,
    name: string,
    founding: Founding,
    options: { memory?: ViewMemory | undefined; offsetMs?: number; rate?: number; zone?: string },
  ) {
    this.name = name
    this.life = rig.drawLife()
    this.founding = founding
    this.memory = options.memory
    this.offsetMs = options.offsetMs ?? 0
    this.rate = options.rate ?? 1
    this.zone = options.zone ?? ''
    this.views = new Views(
      {
        cluster: 'test',
        life: this.life,
        self: { name, address: `${name}:7946`, url: `ws://${name}`, zone: this.zone, weight: 10, draining: false },
        founding,
        memory: options.memory,
        rules: rig.rules,
        times: rig.times,
        askEveryMs: rig.options.askEveryMs ?? 100,
        evidenceMs: rig.options.evidenceMs ?? 2_000,
        random: () => rig.random() * 2 ** 32,
        wallMs: () => 1_000_000 + rig.nowMs,
      },
      { send: (to, message, lane) => rig.carry(this, to, message, lane) },
      {
        viewInstalled: (view) => {
          this.installed.push(view)
          rig.installed(this, view)
        },
        removed: (reason) => {
          this.removed = reason
        },
        remember: (memory) => {
          this.memory = memory
        },
        note: (_event, message) => this.notes.push(message),
      },
    )
  }

  local(nowMs: number): number {
    return this.offsetMs + this.rate * nowMs
  }

  global(localMs: number): number {
    return (localMs - this.offsetMs) / this.rate
  }

  get leaseEndMs(): number {
    return this.alive && this.removed === undefined ? this.global(this.views.leaseEndMs) : Number.NEGATIVE_INFINITY
  }
}

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class Rig {
  readonly options: RigOptions
  readonly rules: ViewRules
  readonly times: LeaseTimes
  readonly machines: Machine[] = []
  readonly link: Link = { lossShare: 0, copyShare: 0, minMs: 1, maxMs: 5 }
  /** Says for a direction what share of packets is lost; undefined: as `link` says. */
  loss: (from: Machine, to: Machine) => number | undefined = () => undefined
  /** Whether a machine that crashed refuses connections, as an operating system that lives does. */
  refuses = false
  nowMs = 0
  messages = 0
  readonly decided = new Map<string, string>()
  readonly #byLife = new Map<string, Machine>()
  readonly #streams = new Map<string, number>()
  readonly #due: Due[] = []
  #order = 0
  #state: number

  constructor(options: RigOptions = {}) {
    this.options = options
    this.rules = options.rules ?? VIEW_RULES
    this.times = options.times ?? { leaseMs: 750, clockBound: 1.25 }
    this.#state = options.seed ?? 1
  }

  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  drawLife(): string {
    return [this.random(), this.random()].map((part) => ((part * 2 ** 32) >>> 0).toString(16).padStart(8, '0')).join('')
  }

  add(
    name: string,
    founding: Founding,
    options: { memory?: ViewMemory | undefined; offsetMs?: number; rate?: number; zone?: string } = {},
  ): Machine {
    const machine = new Machine(this, name, founding, options)
    this.machines.push(machine)
    this.#byLife.set(machine.life, machine)
    this.gossip()
    this.#wakeAt(machine, this.nowMs)
    return machine
  }

  /** For large runs: no gossip; wakes with `start`. */
  create(name: string): Machine {
    const machine = new Machine(this, name, { kind: 'join' }, {})
    this.machines.push(machine)
    this.#byLife.set(machine.life, machine)
    return machine
  }

  start(): void {
    for (const machine of this.machines) this.#wakeAt(machine, this.random() * (this.options.askEveryMs ?? 100))
  }

  /** The first founds, the others join; returns when all are members. */
  grow(
    size: number,
    options: (index: number) => { offsetMs?: number; rate?: number; zone?: string } = () => ({}),
  ): Machine[] {
    for (let i = 0; i < size; i++) this.add(`m${i}`, i === 0 ? { kind: 'alone' } : { kind: 'join' }, options(i))
    this.until(() => this.machines.every(({ views }) => views.view?.members.length === size), 60_000)
    this.run(2_000)
    return [...this.machines]
  }

  /** Everybody hears of everybody that runs. */
  gossip(): void {
    const known = this.machines
      .filter(({ alive, removed }) => alive && removed === undefined)
      .map(({ life, name }) => ({ life, name, address: `${name}:7946` }))
    for (const machine of this.machines) {
      if (!machine.alive || machine.removed !== undefined) continue
      machine.views.knowShards(known, machine.local(this.nowMs))
      this.#wakeAt(machine, this.nowMs)
    }
  }

  crash(machine: Machine): void {
    machine.alive = false
    if (this.options.parse !== false) this.after(500, () => this.gossip())
  }

  restart(machine: Machine, founding: Founding = machine.founding): Machine {
    const { name, memory, offsetMs, rate, zone } = machine
    machine.alive = false
    return this.add(name, founding, { memory, offsetMs, rate, zone })
  }

  stall(machine: Machine, forMs: number): void {
    machine.stalledUntilMs = this.nowMs + forMs
  }

  /** No packet passes between the two groups. */
  split(groups: readonly (readonly Machine[])[]): void {
    const group = (machine: Machine) => groups.findIndex((one) => one.includes(machine))
    this.loss = (from, to) => (group(from) === group(to) ? undefined : 1)
  }

  heal(): void {
    this.loss = () => undefined
  }

  after(ms: number, run: () => void): void {
    push(this.#due, { atMs: this.nowMs + ms, order: this.#order++, run })
  }

  run(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const next = this.#due[0]
      if (next === undefined || next.atMs > endMs) break
      pop(this.#due)
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = endMs
  }

  until(reached: () => boolean, withinMs: number): number {
    const startMs = this.nowMs
    while (!reached()) {
      if (this.nowMs - startMs > withinMs) throw new Error(`not reached within ${withinMs} ms:\n${this.describe()}`)
      this.run(50)
    }
    return this.nowMs - startMs
  }

  holds(machine: Machine): boolean {
    return machine.leaseEndMs > this.nowMs
  }

  describe(): string {
    return this.machines
      .filter(({ alive }) => alive)
      .map((machine) => {
        const { view } = machine.views
        const state = machine.removed ?? (machine.alive ? 'alive' : 'dead')
        const members = view?.members.map(({ name }) => name).join(',')
        return `${machine.name} ${state} view ${view?.generation}.${view?.number} [${members}] lease ${this.holds(machine)}`
      })
      .join('\n')
  }

  carry(from: Machine, life: string, message: ViewMessage, lane: PeerLane): void {
    this.messages++
    const to = this.#byLife.get(life)
    if (to === undefined) return
    const { minMs, maxMs, lossShare, copyShare } = this.link
    const lost = this.loss(from, to) ?? lossShare
    let delayMs = minMs + this.random() * (maxMs - minMs)
    if (lane === 'stream') {
      if (lost >= 1 || this.loss(to, from) === 1) return
      // A packet lost on a stream is a wait for all behind it.
      while (this.random() < lost) delayMs += 200
      const key = `${from.life}${to.life}`
      delayMs = Math.max(delayMs, (this.#streams.get(key) ?? 0) - this.nowMs)
      this.#streams.set(key, this.nowMs + delayMs)
    } else {
      if (this.random() < lost) return
      if (this.random() < copyShare) this.#deliver(from, to, message, lane, delayMs + this.random() * 3_000)
    }
    this.#deliver(from, to, message, lane, delayMs)
  }

  /** The chain is one: a number names the same members on every shard. */
  installed(machine: Machine, view: View): void {
    const id = `${view.generation}.${view.number}`
    if (this.options.parse === false) return
    const text = JSON.stringify(view)
    const known = this.decided.get(id)
    if (known !== undefined && known !== text) throw new Error(`two views ${id}:\n${known}\n${text}`)
    this.decided.set(id, text)
    const before = machine.installed.at(-2)
    if (before !== undefined && compareViews(before, view) >= 0)
      throw new Error(`${machine.name} went back to view ${id}`)
  }

  #deliver(from: Machine, to: Machine, message: ViewMessage, lane: PeerLane, delayMs: number): void {
    this.after(delayMs, () => {
      if (!to.alive) {
        if (lane === 'stream' && this.refuses && from.alive && from.removed === undefined) {
          from.views.connectionRefused(to.life, from.local(this.nowMs))
        }
        return
      }
      if (to.removed !== undefined) return
      if (this.nowMs < to.stalledUntilMs) return this.#deliver(from, to, message, lane, to.stalledUntilMs - this.nowMs)
      const parsed = this.options.parse === false ? message : parseViewMessage(structuredClone(message))
      if (parsed === undefined) throw new Error(`does not parse: ${JSON.stringify(message)}`)
      to.views.receive(from.life, parsed, to.local(this.nowMs))
      this.#touched(to)
    })
  }

  #wakeAt(machine: Machine, atMs: number): void {
    if (atMs >= machine.wakeMs) return
    machine.wakeMs = atMs
    push(this.#due, { atMs: Math.max(this.nowMs, atMs), order: this.#order++, run: () => this.#wake(machine, atMs) })
  }

  #wake(machine: Machine, dueMs: number): void {
    if (machine.wakeMs !== dueMs) return
    machine.wakeMs = Number.POSITIVE_INFINITY
    if (!machine.alive || machine.removed !== undefined) return
    if (this.nowMs < machine.stalledUntilMs) return this.#wakeAt(machine, machine.stalledUntilMs)
    machine.views.tick(machine.local(this.nowMs))
    this.#touched(machine)
  }

  #touched(machine: Machine): void {
    if (this.options.parse !== false) this.#check(machine)
    if (machine.removed === undefined)
      this.#wakeAt(machine, Math.max(this.nowMs + 0.01, machine.global(machine.views.nextMs)))
  }

  /** What a removed life may still own must be over before anybody takes it over. */
  #check(machine: Machine): void {
    for (const other of this.machines) {
      if (other === machine || !other.alive || !machine.alive) continue
      this.#checkPair(machine, other)
      this.#checkPair(other, machine)
    }
  }

  #checkPair(newer: Machine, older: Machine): void {
    const view = newer.views.view
    const old = older.views.view
    if (view === undefined || old === undefined || newer.removed !== undefined || compareViews(view, old) <= 0) return
    if (memberOf(view, older.life) !== undefined) return
    const takenMs = Math.max(newer.global(newer.views.takeoverFromMs), this.nowMs)
    if (older.leaseEndMs > takenMs + 1e-6) {
      throw new Error(
        `at ${this.nowMs} ${newer.name} may take over from ${takenMs}, ${older.name} holds a lease until ${older.leaseEndMs}\n${this.describe()}`,
      )
    }
  }
}

function before(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

function push(heap: Due[], due: Due): void {
  let at = heap.length
  heap.push(due)
  while (at > 0) {
    const up = (at - 1) >> 1
    const parent = heap[up]
    if (parent === undefined || !before(due, parent)) break
    heap[at] = parent
    at = up
  }
  heap[at] = due
}

function pop(heap: Due[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    let down = 2 * at + 1
    let child = heap[down]
    if (child === undefined) break
    const right = heap[down + 1]
    if (right !== undefined && before(right, child)) {
      child = right
      down++
    }
    if (!before(child, last)) break
    heap[at] = child
    at = down
  }
  heap[at] = last
}
