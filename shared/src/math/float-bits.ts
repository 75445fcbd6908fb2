/**
 * The exponent and significand of a double, read and written as bits. Called by `log`, `exp` and `pow`.
 * Pure as seen from outside: the scratch below is written and read within one call and carries nothing to the next.
 */

const scratch = new Float64Array(1)
const words = new Int32Array(scratch.buffer)
/** Which of the two words holds sign and exponent: 1 on little-endian machines, 0 on big-endian ones. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0

/** `e` with 2^e <= x < 2^(e+1). Only for normal, positive, finite `x`. */
export function exponentOf(x: number): number {
  scratch[0] = x
  return ((words[HIGH] ?? 0) >> 20) - 1023
}

/** x / 2^exponentOf(x), in [1, 2). Only for normal, positive, finite `x`. */
export function significandOf(x: number): number {
  scratch[0] = x
  words[HIGH] = ((words[HIGH] ?? 0) & 0x000fffff) | 0x3ff00000
  return scratch[0] ?? 0
}

/** x * 2^exponent, rounded once. Only for `x` in [0.5, 2] and `exponent` in -1080..1024. */
export function scaleByPowerOfTwo(x: number, exponent: number): number {
  const half = exponent >> 1
  return x * powerOfTwo(half) * powerOfTwo(exponent - half)
}

function powerOfTwo(exponent: number): number {
  scratch[0] = 1
  words[HIGH] = (exponent + 1023) << 20
  return scratch[0] ?? 0
}
