/** A cluster of whole shards in processes of their own, on loopback, for tests of what happens when a process is killed, stopped or cut off. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RoomEpoch } from '../../../src/cluster/view/view.ts'

export type Order =
  | { readonly t: 'create'; readonly id: string }
  | { readonly t: 'ended'; readonly life: string }
  | { readonly t: 'drain' }

export interface ListedRoom {
  readonly id: string
  readonly owner: string
  readonly epoch: RoomEpoch
  readonly state: string
}

export interface Status {
  readonly t: 'status'
  readonly url: string
  readonly address: string
  readonly life: string
  readonly hasLease: boolean
  readonly generation: number
  readonly view: number
  readonly members: readonly { readonly name: string; readonly life: string }[]
  readonly rooms: readonly ListedRoom[]
}

export type Said =
  | Status
  | { readonly t: 'created'; readonly id: string; readonly kind: string; readonly epoch?: RoomEpoch }
  | { readonly t: 'log'; readonly line: string }

const script = fileURLToPath(new URL('./shard-process.ts', import.meta.url))
const key = randomBytes(32).toString('base64')
const PATIENCE_MS = 25_000

export class Shard {
  readonly name: string
  readonly child: ChildProcess
  status: Status | undefined
  readonly log: string[] = []
  private readonly made = new Map<string, (kind: string) => void>()

  /** `command`: what to run Node by. */
  constructor(name: string, options: object, command: readonly string[] = []) {
    this.name = name
    const node = [process.execPath, '--conditions=source', '--import', 'tsx', script, JSON.stringify(options)]
    const [file = '', ...args] = [...command, ...node]
    this.child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.child.on('message', (said: Said) => {
      if (said.t === 'status') this.status = said
      else if (said.t === 'log') this.log.push(said.line)
      else this.made.get(said.id)?.(said.kind)
    })
  }

  order(order: Order): void {
    this.child.send(order)
  }

  create(id: string): Promise<string> {
    return new Promise((resolve) => {
      this.made.set(id, resolve)
      this.order({ t: 'create', id })
    })
  }

  get members(): string {
    return (this.status?.members ?? [])
      .map(({ name }) => name)
      .sort()
      .join()
  }

  listed(id: string): ListedRoom | undefined {
    return this.status?.rooms.find((room) => room.id === id)
  }

  epochOf(id: string): RoomEpoch | undefined {
    return this.listed(id)?.epoch
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
  }
}

export class Shards {
  readonly all: Shard[] = []
  private readonly command: readonly string[]

  private readonly options: object

  constructor(command: readonly string[] = [], options: object = {}) {
    this.command = command
    this.options = options
  }

  /** One more; the first one founds. `own`: the command that this one alone is run by. */
  async add(name: string, own = this.command): Promise<Shard> {
    const seed = this.all[0]?.status?.address
    const found =
      seed === undefined ? { found: 'alone' } : { found: 'join', join: this.all.map((s) => s.status?.address ?? seed) }
    const shard = new Shard(name, { cluster: 'processes', name, port: 0, keys: [key], ...found, ...this.options }, own)
    const at = this.all.findIndex((other) => other.name === name)
    if (at < 0) this.all.push(shard)
    else this.all[at] = shard
    await eventually(`${name} to have a lease`, () => shard.status?.hasLease === true)
    return shard
  }

  async start(...names: readonly string[]): Promise<void> {
    const [first = '', ...others] = names
    await this.add(first)
    await Promise.all(others.map((name) => this.add(name)))
    await this.agree(names.join())
  }

  /** Until all of these have one view of exactly these, and leases. */
  agree(names: string): Promise<number> {
    const those = this.all.filter(({ name }) => names.split(',').includes(name))
    return eventually(`a view of ${names}`, () =>
      those.every(
        (shard) => shard.members === names && shard.status?.hasLease && shard.status.view === those[0]?.status?.view,
      ),
    )
  }

  /** A room that `owner` runs, in the lists of all. */
  async room(owner: Shard, prefix: string): Promise<string> {
    for (let n = 0; n < 200; n++) {
      const id = `${prefix}-${n}`
      if ((await owner.create(id)) !== 'here') continue
      await eventually(`${id} in all lists`, () => this.all.every((shard) => shard.listed(id) !== undefined))
      return id
    }
    throw new Error(`no room of ${prefix} came to ${owner.name}`)
  }

  async end(): Promise<void> {
    await Promise.all(this.all.map((shard) => shard.kill()))
  }
}

/** How long it took. */
export async function eventually(
  what: string,
  isSo: () => boolean | undefined,
  patienceMs = PATIENCE_MS,
): Promise<number> {
  const startMs = performance.now()
  while (isSo() !== true) {
    if (performance.now() - startMs > patienceMs) throw new Error(`waited ${patienceMs} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - startMs
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
