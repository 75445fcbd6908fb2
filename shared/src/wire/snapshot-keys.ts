/**
 * Ids of entities that come into view, and keys of events: small counted numbers, or keys made of who made it, by which press or in which tick
 * (world/spawn-key.ts). Encoder and decoder side by side.
 */
import { KEY_ORDINALS } from '../world/spawn-key.ts'
import { FIRST_KEYED_ID } from '../world/world.ts'
import type { BitSink, ModelTable } from './bit-model.ts'
import type { RangeDecoder } from './range-coder.ts'
import { decodeResidual, decodeSymbol, encodeResidual, encodeSymbol } from './residual-coder.ts'
import type { KeyPlan } from './snapshot-layout.ts'

const STAMP_BITS = 14
const STAMP_MASK = 2 ** STAMP_BITS - 1
const KEY_BITS = 30
const ORDINAL_BITS = 4
/** No key that a game makes has this bit. */
const SPARE_BIT = 2 ** 29

/** What ids are coded against. */
export interface KeyScope {
  readonly plan: KeyPlan
  readonly maxPlayers: number
  readonly seatBits: number
}

/** Codes `key` (1 to 2^31 - 1). `before` is the last counted one, or 0; `tick` is near the moment it was made. */
export function encodeKey(
  sink: BitSink,
  models: ModelTable,
  scope: KeyScope,
  key: number,
  before: number,
  tick: number,
): void {
  const { plan } = scope
  if (key < FIRST_KEYED_ID) {
    sink.encodeBit(models, plan.keyed, 0)
    encodeResidual(sink, models, plan.gap, key - before - 1)
    return
  }
  sink.encodeBit(models, plan.keyed, 1)
  const seat = (key >> 19) & 1023
  const foreign = seat > scope.maxPlayers || key >= FIRST_KEYED_ID + SPARE_BIT ? 1 : 0
  sink.encodeBit(models, plan.foreign, foreign)
  if (foreign === 1) {
    sink.encodeDirect(key, KEY_BITS)
    return
  }
  sink.encodeDirect(seat, scope.seatBits)
  const byPress = (key >> 18) & 1
  const stamp = (key >> 4) & STAMP_MASK
  sink.encodeBit(models, plan.byPress, byPress)
  if (byPress === 1) sink.encodeDirect(stamp, STAMP_BITS)
  else encodeResidual(sink, models, plan.age, (tick - stamp) & STAMP_MASK)
  encodeSymbol(sink, models, plan.ordinal, ORDINAL_BITS, key & (KEY_ORDINALS - 1))
}

/** The mirror of `encodeKey`, or 0 for what is none. */
export function decodeKey(
  decoder: RangeDecoder,
  models: ModelTable,
  scope: KeyScope,
  before: number,
  tick: number,
): number {
  const { plan } = scope
  if (decoder.decodeBit(models, plan.keyed) === 0) {
    const key = before + 1 + decodeResidual(decoder, models, plan.gap)
    return key > 0 && key < FIRST_KEYED_ID ? key : 0
  }
  if (decoder.decodeBit(models, plan.foreign) === 1) return FIRST_KEYED_ID + decoder.decodeDirect(KEY_BITS)
  const seat = decoder.decodeDirect(scope.seatBits)
  const byPress = decoder.decodeBit(models, plan.byPress)
  const stamp =
    byPress === 1 ? decoder.decodeDirect(STAMP_BITS) : (tick - decodeResidual(decoder, models, plan.age)) & STAMP_MASK
  const ordinal = decodeSymbol(decoder, models, plan.ordinal, ORDINAL_BITS)
  return seat > scope.maxPlayers
    ? 0
    : FIRST_KEYED_ID + seat * 2 ** 19 + byPress * 2 ** 18 + stamp * KEY_ORDINALS + ordinal
}
