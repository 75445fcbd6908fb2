/** Views for tests of `ring/`, and the hash that shards use. */
import xxhash from 'xxhash-wasm'
import type { Member, View } from '../../../src/cluster/view/view.ts'

const { h32 } = await xxhash()

export const hash = (text: string): number => h32(text)

export function lifeOf(number: number): string {
  return number.toString(16).padStart(16, '0')
}

/** Member `number`: shard-`number`, of a life with the same number. */
export function memberOf(number: number, change: Partial<Member> = {}): Member {
  return {
    life: lifeOf(number),
    name: `shard-${number}`,
    address: `10.0.0.${number}:7946`,
    url: `ws://shard-${number}`,
    zone: '',
    weight: 100,
    draining: false,
    since: 1,
    ...change,
  }
}

export function viewOf(members: readonly Member[], number = 1): View {
  const lives = members.map(({ life }) => life)
  return { cluster: 'test', generation: 1, number, members, voters: lives.slice(0, 7) }
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
