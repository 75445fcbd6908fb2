/**
 * What a step may do besides writing fields: events, commands, spawns, rewinding, randomness.
 * One per simulation, reused for each entity; the simulation says for whom it acts.
 */
import { NetError } from '../error.ts'
import type { CompiledGame, CompiledRecord } from '../game/compiled.ts'
import { fromRaw, toRaw } from '../game/quantize.ts'
import { hashRandom } from '../math/random.ts'
import { moveEntity } from '../world/advance.ts'
import type { View } from '../world/entity-view.ts'
import { EVENT_FIELDS, type EventLog } from '../world/event-log.ts'
import { refuse, UNLOCKED } from '../world/row-view.ts'
import { makeKey } from '../world/spawn-key.ts'
import type { World } from '../world/world.ts'
import { makePastWorld, type SeatViews, SeenWorld, type SnapshotSource, worldAtStamp } from './seen-world.ts'
import { STAMP_WIDTH, type TickInputs } from './tick-inputs.ts'

type Values = Readonly<Record<string, unknown>>
type RecordField = CompiledRecord['fields'][number]

/** A command that waits for the end of the tick. */
export interface QueuedCommand {
  readonly index: number
  readonly values: Values
}

const NO_VALUES: Values = Object.freeze({})

/** Commands of one tick beyond this are dropped and counted. */
const MAX_COMMANDS = 4096

export interface ContextOptions {
  readonly predicting: boolean
  readonly strict: boolean
  readonly secretSeed: number
  readonly snapshots: SnapshotSource
}

export class Context {
  readonly dt: number
  readonly world: Readonly<Record<string, unknown>>
  readonly predicting: boolean
  opaque: unknown
  /** Where clients get only a part of the world: what each had. Undefined: everybody had everything. */
  views: SeatViews | undefined
  tick = 0
  readonly commands: QueuedCommand[] = []
  droppedCommands = 0
  readonly game: CompiledGame
  // How far whoever acts has got in this tick: see journal/go-on.ts.
  seat = 0
  draws = 0
  secretDraws = 0
  readonly spawned: Uint8Array
  readonly emitted: Uint8Array
  private readonly live: World
  private readonly inputs: TickInputs
  private readonly events: EventLog
  private readonly options: ContextOptions
  private readonly past: World
  private readonly seen: SeenWorld
  private pastSeat = -1
  private readonly pastStamp = new Int32Array(STAMP_WIDTH).fill(-1)
  private readonly eventIndex: ReadonlyMap<string, CompiledRecord>
  private readonly commandIndex: ReadonlyMap<string, CompiledRecord>
  private entityId = 0

  constructor(live: World, inputs: TickInputs, events: EventLog, options: ContextOptions) {
    this.game = live.game
    this.live = live
    this.inputs = inputs
    this.events = events
    this.options = options
    this.predicting = options.predicting
    this.dt = 1 / this.game.tickRate
    this.world = live.byName
    this.past = makePastWorld(this.game, options.strict, options.predicting)
    this.seen = new SeenWorld(this.past)
    this.eventIndex = new Map(this.game.events.map((event) => [event.name, event]))
    this.commandIndex = new Map(this.game.commands.map((command) => [command.name, command]))
    this.spawned = new Uint8Array(this.game.seatRows)
    this.emitted = new Uint8Array(this.game.seatRows * this.game.events.length)
    this.opaque = this.game.opaque?.create()
  }

  /** Starts a tick. */
  begin(tick: number): void {
    this.tick = tick
    this.commands.length = 0
    this.spawned.fill(0)
    this.emitted.fill(0)
    this.pastStamp[0] = -1
    this.actFor(0, 0)
  }

  /** Whose step runs next. Seat and id are 0 for the world's step and for rules. */
  actFor(seat: number, entityId: number): void {
    this.seat = seat
    this.entityId = entityId
    this.draws = 0
    this.secretDraws = 0
  }

  move(entity: View): void {
    const table = this.live.byName[entity.type]
    if (table === undefined) return
    if (entity.locked !== UNLOCKED) refuse(entity, `${entity.type} was moved`)
    else moveEntity(this.live, table.type, entity, this.dt)
  }

  inputOf(seat: number): object {
    return this.live.inputView(seat)
  }

