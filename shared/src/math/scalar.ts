/**
 * Small numeric words that games and the world need, with equal bits in every engine. Pure; hot; never allocate, never throw.
 * Called by games, by field rounding (`roundHalfEven`) and by interpolation (`lerp`, `angleDelta`).
 */
import { foldHugeAngle } from './trig.ts'

const TWO_PI = 2 * Math.PI
const TWO_52 = 4503599627370496
/** Beyond it one ulp of an angle times 2 pi is worth exact folding. */
const FOLD_LIMIT = 1_600_000
/** Between these, squares neither overflow nor lose digits to underflow. */
const HYPOT_SMALL = 1e-140
const HYPOT_BIG = 1e150
/** 2^600 and its inverse. */
const HYPOT_UP = 4.149515568880993e180
const HYPOT_DOWN = 2.409919865102884e-181

/**
 * The nearest whole number, ties to the even one (IEEE 754's own rounding, reached by adding 2^52 and taking it off again).
 * Exact for every finite `x`: from |x| = 2^52 on doubles are whole already and are returned as they are. Never returns -0
 * (so a rounded value has one bit pattern only). NaN and infinities are returned.
 */
export function roundHalfEven(x: number): number {
  if (x >= 0) return x < TWO_52 ? x + TWO_52 - TWO_52 : x
  return x > -TWO_52 ? x - TWO_52 + TWO_52 : x
}

/** `x` held between `low` and `high`, which must be in order. NaN stays NaN. */
export function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high)
}

/** The point at `t` between `a` (t = 0, exact) and `b` (t = 1, to within an ulp). `t` is not clamped. */
export function lerp(a: number, b: number, t: number): number {
  return a + (b - a) * t
}

/**
 * The same direction in [-pi, pi). An angle already there is returned unchanged; else the error is an ulp of `angle` up to 1.6e6, and beyond
 * that the phase error of `sin`. NaN and infinities give NaN.
 */
export function wrapAngle(angle: number): number {
  if (angle >= -Math.PI && angle < Math.PI) return angle
  if (!Number.isFinite(angle)) return Number.NaN
  const near = Math.abs(angle) <= FOLD_LIMIT ? angle : foldHugeAngle(angle)
  const wrapped = near - TWO_PI * Math.floor((near + Math.PI) / TWO_PI)
  // rounding may leave it an ulp beyond either end
  if (wrapped >= Math.PI) return wrapped - TWO_PI
  return wrapped < -Math.PI ? wrapped + TWO_PI : wrapped
}

/** How far to turn from one angle to another by the shorter way, in [-pi, pi); positive turns the way angles grow. A half turn is -pi. */
export function angleDelta(from: number, to: number): number {
  return wrapAngle(to - from)
}

/** sqrt(x² + y² + z²), within 2 ulp, without overflow on the way. An infinite argument gives Infinity, else NaN gives NaN. */
export function hypot(x: number, y: number, z = 0): number {
  const ax = Math.abs(x)
  const ay = Math.abs(y)
  const az = Math.abs(z)
  const largest = Math.max(ax, ay, az)
  if (largest > HYPOT_SMALL && largest < HYPOT_BIG) return Math.sqrt(ax * ax + ay * ay + az * az)
  if (ax === Number.POSITIVE_INFINITY || ay === Number.POSITIVE_INFINITY || az === Number.POSITIVE_INFINITY)
    return Number.POSITIVE_INFINITY
  const up = largest >= HYPOT_BIG ? HYPOT_DOWN : HYPOT_UP
  const sx = ax * up
  const sy = ay * up
  const sz = az * up
  return Math.sqrt(sx * sx + sy * sy + sz * sz) / up
}
