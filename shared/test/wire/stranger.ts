/**
 * A client's wire, written from PROTOCOL.md alone: nothing of the project is imported. It is slow and plain, and throws where the text says "malformed".
 * Used by stranger.test.ts and protocol-vectors.test.ts, which hold it against the real codecs; so it proves the text, and the text it. Section numbers are PROTOCOL.md's.
 */
import { entropyStart, finish, hashOfText, Stream, step } from './stranger-entropy.ts'

/** Section 6: what a client must know of a game. */
export interface Field {
  readonly kind: string
  readonly visibility: string
  readonly rawMin: number
  readonly rawMax: number
  readonly step: number
  readonly initial: number
  readonly smooth: boolean
  readonly names: readonly string[]
}
interface Named {
  readonly name: string
  readonly field: Field
}
export interface EntityType {
  readonly name: string
  readonly max: number
  readonly fields: readonly Named[]
  readonly motion: ((entity: object, held: object, dt: number) => void) | undefined
  readonly linear: readonly { readonly position: number; readonly velocity: number }[]
}
interface Level extends Named {
  readonly part: string
  readonly shared: boolean
  readonly private: boolean
}
interface RecordType {
  readonly name: string
  readonly fields: readonly {
    readonly name: string
    readonly field: Field | { readonly kind: 'text'; readonly maxLength: number }
  }[]
}
export interface GameText {
  readonly id: string
  readonly tickRate: number
  readonly snapshotRate: number
  readonly maxPlayers: number
  readonly prior: string
  readonly levels: readonly Level[]
  readonly presses: readonly { readonly name: string }[]
  readonly entities: readonly EntityType[]
  readonly events: readonly { readonly name: string; readonly fields: readonly Named[] }[]
  readonly commands: readonly RecordType[]
  readonly toServer: readonly RecordType[]
  readonly toClient: readonly RecordType[]
}

export interface Row {
  readonly id: number
  owner: number
  asleep: number
  teleport: number
  /** Raw values of all fields, as declared. */
  readonly values: number[]
}
export interface Happening {
  readonly tick: number
  readonly index: number
  readonly key: number
  readonly values: readonly number[]
}
export interface Snapshot {
  readonly tick: number
  /** B, or -1. */
  readonly baselineTick: number
  seed: number
  /** By seat; 0 is nobody. */
  readonly present: number[]
  /** Shared levels by seat. */
  readonly levels: number[][]
  readonly tables: Row[][]
  readonly events: Happening[]
  /** The player's own press counters. */
  presses: number[]
}

export class Malformed extends Error {}
export class CheckFailed extends Error {
  readonly suspects: readonly number[]
  constructor(suspects: readonly number[]) {
    super('the check failed')
    this.suspects = suspects
  }
}

/** `list[i]`, which must be there. */
export function at<T>(list: readonly T[] | { readonly length: number; readonly [i: number]: T }, i: number): T {
  const value = list[i]
  if (value === undefined) throw new Malformed(`there is no place ${i}`)
  return value
}

function need(good: boolean, what: string): void {
  if (!good) throw new Malformed(what)
}

/** Section 6, schema hash. */
export function schemaText(game: GameText): string {
  const fieldOf = (field: RecordType['fields'][number]['field']) =>
    'maxLength' in field
      ? ['text', field.maxLength]
      : [field.kind, field.visibility, field.rawMin, field.rawMax, field.step, field.initial, field.smooth, ...field.names]
  const fields = (list: RecordType['fields']) => list.map(({ name, field }) => [name, fieldOf(field)])
  const records = (list: readonly RecordType[]) => list.map((record) => [record.name, fields(record.fields)])
  return JSON.stringify([
    game.id,
    game.tickRate,
    game.snapshotRate,
    game.maxPlayers,
    game.prior,
    game.levels.map((level) => [level.name, level.part, level.shared, level.private, fieldOf(level.field)]),
    game.presses.map(({ name }) => name),
    game.entities.map((type) => [
      type.name,
      type.max,
      type.motion !== undefined,
      type.linear.map(({ position, velocity }) => [position, velocity]),
      fields(type.fields),
    ]),
    records(game.events),
    records(game.commands),
    records(game.toServer),
    records(game.toClient),
  ])
}

