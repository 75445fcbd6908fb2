import { describe, expect, it } from 'vitest'
import { AttributeSet } from '../../src/room/attribute-set.ts'

describe('attributes', () => {
  it('gives what changed once, as a patch', () => {
    const attributes = new AttributeSet({ name: 'Ada', kills: 0 })
    attributes.merge({ kills: 1 })
    expect(attributes.now).toEqual({ name: 'Ada', kills: 1 })
    expect(attributes.known).toEqual({ name: 'Ada', kills: 0 })
    expect(attributes.takePatch()).toEqual({ set: { kills: 1 } })
    expect(attributes.takePatch()).toBeUndefined()
  })

  it('refuses what would not fit into a welcome, and stays as it was', () => {
    const attributes = new AttributeSet({ name: '' })
    expect(() => attributes.merge({ name: 'x'.repeat(7_000) })).toThrow(/BAD_ARGUMENT.*Send large data as messages/)
    expect(attributes.now).toEqual({ name: '' })
  })
})
