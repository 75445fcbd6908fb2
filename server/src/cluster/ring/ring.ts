/**
 * Consistent hashing: which shard is the home of a room, from the view and the room's id alone. Every shard computes the same. `ClusterRooms` makes one per view.
 *
 * Each member has the same number of points on a circle of 32 bits, placed by its name: a restart (a new life at the same name) moves nothing. A room lies at its
 * own point; the next member's point after it is its home. Weights thin the points: at a member of weight w a room stays with probability w / 100, by a hash of
 * where it lies, else it tries its next place on the circle. So shares are as weights are, and whoever joins, leaves or changes its weight moves the rooms of its
 * own share and no others. Draining members have no points, unless all are draining.
 * Source: Karger et al., "Consistent hashing and random trees" (1997), with virtual nodes; the thinning is rejection sampling.
 */
import { hash32, NetError } from '@tickmesh/shared'
import type { Life } from '../life.ts'
import type { Member, View } from '../view/view.ts'

/** XXH32 of a text, as an unsigned integer. */
export type TextHash = (text: string) => number

/**
 * Points of each member. A member's share of n equal ones varies by 1 / sqrt(512) = 4.4 %: that one of fifty has more than 1.3/n of the homes is seven deviations
 * away. Making the ring of 50 members takes about 10 ms.
 */
const POINTS = 512
const FULL_WEIGHT = 100
/** With weight 1 everywhere a room stays at none of its first 2,000 places with probability 2e-9; then it stays at the last. */
const MAX_PLACES = 2_000
/** Above the number of members of any view; times 2^32 still a whole number. */
const MAX_RANKS = 65_536
/** Makes the draw of whether a room stays independent of where it lies. */
const STAY = 0x5bd1e995

export interface Ring {
  homeOf(roomId: string): Life
  /** Up to `count` other members to go on with after the home: each next one in another zone than all before it while there are such, then the rest; within that by the circle. */
  successorsOf(roomId: string, count: number): readonly Life[]
}

/** `view` has at least one member. Independent of the members' order. */
export function makeRing(view: View, hash: TextHash): Ring {
  if (view.members.length === 0)
    throw new NetError('BAD_ARGUMENT', 'a view without members has no homes', 'Make rings of views that were decided.')
  const staying = view.members.filter((member) => !member.draining)
  const members = [...(staying.length > 0 ? staying : view.members)].sort((a, b) => (a.name < b.name ? -1 : 1))
  return new PointRing(members, hash)
}

class PointRing implements Ring {
  readonly #members: readonly Member[]
  readonly #hash: TextHash
  /** Ascending. */
  readonly #points: Uint32Array
  /** The rank of the member that each point belongs to. */
  readonly #ranks: Uint16Array

  constructor(members: readonly Member[], hash: TextHash) {
    this.#members = members
    this.#hash = hash
    const sorted = new Float64Array(members.length * POINTS)
    members.forEach(({ name }, rank) => {
      for (let i = 0; i < POINTS; i++) sorted[rank * POINTS + i] = (hash(`${name}#${i}`) >>> 0) * MAX_RANKS + rank
    })
    sorted.sort()
    this.#points = Uint32Array.from(sorted, (point) => Math.floor(point / MAX_RANKS))
    this.#ranks = Uint16Array.from(sorted, (point) => point % MAX_RANKS)
  }

  homeOf(roomId: string): Life {
    return this.#memberAt(this.#placeOf(roomId)).life
  }

  successorsOf(roomId: string, count: number): readonly Life[] {
    const place = this.#placeOf(roomId)
    const around = this.#membersFrom(place)
    const home = around.shift()
    const zones = new Set(home === undefined ? [] : [home.zone])
    const chosen: Life[] = []
    const same: Member[] = []
    for (const member of around) {
      if (zones.has(member.zone)) same.push(member)
      else {
        zones.add(member.zone)
        chosen.push(member.life)
      }
    }
    // What is left lies in a zone that has been taken: those outside the home's zone first.
    const rest = [
      ...same.filter((member) => member.zone !== home?.zone),
      ...same.filter((member) => member.zone === home?.zone),
    ]
    return [...chosen, ...rest.map((member) => member.life)].slice(0, count)
  }

  /** The index of the point that the room stays at. */
  #placeOf(roomId: string): number {
    const start = this.#hash(roomId) >>> 0
    let at = start
    let place = 0
    for (let attempt = 1; attempt <= MAX_PLACES; attempt++) {
      place = this.#pointFrom(at)
      const drawn = (hash32(start, attempt, STAY, 0) / 0x1_0000_0000) * FULL_WEIGHT
      if (drawn < this.#memberAt(place).weight) break
      at = hash32(start, attempt, 0, 0)
    }
    return place
  }

  /** The first point at or after `at`, around the circle. */
  #pointFrom(at: number): number {
    const points = this.#points
    let low = 0
    let high = points.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((points[middle] ?? 0) < at) low = middle + 1
      else high = middle
    }
    return low === points.length ? 0 : low
  }

  #memberAt(place: number): Member {
    const member = this.#members[this.#ranks[place] ?? 0]
    if (member === undefined) throw new NetError('INTERNAL', `no member at point ${place} of the ring`, 'Report this.')
    return member
  }

  /** All members, each once, as they come around the circle. */
  #membersFrom(place: number): Member[] {
    const found = new Set<Member>()
    for (let i = 0; i < this.#points.length && found.size < this.#members.length; i++)
      found.add(this.#memberAt((place + i) % this.#points.length))
    return [...found]
  }
}