export function schemaHash(game: GameText): number {
  return hashOfText(schemaText(game))
}

/** Section 6, raw values. */
export function toRaw(field: Field, value: number): number {
  const quotient = value / field.step
  const low = Math.floor(quotient)
  const rest = quotient - low
  const rounded = rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low
  return field.kind === 'angle' ? wrapped(field, rounded) : Math.min(field.rawMax, Math.max(field.rawMin, rounded)) + 0
}

function wrapped(field: Field, raw: number): number {
  const span = field.rawMax - field.rawMin + 1
  return raw - Math.floor((raw - field.rawMin) / span) * span
}

function inRange(field: Field, raw: number): boolean {
  if (field.kind === 'float32') return ((raw >>> 23) & 255) !== 255
  return raw >= field.rawMin && raw <= field.rawMax
}

export function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1)
}

// Section 10. A model is an index into the whole table; those of section "age" are relative to the age's start.

interface KeyModels {
  readonly keyed: number
  readonly gap: number
  readonly foreign: number
  readonly press: number
  readonly age: number
  readonly ordinal: number
}
interface FieldModels {
  readonly place: number
  readonly field: Field
  readonly fresh: number
  readonly moved: number
  readonly zero: number
  readonly mode: number
  /** Place of the steady velocity among the declared fields, or -1. */
  readonly steady: number
}
interface TypeModels {
  readonly fields: readonly FieldModels[]
  readonly own: readonly FieldModels[]
  readonly key: KeyModels
  readonly plain: number
  readonly unowned: number
  readonly owner: number
  readonly flags: number
  readonly anyRemoved: number
  readonly removed: number
  readonly entered: number
  readonly differs: number
  readonly meta: number
  readonly ownerChanged: number
  readonly ownerMoved: number
  readonly flagsMoved: number
}

class Section {
  readonly chances: number[] = []
  flags(count: number, chance: number): number {
    const first = this.chances.length
    for (let n = 0; n < count; n++) this.chances.push(Math.min(0.99, chance))
    return first
  }
  residual(chance: number): number {
    const first = this.flags(1, chance)
    this.flags(75, 0.5)
    return first
  }
  symbol(bits: number): number {
    return this.flags(2 ** bits - 1, 0.5)
  }
  key(): KeyModels {
    return {
      keyed: this.flags(1, 0.3),
      gap: this.residual(0.5),
      foreign: this.flags(1, 0.01),
      press: this.flags(1, 0.5),
      age: this.residual(0.7),
      ordinal: this.symbol(4),
    }
  }
}

function codingOrder(type: EntityType): number[] {
  const order: number[] = []
  const place = (index: number): void => {
    if (order.includes(index)) return
    const pair = type.linear.find(({ position }) => position === index)
    if (pair !== undefined) place(pair.velocity)
    if (!order.includes(index)) order.push(index)
  }
  for (let index = 0; index < type.fields.length; index++) place(index)
  return order.filter((index) => at(type.fields, index).field.visibility === 'public')
}

function steadyVelocity(type: EntityType, index: number): number {
  const pairs = type.linear.filter(({ position }) => position === index)
  const velocity = pairs.length === 1 ? at(pairs, 0).velocity : -1
  return type.linear.some(({ position }) => position === velocity) ? -1 : velocity
}

