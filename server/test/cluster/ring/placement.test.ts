import { SeededRandom } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { drawPlacedId, drawRoomId, pickOwner } from '../../../src/cluster/ring/placement.ts'
import { makeRing } from '../../../src/cluster/ring/ring.ts'
import { hash, lifeOf, memberOf, numbers, viewOf } from './test-view.ts'

const source = (seed: number) => {
  const random = new SeededRandom(seed)
  return () => random.uint32()
}

interface Trial {
  readonly seed: number
  readonly lifeMs: number
  readonly place: (loadOf: (life: string) => number, random: () => number) => string
}

/** Ten shards for 500 rooms each, 100 creations a second, loads as they were up to a second ago. The worst max over mean, once as many rooms live as will. */
function worstImbalance({ seed, lifeMs, place }: Trial): number {
  const random = source(seed)
  const rooms = new Map<string, number>(numbers(10).map((i) => [lifeOf(i), 0]))
  let told = new Map<string, number>()
  const ends: { readonly life: string; readonly atMs: number }[] = []
  let next = 0
  let worst = 0
  for (let nowMs = 0; nowMs < 3 * lifeMs; nowMs += 10) {
    if (nowMs % 1_000 === 0) told = new Map([...rooms].map(([life, count]) => [life, count / 500]))
    const life = place((member) => told.get(member) ?? 0, random)
    rooms.set(life, (rooms.get(life) ?? 0) + 1)
    ends.push({ life, atMs: nowMs + lifeMs })
    for (let end = ends[next]; end !== undefined && end.atMs <= nowMs; end = ends[++next])
      rooms.set(end.life, (rooms.get(end.life) ?? 0) - 1)
    if (nowMs < lifeMs) continue
    const counts = [...rooms.values()]
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    worst = Math.max(worst, Math.max(...counts) / mean)
  }
  return worst
}

describe('placing new rooms', () => {
  const ring = makeRing(viewOf(numbers(10).map((i) => memberOf(i))), hash)

  it('keeps max over mean rooms at 1.25 or less with ten equal shards, 100 creations a second and loads one second old', () => {
    for (const seed of [1, 2, 3, 4])
      for (const lifeMs of [15_000, 60_000]) {
        const worst = worstImbalance({
          seed,
          lifeMs,
          place: (loadOf, random) => ring.homeOf(drawPlacedId(ring, { random, loadOf }, new Set())),
        })
        expect(worst).toBeLessThanOrEqual(1.25)
      }
  })

  it('avoids homes that are full or did not answer, while there are others', () => {
    const random = source(5)
    const loadOf = (life: string) => (life < lifeOf(5) ? 1 : 0.9)
    for (let i = 0; i < 200; i++) {
      const home = ring.homeOf(drawPlacedId(ring, { random, loadOf }, new Set([lifeOf(9)])))
      expect(home >= lifeOf(5) && home < lifeOf(9)).toBe(true)
    }
    expect(drawPlacedId(ring, { random, loadOf: () => 1 }, new Set())).toMatch(/^[0-9a-z]{12}$/)
  })

  it('picks as owner none that is full, draining or was asked before, and of two the one with less to do', () => {
    const random = source(6)
    const members = numbers(6).map((i) => memberOf(i, { draining: i === 0 }))
    const loads = [0, 1, 0, 0.5, 0.5, 0.2]
    const loadOf = (life: string) => loads[Number.parseInt(life, 16)] ?? 1
    const counts = new Map<string, number>()
    for (let i = 0; i < 900; i++) {
      const owner = pickOwner(members, { random, loadOf }, new Set([lifeOf(2)])) ?? ''
      counts.set(owner, (counts.get(owner) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([lifeOf(3), lifeOf(4), lifeOf(5)])
    expect(counts.get(lifeOf(5))).toBeGreaterThan(400)
    expect(pickOwner(members, { random, loadOf: () => 1 }, new Set())).toBeUndefined()
  })

  it('draws ids of twelve digits that differ', () => {
    const random = source(7)
    expect(new Set(numbers(10_000).map(() => drawRoomId(random))).size).toBe(10_000)
  })
})
