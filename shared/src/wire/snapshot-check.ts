/**
 * The check of a body: a hash over all public integers of a memory, which is what a body says. Called by both sides once per body (hot), and by
 * tests to compare a client's world with the server's.
 */
import { HEADER_COUNTS, HEADER_SEED, SEAT_PRESENT } from '../game/compiled.ts'
import { hashFinish, hashStep } from './hash.ts'
import type { SnapshotLayout, TypePlan } from './snapshot-layout.ts'

/** `start` carries what is checked besides: the tick and the events. */
export function publicHash(layout: SnapshotLayout, memory: Int32Array, start: number): number {
  const { levels, types, game } = layout
  let hash = hashStep(start, memory[HEADER_SEED] ?? 0)
  let count = 1
  const present = game.seatBase + SEAT_PRESENT * game.seatRows
  for (let seat = 1; seat < game.seatRows; seat++) {
    if (memory[present + seat] === 0) continue
    hash = hashStep(hash, seat)
    for (let l = 0; l < levels.length; l++) hash = hashStep(hash, memory[(levels[l]?.offset ?? 0) + seat] ?? 0)
    count += 1 + levels.length
  }
  for (let index = 0; index < types.length; index++) {
    const plan = types[index]
    if (plan === undefined) continue
    const rows = memory[HEADER_COUNTS + index] ?? 0
    hash = hashTable(plan, memory, rows, hashStep(hash, rows))
    count += 1 + rows * (3 + plan.fields.length)
  }
  return hashFinish(hash, count * 4)
}

function hashTable(plan: TypePlan, memory: Int32Array, rows: number, start: number): number {
  let hash = start
  for (let row = 0; row < rows; row++) hash = hashStep(hash, memory[plan.ids + row] ?? 0)
  for (let row = 0; row < rows; row++) hash = hashStep(hash, memory[plan.owners + row] ?? 0)
  for (let row = 0; row < rows; row++) hash = hashStep(hash, memory[plan.flags + row] ?? 0)
  for (let i = 0; i < plan.fields.length; i++) {
    const offset = plan.fields[i]?.offset ?? 0
    for (let row = 0; row < rows; row++) hash = hashStep(hash, memory[offset + row] ?? 0)
  }
  return hash
}
