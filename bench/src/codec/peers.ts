/**
 * The same workload as others would send it: every player as a map by msgpackr, and by hand as Float32 deltas of whole fields.
 */
import { type CompiledGame, SnapshotRing } from '@tickmesh/shared'
import { Packr } from 'msgpackr'
import { PLAYERS, SNAPSHOT_RATE, TICK_RATE } from './arena-game.ts'
import { ArenaRun } from './arena-run.ts'
import { MEASURED_SEED, WARM_UP_TICKS } from './measure.ts'

const TICKS_PER_SNAPSHOT = TICK_RATE / SNAPSHOT_RATE

export interface PeerBytes {
  readonly msgpackrMapsBytesPerSecond: number
  readonly float32BytesPerSecond: number
}

/** A tick number, then per changed player a u16 id, a byte of changed fields, and each changed field as a Float32. */
function float32Bytes(game: CompiledGame, before: Int32Array, now: Int32Array): number {
  const fields = game.entities[0]?.fields ?? []
  let bytes = 4
  for (let row = 0; row < PLAYERS; row++) {
    const changed = fields.filter(({ offset }) => before[offset + row] !== now[offset + row]).length
    if (changed > 0) bytes += 3 + 4 * changed
  }
  return bytes
}

/** Numbers as a game would hold them: grid values, not raw ones. */
function mapsOf(game: CompiledGame, tick: number, now: Int32Array): object {
  const fields = game.entities[0]?.fields ?? []
  const players = Array.from({ length: PLAYERS }, (_, row) => {
    const player: Record<string, number> = { id: row + 1 }
    for (const { name, field, offset } of fields) player[name] = (now[offset + row] ?? 0) * field.step
    return player
  })
  return { tick, players }
}

export function measurePeers(game: CompiledGame, seconds: number): PeerBytes {
  const run = new ArenaRun(game, MEASURED_SEED)
  // Floats of 32 bits where they suffice: kinder to it than its default of 64.
  const packr = new Packr({ useRecords: false, useFloat32: 4 })
  const sent = new SnapshotRing(8, game.worldInts)
  let maps = 0
  let floats = 0
  for (let n = 0; n < WARM_UP_TICKS; n++) run.step()
  sent.put(run.world.tick, run.world.ints)
  for (let n = 0; n < seconds * TICK_RATE; n++) {
    run.step()
    const { tick, ints } = run.world
    if (tick % TICKS_PER_SNAPSHOT !== 0) continue
    const before = sent.find(tick - TICKS_PER_SNAPSHOT)
    if (before !== undefined) floats += float32Bytes(game, before, ints)
    maps += packr.pack(mapsOf(game, tick, ints)).length
    sent.put(tick, ints)
  }
  return {
    msgpackrMapsBytesPerSecond: Math.round(maps / seconds),
    float32BytesPerSecond: Math.round(floats / seconds),
  }
}
