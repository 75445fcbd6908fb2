/**
 * A game and its rule of interest as the interest folder works with them: one list of all rows of all types, and for each type where things are.
 * Made once per room; nothing here changes afterwards. Throws BAD_ARGUMENT for a rule that does not fit the game.
 */
import {
  type CompiledField,
  type CompiledGame,
  type FieldPlan,
  goesOnByItself,
  NetError,
  type SnapshotLayout,
  type TypePlan,
} from '@tickmesh/shared'
import type { UntypedInterest } from './interest-rule.ts'

export interface InterestTable {
  readonly plan: TypePlan
  readonly index: number
  /** The place of its row 0 in the list of all rows, which has `max` places for this type. */
  readonly first: number
  readonly max: number
  /** Where the columns of public fields start, and those of owner-only ones. */
  readonly columns: Int32Array
  readonly ownerColumns: Int32Array
  /** Positions that are coded by where a changed velocity leads them. */
  readonly steady: readonly { readonly position: FieldPlan; readonly velocity: FieldPlan }[]
  readonly x: CompiledField | undefined
  readonly y: CompiledField | undefined
  /** Everybody sees it, wherever it is. */
  readonly always: boolean
  /** A row that a client hears nothing of moves on by its motion; else it stays as it is. */
  readonly goesOn: boolean
}

export interface InterestGame {
  readonly game: CompiledGame
  readonly layout: SnapshotLayout
  readonly rule: UntypedInterest
  readonly tables: readonly InterestTable[]
  /** Places in the list of all rows. */
  readonly total: number
  readonly radius: number
  readonly leaveRadius: number
  readonly cell: number
  /** In ticks and bits. */
  readonly maxStaleTicks: number
  readonly budgetBitsPerMs: number
}

/** Rows are kept in 16 bits. */
const MOST_ROWS = 65_535
const LEAVE_SHARE = 1.15
const LEAST_CELL_SHARE = 1 / 16
const DEFAULT_BUDGET_BYTES = 4_000
export const DEFAULT_STALENESS_MS = 200

function refuse(problem: string, remedy: string): NetError {
  return new NetError('BAD_ARGUMENT', `rules.interest${problem}`, remedy)
}

function fieldOf(plan: TypePlan, name: string | undefined): CompiledField | undefined {
  const found = plan.type.fields.find((field) => field.name === name)
  if (found === undefined || found.field.names.length > 0 || found.field.kind === 'bool') return undefined
  return found
}

function tableOf(plan: TypePlan, first: number, rule: UntypedInterest): InterestTable {
  return {
    plan,
    index: plan.index,
    first,
    max: plan.max,
    columns: Int32Array.from(plan.fields, ({ offset }) => offset),
    ownerColumns: Int32Array.from(plan.ownerFields, ({ offset }) => offset),
    steady: plan.fields.flatMap((position) => {
      const velocity = plan.fields[position.velocity]
      return velocity === undefined ? [] : [{ position, velocity }]
    }),
    x: fieldOf(plan, rule.grid?.x),
    y: fieldOf(plan, rule.grid?.y),
    always: rule.always?.includes(plan.type.name) ?? false,
    goesOn: goesOnByItself(plan),
  }
}

function positive(value: number | undefined, name: string, least: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= least && value > 0)) return
  throw refuse(`.${name} is ${value}.`, `Give a number of at least ${least}, or leave it out.`)
}

function checkRule(rule: UntypedInterest, tables: readonly InterestTable[]): void {
  const { grid, visible, always = [] } = rule
  if (grid === undefined && visible === undefined) {
    throw refuse(' says nothing of what a player sees.', 'Give `grid`, `visible`, or both.')
  }
  for (const name of always) {
    if (tables.some(({ plan }) => plan.type.name === name)) continue
    const names = tables.map(({ plan }) => plan.type.name).join(', ')
    throw refuse(`.always names "${name}", which is no entity type.`, `Declared are: ${names}.`)
  }
  positive(rule.budgetBytesPerSecond, 'budgetBytesPerSecond', 100)
  positive(rule.maxStalenessMs, 'maxStalenessMs', 1)
  if (grid === undefined) return
  positive(grid.radius, 'grid.radius', 0)
  positive(grid.leaveRadius, 'grid.leaveRadius', grid.radius)
  positive(grid.cell, 'grid.cell', grid.radius * LEAST_CELL_SHARE)
  if (!tables.some(({ x, y }) => x !== undefined && y !== undefined)) {
    throw refuse(`.grid: no entity type has the numbers "${grid.x}" and "${grid.y}".`, 'Name the fields of a position.')
  }
}

export function makeInterestGame(layout: SnapshotLayout, rule: UntypedInterest): InterestGame {
  const { game } = layout
  let total = 0
  const tables = layout.types.map((plan) => {
    const table = tableOf(plan, total, rule)
    total += plan.max
    return table
  })
  if (total > MOST_ROWS) {
    throw refuse(`: all types together have ${total} rows.`, `Lower their \`max\`: ${MOST_ROWS} are possible.`)
  }
  checkRule(rule, tables)
  const radius = rule.grid?.radius ?? 0
  const leaveRadius = rule.grid?.leaveRadius ?? radius * LEAVE_SHARE
  const maxStalenessMs = rule.maxStalenessMs ?? DEFAULT_STALENESS_MS
  return {
    game,
    layout,
    rule,
    tables,
    total,
    radius,
    leaveRadius,
    cell: rule.grid?.cell ?? leaveRadius / 2,
    maxStaleTicks: Math.max(game.ticksPerSnapshot, Math.floor((maxStalenessMs * game.tickRate) / 1000 + 1e-6)),
    budgetBitsPerMs: ((rule.budgetBytesPerSecond ?? DEFAULT_BUDGET_BYTES) * 8) / 1000,
  }
}
