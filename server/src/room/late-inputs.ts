/**
 * What came to a room that stopped for a planned move, and was not used: inputs for later ticks and presses that waited; and what the room had measured of each link, so
 * that the next tick comes out elsewhere as it would have here. Written by the owner at the boundary, read by the shard that goes on. Pure; cold.
 * The game's messages that waited are not among it: welcomes do not count them, and clients, which keep them, send them again.
 * The reader believes nothing: what cannot be is no `late` at all, and clients send again what it would have held.
 */
import { type CompiledGame, decodeControl, encodeControl, isWhole, SERVER_CONTROL_LIMITS } from '@tickmesh/shared'
import type { InputBuffer, InputStanding } from './input-buffer.ts'
import type { PlayerCore } from './player-core.ts'
import type { StampOrder } from './view-stamp.ts'

export interface LatePlayer {
  readonly seat: number
  /** Ticks of its ring, in order, with a row and stamps for each. */
  readonly ticks: readonly number[]
  readonly rows: Int32Array
  readonly stamps: Int32Array
  readonly standing: InputStanding
  readonly order: StampOrder
  /** Round trip, jitter and delay. */
  readonly timing: readonly [rttMs: number, jitterMs: number, delayMs: number]
  /** Ticks of snapshots that it was sent, in order. */
  readonly sent: readonly number[]
}

/** As much as a move's word takes. */
export const MAX_LATE_BYTES = 2 * 1024 * 1024

const LIMITS = {
  ...SERVER_CONTROL_LIMITS,
  maxBytes: MAX_LATE_BYTES,
  maxElements: 1_048_576,
  maxStringBytes: 1_048_576,
}
const MAX_TICK = 0x7fff_ffff
const MAX_COUNTER = 0x3fff_ffff
const MAX_SENT = 128

/** Never throws: what is too much is left out, and clients send it again. */
export function packLate(players: readonly PlayerCore[]): Uint8Array {
  try {
    return encodeControl(players.filter(({ seated, ended }) => seated && !ended).map(packPlayer), LIMITS)
  } catch {
    return encodeControl([], LIMITS)
  }
}

function packPlayer({ seat, inputs, stamps, timing, sent }: PlayerCore): unknown[] {
  const { ring, standing } = inputs
  const ticks: number[] = []
  for (let tick = Math.max(inputs.oldestOpenTick, ring.newestTick - ring.capacity + 1); tick <= ring.newestTick; tick++)
    if (ring.find(tick) >= 0) ticks.push(tick)
  const rows = new Int32Array(ticks.length * ring.width)
  const stamped = new Int32Array(ticks.length * ring.stampWidth)
  ticks.forEach((tick, n) => {
    const slot = ring.find(tick)
    rows.set(ring.rows.subarray(slot * ring.width, (slot + 1) * ring.width), n * ring.width)
    stamped.set(ring.stamps.subarray(slot * ring.stampWidth, (slot + 1) * ring.stampWidth), n * ring.stampWidth)
  })
  const { heldTick, lateLevelTick, neutral, pressTick, hasLatePresses, samples, usualMarginMs } = standing
  return [
    seat,
    ticks,
    bytesOf(rows),
    bytesOf(stamped),
    [heldTick, lateLevelTick, neutral ? 1 : 0, pressTick, hasLatePresses ? 1 : 0, samples, usualMarginMs],
    [...stamps.order],
    [timing.rttMs, timing.jitterMs, timing.delayMs],
    sentTicks(sent),
  ]
}

function sentTicks(sent: PlayerCore['sent']): number[] {
  const ticks: number[] = []
  for (let tick = sent.newest; tick >= 0 && ticks.length < MAX_SENT; tick = sent.atOrBefore(tick - 1))
    ticks.unshift(tick)
  return ticks
}

/** Undefined: it cannot be of such a room. */
export function unpackLate(bytes: Uint8Array, game: CompiledGame): LatePlayer[] | undefined {
  const decoded = decodeControl(bytes, LIMITS)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length > game.maxPlayers) return undefined
  const players: LatePlayer[] = []
  const seats = new Set<number>()
  for (const packed of decoded.value) {
    const player = unpackPlayer(packed, game)
    if (player === undefined || seats.has(player.seat)) return undefined
    seats.add(player.seat)
    players.push(player)
  }
  return players
}

