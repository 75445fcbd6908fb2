/**
 * Interest without a room: a world that a seed stirs, a server's interest in it, and clients that decode what they are sent over a path that loses frames.
 */
import {
  angle,
  axis,
  bool,
  button,
  type CompiledGame,
  defineGame,
  EventLog,
  entityRef,
  fixed,
  float32,
  HEADER_COUNTS,
  int,
  linear,
  ownerOnly,
  SEAT_PRESENT,
  SeededRandom,
  Simulation,
  SnapshotDecoder,
  SnapshotEncoder,
  SnapshotRing,
  serverOnly,
  type View,
} from '@tickmesh/shared'
import { Interest } from '../../src/interest/interest.ts'
import type { UntypedInterest } from '../../src/interest/interest-rule.ts'
import type { Viewer } from '../../src/interest/viewer.ts'

const SIZE = 1000
const place = () => fixed(0, SIZE, 1 / 16)
const speed = () => fixed(-512, 512, 1 / 16)

interface Body {
  x: number
  y: number
}

/** A type for each way in which a row can go on: by a linear motion, by levels, with floats, not at all, and one without a place. */
function makeMeadow() {
  return defineGame({
    id: 'meadow',
    tickRate: 60,
    snapshotRate: 20,
    maxPlayers: 8,
    input: { move: axis(), run: button() },
    events: { bang: { by: entityRef(), x: place(), y: place() }, note: { n: int(0, 1000) }, hit: { who: entityRef() } },
    entities: {
      mover: {
        max: 64,
        fields: {
          x: place(),
          vx: speed(),
          y: place(),
          vy: speed(),
          hp: int(0, 100),
          aim: angle(10),
          luck: serverOnly(int(0, 1000)),
        },
        motion: linear(['x', 'vx'], ['y', 'vy']),
      },
      walker: {
        max: 24,
        fields: { x: place(), y: place(), up: bool(), ammo: ownerOnly(int(0, 1000)) },
        motion(w: Body, held: { move: number; run: boolean }, dt: number) {
          w.x += held.move * (held.run ? 120 : 60) * dt
          w.y += held.move * 20 * dt
        },
      },
      leaf: {
        max: 16,
        fields: { x: float32(), y: float32(), drift: float32() },
        motion(l: Body & { drift: number }, _held: object, dt: number) {
          l.drift = l.drift * 0.9 + 1
          l.x += l.drift * dt
        },
      },
      stone: { max: 32, fields: { x: place(), y: place(), kind: int(0, 9) } },
      score: { max: 8, fields: { points: int(0, 1000) } },
    },
  })
}

/** Seats without a client play as well. */
const SEATS = 8
const TYPES = ['mover', 'walker', 'leaf', 'stone', 'score']

export interface LabClient {
  readonly seat: number
  readonly decoder: SnapshotDecoder
  readonly frames: SnapshotRing
  readonly events: EventLog
  bytes: number
  acked: number
  /** The newest frames that were sent, of which some may still be acknowledged. */
  sent: number[]
  fresh: boolean
  viewer: Viewer | undefined
}

export interface LabOptions {
  readonly rule: UntypedInterest
  readonly seed: number
  readonly clients: number
  /** Share of frames lost. 0: an ordered link. */
  readonly loss: number
  /** How much changes: 1 is a lot. */
  readonly unrest?: number
  /** Nothing changes hands, and nobody comes or goes. */
  readonly settled?: boolean
}

export class InterestLab {
  readonly game: CompiledGame = makeMeadow()
  readonly sim: Simulation
  readonly history: SnapshotRing
  readonly interest: Interest
  readonly clients: LabClient[] = []
  readonly random: SeededRandom
  readonly plainTypes: Uint8Array
  readonly encoder = new SnapshotEncoder(this.game)
  private readonly options: LabOptions
  private readonly paths: SeededRandom
  tick = 0

