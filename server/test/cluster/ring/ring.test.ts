import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeRing } from '../../../src/cluster/ring/ring.ts'
import type { Member } from '../../../src/cluster/view/view.ts'
import { hash, memberOf, numbers, viewOf } from './test-view.ts'

const ROOMS = numbers(20_000).map((number) => `room-${number}`)

function homesIn(members: readonly Member[]): string[] {
  const ring = makeRing(viewOf(members), hash)
  return ROOMS.map((id) => ring.homeOf(id))
}

function countsOf(homes: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const home of homes) counts.set(home, (counts.get(home) ?? 0) + 1)
  return counts
}

const names = (count: { min: number; max: number }) =>
  fc.uniqueArray(fc.stringMatching(/^[a-z0-9.:-]{1,20}$/), { minLength: count.min, maxLength: count.max })

const membersNamed = (all: readonly string[]) => all.map((name, i) => memberOf(i, { name }))

describe('the ring', () => {
  it('moves at most 1.3/n of the homes when one of n shards comes or goes, and none between those that stay', () => {
    fc.assert(
      fc.property(names({ min: 3, max: 50 }), fc.nat(), (all, pick) => {
        const members = membersNamed(all)
        const gone = members[pick % members.length]
        const before = homesIn(members)
        const after = homesIn(members.filter((member) => member !== gone))
        const moved = before.filter((home, i) => home !== after[i])
        expect(moved.length / ROOMS.length).toBeLessThanOrEqual(1.3 / members.length)
        expect(new Set(moved)).toEqual(new Set([gone?.life]))
        // Whichever goes, what moves is what it had.
        expect(Math.max(...countsOf(before).values()) / ROOMS.length).toBeLessThanOrEqual(1.3 / members.length)
      }),
      { numRuns: 30, seed: 5 },
    )
  })

  it('gives each shard a share by its weight, within 25 % at 20,000 rooms', () => {
    const weights = fc.array(fc.constantFrom(10, 25, 50, 75, 100), { minLength: 3, maxLength: 10 })
    fc.assert(
      fc.property(weights, (all) => {
        const counts = countsOf(homesIn(all.map((weight, i) => memberOf(i, { weight }))))
        const sum = all.reduce((total, weight) => total + weight, 0)
        all.forEach((weight, i) => {
          const share = (counts.get(memberOf(i).life) ?? 0) / ROOMS.length
          expect(share / (weight / sum)).toBeGreaterThan(0.75)
          expect(share / (weight / sum)).toBeLessThan(1.25)
        })
      }),
      { numRuns: 30 },
    )
  })

  it('moves rooms only to a shard whose weight grows, or from one whose weight shrinks', () => {
    const members = numbers(8).map((i) => memberOf(i, { weight: 40 }))
    const heavier = members.map((member, i) => (i === 3 ? { ...member, weight: 60 } : member))
    const before = homesIn(members)
    const after = homesIn(heavier)
    const gained = after.filter((home, i) => home !== before[i])
    expect(new Set(gained)).toEqual(new Set([memberOf(3).life]))
    expect(gained.length / ROOMS.length).toBeLessThan(0.06)
  })

  it('works with the least weight everywhere', () => {
    const counts = countsOf(homesIn(numbers(5).map((i) => memberOf(i, { weight: 1 }))))
    for (const count of counts.values()) expect(count / (ROOMS.length / 5)).toBeGreaterThan(0.8)
    expect(counts.size).toBe(5)
  })

  it('is the same whatever the order of members is, and whatever lives they have', () => {
    fc.assert(
      fc.property(names({ min: 2, max: 12 }), fc.nat(), (all, seed) => {
        const members = membersNamed(all)
        const turned = members.map((_, i) => members[(i + seed) % members.length] ?? memberOf(0)).reverse()
        expect(homesIn(turned)).toEqual(homesIn(members))
        const restarted = members.map((member, i) => memberOf(i + 100, { name: member.name }))
        const nameOf = (list: readonly Member[]) => new Map(list.map(({ life, name }) => [life, name]))
        const named = (list: readonly Member[]) => homesIn(list).map((home) => nameOf(list).get(home))
        expect(named(restarted)).toEqual(named(members))
      }),
      { numRuns: 10 },
    )
  })

  it('has no homes at draining shards, unless all drain', () => {
    const members = numbers(4).map((i) => memberOf(i, { draining: i < 2 }))
    expect([...countsOf(homesIn(members)).keys()].sort()).toEqual([memberOf(2).life, memberOf(3).life])
    const all = numbers(3).map((i) => memberOf(i, { draining: true }))
    expect(countsOf(homesIn(all)).size).toBe(3)
  })

  it('names successors in other zones first: each next one in a new zone, those of the own zone last', () => {
    const zones = ['a', 'a', 'a', 'b', 'b', 'c']
    const members = zones.map((zone, i) => memberOf(i, { zone }))
    const zoneOf = (life: string) => members.find((member) => member.life === life)?.zone
    const ring = makeRing(viewOf(members), hash)
    for (const id of ROOMS.slice(0, 300)) {
      const home = ring.homeOf(id)
      const all = ring.successorsOf(id, 10)
      expect(new Set([home, ...all]).size).toBe(6)
      const order = all.map(zoneOf)
      expect(new Set([zoneOf(home), order[0], order[1]]).size).toBe(3)
      const own = order.filter((zone) => zone === zoneOf(home))
      expect(order.slice(order.length - own.length)).toEqual(own)
      expect(ring.successorsOf(id, 2)).toEqual(all.slice(0, 2))
    }
  })

  it('gives a room to its first successor when the home goes, if there are no zones', () => {
    const members = numbers(6).map((i) => memberOf(i))
    const ring = makeRing(viewOf(members), hash)
    for (const id of ROOMS.slice(0, 300)) {
      const home = ring.homeOf(id)
      const without = makeRing(viewOf(members.filter(({ life }) => life !== home)), hash)
      expect(without.homeOf(id)).toBe(ring.successorsOf(id, 1)[0])
    }
  })

  it('looks up a room in microseconds', () => {
    const ring = makeRing(viewOf(numbers(50).map((i) => memberOf(i))), hash)
    const startMs = performance.now()
    for (let round = 0; round < 5; round++) for (const id of ROOMS) ring.homeOf(id)
    expect((performance.now() - startMs) / (5 * ROOMS.length)).toBeLessThan(0.02)
  })
})
