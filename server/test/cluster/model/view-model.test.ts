/**
 * The rules of views and leases, explored in small cases to the last state; and mistakes planted in them, each of which must be found. What the model holds
 * and what it leaves out: the header of view-model.ts.
 */
import { describe, expect, it } from 'vitest'
import { VIEW_RULES, type ViewRules } from '../../../src/cluster/view/view-rules.ts'
import { explore, type Model } from './explore.ts'
import { type Mistake, type ViewCase, ViewModel } from './view-model.ts'

/** A lease of two steps; W = 2.5, in whole steps 3: what two steps of a clock take that loses one of three. */
const base = { rules: VIEW_RULES, times: { leaseMs: 2, clockBound: 1.25 }, messages: 1 }
const owner = [[0, 1, 2]]
const ownerGoes: ViewCase = { ...base, lives: 3, views: [owner, [[1, 2]]], homes: [0, 1] }
const homeGoes: ViewCase = { ...base, lives: 3, views: [owner, [[0, 1]]], homes: [2, 0] }
const grown: ViewCase = { ...base, lives: 3, views: [[[0]], owner, [[1, 2]]], homes: [0, 1, 2] }
const replaced: ViewCase = {
  ...base,
  lives: 4,
  views: [owner, [[0, 1, 3]], [[1, 3]]],
  homes: [0, 1, 1],
  behind: [2],
}
const thenJoined: ViewCase = { ...base, lives: 4, views: [owner, [[1, 2]], [[1, 2, 3]]], homes: [0, 2, 3] }
const wasRemoved: ViewCase = { ...base, lives: 3, views: [owner, [[1, 2]], owner], homes: [0, 1, 1] }

/** The case, the true rules, and at how many states something would be missing. */
const cases: readonly (readonly [string, ViewCase, number])[] = [
  ['the owner dies, or is only accused', { ...ownerGoes, messages: 2, deaths: 1 }, 60_000],
  ['the owner is accused, and its clock is slow', { ...ownerGoes, messages: 2, slow: [0] }, 90_000],
  ['the owner stalls, and is removed', { ...ownerGoes, stalls: 1 }, 20_000],
  [
    'a third joins two, and the owner goes',
    { ...base, lives: 3, views: [[[0, 1]], owner, [[1, 2]]], homes: [1, 2, 2] },
    30_000,
  ],
  ['two join one, and remove it', grown, 60_000],
  ['one goes and one comes in the same view, then the owner goes', replaced, 180_000],
  [
    'the owner dies, and one comes in the same view',
    { ...base, lives: 4, views: [owner, [[1, 2, 3]]], homes: [0, 3], deaths: 1 },
    50_000,
  ],
  ['the owner goes, then one joins and is the home', thenJoined, 70_000],
  [
    'the owner goes, then its successor',
    { ...base, lives: 3, views: [owner, [[1, 2]], [[2]]], homes: [0, 1, 2] },
    130_000,
  ],
  ['the owner goes during a hand-over', { ...ownerGoes, homes: [2, 1], handOvers: 1 }, 110_000],
  ['the home goes during a hand-over', { ...homeGoes, handOvers: 1 }, 15_000],
  ['a member goes during a hand-over', { ...ownerGoes, views: [owner, [[0, 2]]], homes: [2, 2], handOvers: 1 }, 15_000],
  ['a view names a life that was removed before', wasRemoved, 25_000],
]

/** Each is one rule replaced. */
const wrongRules: readonly (readonly [string, ViewCase, Partial<ViewRules>])[] = [
  ['answers that are bound to no view', replaced, { grantCounts: () => true }],
  [
    'granting until the next view is installed',
    ownerGoes,
    { mayGrant: (installed, _voted, asked) => VIEW_RULES.mayGrant(installed, undefined, asked) },
  ],
  [
    'timing a lease from the answer',
    ownerGoes,
    { grantEndMs: (_sentMs, answeredMs, { leaseMs }) => answeredMs + leaseMs },
  ],
  [
    'a shorter wait for who refuses connections',
    ownerGoes,
    {
      takeoverWaitMs: (ages, evidence, times) =>
        evidence.refused ? 0 : VIEW_RULES.takeoverWaitMs(ages, evidence, times),
    },
  ],
  ['ages that know only what the voter granted itself', replaced, { newestGrantMs: (lastGrantMs) => lastGrantMs }],
  ['a lease by a minority', ownerGoes, { leaseEndMs: (ends) => Math.max(Number.NEGATIVE_INFINITY, ...ends) }],
]

/** Each is something that shards do, or fail to do. */
const wrongShards: readonly (readonly [Mistake, ViewCase])[] = [
  ['self-grants-after-vote', ownerGoes],
  ['acts-after-stall-without-looking', { ...ownerGoes, stalls: 1 }],
  ['names-before-all-claims', { ...homeGoes, homes: [2, 1] }],
  ['joiner-takes-over-at-once', thenJoined],
  ['word-of-an-older-view', { ...homeGoes, handOvers: 1 }],
  ['removed-life-returns', wasRemoved],
]

function violationOf(viewCase: ViewCase): readonly string[] {
  const { violation } = explore(new ViewModel(viewCase), { maxStates: 1_000_000 })
  expect(violation?.what).toMatch(/act at once|was removed|epoch that is over/)
  return violation?.steps ?? []
}

describe('with the true rules never two shards act for a room', () => {
  it.each(cases)('%s', (_name, viewCase, floor) => {
    const { violation, states } = explore(new ViewModel(viewCase), { maxStates: 1_000_000 })
    expect(violation).toBeUndefined()
    expect(states).toBeGreaterThan(floor)
  })
})

describe('the checker finds', () => {
  it.each(wrongRules)('%s', (_name, viewCase, wrong) => {
    expect(violationOf({ ...viewCase, rules: { ...VIEW_RULES, ...wrong } }).length).toBeGreaterThan(5)
  })

  it('a wait without the clock bound, with a slow clock and not without', () => {
    const unbound = { ...ownerGoes, times: { leaseMs: 2, clockBound: 1 } }
    expect(violationOf({ ...unbound, slow: [0] }).join()).toContain('a tick passes, but not for 0')
    expect(explore(new ViewModel(unbound), { maxStates: 1_000_000 }).violation).toBeUndefined()
  })

  it.each(wrongShards)('%s', (mistake, viewCase) => {
    expect(violationOf({ ...viewCase, mistake }).length).toBeGreaterThan(5)
  })
})

describe('the explorer', () => {
  const counting = (bad: number): Model<number> => ({
    initial: [1],
    successors(state, emit) {
      if (state < 100) emit(state + 1, 'one more')
      if (state < 100) emit(state * 2, 'doubled')
    },
    violation: (state) => (state === bad ? `it is ${bad}` : undefined),
    key: (state) => String(state),
  })

  it('gives a shortest way to what is wrong', () => {
    const { violation } = explore(counting(12), { maxStates: 1_000 })
    expect(violation).toEqual({ what: 'it is 12', steps: ['one more', 'one more', 'doubled', 'doubled'] })
  })

  it('visits each state once, and refuses to stop early', () => {
    const all = explore(counting(-1), { maxStates: 1_000 })
    expect(all.violation).toBeUndefined()
    expect(all.states).toBe(149)
    expect(() => explore(counting(-1), { maxStates: 100 })).toThrow('nothing is proven')
  })
})