function typeModels(type: EntityType, shared: Section, tail: Section, age: Section): TypeModels {
  const fields = codingOrder(type).map((place): FieldModels => {
    const { field } = at(type.fields, place)
    const fresh = shared.residual(0.5)
    const moved = age.residual(0.2)
    const mode = field.smooth && ['int', 'fixed', 'angle'].includes(field.kind) ? age.symbol(2) : -1
    return { place, field, fresh, moved, mode, zero: age.flags(4, 0.2), steady: steadyVelocity(type, place) }
  })
  const own = type.fields.flatMap(({ field }, place): FieldModels[] => {
    if (field.visibility !== 'owner') return []
    const fresh = tail.residual(0.5)
    return [{ place, field, fresh, moved: tail.residual(0.1), mode: -1, zero: 0, steady: -1 }]
  })
  return {
    fields,
    own,
    key: shared.key(),
    plain: shared.flags(1, 0.01),
    unowned: shared.flags(1, 0.5),
    owner: shared.residual(0.3),
    flags: shared.symbol(3),
    anyRemoved: age.flags(1, 0.05),
    removed: age.flags(2, 0.1),
    entered: age.residual(0.05),
    differs: age.flags(4, 0.5),
    meta: age.flags(1, 0.01),
    ownerChanged: age.flags(1, 0.3),
    ownerMoved: age.residual(1),
    flagsMoved: age.symbol(3),
  }
}

function dealModels(game: GameText) {
  const shared = new Section()
  const tail = new Section()
  const age = new Section()
  const types = game.entities.map((type) => typeModels(type, shared, tail, age))
  const levels = game.levels
    .map((level, index) => ({ ...level, index }))
    .filter((level) => level.shared)
    .map((level) => ({
      field: level.field,
      index: level.index,
      toNeutral: shared.flags(2, 0.5),
      side: shared.flags(3, 0.5),
      inner: shared.flags(3, 0.3),
      moved: shared.residual(1),
      changed: age.flags(4, 0.5),
    }))
  const events = game.events.map((event) => event.fields.map(() => shared.residual(0.7)))
  const rest = {
    seed: shared.residual(0.05),
    anyPresence: shared.flags(1, 0.05),
    presence: shared.flags(2, 0.3),
    eventIndex: shared.symbol(bitsFor(game.events.length)),
    eventTick: shared.residual(0.3),
    unkeyed: shared.flags(1, 0.3),
    eventKey: shared.key(),
    any: tail.flags(1, 0.3),
    presses: game.presses.map(() => tail.residual(0.2)),
    seatChanged: age.flags(1, 0.1),
    moreChanges: age.flags(1, 0.1),
    changeTick: [1, 2, 3, 4, 5, 6].map((bits) => age.symbol(bits)),
    moreEvents: age.flags(2, 0.2),
    trends: age.flags(1, 0.5),
  }
  const chances = [...shared.chances, ...tail.chances, ...age.chances, ...age.chances, ...age.chances]
  const sizes = { shared: shared.chances.length, tail: tail.chances.length, age: age.chances.length }
  return { types, levels, events, ...rest, sizes, start: entropyStart(game.prior, chances) }
}

type Held = readonly (readonly number[])[]

/** Sections 11 and 12, and motions. One per game. */
export class Stranger {
  readonly game: GameText
  readonly models: ReturnType<typeof dealModels>
  /** What was decoded, bit group by bit group; for the worked example. */
  trace: ((line: string) => void) | undefined
  private stream = new Stream(new Uint8Array(0), new Uint32Array(0))
  private age = 0

  constructor(game: GameText) {
    this.game = game
    this.models = dealModels(game)
  }