  /** `kind` counts for itself: one effect more or less does not rename those of another kind. */
  private nextKey(ordinals: Uint8Array, kind: number): number {
    const { seat, inputs } = this
    const at = kind * this.game.seatRows + seat
    const ordinal = ordinals[at] ?? 0
    if (ordinal < 255) ordinals[at] = ordinal + 1
    const byPress = inputs.hasPress(seat)
    return makeKey(seat, byPress, byPress ? (inputs.pressTotals[seat] ?? 0) : this.tick, ordinal)
  }

  emit(name: string, values: Values): void {
    const event = this.eventIndex.get(name)
    if (event === undefined) throw unknown('event', name, this.eventIndex)
    const at = this.events.add(this.tick, event.index, this.nextKey(this.emitted, event.index))
    if (at < 0) return
    for (let i = 0; i < event.fields.length; i++) {
      const declared = event.fields[i]
      if (declared !== undefined) this.events.ints[at + EVENT_FIELDS + i] = this.rawOf(declared, values)
    }
  }

  private rawOf({ name, field, place }: RecordField, values: Values): number {
    const value = values[name]
    return value === undefined ? field.initial : toRaw(field, value, this.options.strict, place)
  }

  command(name: string, values: Values): void {
    const command = this.commandIndex.get(name)
    if (command === undefined) throw unknown('command', name, this.commandIndex)
    if (this.predicting) return
    if (this.commands.length >= MAX_COMMANDS) {
      this.droppedCommands++
      return
    }
    const rounded: Record<string, unknown> = {}
    for (const declared of command.fields) {
      rounded[declared.name] = fromRaw(declared.field, this.rawOf(declared, values))
    }
    this.commands.push({ index: command.index, values: rounded })
  }

  spawn(name: string, fields: Values & { readonly owner?: unknown } = NO_VALUES): View {
    const table = this.live.byName[name]
    if (table === undefined) throw unknown('entity type', name, new Map(Object.entries(this.live.byName)))
    const key = this.nextKey(this.spawned, 0)
    const id = key !== 0 && !this.live.has(key) ? key : this.live.takeId()
    const owner = typeof fields.owner === 'number' ? fields.owner : this.seat
    const view = this.live.spawn(table.type.index, id, owner)
    this.live.assign(view, fields)
    return view
  }

  despawn(entity: View): void {
    if (entity.locked !== UNLOCKED) refuse(entity, `${entity.type} was despawned`)
    else this.live.despawn(entity)
  }

  seenBy(entity: View): SeenWorld {
    const at = entity.owner * STAMP_WIDTH
    const { stamps } = this.inputs
    const older = stamps[at] ?? -1
    const newer = stamps[at + 1] ?? -1
    const fraction = stamps[at + 2] ?? 0
    const { pastStamp, views } = this
    const seat = views === undefined ? 0 : entity.owner
    const isIt = pastStamp[0] === older && pastStamp[1] === newer && pastStamp[2] === fraction
    if (older >= 0 && isIt && this.pastSeat === seat) return this.shown(this.past)
    const source = views?.of(seat) ?? this.options.snapshots
    if (older < 0 || !worldAtStamp(source, older, newer, fraction, this.past)) return this.shown(this.live)
    this.pastSeat = seat
    pastStamp[0] = older
    pastStamp[1] = newer
    pastStamp[2] = fraction
    return this.shown(this.past)
  }

  private shown(world: World): SeenWorld {
    this.seen.show(world)
    return this.seen
  }

  random(): number {
    return hashRandom(this.live.seed, this.tick, this.entityId, this.draws++)
  }

  secretRandom(): number {
    if (this.predicting)
      throw new NetError(
        'SERVER_ONLY',
        'ctx.secretRandom() was called in code that is being predicted.',
        'Use it in a command, or guard the code with ctx.predicting.',
      )
    return hashRandom(this.options.secretSeed, this.tick, this.entityId, this.secretDraws++)
  }
}

function unknown(what: string, name: string, known: ReadonlyMap<string, unknown>): NetError {
  return new NetError(
    'BAD_ARGUMENT',
    `there is no ${what} "${name}".`,
    `Declared are: ${[...known.keys()].join(', ')}.`,
  )
}
