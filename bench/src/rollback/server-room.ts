/**
 * A whole server in memory, with players who send one input per tick and acknowledge what they get: for measuring the tick path without sockets.
 * The players' side allocates nothing per tick either.
 */
import { RoomHost } from '@tickmesh/server'
import {
  ByteWriter,
  type CloseReason,
  CONTROL,
  type CompiledGame,
  createInputHead,
  encodeControl,
  INPUT,
  InputCodec,
  InputRing,
  type Lane,
  type Link,
  type LinkReceiver,
  PROTOCOL_VERSION,
  SNAPSHOT,
} from '@tickmesh/shared'
import { BenchTimer } from './bench-timer.ts'

const FULL = 1
const LEAD_TICKS = 2
/** So many ticks run between two messages of inputs: short enough for a client whose acknowledgements stay out that long not to count as congested. */
export const STRETCH_TICKS = 3
/** How far behind its inputs a player's screen is: lead, interpolation delay, and half a stretch. */
const VIEW_TICKS = 9
/** Far above what a message may take. */
const INPUT_BYTES = 64

class BenchLink implements Link {
  readonly ordered = true
  readonly bufferedBytes = 0
  receiver: LinkReceiver | undefined
  frames = 0
  bytesSent = 0
  ackTick = -1
  ended: CloseReason | undefined

  attach(receiver: LinkReceiver): void {
    this.receiver = receiver
  }

  send(_lane: Lane, bytes: Uint8Array): void {
    if (bytes[0] !== SNAPSHOT) return
    const low = (bytes[2] ?? 0) | ((bytes[3] ?? 0) << 8)
    if (((bytes[1] ?? 0) & FULL) !== 0) this.ackTick = low | ((bytes[4] ?? 0) << 16) | ((bytes[5] ?? 0) << 24)
    else this.ackTick += (((low - this.ackTick) & 0xffff) << 16) >> 16
    this.frames++
    this.bytesSent += bytes.length
  }

  close(reason: CloseReason): void {
    this.ended = reason
  }
}

export class ServerRoom {
  readonly links: BenchLink[] = []
  readonly host: RoomHost
  private readonly game: CompiledGame
  private readonly timer = new BenchTimer()
  private readonly codec: InputCodec
  private readonly head
  private readonly writer = new ByteWriter()
  private readonly rings: InputRing[] = []
  /** One memory per player, and a view of it per length: a link lends views. */
  private readonly views: Uint8Array[] = []
  private readonly tickMs: number
  private timeMs = 0

  constructor(game: CompiledGame, players: number, entitiesEach: number, rooms = 1) {
    this.game = game
    this.tickMs = 1000 / game.tickRate
    this.codec = new InputCodec(game)
    this.head = createInputHead(game)
    this.head.interpolationDelayMs = 1500 / game.snapshotRate
    const name = game.entities[0]?.name ?? ''
    this.host = new RoomHost(
      game,
      {
        commands: {},
        onJoin(room, player) {
          for (let n = 0; n < entitiesEach; n++) {
            room.spawn(name, { owner: player.seat, x: (player.seat * 97 + n * 31) % 2000, y: (n * 61) % 2000 })
          }
        },
      },
      { timer: this.timer, seed: 1, development: false },
    )
    const bytes = new Uint8Array(INPUT_BYTES)
    for (let length = 0; length <= INPUT_BYTES; length++) this.views.push(bytes.subarray(0, length))
    for (let player = 0; player < players * rooms; player++) this.join(`room-${player % rooms}`)
    this.run(game.tickRate)
    const lost = this.links.find(({ ended }) => ended !== undefined)
    if (lost !== undefined) throw new Error(`a player was dropped: ${lost.ended?.code} ${lost.ended?.message}`)
  }

  private join(room: string): void {
    const link = new BenchLink()
    this.host.accept(link)
    const { game } = this
    const hello = {
      t: 'hello',
      protocol: PROTOCOL_VERSION,
      game: game.id,
      schema: game.schemaHash >>> 0,
      room,
      create: true,
    }
    link.receiver?.onMessage('reliable', Uint8Array.of(CONTROL, ...encodeControl(hello)))
    this.links.push(link)
    this.rings.push(new InputRing(game, 16))
  }

  /** Lets `ticks` intervals pass, with their inputs. */
  run(ticks: number): void {
    for (let n = 0; n < ticks; n += STRETCH_TICKS) {
      this.sendInputs()
      this.tick()
    }
  }

  /** Every player sends its inputs of a stretch of ticks, and acknowledges what it got. */
  sendInputs(): void {
    for (let n = 0; n < STRETCH_TICKS; n++)
      for (let player = 0; player < this.links.length; player++) this.sendInput(player)
  }

  /** Every room ticks for a stretch. */
  tick(): void {
    for (let n = 0; n < STRETCH_TICKS; n++) {
      this.timeMs += this.tickMs
      while (this.timer.runNext(this.timeMs));
    }
  }

  private sendInput(player: number): void {
    const link = this.links[player]
    const ring = this.rings[player]
    const { head, writer } = this
    const bytes = this.views[INPUT_BYTES]
    if (link === undefined || ring === undefined || bytes === undefined || link.ackTick < 0) return
    const tick = ring.newestTick >= 0 ? ring.newestTick + 1 : link.ackTick + LEAD_TICKS
    // What was not sent at once (at the start) is not made up for.
    if (tick > link.ackTick + LEAD_TICKS + 2 * STRETCH_TICKS) return
    const slot = ring.slotFor(tick)
    if (slot < 0) return
    const row = ring.rowOffset(slot)
    const beat = Math.floor((tick + player * 13) / 20)
    ring.rows[row] = ((beat % 3) - 1) * 127
    ring.rows[row + 1] = (((beat * 7) % 3) - 1) * 127
    ring.rows[row + 2] = ((tick * 3 + player * 50) & 1023) - 512
    ring.rows[row + 3] = beat & 1
    ring.rows[row + 4] = Math.floor((tick + player) / 200)
    this.stamp(ring, slot, tick)
    head.newestTick = tick
    head.ackTick = link.ackTick
    head.ackHoldMs = 1
    writer.start(bytes).u8(INPUT)
    this.codec.encode(writer, ring, head)
    const view = this.views[writer.position]
    if (view !== undefined) link.receiver?.onMessage('reliable', view)
  }

  /** What is on the player's screen at that tick: between two snapshots that it has. */
  private stamp(ring: InputRing, slot: number, tick: number): void {
    const { ticksPerSnapshot } = this.game
    const view = tick - VIEW_TICKS
    const older = view - (view % ticksPerSnapshot)
    if (older > 0)
      ring.setStamp(slot, 0, older, older + ticksPerSnapshot, Math.floor(((view - older) * 256) / ticksPerSnapshot))
  }

  /** Stamps that were not believed. Those of a well-timed player are. */
  get clampedStamps(): number {
    let clamped = 0
    for (const room of this.host.rooms.values())
      for (const player of room.players.values()) clamped += player.stats.clampedStamps
    return clamped
  }

  get framesSent(): number {
    return this.links.reduce((sum, { frames }) => sum + frames, 0)
  }
}
