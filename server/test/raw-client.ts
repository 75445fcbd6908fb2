/**
 * A client made of nothing but the codecs, and a server on virtual time around it: for tests of the server alone.
 */
import {
  ByteReader,
  ByteWriter,
  type CloseReason,
  CONTROL,
  type CompiledGame,
  createFrameHead,
  createInputHead,
  createLinkPair,
  type DecodeStatus,
  decodeControl,
  decodeFrameHead,
  encodeMessage,
  epochTag,
  type FrameHead,
  type Game,
  Impairment,
  type ImpairmentOptions,
  INPUT,
  InputCodec,
  InputRing,
  type Lane,
  type Link,
  PROTOCOL_VERSION,
  PROVISIONAL_SNAPSHOT,
  packControl,
  parseServerMessage,
  type ServerMessage,
  type Shape,
  SNAPSHOT,
  SnapshotDecoder,
  SnapshotRing,
  TAGGED_SNAPSHOT,
  VirtualScheduler,
  type WelcomeMessage,
} from '@tickmesh/shared'
import { type HostOptions, type LogLine, type PeerInfo, RoomHost, type Rules } from '../src/index.ts'

export class TestServer<S extends Shape> {
  readonly scheduler: VirtualScheduler
  readonly lines: LogLine[] = []
  readonly host: RoomHost<S>
  /** Added to the server's clock: what its work is pretended to have taken. */
  spentMs = 0
  private readonly game: Game<S>

  constructor(game: Game<S>, rules: Rules<S>, options: Partial<HostOptions> = {}, scheduler = new VirtualScheduler()) {
    this.game = game
    this.scheduler = scheduler
    this.host = new RoomHost(game, rules, {
      timer: {
        nowMs: () => scheduler.now() + this.spentMs,
        wakeAt: (timeMs, run) => scheduler.at(timeMs - this.spentMs, run),
      },
      seed: 1,
      log: (line) => this.lines.push(line),
      ...options,
    })
  }

  run(ms: number): void {
    this.scheduler.runUntil(this.scheduler.now() + ms)
  }

  /** A connection, not yet in a room. */
  connect(
    path: ImpairmentOptions = {},
    back: Impairment = new Impairment({ delayMs: path.delayMs ?? 0 }),
    ordered = true,
    info: PeerInfo = {},
  ): RawClient {
    const [near, far] = createLinkPair(this.scheduler, path, back, { ordered })
    this.host.accept(far, info)
    return new RawClient(this.game, near)
  }

  /** The tick that the server computes next, as a welcomed client reckons it. */
  nextTick(client: RawClient): number {
    const { epochMs = 0, tickRate = 60 } = client.welcome ?? {}
    return Math.floor(((this.scheduler.now() - epochMs) * tickRate) / 1000 + 1e-6) + 1
  }

  /** Lets clients send an input for each of the next ticks, in time. */
  play(clients: readonly RawClient[], ticks: number, levels: readonly number[] = [0]): void {
    for (let n = 0; n < ticks; n++) {
      for (const client of clients) client.input(this.nextTick(client), levels)
      this.run(1000 / (clients[0]?.welcome?.tickRate ?? 60))
    }
  }

  /** A player of a room. */
  join(room = 'main', path: ImpairmentOptions = {}): RawClient {
    const client = this.connect(path)
    client.hello({ room })
    this.run(200 + 4 * (path.delayMs ?? 0))
    // Half way between two ticks, so that rounding decides nothing.
    const { epochMs = 0, tickRate = 60 } = client.welcome ?? {}
    const tickMs = 1000 / tickRate
    this.scheduler.runUntil(epochMs + (Math.ceil((this.scheduler.now() - epochMs) / tickMs) + 0.5) * tickMs)
    return client
  }
}

export class RawClient {
  readonly link: Link
  readonly messages: ServerMessage[] = []
  readonly heads: FrameHead[] = []
  /** Of each frame: how many ticks those who stand by were behind. */
  readonly behinds: number[] = []
  readonly statuses: DecodeStatus[] = []
  readonly bodies: Uint8Array[] = []
  readonly ring: InputRing
  readonly frames: SnapshotRing
  closed: CloseReason | undefined
  /** The newest tick decoded. */
  newest = -1
  interpolationDelayMs = 0
  /** While false, frames are not acknowledged. */
  acknowledges = true
  private readonly game: CompiledGame
  private readonly codec: InputCodec
  private readonly decoder: SnapshotDecoder
  private readonly reader = new ByteReader()
  private readonly presses: number[]
  private suspects = 0
  private readonly builtOn = new Map<number, number>()

  constructor(game: CompiledGame, link: Link) {
    this.game = game
    this.link = link
    this.ring = new InputRing(game)
    this.codec = new InputCodec(game)
    this.decoder = new SnapshotDecoder(game)
    this.frames = new SnapshotRing(128, game.worldInts)
    this.presses = game.presses.map(() => 0)
    link.attach({
      onMessage: (lane, bytes) => this.take(lane, bytes),
      onClose: (reason) => {
        this.closed = reason
      },
    })
  }

  /** Is the same page as another client, over a new link: it knows its inputs. */
  goOnAs(before: RawClient): void {
    const { ring, presses } = before
    presses.forEach((count, i) => {
      this.presses[i] = count
    })
    for (let tick = Math.max(0, ring.newestTick - 100); tick <= ring.newestTick; tick++) {
      const from = ring.find(tick)
      if (from < 0) continue
      const slot = this.ring.slotFor(tick)
      this.ring.rows.set(ring.rows.subarray(from * ring.width, (from + 1) * ring.width), slot * ring.width)
    }
  }