function unpackPlayer(value: unknown, game: CompiledGame): LatePlayer | undefined {
  if (!Array.isArray(value) || value.length !== 8) return undefined
  const [seat, ticks, rowBytes, stampBytes, held, order, timing, sent]: unknown[] = value
  if (!isWhole(seat, 1, game.maxPlayers) || !areTicks(ticks, 4_096) || !areTicks(sent, MAX_SENT)) return undefined
  const rows = intsOf(rowBytes, ticks.length * game.inputWidth)
  const stamps = intsOf(stampBytes, ticks.length * 3 * (1 + game.presses.length))
  const standing = standingOf(held)
  if (rows === undefined || stamps === undefined || standing === undefined) return undefined
  if (!rowsFit(rows, game) || !areNumbers(order, 3) || !areNumbers(timing, 3)) return undefined
  const [lastView = -1, lastTick = -1, lastPressView = -1] = order
  const [rttMs = 0, jitterMs = 0, delayMs = 0] = timing
  const views = [lastView, lastTick, lastPressView] as const
  return { seat, ticks, rows, stamps, standing, order: views, timing: [rttMs, jitterMs, delayMs], sent }
}

/** Levels in their ranges, counters that never fall. */
function rowsFit(rows: Int32Array, { levels, presses, inputWidth }: CompiledGame): boolean {
  for (let at = 0; at < rows.length; at += inputWidth) {
    for (const { index, field } of levels) {
      const raw = rows[at + index] ?? 0
      if (raw < field.rawMin || raw > field.rawMax) return false
    }
    for (let press = levels.length; press < levels.length + presses.length; press++) {
      const counter = rows[at + press] ?? 0
      if (counter < (at === 0 ? 0 : (rows[at - inputWidth + press] ?? 0)) || counter > MAX_COUNTER) return false
    }
  }
  return true
}

function standingOf(value: unknown): InputStanding | undefined {
  if (!areNumbers(value, 7)) return undefined
  const [heldTick = -1, lateLevelTick = -1, neutral, pressTick = -1, hasLate, samples = 0, usualMarginMs = 0] = value
  for (const tick of [heldTick, lateLevelTick, pressTick]) if (!isWhole(tick, -1, MAX_TICK)) return undefined
  if (!isWhole(samples, 0, MAX_TICK)) return undefined
  const hasLatePresses = hasLate === 1
  return { heldTick, lateLevelTick, neutral: neutral === 1, pressTick, hasLatePresses, samples, usualMarginMs }
}

/** Puts what came before into a player's buffer, which was restored at the boundary. */
export function restoreLate({ inputs, stamps, timing, trip, sent }: PlayerCore, late: LatePlayer): void {
  restoreRing(inputs, late)
  stamps.order = late.order
  const [rttMs, jitterMs, delayMs] = late.timing
  Object.assign(timing, { rttMs, jitterMs, delayMs, marginMs: late.standing.usualMarginMs })
  trip.add(rttMs)
  for (const tick of late.sent) if (tick > sent.newest) sent.push(tick, Number.NaN, -1)
}

function restoreRing(inputs: InputBuffer, { ticks, rows, stamps, standing }: LatePlayer): void {
  const { ring } = inputs
  ring.clear()
  ticks.forEach((tick, n) => {
    const slot = ring.slotFor(tick)
    if (slot < 0) return
    ring.rows.set(rows.subarray(n * ring.width, (n + 1) * ring.width), ring.rowOffset(slot))
    ring.stamps.set(stamps.subarray(n * ring.stampWidth, (n + 1) * ring.stampWidth), ring.stampOffset(slot, 0))
  })
  inputs.standing = standing
}

/** Little-endian, whatever the machine. */
function bytesOf(ints: Int32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(ints.length * 4))
  ints.forEach((int, n) => {
    view.setInt32(n * 4, int, true)
  })
  return new Uint8Array(view.buffer)
}

function intsOf(value: unknown, length: number): Int32Array | undefined {
  if (!(value instanceof Uint8Array) || value.length !== length * 4) return undefined
  const view = new DataView(value.buffer, value.byteOffset, value.length)
  return Int32Array.from({ length }, (_, n) => view.getInt32(n * 4, true))
}

/** In order, none twice. */
function areTicks(value: unknown, most: number): value is number[] {
  if (!Array.isArray(value) || value.length > most) return false
  return value.every((tick, n) => isWhole(tick, 0, MAX_TICK) && (n === 0 || tick > value[n - 1]))
}

function areNumbers(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((one) => Number.isFinite(one))
}