  /** A body, as section 11 has it. */
  body(bytes: Uint8Array, tick: number, baseline: Snapshot | undefined, earlier: Snapshot | undefined): Snapshot {
    const { models, game } = this
    const from = baseline?.tick ?? tick
    const ticks = tick - from
    need(ticks >= (baseline === undefined ? 0 : 1) && ticks <= 64, 'the window')
    const stream = new Stream(bytes, models.start.slice())
    this.stream = stream
    const perSnapshot = game.tickRate / game.snapshotRate
    const ageClass = ticks <= perSnapshot ? 0 : ticks <= 4 * perSnapshot ? 1 : 2
    this.age = models.sizes.shared + models.sizes.tail + ageClass * models.sizes.age
    const seed = ((baseline?.seed ?? 0) + this.tell('seed', stream.residual(models.seed))) | 0
    const trends = baseline !== undefined && this.tell('trends', stream.bit(this.age + models.trends)) === 1
    const span = earlier === undefined ? 0 : from - earlier.tick
    if (trends && !(span >= 1 && span <= 64)) throw new CheckFailed([])
    const present = this.readPresence(baseline)
    const steps = baseline === undefined ? 1 : ticks
    const { held, stirred } = this.readLevels(baseline, present, steps)
    const events = this.readEvents(from, tick)
    const levels = at(held, steps - 1).map((list) => [...list])
    const out: Snapshot = { tick, baselineTick: baseline?.tick ?? -1, seed, present, levels, tables: [], events, presses: [] }
    const byMotion = game.entities.map(
      (type, index) =>
        type.motion !== undefined &&
        baseline !== undefined &&
        this.tell(`${type.name} plain`, stream.bit(at(models.types, index).plain)) === 0,
    )
    let outOfRange = false
    game.entities.forEach((_, index) => {
      const scene = { index, tick, baseline, steps, held, stirred, byMotion: at(byMotion, index), earlier: trends ? earlier : undefined }
      const { rows, strayed } = this.readTable(scene)
      out.tables.push(rows)
      outOfRange ||= strayed
    })
    const check = this.tell('check', stream.direct(32))
    need(stream.exact, 'the length of the body')
    const suspects = byMotion.flatMap((moves, index) => (moves ? [index] : []))
    if (outOfRange || check !== this.checkOf(out)) throw new CheckFailed(suspects)
    return out
  }

  private tell<T>(what: string, value: T): T {
    this.trace?.(`${what} ${value}`)
    return value
  }

  private readPresence(baseline: Snapshot | undefined): number[] {
    const { stream, models } = this
    const any = this.tell('any presence', stream.bit(models.anyPresence))
    const present = [0]
    for (let seat = 1; seat <= this.game.maxPlayers; seat++) {
      const before = baseline?.present[seat] ?? 0
      present.push(any === 0 ? before : this.tell(`presence of seat ${seat}`, stream.bit(models.presence + before)))
    }
    return present
  }

  /** What every seat holds in each step, and who changed something. */
  private readLevels(baseline: Snapshot | undefined, present: readonly number[], steps: number) {
    const { levels, seatChanged, moreChanges, changeTick } = this.models
    const { stream, age } = this
    const neutral = levels.map(({ field }) => field.initial)
    const held: number[][][] = Array.from({ length: steps }, () => [])
    const stirred: number[] = []
    for (let seat = 0; seat <= this.game.maxPlayers; seat++) {
      const here = at(present, seat) === 1
      let values = here && baseline?.present[seat] === 1 ? [...at(baseline.levels, seat)] : [...neutral]
      let first = 0
      let more = here && levels.length > 0 ? this.tell(`seat ${seat} changed`, stream.bit(age + seatChanged)) : 0
      stirred.push(more)
      while (more === 1) {
        const bits = bitsFor(steps - first)
        const stepOf = first + (bits > 0 ? stream.symbol(bits, age + at(changeTick, bits - 1)) : 0)
        need(stepOf < steps, 'the step of a change')
        for (; first < stepOf; first++) at(held, first)[seat] = values
        values = this.readChange(values)
        at(held, first++)[seat] = values
        more = first < steps ? stream.bit(age + moreChanges) : 0
      }
      for (; first < steps; first++) at(held, first)[seat] = values
    }
    return { held: held as Held[], stirred }
  }

  private readChange(before: readonly number[]): number[] {
    const { levels } = this.models
    const { stream, age } = this
    let earlier = 0
    return levels.map((level, index) => {
      const old = at(before, index)
      const context = age + level.changed + 2 * earlier + (old === level.field.initial ? 0 : 1)
      const changes = earlier === 0 && index === levels.length - 1 ? 1 : stream.bit(context)
      if (changes === 0) return old
      earlier = 1
      const now = this.readLevel(level, old)
      need(inRange(level.field, now), 'the value of a level')
      return now
    })
  }

