import { expect, test } from 'vitest'
import { NodesRig } from './nodes-rig.ts'

test('tags that are too long are refused at the start, never when the shard drains or leaves', () => {
  let longest: NodesRig | undefined
  let refused: unknown
  // Names are in the addresses for clients, and so in the tags.
  for (let length = 250; refused === undefined; length++) {
    try {
      longest = new NodesRig(['n'.repeat(length)])
    } catch (error) {
      refused = error
    }
  }
  expect(refused).toMatchObject({ code: 'TOO_LARGE' })
  longest?.run(1_000)
  expect(longest?.at(0).node.view).toBeDefined()
  longest?.at(0).node.drain(longest.nowMs)
  longest?.at(0).node.leave(longest.nowMs)
})
