/**
 * Where new rooms go. Load is balanced at creation: of a few random ids the one whose home has least to do is taken ("the power of two choices": Mitzenmacher,
 * 2001). Load is old news by up to a second, so few choices are better than many: with many all creators run to the same shard. Called by `ClusterRooms`.
 */
import type { Life } from '../life.ts'
import type { Member } from '../view/view.ts'
import type { Ring } from './ring.ts'

const CHOICES = 2
/** When all homes drawn so far are full: how often to draw before a full one is taken (it names another owner). */
const MAX_DRAWS = 40
const ID_DIGITS = '23456789abcdefghjkmnpqrstuvwxyz'
/** 31^12: the chance that of a million rooms two have one id is below 1e-6. */
const ID_LENGTH = 12

/** What placing looks at. `random` gives 32 bits; `loadOf` 0 to 1, where 1 is full. */
export interface Loads {
  readonly random: () => number
  readonly loadOf: (life: Life) => number
}

/** An id that people can read to each other: no 0, o, 1, i or l. */
export function drawRoomId(random: () => number): string {
  let id = ''
  for (let i = 0; i < ID_LENGTH; i++) id += ID_DIGITS[(random() >>> 0) % ID_DIGITS.length] ?? ''
  return id
}

/** An id whose home has room, and less to do than others'. `avoid`: homes that did not answer. */
export function drawPlacedId(ring: Ring, { random, loadOf }: Loads, avoid: ReadonlySet<Life>): string {
  let best = ''
  let bestLoad = Number.POSITIVE_INFINITY
  for (let drawn = 1, counted = 0; drawn <= MAX_DRAWS && counted < CHOICES; drawn++) {
    const id = drawRoomId(random)
    const home = ring.homeOf(id)
    const load = avoid.has(home) ? 2 : loadOf(home)
    if (load < 1) counted++
    if (load < bestLoad) {
      best = id
      bestLoad = load
    }
  }
  return best
}

/** Who runs a room that its home cannot: of two members with room the one that has less to do; undefined: nobody has room. */
export function pickOwner(members: readonly Member[], loads: Loads, tried: ReadonlySet<Life>): Life | undefined {
  const free = members.filter(({ life, draining }) => !draining && !tried.has(life) && loads.loadOf(life) < 1)
  const draw = () => free[(loads.random() >>> 0) % free.length]
  const first = draw()
  const second = draw()
  if (first === undefined || second === undefined) return undefined
  return loads.loadOf(second.life) < loads.loadOf(first.life) ? second.life : first.life
}
