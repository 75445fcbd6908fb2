/** A cluster of arena shards in processes of their own, on loopback: for benches and tests of what becomes of matches when shards are killed, frozen and drained. */
import { randomBytes } from 'node:crypto'
import { Child } from '../child.ts'
import { eventually } from './eventually.ts'
import type { SeatTally, ShardEvent, ShardOrder, ShardReport, ShardStatus } from './messages.ts'

const PATIENCE_MS = 40_000

export interface ShardOptions {
  readonly standby?: object
  readonly rebalance?: boolean
}

export class Shard {
  readonly name: string
  readonly child: Child<ShardOrder, ShardReport>
  readonly events: ShardEvent[] = []
  status: ShardStatus | undefined

  constructor(name: string, cluster: object) {
    this.name = name
    this.child = new Child(`shard ${name}`, new URL('./shard-process.ts', import.meta.url), { cluster })
    this.child.onReport = (report) => {
      if (report.report === 'status') this.status = report
      else if (report.report === 'event') this.events.push(report)
    }
  }

  get isGone(): boolean {
    return this.child.exit !== undefined
  }

  get rooms(): readonly string[] {
    return (this.status?.rooms ?? []).map(({ id }) => id)
  }

  move(room: string, to: Shard): Promise<{ readonly outcome: string; readonly ms: number }> {
    return this.child.ask('moved', { order: 'move', room, to: to.status?.life ?? '' })
  }

  gone(): Promise<void> {
    return new Promise((resolve) => this.child.onceGone(resolve))
  }
}

export class Shards {
  readonly all: Shard[] = []
  /** Of those that are gone, too. */
  readonly events: ShardEvent[] = []
  readonly #key = randomBytes(32).toString('base64')

  async start(names: readonly string[], options: ShardOptions = {}): Promise<void> {
    const [first = '', ...others] = names
    await this.add(first, options)
    await Promise.all(others.map((name) => this.add(name, options)))
    await this.settled()
  }

  /** One more, or one of this name anew; the first one founds. */
  async add(name: string, options: ShardOptions = {}): Promise<Shard> {
    const join = this.living.flatMap(({ status }) => status?.address ?? [])
    const founding = join.length === 0 ? { found: 'alone' } : { found: 'join', join }
    const cluster = { cluster: 'bench', name, port: 0, keys: [this.#key], dashboard: false, ...founding, ...options }
    const shard = new Shard(name, cluster)
    const at = this.all.findIndex((other) => other.name === name)
    if (at < 0) this.all.push(shard)
    else {
      this.events.push(...(this.all[at]?.events ?? []))
      this.all[at] = shard
    }
    await eventually(`${name} to have a lease`, () => shard.status?.hasLease === true, PATIENCE_MS)
    return shard
  }

  get living(): Shard[] {
    return this.all.filter(({ isGone }) => !isGone)
  }

  get allEvents(): ShardEvent[] {
    return [...this.events, ...this.all.flatMap(({ events }) => events)]
  }

  /** Until all that live have one view of themselves, and each of these rooms runs at one shard, held by another. */
  async settled(rooms: readonly string[] = []): Promise<void> {
    await eventually('the cluster to settle', () => this.#isSettled(rooms), PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${this.#story(rooms)}`)
    })
  }

  /** Why it is not. */
  #story(rooms: readonly string[]): string {
    const run = this.living.flatMap(({ name, status }) => (status?.rooms ?? []).map((room) => ({ ...room, name })))
    const shards = this.living.map(({ name, status }) => {
      const { members = [], view, moving, hasLease } = status ?? {}
      return `${name}: view ${view} of ${members.join()}${hasLease ? '' : ', no lease'}, ${moving} moves`
    })
    const odd = rooms.flatMap((room) => {
      const at = run.filter(({ id }) => id === room)
      return at.length === 1 && at[0]?.isHeld
        ? []
        : `${room} at ${at.map((one) => `${one.name}${one.isHeld ? '' : ', not held'}`).join(' and ') || 'nobody'}`
    })
    return [...shards, ...odd].join('; ')
  }

  #isSettled(rooms: readonly string[]): boolean {
    const { living } = this
    const names = living.map(({ name }) => name).sort()
    const views = new Set(living.map(({ status }) => status?.view))
    const run = living.flatMap(({ status }) => status?.rooms ?? [])
    return (
      views.size === 1 &&
      living.every(({ status }) => status?.hasLease && status.moving === 0 && status.members.join() === names.join()) &&
      rooms.every((room) => run.filter(({ id, isHeld }) => id === room && isHeld).length === 1)
    )
  }

  /** Moves rooms from who runs most to who runs least, until all run about as many. */
  async even(rooms: readonly string[]): Promise<void> {
    for (let tries = 0; tries < rooms.length; tries++) {
      await this.settled(rooms)
      const [least, ...others] = [...this.living].sort((a, b) => a.rooms.length - b.rooms.length)
      const most = others.at(-1)
      const [room] = most?.rooms ?? []
      if (least === undefined || most === undefined || room === undefined) return
      if (most.rooms.length - least.rooms.length < 2) return
      await most.move(room, least)
    }
  }

  ownerOf(room: string): Shard | undefined {
    return this.living.find(({ rooms }) => rooms.includes(room))
  }

  /** The word of a supervisor that saw the process of this life end. */
  tellEnded(life: string): void {
    for (const { child } of this.living) child.order({ order: 'ended', life })
  }

  async tallies(): Promise<SeatTally[]> {
    const answers = await Promise.all(this.living.map(({ child }) => child.ask('tallies', { order: 'tallies' })))
    return answers.flatMap(({ seats }) => seats)
  }

  async end(): Promise<void> {
    for (const { child } of this.living) child.signal('SIGKILL')
    await Promise.all(this.all.map((shard) => shard.gone()))
  }
}