  private readLevel(level: (typeof this.models.levels)[number], old: number): number {
    const { stream } = this
    const { field } = level
    const { rawMin, rawMax, initial, kind } = field
    if (['int', 'fixed', 'enumeration'].includes(kind) && initial !== rawMin && initial !== rawMax) {
      const side = old === initial ? 0 : old > initial ? 1 : 2
      if (side > 0 && stream.bit(level.toNeutral + side - 1) === 1) return initial
      const end = stream.bit(level.side + side) === 0 ? rawMax : rawMin
      if (old !== end && stream.bit(level.inner + side) === 0) return end
    }
    return this.difference(field, level.moved, old)
  }

  /** A value that is not as expected. */
  private difference(field: Field, models: number, expected: number): number {
    if (field.kind === 'bool') return 1 - expected
    const residual = this.stream.nonzero(models)
    if (field.kind === 'angle') return wrapped(field, expected + residual)
    return field.kind === 'flags' ? expected ^ residual : (expected + residual) | 0
  }

  private value(field: Field, models: number, expected: number): number {
    return this.stream.bit(models) === 0 ? expected : this.difference(field, models, expected)
  }

  private readEvents(from: number, tick: number): Happening[] {
    const { models, stream, game, age } = this
    const events: Happening[] = []
    if (game.events.length === 0 || tick === from) return events
    let when = from + 1
    let sameTick = 0
    while (this.tell('another event', stream.bit(age + models.moreEvents + (events.length > 0 ? 1 : 0))) === 1) {
      const gap = this.tell('event tick', stream.residual(models.eventTick))
      when += gap
      sameTick = gap === 0 ? sameTick + 1 : 1
      need(gap >= 0 && when <= tick && sameTick <= 1024, 'the tick of an event')
      const index = stream.symbol(bitsFor(game.events.length), models.eventIndex)
      const { fields } = at(game.events, index)
      const key = this.tell('unkeyed', stream.bit(models.unkeyed)) === 1 ? 0 : this.readKey(models.eventKey, 0, when)
      const values = fields.map(({ name, field }, n) => {
        const raw = this.value(field, at(at(models.events, index), n), field.initial)
        need(inRange(field, raw), 'the value of an event')
        return this.tell(name, raw)
      })
      events.push({ tick: when, index, key, values })
    }
    return events
  }

  private readKey(models: KeyModels, before: number, tick: number): number {
    const { stream } = this
    if (this.tell('keyed', stream.bit(models.keyed)) === 0) {
      const id = before + 1 + this.tell('gap', stream.residual(models.gap))
      need(id >= 1 && id < 2 ** 30, 'an id')
      return id
    }
    if (this.tell('foreign', stream.bit(models.foreign)) === 1) return 2 ** 30 + stream.direct(30)
    const seat = this.tell('seat', stream.direct(bitsFor(this.game.maxPlayers + 1)))
    need(seat <= this.game.maxPlayers, 'the seat of a key')
    const press = this.tell('press', stream.bit(models.press))
    const stamp = press === 1 ? stream.direct(14) : (tick - stream.residual(models.age)) & (2 ** 14 - 1)
    this.tell('stamp', stamp)
    return 2 ** 30 + seat * 2 ** 19 + press * 2 ** 18 + stamp * 2 ** 4 + this.tell('ordinal', stream.symbol(4, models.ordinal))
  }

