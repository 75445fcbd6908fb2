/** Clusters of real shards that run `relay`, and players of the SDK in this process: for tests of what outlives what. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import { type JoinOptions, join, type Room, spectate } from '@tickmesh/client'
import { Child } from '../../src/child.ts'
import { eventually } from '../../src/shards/eventually.ts'
import { type Relay, relay } from './game.ts'

type Epoch = { readonly generation: number; readonly view: number; readonly k: number }

export interface Setup {
  readonly port: number
  readonly cluster: object
  readonly chance?: boolean
  readonly interest?: boolean
  readonly webrtc?: boolean
  readonly roomIdleMs?: number
}

export interface RoomStatus {
  readonly id: string
  readonly tick: number
  readonly mode: string
  readonly epoch: Epoch
  /** Lives that have all of it. */
  readonly holders: readonly string[]
}

export interface Status {
  readonly report: 'status'
  readonly url: string
  readonly address: string
  readonly life: string
  readonly view: number
  readonly members: string
  readonly hasLease: boolean
  readonly rooms: readonly RoomStatus[]
  readonly listed: readonly { readonly id: string; readonly state: string }[]
  readonly moving: number
}

export type Report =
  | Status
  | { readonly report: 'event'; readonly event: string; readonly message: string }
  | { readonly report: 'effect'; readonly id: string }
  | { readonly report: 'moved'; readonly outcome: string }
  | { readonly report: 'created'; readonly kind: string }

export type Order =
  | { readonly order: 'ended'; readonly life: string }
  | { readonly order: 'move'; readonly room: string; readonly to: string }
  | { readonly order: 'create' | 'close'; readonly room: string }
  | { readonly order: 'drain'; readonly ms: number }

/** What of a shard a test chooses. */
export interface ShardChoice extends Partial<Omit<Setup, 'port' | 'cluster'>> {
  readonly standby?: object
  readonly ingress?: 'proxy'
  /** What others are told of its address. */
  readonly url?: string
}

export class Shard {
  readonly name: string
  readonly child: Child<Order, Report>
  readonly events: { readonly event: string; readonly message: string }[] = []
  readonly effects: string[] = []
  status: Status | undefined

  constructor(name: string, setup: Setup) {
    this.name = name
    this.child = new Child(`shard ${name}`, new URL('./shard-process.ts', import.meta.url), setup)
    this.child.onReport = (report) => {
      if (report.report === 'status') this.status = report
      else if (report.report === 'event') this.events.push(report)
      else if (report.report === 'effect') this.effects.push(report.id)
    }
  }

  get life(): string {
    return this.status?.life ?? ''
  }

  get url(): string {
    return this.status?.url ?? ''
  }

  room(id: string): RoomStatus | undefined {
    return this.child.exit === undefined ? this.status?.rooms.find((room) => room.id === id) : undefined
  }

  listed(id: string): string | undefined {
    return this.status?.listed.find((room) => room.id === id)?.state
  }

  noted(event: string): string[] {
    return this.events.filter((one) => one.event === event).map(({ message }) => message)
  }

  async gone(): Promise<void> {
    await new Promise<void>((resolve) => this.child.onceGone(resolve))
  }
}

/** Ports that no test beside this one takes. */
let nextPort = 22_000 + (process.pid % 400) * 20

export class Cluster {
  readonly dir = mkdtempSync(pathOf(tmpdir(), 'tickmesh-outlive-'))
  readonly shards: Shard[] = []
  readonly #names: readonly string[]
  readonly #choice: ShardChoice
  readonly #rooms: Room<Relay>[] = []
  readonly #port: number
  readonly #key = randomBytes(32).toString('base64')

  constructor(names: readonly string[], choice: ShardChoice = {}) {
    this.#names = names
    this.#choice = choice
    this.#port = nextPort
    nextPort += 2 * names.length + 2
  }

