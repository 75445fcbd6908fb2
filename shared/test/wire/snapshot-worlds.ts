/**
 * Random worlds for the tests of the snapshot codec: a baseline, what happened in the ticks after it, and what came of it. Memories are made from raw
 * integers, without the simulation, so that they hold all that a memory may hold.
 */
import {
  type CompiledEntity,
  type CompiledGame,
  FLAG_ASLEEP,
  HEADER_COUNTS,
  HEADER_SEED,
  HEADER_TICK,
  SEAT_LEVELS,
} from '../../src/game/compiled.ts'
import type { AnyField } from '../../src/game/field.ts'
import type { SeededRandom } from '../../src/math/random.ts'
import type { BodyInput } from '../../src/wire/body-input.ts'
import type { EventSource } from '../../src/wire/snapshot-events.ts'
import { EVENT_FIELDS, EventLog } from '../../src/world/event-log.ts'
import { makeKey } from '../../src/world/spawn-key.ts'
import { World } from '../../src/world/world.ts'

const bits = new DataView(new ArrayBuffer(4))

function randomRaw(random: SeededRandom, field: AnyField): number {
  if (field.kind === 'float32') {
    bits.setFloat32(0, (random.next() - 0.5) * 10 ** random.int(-5, 9))
    return bits.getInt32(0)
  }
  const edge = random.int(0, 9)
  if (edge === 0) return field.rawMin
  if (edge === 1) return field.rawMax
  return random.int(field.rawMin, field.rawMax)
}

function randomId(random: SeededRandom, game: CompiledGame, tick: number): number {
  const kind = random.int(0, 9)
  if (kind < 6) return random.int(1, 60)
  if (kind === 6) return random.int(1, 2 ** 30 - 1)
  if (kind === 7) return random.int(2 ** 30, 2 ** 31 - 1)
  return makeKey(random.int(0, game.maxPlayers), kind === 8, kind === 8 ? random.int(0, 99) : tick, random.int(0, 15))
}

function randomRow(
  random: SeededRandom,
  game: CompiledGame,
  type: CompiledEntity,
  memory: Int32Array,
  row: number,
): void {
  memory[type.base + type.rows + row] = random.int(0, 3) === 0 ? 0 : random.int(0, game.maxPlayers)
  memory[type.base + 2 * type.rows + row] = (random.int(0, 5) === 0 ? FLAG_ASLEEP : 0) | (random.int(0, 3) << 2)
  for (const { field, offset } of type.fields) {
    memory[offset + row] = random.int(0, 3) === 0 ? field.initial : randomRaw(random, field)
  }
}

/** Puts rows of new entities among those of a table, and drops some of them. */
function changeRows(
  random: SeededRandom,
  game: CompiledGame,
  type: CompiledEntity,
  memory: Int32Array,
  tick: number,
): void {
  const count = memory[HEADER_COUNTS + type.index] ?? 0
  const drop = random.int(0, 2) === 0 ? 0.3 : 0
  const rows: number[][] = []
  for (let row = 0; row < count; row++) {
    if (random.next() < drop) continue
    rows.push(Array.from({ length: type.columns }, (_, column) => memory[type.base + column * type.rows + row] ?? 0))
  }
  const spare = new Int32Array(memory.length)
  for (
    let n = random.int(0, 3) === 0 ? random.int(0, type.max) : random.int(0, 1);
    n > 0 && rows.length < type.max;
    n--
  ) {
    const id = randomId(random, game, tick)
    if (rows.some((values) => values[0] === id)) continue
    randomRow(random, game, type, spare, 0)
    rows.push(
      Array.from({ length: type.columns }, (_, column) =>
        column === 0 ? id : (spare[type.base + column * type.rows] ?? 0),
      ),
    )
  }
  rows.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
  memory.fill(0, type.base, type.base + type.columns * type.rows)
  rows.forEach((values, row) => {
    values.forEach((value, column) => {
      memory[type.base + column * type.rows + row] = value
    })
  })
  memory[HEADER_COUNTS + type.index] = rows.length
}

