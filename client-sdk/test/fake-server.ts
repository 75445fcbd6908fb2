/**
 * A scripted server on virtual time, made of what both sides share: it welcomes, ticks, takes inputs, and sends frames.
 * What a test wants to go wrong it sets on the server or on a player.
 */
import {
  ByteReader,
  ByteWriter,
  type CompiledGame,
  createFrameHead,
  createInputHead,
  decodeControl,
  type EpochTriple,
  encodeFrameHead,
  epochTag,
  INPUT,
  InputCodec,
  type Link,
  PROVISIONAL_SNAPSHOT,
  SEAT_PRESENT,
  Simulation,
  SNAPSHOT,
  SnapshotEncoder,
  SnapshotRing,
  STAMP_INTS,
  TAGGED_SNAPSHOT,
  type VirtualScheduler,
} from '@tickmesh/shared'
import { FakePlayer, pack } from './fake-player.ts'

type Plain = Readonly<Record<string, unknown>>

export interface FakeServerOptions {
  /** The server's clock minus virtual time. */
  readonly clockOffsetMs?: number
  /** Answers to hello instead of the welcome. */
  readonly refuse?: { readonly code: string; readonly message: string }
  /** True: never answers. */
  readonly silent?: boolean
  readonly roomAttributes?: Plain
  /** Seats are kept for so long, and can be resumed. */
  readonly graceMs?: number
}

export class FakeServer {
  readonly sim: Simulation
  readonly history: SnapshotRing
  readonly players: FakePlayer[] = []
  readonly hellos: Plain[] = []
  tick = -1
  epochMs: number
  /** Called before each tick's steps: the server's own will. */
  will: ((sim: Simulation, tick: number) => void) | undefined
  /** Of the room, if it is one of a cluster. */
  epoch: EpochTriple | undefined
  /** The epoch whose tag frames carry, if it is another than the welcome's. */
  frameEpoch: EpochTriple | undefined
  /** So many of the newest ticks are not held by those who stand by. */
  behind = 0
  /** Where those are. */
  standby: readonly string[] = []
  /** What the next hellos are answered with, instead of a welcome; the link is closed then. */
  readonly turnsAway: Plain[] = []
  /** No tick runs; what is due is so much later. */
  stopped = false
  protected readonly scheduler: VirtualScheduler
  protected readonly game: CompiledGame
  private readonly encoder: SnapshotEncoder
  private readonly codec: InputCodec
  private readonly options: FakeServerOptions
  private readonly inputHead
  private readonly reader = new ByteReader()
  private running = false

  constructor(scheduler: VirtualScheduler, game: CompiledGame, options: FakeServerOptions = {}) {
    this.scheduler = scheduler
    this.game = game
    this.options = options
    this.history = new SnapshotRing(256, game.worldInts)
    this.sim = new Simulation(game, { side: 'server', development: true, snapshots: this.history })
    this.encoder = new SnapshotEncoder(game)
    this.codec = new InputCodec(game)
    this.inputHead = createInputHead(game)
    this.epochMs = this.now() + this.tickMs
  }

  get tickMs(): number {
    return 1000 / this.game.tickRate
  }

  now(): number {
    return this.scheduler.now() + (this.options.clockOffsetMs ?? 0)
  }

  /** Starts to tick. */
  run(): void {
    if (this.running) return
    this.running = true
    this.next()
  }

  private next(): void {
    const dueMs = this.epochMs + (this.tick + 1) * this.tickMs
    this.scheduler.at(dueMs - (this.options.clockOffsetMs ?? 0), () => {
      if (this.stopped) this.epochMs += this.tickMs
      else this.step()
      this.next()
    })
  }

  accept(link: Link): FakePlayer {
    const newcomer = new FakePlayer(this.game, link, this.players.length + 1)
    // A link that was replaced is nobody's.
    const playerOf = () =>
      this.players.find((player) => player.link === link) ?? (newcomer.link === link ? newcomer : undefined)
    link.attach({
      onMessage: (_lane, bytes) => {
        const player = playerOf()
        if (player !== undefined) this.onMessage(player, bytes, link)
      },
      onClose: () => {
        const player = playerOf()
        if (player !== undefined) this.onClose(player)
      },
    })
    return newcomer
  }

  private onClose(player: FakePlayer): void {
    const { graceMs = 0 } = this.options
    const { resumes } = player
    player.away = true
    if (graceMs === 0) return this.leave(player)
    this.scheduler.at(this.scheduler.now() + graceMs, () => {
      if (player.away && player.resumes === resumes) this.leave(player)
    })
  }

  private leave(player: FakePlayer): void {
    const at = this.players.indexOf(player)
    if (at >= 0) this.players.splice(at, 1)
  }