  private readTable(scene: Scene): { rows: Row[]; strayed: boolean } {
    const { index, tick, baseline, byMotion, earlier } = scene
    const { stream, age, game } = this
    const type = at(game.entities, index)
    const models = at(this.models.types, index)
    const old = baseline === undefined ? [] : at(baseline.tables, index)
    let removed = 0
    const any = old.length > 0 ? this.tell('any removed', stream.bit(age + models.anyRemoved)) : 0
    const kept = old.filter(() => {
      if (any === 1) removed = stream.bit(age + models.removed + removed)
      return removed === 0
    })
    const entered = this.tell('entered', stream.residual(age + models.entered))
    need(entered >= 0 && kept.length + entered <= type.max, 'the rows of a table')
    const ids: number[] = []
    let before = 0
    for (let n = 0; n < entered; n++) {
      const id = this.readKey(models.key, before, tick)
      need(id > (ids.at(-1) ?? 0) && !kept.some((row) => row.id === id), 'the order of ids')
      if (id < 2 ** 30) before = id
      ids.push(id)
    }
    const modes = models.fields.map(({ mode, steady }) => {
      if (earlier === undefined || mode < 0 || (byMotion && steady >= 0)) return 0
      const halves = stream.symbol(2, age + mode)
      need(halves <= 2, 'a mode')
      return halves
    })
    const order = [...kept.map((row) => ({ id: row.id, row })), ...ids.map((id) => ({ id, row: undefined }))]
    order.sort((a, b) => a.id - b.id)
    const state = { differed: 0, owner: 0, strayed: false }
    const rows = order.map(({ id, row }) =>
      row === undefined ? this.readEntered(type, models, id, state) : this.readStaying(type, models, row, modes, scene, state),
    )
    return { rows, strayed: state.strayed }
  }

  private readEntered(type: EntityType, models: TypeModels, id: number, state: { owner: number }): Row {
    const { stream } = this
    let owner = 0
    if (this.tell('unowned', stream.bit(models.unowned)) === 0) {
      const seat = id >= 2 ** 30 ? (id >> 19) & 1023 : 0
      owner = (seat > 0 ? seat : state.owner + 1) + this.tell('owner', stream.residual(models.owner))
      need(owner >= 1 && owner <= this.game.maxPlayers, 'an owner')
    }
    state.owner = owner
    const flags = this.tell('flags', stream.symbol(3, models.flags))
    const values = type.fields.map(({ field }) => field.initial)
    for (const { field, place, fresh } of models.fields) {
      const raw = this.tell(at(type.fields, place).name, this.value(field, fresh, field.initial))
      need(inRange(field, raw), 'a value')
      values[place] = raw
    }
    return { id, owner, asleep: flags & 1, teleport: flags >> 1, values }
  }

  private readStaying(
    type: EntityType,
    models: TypeModels,
    old: Row,
    modes: readonly number[],
    scene: Scene,
    state: { differed: number; strayed: boolean },
  ): Row {
    const { stream, age } = this
    const s = 2 * at(scene.stirred, old.owner)
    const moved = scene.byMotion ? this.move(type, old, scene.held) : old.values
    const row: Row = { ...old, values: type.fields.map(({ field }) => field.initial) }
    state.differed = this.tell('differs', stream.bit(age + models.differs + s + state.differed))
    const differs = state.differed === 1
    if (differs && this.tell('meta', stream.bit(age + models.meta)) === 1) {
      if (stream.bit(age + models.ownerChanged) === 1) row.owner += stream.nonzero(age + models.ownerMoved)
      need(row.owner >= 0 && row.owner <= this.game.maxPlayers, 'an owner')
      const change = stream.symbol(3, age + models.flagsMoved)
      row.asleep ^= change & 1
      row.teleport ^= change >> 1
    }
    let previous = 0
    models.fields.forEach((plan, n) => {
      const { place, field } = plan
      const { name } = at(type.fields, place)
      const expected = this.expected(type, plan, old, row, at(moved, place), at(modes, n), scene)
      if (differs) previous = this.tell(`${name} is expected ${expected}, differs`, stream.bit(age + plan.zero + s + previous))
      let raw = expected
      if (previous === 1) raw = this.tell(name, this.difference(field, age + plan.moved, expected))
      if (!inRange(field, raw)) {
        need(scene.byMotion, 'a value')
        state.strayed = true
        raw = field.initial
      }
      row.values[place] = raw
    })
    return row
  }

