/**
 * An explicit-state model checker: breadth first from the initial states, each state once, so that the trace of a violation is one of the shortest.
 * Used by the models beside it. Never gives up silently: more states than allowed is an error, not a pass.
 */

export interface Model<State> {
  readonly initial: readonly State[]
  /** Calls `emit` with every state that one step leads to, and what the step is. */
  successors(state: State, emit: (next: State, step: string) => void): void
  /** What is wrong with this state, if anything is. */
  violation(state: State): string | undefined
  /** Equal for states that need not be told apart, and only for those. */
  key(state: State): string
}

export interface Violation {
  readonly what: string
  /** The steps that lead to it from an initial state. */
  readonly steps: readonly string[]
}

export interface Exploration {
  readonly states: number
  /** Steps taken, those to known states included. */
  readonly transitions: number
  /** Steps to the farthest state. */
  readonly depth: number
  readonly violation: Violation | undefined
}

export interface ExploreOptions {
  /** More are an error. */
  readonly maxStates: number
}

export function explore<State>(model: Model<State>, { maxStates }: ExploreOptions): Exploration {
  const known = new Map<string, number>()
  /** By a state's number: the number of the state it was first reached from; -1: none. */
  const parents: number[] = []
  let transitions = 0
  let depth = 0
  let level: { readonly number: number; readonly state: State }[] = []
  let next: typeof level = []
  let found: { readonly what: string; readonly number: number } | undefined

  const visit = (state: State, parent: number): void => {
    const key = model.key(state)
    if (found !== undefined || known.has(key)) return
    const number = parents.length
    if (number >= maxStates) throw new Error(`more than ${maxStates} states: nothing is proven; make the case smaller`)
    known.set(key, number)
    parents.push(parent)
    const what = model.violation(state)
    if (what !== undefined) found = { what, number }
    next.push({ number, state })
  }

  for (const state of model.initial) visit(state, -1)
  while (found === undefined && next.length > 0) {
    level = next
    next = []
    for (const { number, state } of level) {
      model.successors(state, (successor) => {
        transitions++
        visit(successor, number)
      })
      if (found !== undefined) break
    }
    if (next.length > 0) depth++
  }
  const violation = found && { what: found.what, steps: trace(model, known, parents, found.number) }
  return { states: parents.length, transitions, depth, violation }
}

/** Walks the path to a state again, for the names of its steps: none are kept while exploring. */
function trace<State>(
  model: Model<State>,
  known: ReadonlyMap<string, number>,
  parents: readonly number[],
  target: number,
): string[] {
  const path: number[] = []
  for (let number = target; number >= 0; number = parents[number] ?? -1) path.unshift(number)
  let state = model.initial.find((candidate) => known.get(model.key(candidate)) === path[0])
  const steps: string[] = []
  for (const number of path.slice(1)) {
    const from: State | undefined = state
    state = undefined
    if (from === undefined) break
    model.successors(from, (next, step) => {
      if (state !== undefined || known.get(model.key(next)) !== number) return
      state = next
      steps.push(step)
    })
  }
  return steps
}
