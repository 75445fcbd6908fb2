/** Two fake shards and a client on virtual time: one runs the room, the other stands by for it. */
import type { EpochTriple, Link } from '@tickmesh/shared'
import { type ConnectionState, type JoinOptions, joinThrough, type Stall } from '../src/index.ts'
import { LiveRoom } from '../src/live-room.ts'
import { FakeShard } from './fake-shard.ts'
import { type Pond, pond } from './pond-game.ts'
import { type PageLink, PondLab, type PondOptions, TestHost } from './pond-lab.ts'

export const A = 'ws://a.test'
export const B = 'ws://b.test'
const FIRST: EpochTriple = [7, 3, 1]
export const SECOND: EpochTriple = [7, 4, 0]

export class PondShards extends PondLab {
  readonly a: FakeShard
  readonly b: FakeShard
  readonly host: TestHost
  readonly dials: { readonly url: string; readonly atMs: number; readonly link: PageLink }[] = []
  /** Addresses at which nobody answers at all. */
  readonly unreachable = new Set<string>()
  readonly states: ConnectionState[] = []
  readonly stalls: Stall[] = []
  readonly events: string[] = []
  /** What was drawn: the own moment, the others' one, and where the own boat stood. */
  readonly drawn: { readonly atMs: number; readonly tick: number; readonly viewTick: number; readonly x: number }[] = []

  /** `clockErrorMs`: of the shard that stands by. */
  constructor(standby: readonly string[] = [B], clockErrorMs = 0) {
    super()
    this.a = new FakeShard(this.scheduler, pond, { graceMs: 15_000 })
    this.b = new FakeShard(this.scheduler, pond, { graceMs: 15_000, clockOffsetMs: clockErrorMs })
    this.a.epoch = FIRST
    this.a.standby = standby
    this.b.owns = false
    this.host = new TestHost(this.scheduler, 777.7, 60)
  }

  async play(options: JoinOptions<Pond> = {}, path: PondOptions = {}): Promise<LiveRoom> {
    const open = async (url: string, { signal }: { signal?: AbortSignal }): Promise<Link> => {
      const { link, far } = this.connect(this.host, path.ordered ?? true, path)
      this.dials.push({ url, atMs: this.scheduler.now(), link })
      if (this.unreachable.has(url)) return new Promise((_, reject) => signal?.addEventListener('abort', reject))
      const shard = url === A ? this.a : this.b
      shard.accept(far)
      return link
    }
    const sample = () => ({ move: { x: 0.5, y: 0 } })
    const joined = joinThrough(pond, A, this.host, open, { development: true, sample, ...options })
    const room = await this.settle(joined)
    if (!(room instanceof LiveRoom)) throw new Error('a room is a LiveRoom')
    room.onConnection((state) => this.states.push(state))
    room.onStall((stall) => this.stalls.push(stall))
    room.onEvent('fired', (_values: never, { predicted }) => this.events.push(predicted ? 'predicted' : 'told'))
    room.onEventWithdrawn('fired', () => this.events.push('withdrawn'))
    room.onFrame((view: never, { tick, viewTick, nowMs }) => {
      const own = [...(view as { boat: Iterable<{ x: number; owner: number }> }).boat].find((boat) => boat.owner === 1)
      this.drawn.push({ atMs: nowMs, tick, viewTick, x: own?.x ?? Number.NaN })
    })
    await this.run(2_000)
    return room
  }

  /** The greatest steps of the own boat and of the two moments from one display frame to the next; and the greatest back. */
  steps(): { readonly most: number; readonly leastX: number; readonly leastTick: number; readonly leastView: number } {
    const pairs = this.drawn.slice(1).map((frame, n) => [this.drawn[n] ?? frame, frame] as const)
    return {
      most: Math.max(...pairs.map(([before, after]) => after.x - before.x)),
      leastX: Math.min(...pairs.map(([before, after]) => after.x - before.x)),
      leastTick: Math.min(...pairs.map(([before, after]) => after.tick - before.tick)),
      leastView: Math.min(...pairs.map(([before, after]) => after.viewTick - before.viewTick)),
    }
  }
}