  /** Section 11, "What is expected of a row that stays". */
  private expected(type: EntityType, plan: FieldModels, old: Row, row: Row, moved: number, mode: number, scene: Scene): number {
    const { place, field, steady } = plan
    if (scene.byMotion && steady >= 0) {
      const [v, w] = [at(old.values, steady), at(row.values, steady)]
      if (v === w) return moved
      let raw = at(old.values, place)
      for (let i = 1; i <= scene.steps; i++) {
        raw = this.linear(field, at(type.fields, steady).field, raw, v + ((w - v) * i) / scene.steps)
      }
      return raw
    }
    const { baseline, earlier } = scene
    const then = earlier?.tables[scene.index]?.find(({ id }) => id === old.id)
    if (mode === 0 || baseline === undefined || earlier === undefined || then === undefined || then.teleport !== old.teleport) return moved
    const change = at(old.values, place) - at(then.values, place)
    const d = field.kind === 'angle' ? wrapped(field, change) : change | 0
    const sum = moved + Math.floor((d * scene.steps * mode) / ((baseline.tick - earlier.tick) * 2) + 0.5)
    return field.kind === 'angle' ? wrapped(field, sum) : Math.min(field.rawMax, Math.max(field.rawMin, sum))
  }

  private linear(position: Field, velocity: Field, from: number, speed: number): number {
    const dt = 1 / this.game.tickRate
    return toRaw(position, from * position.step + speed * velocity.step * dt)
  }

  private move(type: EntityType, old: Row, held: readonly Held[]): readonly number[] {
    if (old.asleep === 1) return old.values
    const values = [...old.values]
    const view = type.linear.length > 0 ? {} : viewOf(type.fields, values)
    for (const seats of held) {
      for (const { position, velocity } of type.linear) {
        const [moving, by] = [at(type.fields, position).field, at(type.fields, velocity).field]
        values[position] = this.linear(moving, by, at(values, position), at(values, velocity))
      }
      if (type.linear.length > 0) continue
      try {
        type.motion?.(view, this.heldView(at(seats, old.owner)), 1 / this.game.tickRate)
      } catch {
        // The row stays as far as it came.
      }
    }
    return values.map((raw, place) => (at(type.fields, place).field.kind === 'float32' ? at(old.values, place) : raw))
  }

  private heldView(raws: readonly number[]): object {
    const view: Record<string, unknown> = {}
    this.models.levels.forEach(({ index, field }, n) => {
      const { name, part } = at(this.game.levels, index)
      const value = valueOf(field, at(raws, n))
      view[name] = part === '' ? value : { ...(view[name] as object | undefined), [part]: value }
    })
    return view
  }

  private checkOf({ tick, seed, present, levels, tables, events }: Snapshot): number {
    let h = 0
    for (const event of events) for (const int of [event.tick, event.index, event.key, ...event.values]) h = step(h, int)
    h = step(h, tick)
    const ints = [seed]
    for (let seat = 1; seat <= this.game.maxPlayers; seat++) if (at(present, seat) === 1) ints.push(seat, ...at(levels, seat))
    tables.forEach((rows, index) => {
      ints.push(rows.length, ...rows.map(({ id }) => id), ...rows.map(({ owner }) => owner))
      ints.push(...rows.map(({ asleep, teleport }) => asleep + 4 * teleport))
      for (const { place } of at(this.models.types, index).fields) ints.push(...rows.map(({ values }) => at(values, place)))
    })
    for (const int of ints) h = step(h, int)
    return finish(h, 4 * ints.length)
  }

  /** Section 12: fills in what `seat` may know. */
  tail(bytes: Uint8Array, seat: number, baseline: Snapshot | undefined, out: Snapshot): void {
    const { models, game } = this
    const stream = new Stream(bytes, models.start.slice())
    this.stream = stream
    const base = models.sizes.shared
    const any = this.tell('any', stream.bit(base + models.any)) === 1
    let h = seat
    out.presses = game.presses.map(({ name }, n) => {
      const change = any ? this.tell(`presses of ${name}`, stream.residual(base + at(models.presses, n))) : 0
      const raw = ((baseline?.presses[n] ?? 0) + change) | 0
      h = step(h, raw)
      return raw
    })
    game.entities.forEach((type, index) => {
      for (const row of at(out.tables, index)) {
        if (row.owner !== seat) continue
        const old = baseline?.tables[index]?.find(({ id, owner }) => id === row.id && owner === seat)
        for (const { place, field, fresh, moved } of at(models.types, index).own) {
          const expected = old === undefined ? field.initial : at(old.values, place)
          const raw = any ? this.value(field, base + (old === undefined ? fresh : moved), expected) : expected
          need(inRange(field, raw), 'a value of the owner')
          if (any) this.tell(at(type.fields, place).name, raw)
          row.values[place] = raw
          h = step(h, raw)
        }
      }
    })
    const wrong = any && this.tell('check', stream.direct(16)) !== (finish(h, 0) & 0xffff)
    need(stream.exact, 'the length of the tail')
    if (wrong) throw new CheckFailed([])
  }
}

