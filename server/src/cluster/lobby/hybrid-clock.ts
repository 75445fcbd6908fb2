/**
 * A hybrid logical clock (Kulkarni, Demirbas et al. 2014): stamps that follow cluster time, and in which an effect is always later than its cause.
 * Pure: physical time is an argument. Used for what several shards write. A peer's clock that is absurdly far ahead is not followed, and counted:
 * one broken machine must not carry everybody's stamps into the future.
 */
import type { Life } from '../life.ts'

export interface Stamp {
  /** The greatest cluster time seen, in ms. */
  readonly wallMs: number
  /** Tells stamps of one `wallMs` apart. */
  readonly count: number
  /** Who drew it: makes all stamps different. */
  readonly life: Life
}

/** Nobody says so much within one millisecond: whoever follows such a count would draw numbers soon that are none. */
const MAX_COUNT = 2 ** 32

/** Less than 0: `a` is earlier. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.wallMs !== b.wallMs) return a.wallMs - b.wallMs
  if (a.count !== b.count) return a.count - b.count
  return a.life < b.life ? -1 : a.life > b.life ? 1 : 0
}

export class HybridClock {
  readonly #life: Life
  readonly #maxAheadMs: number
  #wallMs = 0
  #count = 0
  /** Stamps of others that were too far ahead to follow. */
  refused = 0

  constructor(life: Life, maxAheadMs: number) {
    this.#life = life
    this.#maxAheadMs = maxAheadMs
  }

  /** A stamp for something that happens here, later than all that was drawn or followed. */
  draw(physicalMs: number): Stamp {
    const now = Math.floor(physicalMs)
    if (now > this.#wallMs) {
      this.#wallMs = now
      this.#count = 0
    } else this.#count++
    return { wallMs: this.#wallMs, count: this.#count, life: this.#life }
  }

  /** Something stamped by another was taken in. False: its time is absurd, and is not followed. */
  follow(stamp: Stamp, physicalMs: number): boolean {
    const now = Math.floor(physicalMs)
    if (stamp.wallMs > now + this.#maxAheadMs || stamp.count > MAX_COUNT) {
      this.refused++
      return false
    }
    if (stamp.wallMs > this.#wallMs) {
      this.#wallMs = stamp.wallMs
      this.#count = stamp.count
    } else if (stamp.wallMs === this.#wallMs) this.#count = Math.max(this.#count, stamp.count)
    return true
  }
}
