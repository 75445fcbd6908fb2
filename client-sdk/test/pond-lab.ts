/** A fake server and clients on virtual time, and a host whose display, focus and main thread a test may take away. */
import {
  createLinkPair,
  type Game,
  Impairment,
  type ImpairmentOptions,
  type Lane,
  type Link,
  type LinkReceiver,
  NetError,
  SeededRandom,
  VirtualScheduler,
} from '@tickmesh/shared'
import {
  type CarrierKind,
  type ClientHost,
  type ClientPage,
  type JoinOptions,
  type JoinOverOptions,
  joinOver,
  type Redial,
  type RedialOptions,
  type Room,
} from '../src/index.ts'
import { connectAndJoin } from '../src/join.ts'
import { LiveRoom } from '../src/live-room.ts'
import { RepeatTest } from '../src/play/repeat-test.ts'
import type { RoomClient } from '../src/play/room-client.ts'
import type { FakePlayer } from './fake-player.ts'
import { FakeServer, type FakeServerOptions } from './fake-server.ts'
import { type Pond, pond } from './pond-game.ts'

/** The page of a client: what of the outside world it sees. */
export class TestHost implements ClientHost {
  away = false
  page: ClientPage | undefined
  /** No display frames while true. */
  hidden = false
  /** While virtual time is below this, nothing of the page runs. */
  frozenUntilMs = 0
  private readonly scheduler: VirtualScheduler
  private readonly offsetMs: number
  private readonly frameMs: number

  private readonly numbers = new SeededRandom(7)

  constructor(scheduler: VirtualScheduler, offsetMs: number, displayHz: number) {
    this.scheduler = scheduler
    this.offsetMs = offsetMs
    this.frameMs = 1000 / displayHz
  }

  now(): number {
    return this.scheduler.now() + this.offsetMs
  }

  at(timeMs: number, run: () => void): () => void {
    return this.guarded(timeMs - this.offsetMs, run)
  }

  readonly requestFrame = (run: () => void): (() => void) => {
    const next = (Math.floor(this.scheduler.now() / this.frameMs + 1e-9) + 1) * this.frameMs
    let cancel = () => {}
    const show = () => {
      if (this.hidden) cancel = this.guarded(this.scheduler.now() + this.frameMs, show)
      else run()
    }
    cancel = this.guarded(next, show)
    return () => cancel()
  }

  isAway(): boolean {
    return this.away
  }

  random(): number {
    return this.numbers.next()
  }

  /** Runs at `timeMs` of virtual time, or when the page is awake again. */
  guarded(timeMs: number, run: () => void): () => void {
    let cancel = () => {}
    const attempt = () => {
      if (this.scheduler.now() < this.frozenUntilMs) cancel = this.scheduler.at(this.frozenUntilMs, attempt)
      else run()
    }
    cancel = this.scheduler.at(timeMs, attempt)
    return () => cancel()
  }
}

/** A link whose messages wait while the page is frozen, and that keeps what was sent. It can go dead without a word. */
export class PageLink implements Link {
  readonly ordered: boolean
  readonly kind: CarrierKind
  readonly sent: Uint8Array[] = []
  /** Nothing comes through any more, and neither side is told. */
  dead = false
  /** The reason with which the client hung up. */
  closedWith: string | undefined
  private readonly inner: Link
  private readonly host: TestHost
  private readonly scheduler: VirtualScheduler

  constructor(inner: Link, host: TestHost, scheduler: VirtualScheduler) {
    this.inner = inner
    this.kind = inner.ordered ? 'websocket' : 'webrtc'
    this.ordered = inner.ordered
    this.host = host
    this.scheduler = scheduler
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes
  }

  attach(receiver: LinkReceiver): void {
    this.inner.attach({
      onMessage: (lane, bytes) => {
        if (this.dead) return
        if (this.scheduler.now() >= this.host.frozenUntilMs) return receiver.onMessage(lane, bytes)
        const copy = bytes.slice()
        this.host.guarded(this.host.frozenUntilMs, () => receiver.onMessage(lane, copy))
      },
      onClose: (reason) => receiver.onClose(reason),
    })
  }

  send(lane: Lane, bytes: Uint8Array): void {
    this.sent.push(bytes.slice())
    if (!this.dead) this.inner.send(lane, bytes)
  }

  /** Ends on both sides, as a broken connection does. */
  breakOff(): void {
    this.inner.close({ code: 'CONNECTION_LOST', message: 'cut' })
  }

  close(reason: Parameters<Link['close']>[0]): void {
    this.closedWith = reason.code
    if (!this.dead) this.inner.close(reason)
  }
}

