import { makeRing } from '../../../src/cluster/ring/ring.ts'
import { hash, lifeOf, memberOf, viewOf } from './test-view.ts'

export interface HomeAmong {
  readonly members: readonly number[]
  readonly home: number
}

/** Ids whose home is `before.home` among the one set of shards, and `after.home` among the other. */
export function idsWith(count: number, before: HomeAmong, after = before): string[] {
  const ringOf = (members: readonly number[]) => makeRing(viewOf(members.map((member) => memberOf(member))), hash)
  const [first, second] = [ringOf(before.members), ringOf(after.members)]
  const ids: string[] = []
  for (let i = 0; ids.length < count; i++) {
    const id = `room-${i}`
    if (first.homeOf(id) === lifeOf(before.home) && second.homeOf(id) === lifeOf(after.home)) ids.push(id)
  }
  return ids
}

export function idWith(before: HomeAmong, after = before): string {
  return idsWith(1, before, after)[0] ?? ''
}
