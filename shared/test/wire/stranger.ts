/**
 * A client's wire after PROTOCOL.md: nothing of the project is imported. It is slow and plain, and throws where the text says "malformed".
 * Used by stranger.test.ts and protocol-vectors.test.ts, which hold it against the real codecs; so it proves the text. Section numbers are PROTOCOL.md's.
 */
import { finish, Stream, step } from './stranger-entropy.ts'
import {
  at,
  bitsFor,
  dealModels,
  type EntityType,
  type Field,
  type FieldModels,
  type GameText,
  inRange,
  type KeyModels,
  type Named,
  need,
  type TypeModels,
  toRaw,
  wrapped,
} from './stranger-game.ts'

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

export class CheckFailed extends Error {
  readonly suspects: readonly number[]
  constructor(suspects: readonly number[]) {
    super('the check failed')
    this.suspects = suspects
  }
}

type Held = readonly (readonly number[])[]

/** Sections 11 and 12, and motions. One per game. */
export class Stranger {
  readonly game: GameText
  readonly models: ReturnType<typeof dealModels>
  /** What was decoded, bit group by bit group; for the worked example. */
  trace: ((line: string) => void) | undefined
  /** Every coded bit of it. */
  watch: ((line: string) => void) | undefined
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
    const stream = new Stream(bytes, models.start.slice(), this.watch)
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
    const out: Snapshot = {
      tick,
      baselineTick: baseline?.tick ?? -1,
      seed,
      present,
      levels,
      tables: [],
      events,
      presses: [],
    }
    const byMotion = game.entities.map(
      (type, index) =>
        type.motion !== undefined &&
        baseline !== undefined &&
        this.tell(`${type.name} plain`, stream.bit(at(models.types, index).plain)) === 0,
    )
    let outOfRange = false
    game.entities.forEach((_, index) => {
      const scene = {
        index,
        tick,
        baseline,
        steps,
        held,
        stirred,
        byMotion: at(byMotion, index),
        earlier: trends ? earlier : undefined,
      }
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
    return (
      2 ** 30 +
      seat * 2 ** 19 +
      press * 2 ** 18 +
      stamp * 2 ** 4 +
      this.tell('ordinal', stream.symbol(4, models.ordinal))
    )
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
    const modes = models.fields.map(({ mode, steady, place }) => {
      if (earlier === undefined || mode < 0 || (byMotion && steady >= 0)) return 0
      const halves = this.tell(`mode of ${at(type.fields, place).name}`, stream.symbol(2, age + mode))
      need(halves <= 2, 'a mode')
      return halves
    })
    const order = [...kept.map((row) => ({ id: row.id, row })), ...ids.map((id) => ({ id, row: undefined }))]
    order.sort((a, b) => a.id - b.id)
    const state = { differed: 0, owner: 0, strayed: false }
    const rows = order.map(({ id, row }) =>
      row === undefined
        ? this.readEntered(type, models, id, state)
        : this.readStaying(type, models, row, modes, scene, state),
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
      if (differs)
        previous = this.tell(`${name} is expected ${expected}, differs`, stream.bit(age + plan.zero + s + previous))
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
  private expected(
    type: EntityType,
    plan: FieldModels,
    old: Row,
    row: Row,
    moved: number,
    mode: number,
    scene: Scene,
  ): number {
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
    if (
      mode === 0 ||
      baseline === undefined ||
      earlier === undefined ||
      then === undefined ||
      then.teleport !== old.teleport
    )
      return moved
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
      const value = shownValue(field, at(raws, n))
      view[name] = part === '' ? value : { ...(view[name] as object | undefined), [part]: value }
    })
    return view
  }

  private checkOf({ tick, seed, present, levels, tables, events }: Snapshot): number {
    let h = 0
    for (const event of events)
      for (const int of [event.tick, event.index, event.key, ...event.values]) h = step(h, int)
    h = step(h, tick)
    const ints = [seed]
    for (let seat = 1; seat <= this.game.maxPlayers; seat++)
      if (at(present, seat) === 1) ints.push(seat, ...at(levels, seat))
    tables.forEach((rows, index) => {
      ints.push(rows.length, ...rows.map(({ id }) => id), ...rows.map(({ owner }) => owner))
      ints.push(...rows.map(({ asleep, teleport }) => asleep + 4 * teleport))
      for (const { place } of at(this.models.types, index).fields)
        ints.push(...rows.map(({ values }) => at(values, place)))
    })
    for (const int of ints) h = step(h, int)
    return finish(h, 4 * ints.length)
  }

  /** Section 12: fills in what `seat` may know. */
  tail(bytes: Uint8Array, seat: number, baseline: Snapshot | undefined, out: Snapshot): void {
    const { models, game } = this
    const stream = new Stream(bytes, models.start.slice(), this.watch)
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
function shownValue(field: Field, raw: number): unknown {
  if (field.kind === 'bool') return raw === 1
  if (field.kind === 'enumeration') return field.names[raw]
  if (field.kind === 'flags')
    return Object.fromEntries(field.names.map((name, bit) => [name, ((raw >> bit) & 1) === 1]))
  floatOf.setInt32(0, raw)
  return field.kind === 'float32' ? floatOf.getFloat32(0) : raw * field.step
}

function rawOf(field: Field, value: unknown): number | undefined {
  if (field.kind === 'bool') return value === true ? 1 : 0
  if (field.kind === 'enumeration')
    return field.names.includes(String(value)) ? field.names.indexOf(String(value)) : undefined
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
      get: () => shownValue(field, at(values, place)),
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
    const [from, to] = [Number(shownValue(field, a)), Number(shownValue(field, c))]
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