  constructor(options: LabOptions) {
    const { game, encoder } = this
    this.options = options
    this.random = new SeededRandom(options.seed)
    this.paths = new SeededRandom(options.seed + 1)
    this.history = new SnapshotRing(100, game.worldInts)
    this.sim = new Simulation(game, { side: 'server', development: false, snapshots: this.history })
    const { world, events } = this.sim
    this.interest = new Interest(encoder.layout, options.rule, {
      history: this.history,
      events,
      world,
      room: () => this,
    })
    this.plainTypes = this.interest.plainTypes
    for (let seat = 1; seat <= SEATS; seat++) {
      this.sit(seat, true)
      this.spawn('walker', seat)
      this.spawn('walker', seat)
      if (seat > options.clients) continue
      this.clients.push({
        seat,
        decoder: new SnapshotDecoder(game),
        frames: new SnapshotRing(128, game.worldInts),
        events: new EventLog(game, 128),
        bytes: 0,
        acked: -1,
        sent: [],
        fresh: true,
        viewer: undefined,
      })
    }
    for (let n = 0; n < 60; n++) this.spawn(TYPES[this.random.int(0, 4)] ?? 'stone', 0)
    world.settle()
  }

  sit(seat: number, present: boolean): void {
    const { world } = this.sim
    world.ints[this.game.seatBase + SEAT_PRESENT * this.game.seatRows + seat] = present ? 1 : 0
    this.sim.setNeutral(seat)
  }

  spawn(type: string, owner: number): View | undefined {
    const table = this.sim.world.byName[type]
    if (table === undefined || table.count >= table.type.max - 1) return undefined
    const view = this.sim.world.spawn(table.type.index, this.sim.world.takeId(), owner)
    this.scatter(view as View & Record<string, unknown>)
    return view
  }

  private scatter(view: View & Record<string, unknown>): void {
    const { random } = this
    if (view.type !== 'score') {
      view.x = random.int(0, SIZE)
      view.y = random.int(0, SIZE)
    }
    if (view.type === 'mover') {
      view.vx = random.int(-100, 100)
      view.vy = random.int(-100, 100)
      view.hp = random.int(0, 100)
    }
  }

  /** One tick of the truth: motions, and whatever else the seed does. */
  step(): void {
    const { sim, random, game } = this
    const { unrest = 0.3, settled = false } = this.options
    const chance = (share: number) => random.next() < share * unrest
    this.tick++
    sim.world.settle()
    for (let seat = 1; seat <= SEATS; seat++) {
      if (!settled && seat > this.options.clients && chance(0.01)) {
        const column = game.seatBase + SEAT_PRESENT * game.seatRows
        this.sit(seat, sim.world.ints[column + seat] === 0)
      }
      if (sim.world.ints[game.seatBase + SEAT_PRESENT * game.seatRows + seat] === 0) continue
      if (chance(0.1)) sim.world.ints[game.seatBase + game.seatRows + seat] = 127 * random.int(-1, 1)
      if (chance(0.05)) sim.world.ints[game.seatBase + 2 * game.seatRows + seat] = random.int(0, 1)
    }
    sim.step(this.tick)
    for (const table of sim.world.tables) {
      for (let row = 0; row < table.count; row++) {
        const view = table.viewAt(row) as View & Record<string, unknown>
        if (chance(0.01)) this.scatter(view)
        if (chance(0.05)) this.nudge(view)
        if (!settled && chance(view.type === 'walker' ? 0.02 : 0.003)) view.owner = random.int(0, SEATS)
        if (chance(0.003) && view.type !== 'walker') view.asleep = !view.asleep
        if (chance(0.002)) view.teleported()
        if (chance(0.002) && view.owner === 0) sim.world.despawn(view)
        else if (chance(0.01)) {
          sim.context.actFor(view.owner, view.id)
          sim.context.emit('bang', { by: view.id, x: random.int(0, SIZE), y: random.int(0, SIZE) })
          sim.context.actFor(0, -1)
        }
      }
    }
    if (chance(0.2)) this.spawn(TYPES[random.int(0, 4)] ?? 'stone', random.int(0, SEATS))
    if (chance(0.05)) sim.context.emit('note', { n: this.tick % 1000 })
    sim.settle()
    this.history.put(this.tick, sim.world.ints)
  }

