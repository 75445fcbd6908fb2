/**
 * The rules of moves, explored in small cases to the last state with the real `Migrations`; and mistakes planted in them, each of which must be found. What is a toy, and what is
 * left out: the header of move-model.ts.
 */
import { describe, expect, it } from 'vitest'
import { MOVE_RULES, type MoveRules } from '../../../src/cluster/migrate/migrate-rules.ts'
import { explore, type Model } from '../model/explore.ts'
import { type MoveCase, MoveModel, type MoveState } from './move-model.ts'

const all = [0, 1, 2]
const base: MoveCase = { rules: MOVE_RULES, views: [all], homes: [2], holder: 2 }
const same: MoveCase = { ...base, views: [all, all], homes: [2, 2] }
const targetDies: MoveCase = { ...base, views: [all, [0, 2]], homes: [2, 2], crashes: [1] }
const targetGoes: MoveCase = { ...base, views: [all, [0, 2]], homes: [2, 0] }

/** The case, the true rules, and at how many states something would be missing. */
const cases: readonly (readonly [string, MoveCase, number])[] = [
  ['nothing fails but messages, and the owner is told to abort', { ...base, aborts: true, ticks: 2 }, 3_500],
  ['the home is the owner, the holder the target', { ...base, homes: [0], holder: 1, ticks: 2 }, 2_000],
  ['the view changes, and nobody goes', same, 10_000],
  ['the target dies', targetDies, 19_000],
  ['the target is removed, and lives', targetGoes, 12_000],
  ['the target, which alone held it, dies', { ...targetDies, holder: 1 }, 13_000],
  ['the owner dies', { ...base, views: [all, [1, 2]], homes: [2, 1], crashes: [0] }, 24_000],
  ['the owner is removed, and lives', { ...base, views: [all, [1, 2]], homes: [0, 2] }, 15_000],
  ['the home dies', { ...base, views: [all, [0, 1]], homes: [2, 1], crashes: [2] }, 13_000],
]

/** Each is one rule replaced. */
const mistakes: readonly (readonly [string, MoveCase, Partial<MoveRules>])[] = [
  ['a word of another view is opened', same, { acceptsView: () => true }],
  [
    'a word is opened that was answered',
    base,
    { mayOpen: (word) => MOVE_RULES.mayOpen({ ...word, answered: undefined }) },
  ],
  [
    'a word is opened at a lower tick',
    { ...base, ticks: 2 },
    { mayOpen: (word) => MOVE_RULES.mayOpen({ ...word, tick: word.held?.tick ?? 0 }) },
  ],
  ['who opened says that it never will', base, { answerToCancel: () => 'cancelled' }],
  ['the owner goes on without an answer', base, { mayGoOn: () => true }],
  ['the owner goes on in its old epoch', base, { epochToGoOn: ({ epoch }) => epoch }],
  ['the owner forgets what nobody else holds', { ...targetDies, holder: 1 }, { mayForget: () => true }],
]

/** Also what becomes of every `each`th state if nothing fails any more. */
function settling(model: MoveModel, each: number): Model<MoveState> {
  let looked = 0
  return {
    initial: model.initial,
    successors: (state, emit) => model.successors(state, emit),
    key: (state) => model.key(state),
    violation: (state) => model.violation(state) ?? (looked++ % each === 0 ? model.unsettled(state) : undefined),
  }
}

describe('moves', { timeout: 60_000 }, () => {
  it.each(cases)('keep a room on one shard with all that was held: %s', (_name, about, atLeast) => {
    const { states, violation } = explore(settling(new MoveModel(about), 200), { maxStates: 100_000 })
    expect(violation).toBeUndefined()
    expect(states).toBeGreaterThan(atLeast)
  })

  it('succeed, are refused, and end in the air: the cases reach all that', () => {
    const reached = new Set<string>()
    const model = new MoveModel(same)
    const watch = (state: MoveState) => {
      const [owner, target] = state.shards
      if (target?.running && owner?.halted === undefined && owner?.memory.outgoing.size === 0) reached.add('moved')
      if (owner?.running && owner.running.epoch.k > 1) reached.add('goes on under another epoch')
      if (owner?.memory.stranded.size === 1) reached.add('in the air')
      if (target?.memory.early.size === 1) reached.add('a word that overtook its records')
      return undefined
    }
    explore(
      {
        initial: model.initial,
        successors: (state, emit) => model.successors(state, emit),
        key: (state) => model.key(state),
        violation: watch,
      },
      { maxStates: 100_000 },
    )
    expect([...reached].sort()).toEqual([
      'a word that overtook its records',
      'goes on under another epoch',
      'in the air',
      'moved',
    ])
  })

  it.each(mistakes)('go wrong, and it is seen: %s', (_name, about, change) => {
    const model = new MoveModel({ ...about, rules: { ...MOVE_RULES, ...change } })
    const found = explore(model, { maxStates: 100_000 }).violation
    expect(found ?? explore(settling(model, 1), { maxStates: 100_000 }).violation).toBeDefined()
  })
})