function changeSeats(random: SeededRandom, game: CompiledGame, memory: Int32Array, often: number): void {
  for (let seat = 1; seat <= game.maxPlayers; seat++) {
    if (random.next() < often * 0.1) memory[game.seatBase + seat] = random.int(0, 1)
    if (random.next() > often) continue
    for (const { index, field } of game.levels) {
      if (random.int(0, 1) === 0)
        memory[game.seatBase + (SEAT_LEVELS + index) * game.seatRows + seat] = randomRaw(random, field)
    }
    for (const { index } of game.presses) {
      const at = game.seatBase + (SEAT_LEVELS + game.levels.length + index) * game.seatRows + seat
      memory[at] = (memory[at] ?? 0) + random.int(0, 2)
    }
  }
}

function changeFields(random: SeededRandom, game: CompiledGame, memory: Int32Array): void {
  for (const type of game.entities) {
    const count = memory[HEADER_COUNTS + type.index] ?? 0
    for (let row = 0; row < count; row++) {
      for (const { field, offset } of type.fields) {
        if (random.int(0, 5) > 0) continue
        if (random.int(0, 2) === 0 || field.kind === 'float32') memory[offset + row] = randomRaw(random, field)
        else
          memory[offset + row] = Math.min(
            field.rawMax,
            Math.max(field.rawMin, (memory[offset + row] ?? 0) + random.int(-3, 3)),
          )
      }
      if (random.int(0, 9) === 0) randomRow(random, game, type, memory, row)
    }
  }
}

/** Only the rows that a view of the world has: each entity by a coin that stays the same for it. */
function projected(game: CompiledGame, memory: Int32Array, salt: number): Int32Array {
  const view = memory.slice()
  for (const type of game.entities) {
    const count = memory[HEADER_COUNTS + type.index] ?? 0
    let to = 0
    for (let row = 0; row < count; row++) {
      if (Math.imul((memory[type.base + row] ?? 0) + salt, 0x9e37_79b1) >>> 30 === 0) continue
      for (let column = 0; column < type.columns; column++) {
        const at = type.base + column * type.rows
        view[at + to] = memory[at + row] ?? 0
      }
      to++
    }
    for (let column = 0; column < type.columns; column++)
      view.fill(0, type.base + column * type.rows + to, type.base + column * type.rows + count)
    view[HEADER_COUNTS + type.index] = to
  }
  return view
}

function randomEvents(random: SeededRandom, game: CompiledGame, log: EventLog, tick: number): void {
  log.begin(tick)
  if (game.events.length === 0) return
  for (let n = random.int(0, 3) === 0 ? random.int(1, 4) : 0; n > 0; n--) {
    const index = random.int(0, game.events.length - 1)
    const key = random.int(0, 1) === 0 ? 0 : makeKey(random.int(0, game.maxPlayers), random.int(0, 1) === 0, tick, n)
    const at = log.add(tick, index, key)
    game.events[index]?.fields.forEach(({ field }, place) => {
      log.ints[at + EVENT_FIELDS + place] = randomRaw(random, field)
    })
  }
}

/** A stretch of play and one body of it. `ticks` 1 to 64. Half of the worlds move by their motions, so that expectations come true. */
export function randomBody(
  random: SeededRandom,
  game: CompiledGame,
  ticks: number,
): BodyInput & { readonly baseline: Int32Array } {
  const world = new World(game)
  const start = random.int(200, 2 ** 24)
  const { ints } = world
  ints[HEADER_SEED] = random.int(-(2 ** 31), 2 ** 31 - 1)
  for (const type of game.entities) for (let n = 0; n < 4; n++) changeRows(random, game, type, ints, start)
  for (const level of game.levels)
    ints.fill(
      level.field.initial,
      game.seatBase + (SEAT_LEVELS + level.index) * game.seatRows,
      game.seatBase + (SEAT_LEVELS + level.index + 1) * game.seatRows,
    )
  for (let seat = 1; seat <= game.maxPlayers; seat++) ints[game.seatBase + seat] = random.int(0, 3) === 0 ? 0 : 1
  changeSeats(random, game, ints, 1)
  const span = random.int(1, 12)
  ints[HEADER_TICK] = start - span
  const earlier = ints.slice()
  changeFields(random, game, ints)
  ints[HEADER_TICK] = start
  const baseline = ints.slice()
  const events = new EventLog(game, 80)
  const held = new Map<number, Int32Array>()
  const quiet = random.int(0, 1)
  world.adopt()
  for (let tick = start + 1; tick <= start + ticks; tick++) {
    ints[HEADER_TICK] = tick
    if (quiet === 0 || random.int(0, 3) === 0) changeSeats(random, game, ints, 0.2)
    for (const table of world.tables) {
      const { motion } = table.type
      if (motion === undefined) continue
      for (let row = 0; row < table.count; row++) {
        const flags = ints[table.type.base + 2 * table.type.rows + row] ?? 0
        const owner = ints[table.type.base + table.type.rows + row] ?? 0
        if ((flags & FLAG_ASLEEP) === 0) motion(table.viewAt(row), world.heldView(owner), 1 / game.tickRate)
      }
    }
    randomEvents(random, game, events, tick)
    if (random.int(0, 4) > 0) held.set(tick, ints.slice())
  }
  if (quiet === 0) {
    for (const type of game.entities) changeRows(random, game, type, ints, start + ticks)
    changeFields(random, game, ints)
  }
  const salt = random.int(0, 3)
  const view = (memory: Int32Array) => (salt === 0 ? memory : projected(game, memory, salt))
  return {
    baseline: view(baseline),
    earlier: random.int(0, 2) === 0 ? undefined : view(earlier),
    baselineTick: start,
    current: view(ints.slice()),
    tick: start + ticks,
    heldAt: (tick) => held.get(tick),
    events,
    plainTypes: Uint8Array.from(game.entities, () => (random.int(0, 4) === 0 ? 1 : 0)),
  }
}