export interface PondClient {
  readonly room: Room<Pond>
  /** The same room from inside. */
  readonly client: RoomClient
  readonly host: TestHost
  readonly link: PageLink
  /** The server's side of it. */
  readonly player: FakePlayer
  /** Its dials after the first. */
  readonly dials: readonly Dialled[]
}

/** What becomes of a dial: a link of either kind, an error at once, nothing ever; or a link on which nobody answers. */
export type DialFate = 'ordered' | 'datagrams' | 'fails' | 'hangs' | 'silent'

/** One dial of a client that was joined. */
export interface Dialled extends RedialOptions {
  readonly atMs: number
  readonly link: PageLink | undefined
}

export interface PondOptions extends JoinOverOptions<Pond> {
  readonly up?: ImpairmentOptions
  readonly down?: ImpairmentOptions
  readonly ordered?: boolean
  /** What becomes of the client's dials after the first; left out: it has no way to dial. */
  readonly fate?: (dial: RedialOptions) => DialFate
  readonly clockOffsetMs?: number
  readonly displayHz?: number
}

const STEP_MS = 2

export class PondLab {
  readonly scheduler = new VirtualScheduler({ startMs: 1000 })
  readonly server: FakeServer
  private readonly game: Game<Pond>

  constructor(options: FakeServerOptions = {}, game: Game<Pond> = pond) {
    this.game = game
    this.server = new FakeServer(this.scheduler, game, options)
  }

  /** Lets virtual time pass; promises get their turn. */
  async run(ms: number): Promise<void> {
    const end = this.scheduler.now() + ms
    while (this.scheduler.now() < end) {
      this.scheduler.runUntil(Math.min(end, this.scheduler.now() + STEP_MS))
      await Promise.resolve()
    }
  }

  dial(options: PondOptions = {}): Omit<PondClient, 'room' | 'client'> & { joined: Promise<Room<Pond>> } {
    const { ordered = true, fate, clockOffsetMs = 777.7, displayHz = 60, ...rest } = options
    const host = new TestHost(this.scheduler, clockOffsetMs, displayHz)
    const { link, far } = this.connect(host, ordered, options)
    const player = this.server.accept(far)
    const dials: Dialled[] = []
    const redial: Redial = (dial) => {
      const what = fate?.(dial) ?? 'fails'
      const opens = what !== 'fails' && what !== 'hangs'
      const pair = opens ? this.connect(host, what !== 'datagrams', options) : undefined
      dials.push({ ...dial, atMs: this.scheduler.now(), link: pair?.link })
      if (what === 'hangs') return new Promise(() => {})
      if (pair === undefined) return Promise.reject(new NetError('CONNECT_FAILED', 'nobody is there.', ''))
      if (what !== 'silent') this.server.accept(pair.far)
      return Promise.resolve(pair.link)
    }
    const again = fate === undefined ? {} : { redial }
    const joined = joinOver(this.game, link, host, { development: true, ...again, ...rest })
    return { joined, host, link, player, dials }
  }

  /** Joins as a page does it, by an address: every dial opens another link to the server. */
  joinByAddress(
    host: TestHost,
    options: JoinOptions<Pond> = {},
  ): { joined: Promise<Room<Pond>>; links: PageLink[]; urls: string[] } {
    const links: PageLink[] = []
    const urls: string[] = []
    const open = async (url: string): Promise<Link> => {
      urls.push(url)
      const { link, far } = this.connect(host, true)
      this.server.accept(far)
      links.push(link)
      return link
    }
    return {
      joined: connectAndJoin(
        this.game,
        'ws://pond.test',
        { development: true, repeatTest: RepeatTest, ...options },
        host,
        open,
      ),
      links,
      urls,
    }
  }

  /** A link to the server: the client's end, and the other. */
  connect(host: TestHost, ordered: boolean, options: PondOptions = {}): { link: PageLink; far: Link } {
    const { up = { delayMs: 40 }, down = { delayMs: 40 } } = options
    const models = [new Impairment(up), new Impairment(down)] as const
    const [near, far] = createLinkPair(this.scheduler, models[0], models[1], { ordered })
    return { link: new PageLink(near, host, this.scheduler), far }
  }

  /** Joins; virtual time passes until there is a room. */
  async join(options: PondOptions = {}): Promise<PondClient> {
    const { joined, ...rest } = this.dial(options)
    const room = await this.settle(joined)
    if (!(room instanceof LiveRoom)) throw new Error('a room is a LiveRoom')
    return { room, client: room.client, ...rest }
  }

  /** Lets time pass until a promise is settled, 20 s at most. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let over = false
    const done = () => {
      over = true
    }
    promise.then(done, done)
    for (let waited = 0; !over && waited < 20_000; waited += STEP_MS) await this.run(STEP_MS)
    return promise
  }
}