  private nudge(view: View & Record<string, unknown>): void {
    const { random } = this
    if (view.type === 'mover') {
      view.vx = random.int(-100, 100)
      view.hp = random.int(0, 100)
      view.luck = random.int(0, 1000)
    } else if (view.type === 'walker') view.ammo = random.int(0, 1000)
    else if (view.type === 'stone') view.kind = random.int(0, 9)
    else if (view.type === 'score') view.points = random.int(0, 1000)
    else view.y = random.int(0, SIZE)
  }

  /** Sends the snapshot of this tick to all; `check` sees each that arrives. */
  send(check: (client: LabClient, frame: Int32Array, status: string, baselineTick: number) => void): void {
    const current = this.history.find(this.tick)
    if (current === undefined) return
    this.interest.begin(this.tick, current)
    for (const client of this.clients) {
      // Some get none, as if their path were congested.
      if (this.paths.next() < this.options.loss / 4) continue
      this.sendTo(client, check)
    }
  }

  private baselineOf(client: LabClient): number {
    if (this.options.loss === 0) return client.frames.newestTick
    return client.acked >= 0 && this.tick - client.acked <= 60 ? client.acked : -1
  }

  private sendTo(
    client: LabClient,
    check: (client: LabClient, frame: Int32Array, status: string, baselineTick: number) => void,
  ): void {
    const { interest, encoder, tick, history } = this
    const baselineTick = this.baselineOf(client)
    const viewer = interest.viewer(client.seat, client, client.fresh)
    client.viewer = viewer
    client.fresh = false
    interest.fill(viewer, baselineTick, (tick * 1000) / 60, false)
    const baseline = baselineTick < 0 ? undefined : interest.baseline
    const body = encoder
      .encodeBody({
        baseline,
        baselineTick: baselineTick < 0 ? tick : baselineTick,
        current: interest.visible,
        tick,
        heldAt: (at) => history.find(at),
        events: interest.events,
        plainTypes: this.plainTypes,
        part: interest.part,
      })
      .slice()
    const tail = encoder.encodeTail(client.seat, baseline, interest.visible).slice()
    interest.sent(viewer, body.length + tail.length + 10)
    client.bytes += body.length + tail.length + 10
    client.sent.push(tick)
    if (client.sent.length > 8) client.sent.shift()
    if (this.paths.next() < this.options.loss) return
    const known = client.frames.find(baselineTick)
    const out = new Int32Array(this.game.worldInts)
    const from = baselineTick < 0 ? tick : baselineTick
    let status = client.decoder.decodeBody(body, 0, body.length, known, from, tick, out, client.events)
    if (status === 'ok') status = client.decoder.decodeTail(tail, 0, tail.length, client.seat, known, out)
    check(client, out, status, baselineTick)
    client.frames.put(tick, out)
    // Acknowledgements come late, and never go back.
    const acked = client.sent[Math.max(0, client.sent.length - 1 - this.paths.int(0, 3))] ?? -1
    if (acked > client.acked && client.frames.find(acked) !== undefined) client.acked = acked
  }

  /** Where a seat's own entities are, of types that have a place. */
  ownPlaces(seat: number): Body[] {
    const places: Body[] = []
    for (const table of this.sim.world.tables) {
      for (const view of table) {
        if (view.owner === seat && view.type !== 'score') places.push({ ...this.placeOf(view) })
      }
    }
    return places
  }

  private placeOf(view: View): Body {
    const { x, y } = view as View & Body
    return { x, y }
  }

  idsIn(memory: Int32Array): number[] {
    return this.encoder.layout.types.flatMap(({ ids, index }) =>
      Array.from({ length: memory[HEADER_COUNTS + index] ?? 0 }, (_, row) => memory[ids + row] ?? 0),
    )
  }
}