  /** Sends the inputs of all ticks above `tick` again. */
  sendAgain(tick: number): void {
    for (let at = tick + 1; at <= this.ring.newestTick; at++) if (this.ring.find(at) >= 0) this.sendInput(at)
  }

  get welcome(): WelcomeMessage | undefined {
    return this.messages.find((message) => message.t === 'welcome')
  }

  of<T extends ServerMessage['t']>(t: T): Extract<ServerMessage, { t: T }>[] {
    return this.messages.filter((message): message is Extract<ServerMessage, { t: T }> => message.t === t)
  }

  control(message: object): void {
    this.link.send('reliable', packControl(message))
  }

  hello(more: object = {}): void {
    const { id, schemaHash } = this.game
    this.control({ t: 'hello', protocol: PROTOCOL_VERSION, game: id, schema: schemaHash, ...more })
  }

  say(message: string, values: Record<string, unknown>): void {
    const declared = this.game.toServer.find(({ name }) => name === message)
    if (declared !== undefined) this.control({ t: 'msg', i: declared.index, v: encodeMessage(declared, values) })
  }

  /** Sends the input of one tick. `presses` are added to the counters. */
  input(
    tick: number,
    levels: readonly number[],
    presses: readonly number[] = [],
    stamp?: readonly [number, number, number],
  ): void {
    this.keepInput(tick, levels, presses, stamp)
    this.sendInput(tick)
  }

  /** Makes an input that is not sent, or is lost. */
  keepInput(
    tick: number,
    levels: readonly number[],
    presses: readonly number[] = [],
    stamp?: readonly [number, number, number],
  ): void {
    const slot = this.ring.slotFor(tick)
    const row = this.ring.rowOffset(slot)
    presses.forEach((n, i) => {
      this.presses[i] = (this.presses[i] ?? 0) + n
    })
    levels.forEach((raw, i) => {
      this.ring.rows[row + i] = raw
    })
    this.presses.forEach((count, i) => {
      this.ring.rows[row + this.ring.levels + i] = count
    })
    if (stamp !== undefined) this.ring.setStamp(slot, 0, ...stamp)
  }

  private sendInput(tick: number): void {
    const head = createInputHead(this.game)
    head.newestTick = tick
    head.count = 1
    head.ackTick = this.acknowledges ? this.newest : -1
    head.suspectTypes[0] = this.suspects
    head.interpolationDelayMs = this.interpolationDelayMs
    const bytes = new Uint8Array(512)
    const writer = new ByteWriter().start(bytes)
    writer.u8(INPUT)
    this.codec.encode(writer, this.ring, head)
    this.link.send('datagram', bytes.subarray(0, writer.position))
  }

  /** Says that the check of entity type 0 failed. */
  suspect(tick: number): void {
    this.suspects = 1
    this.input(tick, [0])
    this.suspects = 0
  }

  private take(_lane: Lane, bytes: Uint8Array): void {
    if (bytes[0] === CONTROL) {
      const decoded = decodeControl(bytes.subarray(1))
      const parsed = decoded.ok ? parseServerMessage(decoded.value) : undefined
      if (parsed?.ok !== true) throw new Error(`the server sent nonsense: ${JSON.stringify(parsed ?? decoded)}`)
      this.messages.push(parsed.message)
    } else if (bytes[0] === SNAPSHOT || bytes[0] === TAGGED_SNAPSHOT || bytes[0] === PROVISIONAL_SNAPSHOT) {
      const isTagged = this.welcome?.epoch !== undefined
      if (isTagged === (bytes[0] === SNAPSHOT)) throw new Error('tags and epochs do not go together')
      if (isTagged && bytes[1] !== epochTag(this.welcome?.epoch)) throw new Error('the tag is of another epoch')
      const isProvisional = bytes[0] === PROVISIONAL_SNAPSHOT
      this.behinds.push(isProvisional ? (bytes[2] ?? 0) : 0)
      this.takeFrame(bytes, isProvisional ? 3 : isTagged ? 2 : 1)
    } else throw new Error('the server sent a message of no kind')
  }

  private takeFrame(bytes: Uint8Array, headAt: number): void {
    const head = createFrameHead()
    const reader = this.reader.start(bytes, headAt)
    if (!decodeFrameHead(reader, head, this.game.ticksPerSnapshot, Math.max(0, this.newest)))
      throw new Error('bad head')
    const { tick, baselineTick } = head
    const baseline = this.frames.find(baselineTick)
    const at = reader.position
    const bodyBytes = head.bodyBytes < 0 ? reader.left : head.bodyBytes
    const out = new Int32Array(this.game.worldInts)
    const from = baselineTick < 0 ? tick : baselineTick
    // The frame that the baseline was built on: trends are taken from it.
    const earlier = this.frames.find(this.builtOn.get(baselineTick) ?? -1)
    let status = this.decoder.decodeBody(bytes, at, bodyBytes, baseline, from, tick, out, undefined, earlier)
    const tailAt = at + bodyBytes
    const seat = this.welcome?.seat ?? 0
    if (status === 'ok') status = this.decoder.decodeTail(bytes, tailAt, bytes.length - tailAt, seat, baseline, out)
    this.heads.push(head)
    this.statuses.push(status)
    this.bodies.push(bytes.slice(at, at + bodyBytes))
    if (status !== 'ok') return
    this.frames.put(tick, out)
    this.builtOn.set(tick, baselineTick)
    this.newest = tick
  }
}
