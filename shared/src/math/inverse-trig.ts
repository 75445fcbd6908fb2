/**
 * Arc tangent, arc sine and arc cosine with equal bits in every JavaScript engine: only + - * / and sqrt.
 * Called by games inside `step` and `motion`. Never allocates, never throws.
 *
 * Source: fdlibm s_atan.c and e_atan2.c; asin and acos are taken from atan2.
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
 */

const ATAN_HALF_HIGH = 0.4636476090008061
const ATAN_HALF_LOW = 2.2698777452961687e-17
const ATAN_ONE_HIGH = 0.7853981633974483
const ATAN_ONE_LOW = 3.061616997868383e-17
const ATAN_THREE_HALVES_HIGH = 0.982793723247329
const ATAN_THREE_HALVES_LOW = 1.3903311031230998e-17
const HALF_PI_HIGH = 1.5707963267948966
const HALF_PI_LOW = 6.123233995736766e-17
const PI_LOW = 1.2246467991473532e-16

const A0 = 0.3333333333333293
const A1 = -0.19999999999876483
const A2 = 0.14285714272503466
const A3 = -0.11111110405462356
const A4 = 0.09090887133436507
const A5 = -0.0769187620504483
const A6 = 0.06661073137387531
const A7 = -0.058335701337905735
const A8 = 0.049768779946159324
const A9 = -0.036531572744216916
const A10 = 0.016285820115365782

/** 2^-27: below it atan(x) rounds to x. */
const TINY = 7.450580596923828e-9
/** 2^60: above it atan(y / x) rounds to a quarter turn, whatever the sign of x. */
const STEEP = 1152921504606847000

/** Arc tangent in [-pi/2, pi/2], within 1 ulp for every `x`. atan(-0) is -0, atan(±Infinity) is ±pi/2, NaN gives NaN. */
export function atan(x: number): number {
  const magnitude = Math.abs(x)
  if (magnitude < TINY) return x
  const result = atanOfPositive(magnitude)
  return x < 0 ? -result : result
}

/**
 * The angle of the point (x, y), in [-pi, pi]. Note the order: y first, as in `Math.atan2`. Within 2 ulp.
 * Zeros and infinities are treated as by `Math.atan2`: (0, -0) is pi, (-0, -0) is -pi, (-0, 1) is -0. NaN gives NaN.
 */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  const left = x < 0 || (x === 0 && 1 / x < 0)
  if (y === 0) {
    if (!left) return y
    return 1 / y < 0 ? -Math.PI : Math.PI
  }
  const ratio = Math.abs(y) / Math.abs(x)
  if (ratio > STEEP) return y < 0 ? -HALF_PI_HIGH : HALF_PI_HIGH
  // Infinity / Infinity: the diagonal
  const steep = Number.isNaN(ratio) ? ATAN_ONE_HIGH : atanOfPositive(ratio)
  const angle = left ? Math.PI - (steep - PI_LOW) : steep
  return y < 0 ? -angle : angle
}

/** Arc sine in [-pi/2, pi/2], within 3 ulp. NaN outside [-1, 1]; asin(-0) is -0. */
export function asin(x: number): number {
  return atan2(x, Math.sqrt((1 - x) * (1 + x)))
}

/** Arc cosine in [0, pi], within 3 ulp. NaN outside [-1, 1]. */
export function acos(x: number): number {
  return atan2(Math.sqrt((1 - x) * (1 + x)), x)
}

/** atan(x) for x >= 0, infinity included: reduced to |t| < 7/16 around 0, 1/2, 1, 3/2 and infinity. */
function atanOfPositive(x: number): number {
  if (x < 0.4375) return x - x * atanSeries(x)
  if (x < 0.6875) return around((2 * x - 1) / (2 + x), ATAN_HALF_HIGH, ATAN_HALF_LOW)
  if (x < 1.1875) return around((x - 1) / (x + 1), ATAN_ONE_HIGH, ATAN_ONE_LOW)
  if (x < 2.4375) return around((x - 1.5) / (1 + 1.5 * x), ATAN_THREE_HALVES_HIGH, ATAN_THREE_HALVES_LOW)
  return around(-1 / x, HALF_PI_HIGH, HALF_PI_LOW)
}

/** high + low + atan(t). */
function around(t: number, high: number, low: number): number {
  return high - (t * atanSeries(t) - low - t)
}

/** 1 - atan(t) / t for |t| <= 7/16. */
function atanSeries(t: number): number {
  const z = t * t
  const w = z * z
  const even = z * (A0 + w * (A2 + w * (A4 + w * (A6 + w * (A8 + w * A10)))))
  const odd = w * (A1 + w * (A3 + w * (A5 + w * (A7 + w * A9))))
  return even + odd
}
