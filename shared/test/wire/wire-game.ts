/** Games whose inputs and messages the wire tests code: an arena's, and one with all kinds of levels. */
import type { CompiledGame } from '../../src/game/compiled.ts'
import { defineGame } from '../../src/game/define-game.ts'
import { angle, bool, entityRef, enumeration, fixed, flags, float32, int } from '../../src/game/field.ts'
import { axis2, button, press, privateInput } from '../../src/game/input.ts'
import { text } from '../../src/game/message.ts'
import type { InputRing } from '../../src/wire/input-ring.ts'

export const arenaGame: CompiledGame = defineGame({
  id: 'wire-arena',
  tickRate: 60,
  snapshotRate: 20,
  input: { move: axis2(), aim: angle(12), fire: press() },
  entities: { player: { fields: { x: int(0, 100) } } },
})

export const richGame: CompiledGame = defineGame({
  id: 'wire-rich',
  tickRate: 60,
  snapshotRate: 15,
  input: {
    move: axis2(),
    jump: press(),
    wide: int(-2147483647, 2147483647),
    crouch: button(),
    weapon: privateInput(enumeration('knife', 'bow', 'staff')),
    fire: press(),
    zoom: fixed(1, 4, 1 / 8),
    look: angle(24),
    use: press(),
  },
  entities: Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`type${index}`, { fields: { x: int(0, 9) } }]),
  ),
})

export const messageGame: CompiledGame = defineGame({
  id: 'wire-messages',
  tickRate: 60,
  snapshotRate: 20,
  input: {},
  entities: { player: { fields: { x: int(0, 100) } } },
  messages: {
    toServer: {
      empty: {},
      all: {
        count: int(-5, 1000),
        place: fixed(-64, 64, 1 / 32),
        heading: angle(10),
        ready: bool(),
        state: flags('shield', 'stunned', 'hidden'),
        team: enumeration('red', 'blue'),
        target: entityRef(),
        ratio: float32(),
        words: text(20),
      },
    },
  },
})

/** Puts tick after tick into a ring as a client would; `unit` draws from [0, 1). */
export function fillTick(
  game: CompiledGame,
  ring: InputRing,
  tick: number,
  counters: Int32Array,
  unit: () => number,
): void {
  const slot = ring.slotFor(tick)
  const before = ring.find(tick - 1)
  const row = ring.rowOffset(slot)
  for (const { field, index } of game.levels) {
    const keep = unit() < 0.6
    const last = before < 0 ? field.initial : (ring.rows[ring.rowOffset(before) + index] ?? 0)
    ring.rows[row + index] = keep ? last : field.rawMin + Math.floor(unit() * (field.rawMax - field.rawMin + 1))
  }
  setStamp(game, ring, slot, 0, tick, unit)
  for (let i = 0; i < game.presses.length; i++) {
    const growth = unit() < 0.85 ? 0 : unit() < 0.9 ? 1 : Math.floor(unit() * 11)
    counters[i] = (counters[i] ?? 0) + growth
    ring.rows[row + ring.levels + i] = counters[i] ?? 0
    if (growth > 0) setStamp(game, ring, slot, 1 + i, tick, unit)
  }
}

function setStamp(
  game: CompiledGame,
  ring: InputRing,
  slot: number,
  which: number,
  tick: number,
  unit: () => number,
): void {
  const interval = game.ticksPerSnapshot
  const newer = tick - 1 - Math.floor(unit() * (unit() < 0.1 ? 300 : 12))
  if (newer < 70 || unit() < 0.05) return
  const kind = unit()
  const span = kind < 0.2 ? 0 : kind < 0.9 ? interval : 1 + Math.floor(unit() * 64)
  ring.setStamp(slot, which, newer - span, newer, Math.floor(unit() * 256))
}