  protected onMessage(player: FakePlayer, bytes: Uint8Array, link: Link): void {
    if (bytes[0] === INPUT) {
      if (player.deaf) return
      if (player.slow) player.held.push(bytes.slice())
      else this.onInput(player, bytes)
      return
    }
    const decoded = decodeControl(bytes.subarray(1))
    if (!decoded.ok) throw new Error(`the client sent what cannot be read: ${decoded.problem}`)
    this.onControl(player, decoded.value as Plain, link)
  }

  protected onControl(player: FakePlayer, message: Plain, link: Link): void {
    player.messages.push(message)
    const answer = message.t === 'hello' ? this.turnsAway.shift() : undefined
    if (answer !== undefined) {
      this.hellos.push(message)
      link.send('reliable', pack(answer))
      return link.close({ code: 'MOVED', message: '' })
    }
    if (this.options.silent === true) return
    if (message.t === 'hello' && typeof message.resume === 'string') this.onResume(message, link)
    else if (message.t === 'hello') this.onHello(player, message)
    else if (message.t === 'leave') this.leave(player)
    else if (message.t === 'msg') player.heard++
    else if (message.t === 'ping') player.tell({ t: 'pong', id: message.id, serverMs: this.now() })
    else if (message.t === 'full') {
      player.wantsFull = true
      player.fullRequests++
    }
  }

  private onHello(player: FakePlayer, hello: Plain): void {
    this.hellos.push(hello)
    if (this.options.refuse !== undefined) {
      player.tell({ t: 'refused', ...this.options.refuse })
      player.link.close({ code: 'JOIN_REFUSED', message: '' })
      return
    }
    const { game } = this
    this.run()
    this.players.push(player)
    this.sim.world.ints[game.seatBase + SEAT_PRESENT * game.seatRows + player.seat] = 1
    this.spawnBoat(player.seat, player.seat * 40)
    this.welcome(player, false)
  }

  /** The newest link wins; the one before is told. */
  protected onResume(hello: Plain, link: Link): void {
    this.hellos.push(hello)
    const player = this.players.find(({ secret }) => secret === hello.resume)
    if (player === undefined) {
      link.send('reliable', pack({ t: 'refused', code: 'RESUME_REFUSED', message: 'no' }))
      link.close({ code: 'RESUME_REFUSED', message: '' })
      return
    }
    const old = player.link
    player.link = link
    if (!player.away) {
      old.send('reliable', pack({ t: 'bye', code: 'REPLACED', message: '' }))
      old.close({ code: 'REPLACED', message: '' })
    }
    player.away = false
    player.resumes++
    player.wantsFull = true
    player.ackTick = -1
    this.welcome(player, true)
  }

  private welcome(player: FakePlayer, resumed: boolean): void {
    const { game } = this
    const { graceMs = 0 } = this.options
    player.secret = graceMs > 0 ? `s${player.seat}-${this.hellos.length}` : ''
    player.tell({
      t: 'welcome',
      seat: player.seat,
      roomId: 'main',
      tickRate: game.tickRate,
      epochMs: this.epochMs,
      serverNowMs: this.now(),
      tick: Math.max(0, this.tick),
      seed: 1,
      playerId: '00000001',
      resume: player.secret,
      ...(resumed ? { resumed, heard: player.heard } : {}),
      graceMs,
      attributes: this.options.roomAttributes ?? {},
      players: this.players.map(({ seat }) => [seat, { name: `p${seat}`, score: 0 }]),
      maxPlayers: game.maxPlayers,
      ...(this.epoch === undefined ? {} : { epoch: this.epoch }),
      ...(this.standby.length === 0 ? {} : { standby: this.standby }),
    })
  }

  spawnBoat(owner: number, x: number): number {
    const { world } = this.sim
    const view = world.spawn(0, world.takeId(), owner)
    world.assign(view, { x })
    const { id } = view
    world.settle()
    return id
  }

  /** Hands in the inputs that were kept back. */
  release(player: FakePlayer): void {
    player.slow = false
    for (const bytes of player.held.splice(0)) this.onInput(player, bytes)
  }

  protected onInput(player: FakePlayer, bytes: Uint8Array): void {
    const { inputHead: head } = this
    this.reader.start(bytes, 1, bytes.length - 1)
    const result = this.codec.decode(this.reader, head, player.ring, Math.max(0, this.tick))
    if (result === 'malformed') throw new Error('the client sent an input that cannot be read')
    if (result === 'far') player.far++
    for (let age = head.count - 1; age >= 0; age--) {
      if (((head.newMask >>> age) & 1) === 0) continue
      const tick = head.newestTick - age
      player.inputs.push({ tick, atMs: this.now() })
      const marginMs = this.epochMs + tick * this.tickMs - this.now()
      if (!(marginMs >= player.leastMarginMs)) player.leastMarginMs = marginMs
      if (tick > this.tick) continue
      player.late++
      player.allLate++
    }
    player.newest = Math.max(player.newest, head.newestTick)
    player.echo = head.newestTick & 255
    player.echoAtMs = this.now()
    if (head.ackTick > player.ackTick) player.ackTick = head.ackTick
    if (head.needsFull) {
      player.wantsFull = true
      player.fullRequests++
    }
    for (let type = 0; type < player.plainTypes.length; type++) {
      if ((((head.suspectTypes[type >> 3] ?? 0) >> (type & 7)) & 1) === 1) player.plainTypes[type] = 1
    }
  }

