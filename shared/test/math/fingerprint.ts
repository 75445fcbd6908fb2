/**
 * One number that stands for the exact bits of everything in shared/src/math, at about 150,000 seeded arguments. Two engines that compute the
 * same fingerprint compute the same games. Pure, no imports from Node: a browser test bundles it, calls it, and compares with golden.ts.
 */
import { exp, log } from '../../src/math/exponential.ts'
import { box, box3, capsule, capsule3, circle, sphere } from '../../src/math/hitbox.ts'
import { acos, asin, atan, atan2 } from '../../src/math/inverse-trig.ts'
import { pow } from '../../src/math/pow.ts'
import { hash32, SeededRandom } from '../../src/math/random.ts'
import { raySegment } from '../../src/math/rays2d.ts'
import { angleDelta, hypot, lerp, roundHalfEven, wrapAngle } from '../../src/math/scalar.ts'
import { cos, sin, tan } from '../../src/math/trig.ts'

const ROUNDS = 3_000

/** Folds the bits of numbers into 32. Every NaN counts as the same one, because engines may choose its payload. */
class BitHash {
  value = 0
  private readonly view = new DataView(new ArrayBuffer(8))
  private count = 0

  add(x: number): void {
    this.view.setFloat64(0, Number.isNaN(x) ? 0 : x)
    const kind = Number.isNaN(x) ? 1 : 0
    this.count += 1
    this.value = hash32(this.value, this.view.getUint32(0) ^ kind, this.view.getUint32(4), this.count)
  }
}

/** Any double at all: subnormal, huge, infinite, NaN. */
function anyDouble(random: SeededRandom, view: DataView): number {
  view.setUint32(0, random.uint32())
  view.setUint32(4, random.uint32())
  return view.getFloat64(0)
}

function between(random: SeededRandom, low: number, high: number): number {
  return lerp(low, high, random.next())
}

function addFunctions(bits: BitHash, x: number, y: number): void {
  bits.add(sin(x))
  bits.add(cos(x))
  bits.add(tan(x))
  bits.add(atan(x))
  bits.add(atan2(y, x))
  bits.add(exp(x))
  bits.add(log(x))
  bits.add(pow(x, y))
  bits.add(hypot(x, y))
  bits.add(wrapAngle(x))
  bits.add(angleDelta(x, y))
  bits.add(roundHalfEven(x))
}

function addRays(bits: BitHash, random: SeededRandom): void {
  const flat = [circle(8), box(12, 7), capsule(20, 5)]
  const solid = [sphere(8), box3(12, 7, 9), capsule3(20, 5)]
  const ox = between(random, -40, 40)
  const oy = between(random, -40, 40)
  const oz = between(random, -40, 40)
  const angle = atan2(between(random, -9, 9) - oy, between(random, -9, 9) - ox)
  const turn = between(random, -4, 4)
  const dx = cos(angle)
  const dy = sin(angle)
  for (const hitbox of flat) {
    bits.add(hitbox.ray(1, 2, turn, ox, oy, dx, dy, 60))
    bits.add(hitbox.touches(1, 2, turn, ox, oy, 9) ? 1 : 0)
  }
  bits.add(raySegment(ox, oy, dx, dy, 60, -5, 3, oz, turn))
  const length = hypot(ox, oy, oz)
  for (const hitbox of solid) {
    bits.add(hitbox.ray(1, 2, 0, turn, ox, oy, oz, -ox / length, -oy / length, -oz / length, 90))
    bits.add(hitbox.touches(1, 2, 0, turn, ox, oy, oz, 9) ? 1 : 0)
  }
}

/** An unsigned 32-bit integer. Takes well under a second. */
export function mathFingerprint(): number {
  const bits = new BitHash()
  const random = new SeededRandom(2_026)
  const view = new DataView(new ArrayBuffer(8))
  for (let i = 0; i < ROUNDS; i++) {
    addFunctions(bits, between(random, -10, 10), between(random, -10, 10))
    addFunctions(bits, between(random, 0, 1_000_000), between(random, -50, 50))
    addFunctions(bits, anyDouble(random, view), anyDouble(random, view))
    const unit = between(random, -1, 1)
    bits.add(asin(unit))
    bits.add(acos(unit))
    addRays(bits, random)
  }
  return bits.value
}
