/** What a production build makes of a definition that is not sound: the same refusals, in few words. */
import { describe, expect, it, vi } from 'vitest'
import { defineGame, enumeration, fixed, parsePrior, text } from '../../src/index.ts'

vi.mock('#texts', () => ({ FULL_TEXTS: false }))

const step = () => {}
const sound = {
  id: 'sound',
  tickRate: 60,
  snapshotRate: 20,
  input: {},
  entities: { dot: { fields: { x: fixed(0, 8, 1 / 8) }, step } },
}

describe('a definition in a production build', () => {
  it('is taken if it is sound', () => {
    expect(defineGame(sound).tickRate).toBe(60)
  })

  it.each<[string, () => unknown]>([
    ['an id', () => defineGame({ ...sound, id: 'A' })],
    ['a rate', () => defineGame({ ...sound, snapshotRate: 7 })],
    ['a name', () => defineGame({ ...sound, events: { constructor: {} } })],
    ['a number of players', () => defineGame({ ...sound, maxPlayers: 0 })],
    ['a range', () => fixed(8, 0, 1)],
    ['a step', () => fixed(0, 1, 0.3)],
    ['a list of names', () => enumeration('same', 'same')],
    ['a text', () => text(0)],
    ['a prior', () => parsePrior('0.0.', 4)],
  ])('is refused for %s, by code and in short', (_what, define) => {
    expect(define).toThrow(expect.objectContaining({ code: 'BAD_DEFINITION' }))
    expect(define).toThrow(/A development build says where/)
  })
})