  private step(): void {
    const { sim } = this
    const tick = this.tick + 1
    sim.inputs.clear()
    for (const player of this.players) this.resolve(player, tick)
    this.will?.(sim, tick)
    sim.step(tick)
    sim.settle()
    this.history.put(tick, sim.world.ints)
    this.tick = tick
    if (tick % this.game.ticksPerSnapshot !== 0) return
    for (const player of this.players) if (!player.muted && !player.away) this.sendFrame(player)
  }

  /** Levels of this tick's input if it is there; of the presses that wait the older half. */
  private resolve(player: FakePlayer, tick: number): void {
    const { ring, seat, applied } = player
    const slot = ring.find(tick)
    if (slot >= 0) this.sim.setLevels(seat, ring.rows, ring.rowOffset(slot))
    const waiting: number[] = []
    const known = [...applied]
    for (let at = Math.max(0, tick - 100); at <= tick; at++) {
      const there = ring.find(at)
      if (there < 0) continue
      const counters = [...applied].map((_, i) => ring.rows[ring.rowOffset(there) + ring.levels + i] ?? 0)
      if (counters.some((counter, i) => counter > (known[i] ?? 0))) waiting.push(at)
      counters.forEach((counter, i) => {
        known[i] = Math.max(counter, known[i] ?? 0)
      })
    }
    if (waiting.length === 0) return
    const pressTick = waiting[Math.ceil(waiting.length / 2) - 1] ?? tick
    const pressSlot = ring.find(pressTick)
    this.sim.applyPresses(seat, ring.rows, ring.rowOffset(pressSlot), player.refusing)
    for (let i = 0; i < applied.length; i++) {
      const before = applied[i] ?? 0
      applied[i] = ring.rows[ring.rowOffset(pressSlot) + ring.levels + i] ?? 0
      if (applied[i] === before) continue
      const at = pressSlot * ring.stampWidth + (1 + i) * STAMP_INTS
      player.pressStamps.push([pressTick, ring.stamps[at] ?? -1, ring.stamps[at + 1] ?? -1, ring.stamps[at + 2] ?? -1])
    }
  }

  /** The bytes of a frame for a player, as of the newest tick. */
  frame(player: FakePlayer, baselineTick: number): Uint8Array {
    const { tick, game } = this
    const current = this.history.find(tick) ?? new Int32Array(0)
    const baseline = baselineTick < 0 ? undefined : this.history.find(baselineTick)
    const body = this.encoder
      .encodeBody({
        baseline,
        baselineTick: baselineTick < 0 ? tick : baselineTick,
        current,
        tick,
        heldAt: (at) => this.history.find(at),
        events: this.sim.events,
        plainTypes: player.plainTypes,
      })
      .slice()
    const tail = this.encoder.encodeTail(player.seat, baseline, current)
    const head = createFrameHead()
    head.tick = tick
    head.baselineTick = baselineTick
    head.newestInputTick = player.newest
    head.usedCount = Math.min(32, tick - player.lastFrameTick)
    head.marginMs = player.leastMarginMs
    head.lateInputs = player.late
    head.echo = player.echo
    head.holdMs = this.now() - player.echoAtMs
    head.bodyBytes = tail.length > 0 ? body.length : -1
    const bytes = new Uint8Array(64 + body.length + tail.length)
    const writer = new ByteWriter().start(bytes)
    const epoch = this.frameEpoch ?? this.epoch
    writer.u8(epoch === undefined ? SNAPSHOT : this.behind > 0 ? PROVISIONAL_SNAPSHOT : TAGGED_SNAPSHOT)
    if (epoch !== undefined) writer.u8(epochTag(epoch))
    if (this.behind > 0) writer.u8(this.behind)
    encodeFrameHead(writer, head, game.ticksPerSnapshot)
    writer.raw(body)
    writer.raw(tail)
    return bytes.subarray(0, writer.position)
  }

  private sendFrame(player: FakePlayer): void {
    const chosen = player.wantsFull ? -1 : player.link.ordered ? player.lastFrameTick : player.ackTick
    const baselineTick = player.baseline?.(chosen) ?? chosen
    const frame = this.frame(player, baselineTick)
    player.link.send(baselineTick < 0 ? 'reliable' : 'datagram', player.mangle?.(frame) ?? frame)
    if (baselineTick < 0) player.wantsFull = false
    player.lastFrameTick = this.tick
    player.leastMarginMs = Number.NaN
    player.late = 0
    player.echo = -1
  }
}
