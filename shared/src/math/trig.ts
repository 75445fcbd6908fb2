/**
 * Sine, cosine and tangent with equal bits in every JavaScript engine: only + - * / and floor, which IEEE 754 and ECMAScript fix to the bit.
 * Called by games inside `step` and `motion`, and by the ray tests. Never allocates, never throws.
 *
 * Source: fdlibm k_sin.c, k_cos.c and the medium case of e_rem_pio2.c (Cody and Waite's reduction, pi/2 in three parts).
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
 */

/** Up to here n = round(x * 2/pi) has 20 bits, so n times a 33-bit part of pi/2 is exact. */
const REDUCTION_LIMIT = 1_600_000
const TWO_PI = 2 * Math.PI

const TWO_OVER_PI = 0.6366197723675814
/** pi/2 = PIO2_1 + PIO2_2 + PIO2_3; the first two have 33 bits each. */
const PIO2_1 = 1.5707963267341256
const PIO2_2 = 6.077100506303966e-11
const PIO2_3 = 2.0222662487959506e-21

const S1 = -0.16666666666666632
const S2 = 0.00833333333332249
const S3 = -0.0001984126982985795
const S4 = 0.0000027557313707070068
const S5 = -2.5050760253406863e-8
const S6 = 1.58969099521155e-10

const C1 = 0.0416666666666666
const C2 = -0.001388888888887411
const C3 = 0.00002480158728947673
const C4 = -2.7557314351390663e-7
const C5 = 2.087572321298175e-9
const C6 = -1.1359647557788195e-11

/**
 * Sine of `x` radians. Within 1 ulp for |x| <= 1.6e6 (next to a multiple of pi the error is below 1e-28 absolute).
 * Beyond that `x` is first folded by the double nearest to 2 pi: still the same bits everywhere and in [-1, 1], but the phase is off by
 * |x| * 4e-17. NaN and infinities give NaN; sin(-0) is -0.
 */
export function sin(x: number): number {
  return sineOfQuarter(x, 0)
}

/** Cosine of `x` radians. Accuracy and range as for `sin`. NaN and infinities give NaN. */
export function cos(x: number): number {
  return sineOfQuarter(x, 1)
}

/** Tangent of `x` radians, as sin / cos: within 3 ulp for |x| <= 1.6e6; beyond that as for `sin`. NaN and infinities give NaN; tan(-0) is -0. */
export function tan(x: number): number {
  return sineOfQuarter(x, 0) / sineOfQuarter(x, 1)
}

/** sin(x + quarter * pi/2). */
function sineOfQuarter(x: number, quarter: number): number {
  let angle = x
  if (!(Math.abs(x) <= REDUCTION_LIMIT)) {
    if (!Number.isFinite(x)) return Number.NaN
    angle = foldHugeAngle(x)
  }
  const n = Math.floor(angle * TWO_OVER_PI + 0.5)
  const first = angle - n * PIO2_1
  const part = n * PIO2_2
  const second = first - part
  const rest = n * PIO2_3 - (first - second - part)
  const head = second - rest
  const tail = second - head - rest
  switch ((n + quarter) & 3) {
    case 0:
      return kernelSin(head, tail)
    case 1:
      return kernelCos(head, tail)
    case 2:
      return -kernelSin(head, tail)
    default:
      return -kernelCos(head, tail)
  }
}

/** sin(x + tail) for |x| <= pi/4 and a tail below an ulp of x. */
function kernelSin(x: number, tail: number): number {
  const z = x * x
  const v = z * x
  const r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)))
  return x - (z * (0.5 * tail - v * r) - tail - v * S1)
}

/** cos(x + tail) for |x| <= pi/4 and a tail below an ulp of x. */
function kernelCos(x: number, tail: number): number {
  const z = x * x
  const w = z * z
  const r = z * (C1 + z * (C2 + z * C3)) + w * w * (C4 + z * (C5 + z * C6))
  const half = 0.5 * z
  const near = 1 - half
  return near + (1 - near - half + (z * r - x * tail))
}

/**
 * Remainder of `x` by the double nearest to 2 pi, with the sign of `x`, exactly (long division in binary: each subtraction is exact).
 * For finite `x`; at most about 2,050 steps, at 1e308. Cold.
 */
export function foldHugeAngle(x: number): number {
  let rest = Math.abs(x)
  let step = TWO_PI
  while (step <= rest / 2) step *= 2
  while (step >= TWO_PI) {
    if (rest >= step) rest -= step
    step /= 2
  }
  return x < 0 ? -rest : rest
}