  /** All of them, as after a restart of everything. */
  async start(): Promise<void> {
    for (const name of this.#names) this.spawn(name)
    await this.settled()
  }

  matches(name: string): string {
    return pathOf(this.dir, name, 'matches')
  }

  /** Until all that a room did so far is in its journal on disk: what is written is written at once, and the second time from now began after now. */
  async written(room: string): Promise<void> {
    const file = pathOf(this.matches(this.owner(room).name), `${room}.journal`)
    for (let times = 0; times < 2; times++) {
      const { mtimeMs } = statSync(file)
      await eventually('its journal to be written', () => statSync(file).mtimeMs > mtimeMs)
    }
  }

  /** Starts one, or starts it again. */
  spawn(name: string, more: ShardChoice = {}): Shard {
    const at = this.#names.indexOf(name)
    const { standby, ingress, url, ...rest } = { ...this.#choice, ...more }
    const ports = this.#names.map((_, index) => this.#port + 2 * index)
    const cluster = {
      ...{ cluster: 'relay', name, port: ports[at], keys: [this.#key], dashboard: false },
      ...{ found: this.#names, join: ports.filter((_, index) => index !== at).map((port) => `127.0.0.1:${port}`) },
      ...{ dataDir: pathOf(this.dir, name), standby: { ...this.#choice.standby, ...standby } },
      ...(ingress === undefined ? {} : { ingress }),
      ...(url === undefined ? {} : { url }),
    }
    const shard = new Shard(name, { ...rest, port: this.#port + 2 * at + 1, cluster: this.#journals(name, cluster) })
    const known = this.shards.findIndex((other) => other.name === name)
    if (known < 0) this.shards.push(shard)
    else this.shards[known] = shard
    return shard
  }

  #journals(name: string, cluster: { standby: { journalDir?: unknown } }): object {
    if (cluster.standby.journalDir === undefined) return cluster
    return { ...cluster, standby: { ...cluster.standby, journalDir: this.matches(name) } }
  }

  get living(): Shard[] {
    return this.shards.filter(({ child }) => child.exit === undefined)
  }

  shard(name: string): Shard {
    const found = this.shards.find((shard) => shard.name === name)
    if (found === undefined) throw new Error(`no shard ${name}`)
    return found
  }

  owner(room: string): Shard {
    const [owner, other] = this.living.filter((shard) => shard.room(room) !== undefined)
    if (owner === undefined || other !== undefined) throw new Error(`not one shard runs ${room}`)
    return owner
  }

  holders(room: string): Shard[] {
    const lives = this.owner(room).room(room)?.holders ?? []
    return this.living.filter(({ life }) => lives.includes(life))
  }

  /** Until all that live have one view of just them, and each of these rooms is run by one of them, and held by so many. */
  async settled(rooms: readonly string[] = [], holders = 1): Promise<void> {
    await eventually(`the cluster to settle, with ${rooms.join()}`, () => this.#isSettled(rooms, holders)).catch(
      (error: unknown) => {
        const story = this.living.map(({ name, status, events }) =>
          JSON.stringify({
            name,
            members: status?.members,
            view: status?.view,
            lease: status?.hasLease,
            rooms: status?.rooms,
            events: events.slice(-8),
          }),
        )
        throw new Error(`${String(error)}\n${story.join('\n')}`)
      },
    )
  }

  #isSettled(rooms: readonly string[], holders: number): boolean {
    const { living } = this
    const names = living
      .map(({ name }) => name)
      .sort()
      .join()
    const isOne = living.every(
      ({ status }) => status?.hasLease && status.members === names && status.view === living[0]?.status?.view,
    )
    return (
      isOne &&
      rooms.every((id) => {
        const run = living.flatMap((shard) => shard.room(id) ?? [])
        return run.length === 1 && run[0]?.holders.length === holders
      })
    )
  }

  async join(
    room: string,
    at: Shard | undefined = this.living[0],
    options: JoinOptions<Relay> = {},
  ): Promise<Room<Relay>> {
    return this.joinAt(room, at?.url ?? '', options)
  }

  async joinAt(room: string, url: string, options: JoinOptions<Relay> = {}): Promise<Room<Relay>> {
    const player = await join(relay, url, { room, ...options })
    this.#rooms.push(player)
    return player
  }

  /** Dead at once; `isTold`: a supervisor says so. */
  async kill(shards: readonly Shard[], isTold = true): Promise<void> {
    const lives = shards.map(({ life }) => life)
    for (const { child } of shards) child.signal('SIGKILL')
    await Promise.all(shards.map((shard) => shard.gone()))
    if (isTold) for (const { child } of this.living) for (const life of lives) child.order({ order: 'ended', life })
  }

  async drain(shard: Shard, ms = 8_000): Promise<void> {
    shard.child.order({ order: 'drain', ms })
    await shard.gone()
  }

  async create(room: string): Promise<void> {
    await this.living[0]?.child.ask('created', { order: 'create', room })
  }

  /** To some other shard. */
  async move(room: string): Promise<void> {
    const owner = this.owner(room)
    const to = this.living.find((shard) => shard !== owner)?.life ?? ''
    const { outcome } = await owner.child.ask('moved', { order: 'move', room, to })
    if (outcome !== 'moved') throw new Error(`${room} was not moved: ${outcome}`)
  }

  async watch(room: string, at: Shard | undefined = this.living[0]): Promise<Room<Relay>> {
    const watcher = await spectate(relay, at?.url ?? '', { room })
    this.#rooms.push(watcher)
    return watcher
  }

  noted(event: string): string[] {
    return this.shards.flatMap((shard) => shard.noted(event))
  }

  /** Of the cluster's events. */
  all(...events: readonly string[]): string[] {
    return events.flatMap((event) => this.noted(`cluster-${event}`))
  }

  async end(): Promise<void> {
    await Promise.all(this.#rooms.map((room) => room.leave().catch(() => {})))
    await this.kill(this.living, false)
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** The own shots, as the server said last. */
export function shotsOf(room: Room<Relay>, seat = room.seat): number {
  for (const walker of room.debug.server.walker) if (walker.owner === seat) return walker.shots
  return -1
}

export function isPlaying(room: Room<Relay>): boolean {
  return room.open && room.connection.state === 'connected'
}

/** Presses, and waits until the server has counted it: nothing before is missing, nothing is there twice. */
export async function shoots(room: Room<Relay>, wanted: number): Promise<void> {
  room.press('fire')
  await eventually(`shot ${wanted}, after ${shotsOf(room)}`, () => shotsOf(room) >= wanted)
  if (shotsOf(room) !== wanted) throw new Error(`${shotsOf(room)} shots in the place of ${wanted}`)
}
