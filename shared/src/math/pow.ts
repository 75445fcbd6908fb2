/**
 * Powers with equal bits in every JavaScript engine: only + - * / and the bits of a double.
 * Called by games inside `step` and `motion`. Never allocates, never throws.
 *
 * Source: fdlibm e_pow.c, with Dekker's splitting of a double in the place of clearing its low word.
 * Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
 */
import { exponentOf, scaleByPowerOfTwo, significandOf } from './float-bits.ts'

/** log2(1.5), as a high part of 22 bits and the rest. */
const LOG2_OF_1_5_HIGH = 0.5849624872207642
const LOG2_OF_1_5_LOW = 1.350039202129749e-8
/** 2 / (3 ln 2), whole, as a high part of 24 bits, and the rest. */
const CP = 0.9617966939259756
const CP_HIGH = 0.9617967009544373
const CP_LOW = -7.028461650952758e-9
/** ln 2, whole, as a high part of 24 bits, and the rest. */
const LN2 = Math.LN2
const LN2_HIGH = 0.6931471824645996
const LN2_LOW = -1.904654299957768e-9
/** -(1024 - log2(largest double + half an ulp)) */
const OVERFLOW_ROOM = 8.008566259537294e-17

const L1 = 0.5999999999999946
const L2 = 0.4285714285785502
const L3 = 0.33333332981837743
const L4 = 0.272728123808534
const L5 = 0.23066074577556175
const L6 = 0.20697501780033842

const P1 = 0.16666666666666602
const P2 = -0.0027777777777015593
const P3 = 0.00006613756321437934
const P4 = -0.0000016533902205465252
const P5 = 4.1381367970572385e-8

const SQRT_1_5 = 1.224744871391589
const SQRT_3 = 1.7320508075688772
const SMALLEST_NORMAL = 2.2250738585072014e-308
const TWO_53 = 9007199254740992
/** 2^27 + 1 */
const SPLITTER = 134217729
/** 2^65: with a larger exponent every base but 1 over- or underflows. */
const HUGE_EXPONENT = 36893488147419103000

/**
 * x^y, within 1 ulp (within the last subnormal digit below 1e-307). The special cases are those of `Math.pow`: x^±0 is 1 (for NaN too),
 * (±1)^±Infinity is NaN, a negative base with a fractional exponent is NaN, odd integer exponents keep the sign of the base (of -0 too).
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  const base = Math.abs(x)
  const exponent = Math.abs(y)
  if (exponent === Number.POSITIVE_INFINITY) {
    if (base === 1) return Number.NaN
    return base > 1 === y > 0 ? exponent : 0
  }
  const whole = Math.floor(exponent) === exponent
  const odd = whole && exponent < TWO_53 && Math.floor(exponent / 2) * 2 !== exponent
  if (base === 0 || base === Number.POSITIVE_INFINITY) {
    const magnitude = (base === 0) === y > 0 ? 0 : Number.POSITIVE_INFINITY
    return odd && (x < 0 || 1 / x < 0) ? -magnitude : magnitude
  }
  if (x < 0 && !whole) return Number.NaN
  const magnitude = powOfPositive(base, y)
  return x < 0 && odd ? -magnitude : magnitude
}

/** x^y for positive, finite `x` and finite `y`: y * log2(x) in twice the precision, then 2 to that power. */
function powOfPositive(x: number, y: number): number {
  if (x === 1) return 1
  if (Math.abs(y) > HUGE_EXPONENT) return x > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0
  const subnormal = x < SMALLEST_NORMAL
  const normal = subnormal ? x * TWO_53 : x
  let n = exponentOf(normal)
  let m = significandOf(normal)
  if (subnormal) n -= 53
  const around15 = m > SQRT_1_5 && m < SQRT_3
  if (m >= SQRT_3) {
    m /= 2
    n += 1
  }
  const center = around15 ? 1.5 : 1
  const logCenterHigh = around15 ? LOG2_OF_1_5_HIGH : 0
  const logCenterLow = around15 ? LOG2_OF_1_5_LOW : 0
  // s = (m - center) / (m + center), as sHigh + sLow
  const difference = m - center
  const inverse = 1 / (m + center)
  const s = difference * inverse
  const sHigh = upperHalf(s)
  const sumHigh = upperHalf(m + center)
  const sumLow = m - (sumHigh - center)
  const sLow = inverse * (difference - sHigh * sumHigh - sHigh * sumLow)
  // (3/2) log(m / center) = s * (3 + s^2 + series), as productHigh + productLow
  const s2 = s * s
  const series = s2 * s2 * (L1 + s2 * (L2 + s2 * (L3 + s2 * (L4 + s2 * (L5 + s2 * L6))))) + sLow * (sHigh + s)
  const square = sHigh * sHigh
  const factorHigh = upperHalf(3 + square + series)
  const factorLow = series - (factorHigh - 3 - square)
  const u = sHigh * factorHigh
  const v = sLow * factorHigh + factorLow * s
  const productHigh = upperHalf(u + v)
  const productLow = v - (productHigh - u)
  // log2(x), as logHigh + logLow
  const high = CP_HIGH * productHigh
  const low = CP_LOW * productHigh + productLow * CP + logCenterLow
  const logHigh = upperHalf(high + low + logCenterHigh + n)
  const logLow = low - (logHigh - n - logCenterHigh - high)
  const yHigh = upperHalf(y)
  return twoToThe(yHigh * logHigh, (y - yHigh) * logHigh + y * logLow)
}

/** 2^(high + low) for |low| far below |high|. */
function twoToThe(high: number, low: number): number {
  const z = low + high
  if (z >= 1024 && (z > 1024 || low + OVERFLOW_ROOM > z - high)) return Number.POSITIVE_INFINITY
  if (z <= -1075 && (z < -1075 || low <= z - high)) return 0
  const n = Math.floor(z + 0.5)
  const rest = high - n
  const t = upperHalf(low + rest)
  const u = t * LN2_HIGH
  const v = (low - (t - rest)) * LN2 + t * LN2_LOW
  const w = u + v
  const tail = v - (w - u)
  const w2 = w * w
  const c = w - w2 * (P1 + w2 * (P2 + w2 * (P3 + w2 * (P4 + w2 * P5))))
  const r = (w * c) / (c - 2) - (tail + w * tail)
  return scaleByPowerOfTwo(1 - (r - w), n)
}

/** The upper 26 bits of `x`, so that the product of two such halves is exact (Veltkamp, Dekker 1971). */
function upperHalf(x: number): number {
  const scaled = SPLITTER * x
  return scaled - (scaled - x)
}