interface Scene {
  readonly index: number
  readonly tick: number
  readonly baseline: Snapshot | undefined
  /** Undefined if trends are not used. */
  readonly earlier: Snapshot | undefined
  readonly steps: number
  readonly held: readonly Held[]
  readonly stirred: readonly number[]
  readonly byMotion: boolean
}

const floatOf = new DataView(new ArrayBuffer(4))

/** What game code sees for a raw value. */
function valueOf(field: Field, raw: number): unknown {
  if (field.kind === 'bool') return raw === 1
  if (field.kind === 'enumeration') return field.names[raw]
  if (field.kind === 'flags') return Object.fromEntries(field.names.map((name, bit) => [name, ((raw >> bit) & 1) === 1]))
  floatOf.setInt32(0, raw)
  return field.kind === 'float32' ? floatOf.getFloat32(0) : raw * field.step
}

function rawOf(field: Field, value: unknown): number | undefined {
  if (field.kind === 'bool') return value === true ? 1 : 0
  if (field.kind === 'enumeration') return field.names.includes(String(value)) ? field.names.indexOf(String(value)) : undefined
  const number = Number(value)
  if (Number.isNaN(number) || (field.kind === 'angle' && !Number.isFinite(number))) return undefined
  if (field.kind !== 'float32') return toRaw(field, number)
  floatOf.setFloat32(0, number)
  return Number.isFinite(floatOf.getFloat32(0)) ? floatOf.getInt32(0) : undefined
}

/** An entity as a motion sees it: every write is made raw at once. */
function viewOf(fields: readonly Named[], values: number[]): object {
  const view = {}
  fields.forEach(({ name, field }, place) => {
    Object.defineProperty(view, name, {
      get: () => valueOf(field, at(values, place)),
      set: (value: unknown) => {
        values[place] = rawOf(field, value) ?? at(values, place)
      },
    })
  })
  return view
}

/** Section 13: a field's raw value `f`/256 of the way from A to C. */
function mixed(field: Field, a: number, c: number, f: number): number {
  if (a === c) return a
  if (field.kind === 'float32') {
    const [from, to] = [Number(valueOf(field, a)), Number(valueOf(field, c))]
    floatOf.setFloat32(0, from + ((to - from) * f) / 256)
    return floatOf.getInt32(0)
  }
  if (field.kind !== 'angle') return a + Math.floor(((c - a) * f) / 256 + 0.5)
  return wrapped(field, a + Math.floor((wrapped(field, c - a) * f) / 256 + 0.5))
}

/** Section 13: the tables of a world between two snapshots. */
export function tablesBetween(game: GameText, a: Snapshot, b: Snapshot, f: number): Row[][] {
  return game.entities.map((type, index) => {
    const [before, after] = [at(a.tables, index), at(b.tables, index)]
    const rows = before.map((row) => {
      const then = after.find(({ id }) => id === row.id)
      if (then === undefined || then.teleport !== row.teleport) return row
      const values = row.values.map((raw, place) => {
        const { field } = at(type.fields, place)
        return field.smooth ? mixed(field, raw, at(then.values, place), f) : raw
      })
      return { ...row, values }
    })
    const came = after.filter(({ id }) => !before.some((row) => row.id === id))
    return [...rows, ...came].sort((one, other) => one.id - other.id)
  })
}
