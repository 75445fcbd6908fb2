/**
 * exp and log with equal bits in every JavaScript engine: only + - * / and the bits of a double.
 * Called by games inside `step` and `motion` (drag, easing). Never allocates, never throws.
 *
 * Source: fdlibm e_exp.c and e_log.c.
 * Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
 */
import { exponentOf, scaleByPowerOfTwo, significandOf } from './float-bits.ts'

/** Above it e^x is infinite. */
const OVERFLOW = 709.782712893384
/** Below it e^x is zero. */
const UNDERFLOW = -745.1332191019411
/** ln 2 = LN2_HIGH + LN2_LOW; the high part has 32 bits, so its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const ONE_OVER_LN2 = Math.LOG2E

const P1 = 0.16666666666666602
const P2 = -0.0027777777777015593
const P3 = 0.00006613756321437934
const P4 = -0.0000016533902205465252
const P5 = 4.1381367970572385e-8

const L1 = 0.6666666666666735
const L2 = 0.3999999999940942
const L3 = 0.2857142874366239
const L4 = 0.22222198432149784
const L5 = 0.1818357216161805
const L6 = 0.15313837699209373
const L7 = 0.14798198605116586

const SMALLEST_NORMAL = 2.2250738585072014e-308
const TWO_54 = 18014398509481984

/** e^x, within 1 ulp (within the last subnormal digit below 1e-307). exp(Infinity) is Infinity, exp(-Infinity) is 0, NaN gives NaN. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x > OVERFLOW) return Number.POSITIVE_INFINITY
  if (x < UNDERFLOW) return 0
  const k = Math.floor(x * ONE_OVER_LN2 + 0.5)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  const t = r * r
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))))
  return scaleByPowerOfTwo(1 - (low - (r * c) / (2 - c) - high), k)
}

/** Natural logarithm, within 1 ulp. log(0) and log(-0) are -Infinity, log(Infinity) is Infinity, log of a negative number and of NaN is NaN. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  const subnormal = x < SMALLEST_NORMAL
  const normal = subnormal ? x * TWO_54 : x
  let k = exponentOf(normal)
  let m = significandOf(normal)
  if (m > Math.SQRT2) {
    m /= 2
    k += 1
  }
  if (subnormal) k -= 54
  const f = m - 1
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const r = w * (L2 + w * (L4 + w * L6)) + z * (L1 + w * (L3 + w * (L5 + w * L7)))
  const half = 0.5 * f * f
  return k * LN2_HIGH - (half - (s * (half + r) + k * LN2_LOW) - f)
}