/** Names the first public integer in which two memories differ; '' if there is none. Knows nothing of the codec. */
export function publicDifference(game: CompiledGame, truth: Int32Array, decoded: Int32Array): string {
  if (truth[HEADER_SEED] !== decoded[HEADER_SEED]) return 'seed'
  for (let seat = 1; seat <= game.maxPlayers; seat++) {
    if (truth[game.seatBase + seat] !== decoded[game.seatBase + seat]) return `presence of ${seat}`
    if (truth[game.seatBase + seat] === 0) continue
    for (const { shared, index, name } of game.levels) {
      const at = game.seatBase + (SEAT_LEVELS + index) * game.seatRows + seat
      if (shared && truth[at] !== decoded[at]) return `${name} of ${seat}`
    }
  }
  for (const type of game.entities) {
    const count = truth[HEADER_COUNTS + type.index] ?? 0
    if (decoded[HEADER_COUNTS + type.index] !== count) return `count of ${type.name}`
    const names = [
      'id',
      'owner',
      'flags',
      ...type.fields.map(({ name, field }) => (field.visibility === 'public' ? name : '')),
    ]
    for (let column = 0; column < type.columns; column++) {
      if (names[column] === '') continue
      const from = type.base + column * type.rows
      for (let row = 0; row < count; row++)
        if (truth[from + row] !== decoded[from + row]) return `${type.name} ${row} ${names[column]}`
    }
  }
  return ''
}

/** As `publicDifference`, for what only the owner of `seat` may know. */
export function ownDifference(game: CompiledGame, seat: number, truth: Int32Array, decoded: Int32Array): string {
  for (const { index, name } of game.presses) {
    const at = game.seatBase + (SEAT_LEVELS + game.levels.length + index) * game.seatRows + seat
    if (truth[at] !== decoded[at]) return `presses of ${name}`
  }
  for (const type of game.entities) {
    const count = truth[HEADER_COUNTS + type.index] ?? 0
    for (const { name, field, offset } of type.fields) {
      if (field.visibility === 'public') continue
      for (let row = 0; row < count; row++) {
        const known = field.visibility === 'owner' && truth[type.base + type.rows + row] === seat
        if (decoded[offset + row] !== (known ? truth[offset + row] : field.initial))
          return `${type.name} ${row} ${name}`
      }
    }
  }
  return ''
}

/** All events of a range of ticks, as plain lists. */
export function listEvents(game: CompiledGame, log: EventSource, from: number, to: number): number[][] {
  const list: number[][] = []
  for (let tick = from + 1; tick <= to; tick++) {
    for (let n = 0; n < log.count(tick); n++) {
      const at = log.at(tick, n)
      const fields = game.events[log.ints[at] ?? 0]?.fields.length ?? 0
      list.push([tick, ...log.ints.slice(at, at + EVENT_FIELDS + fields)])
    }
  }
  return list
}
