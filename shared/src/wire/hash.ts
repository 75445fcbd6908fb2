/**
 * 32-bit hashes: the check of a frame, folded over integers as they are coded, and the hash of a schema's text.
 * Pure; called by frame codecs on both sides (hot) and once by each definition. MurmurHash3 x86_32 (Austin Appleby, public domain), word by word:
 * over the little-endian bytes of the integers it gives the published values. It guards against accidents, not against forgery.
 */

/** Folds one int32 into the hash. Start from any seed; end with `hashFinish`. */
export function hashStep(hash: number, int: number): number {
  let k = Math.imul(int, 0xcc9e_2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b87_3593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe654_6b64) | 0
}

/** Mixes the last bits. `byteLength` is 4 times the number of steps. Returns an unsigned 32-bit number. */
export function hashFinish(hash: number, byteLength: number): number {
  let h = hash ^ byteLength
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The hash of `ints[start]` to `ints[end - 1]`. */
export function hashInts(ints: Int32Array, start: number, end: number, seed: number): number {
  let hash = seed | 0
  for (let i = start; i < end; i++) hash = hashStep(hash, ints[i] ?? 0)
  return hashFinish(hash, (end - start) * 4)
}

/** The hash of a text, by its UTF-16 code units (one step each). */
export function hashText(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i))
  return hashFinish(hash, text.length * 4)
}
