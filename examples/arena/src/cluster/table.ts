/** The live table of `npm run cluster`: what each shard says, in columns. Pure; printed by main.ts. */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { ShardReport } from './words.ts'

/** `left`: it drained, and went by agreement. `dead`: any other end. */
export type ShardState = 'starting' | 'running' | 'frozen' | 'draining' | 'stopping' | 'left' | 'dead'

export interface ShardRow {
  readonly name: string
  readonly pid: number | undefined
  readonly state: ShardState
  /** The last one; none before it listens. */
  readonly report: ShardReport | undefined
}

export interface TableLook {
  readonly colours: boolean
  /** In characters. What does not fit leaves out its less important columns. */
  readonly width: number
}

type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'dim'
type Paint = (colour: Colour, text: string) => string

interface Column {
  readonly head: string
  /** For numbers. */
  readonly right: boolean
  /** The lowest goes first where the terminal is narrow. */
  readonly rank: number
  /** Of a shard that said something, and lives. */
  readonly of: (report: ShardReport, paint: Paint, state: ShardState) => string
}

const COLOURS: Readonly<Record<ShardState, Colour>> = {
  starting: 'dim',
  running: 'green',
  frozen: 'cyan',
  draining: 'yellow',
  stopping: 'yellow',
  left: 'dim',
  dead: 'red',
}
const GAP = '  '
const LATENESS = 'tick late p99'
/** Generations are dates in seconds; their ends tell them apart. */
const GENERATION_DIGITS = 100_000

const COLUMNS: readonly Column[] = [
  { head: 'view', right: true, rank: 9, of: viewOf },
  { head: 'members', right: true, rank: 7, of: ({ cluster }) => String(cluster.views.view?.members.length ?? '') },
  { head: 'lease', right: true, rank: 8, of: leaseOf },
  { head: 'rooms', right: true, rank: 6, of: ({ rooms }) => String(rooms) },
  { head: 'players', right: true, rank: 5, of: ({ players }) => String(players) },
  { head: 'stands by', right: true, rank: 3, of: ({ cluster }) => String(cluster.standby.held.length) },
  { head: LATENESS, right: true, rank: 2, of: ({ tickLatenessP99Ms }) => `${tickLatenessP99Ms.toFixed(1)} ms` },
  { head: 'page', right: false, rank: 4, of: ({ page }) => page },
]

const SHORT_PAGE: Column = { head: 'page', right: false, rank: 4, of: ({ page }) => page.replace('http://', '') }

/** Lines to print. */
export function tableOf(rows: readonly ShardRow[], { colours, width }: TableLook): string[] {
  const paint: Paint = (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text)
  let columns = COLUMNS
  let lines = drawn(rows, columns, paint, true)
  const fits = (): boolean => lines.every((line) => widthOf(line) < width)
  if (!fits()) {
    columns = columns.filter(({ head }) => head !== LATENESS).map((one) => (one.head === 'page' ? SHORT_PAGE : one))
    lines = drawn(rows, columns, paint, false)
  }
  while (!fits() && columns.length > 1) {
    const least = Math.min(...columns.map(({ rank }) => rank))
    columns = columns.filter(({ rank }) => rank !== least)
    lines = drawn(rows, columns, paint, false)
  }
  return [...lines, '', ...summary(rows).map((text) => paint('dim', text))]
}

function drawn(rows: readonly ShardRow[], columns: readonly Column[], paint: Paint, withPid: boolean): string[] {
  const heads = ['shard', 'state', ...(withPid ? ['pid'] : []), ...columns.map(({ head }) => head)]
  const right = [false, false, ...(withPid ? [true] : []), ...columns.map((column) => column.right)]
  const cells = rows.map(({ name, pid, state, report }) => {
    const lives = state !== 'dead' && state !== 'left'
    const shown = [name, paint(COLOURS[state], state)]
    if (withPid) shown.push(lives ? String(pid ?? '') : '')
    if (report !== undefined && lives) shown.push(...columns.map(({ of }) => of(report, paint, state)))
    return shown
  })
  const widths = heads.map((head, at) => Math.max(head.length, ...cells.map((line) => widthOf(line[at] ?? ''))))
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => pad(text, widths[at] ?? 0, right[at] === true))
      .join(GAP)
      .trimEnd()
  return [paint('dim', line(heads)), ...cells.map(line)]
}

function viewOf({ cluster }: ShardReport, paint: Paint): string {
  const { view, phase } = cluster.views
  return view === undefined ? paint('yellow', phase) : `${view.generation % GENERATION_DIGITS}.${view.number}`
}

function leaseOf({ cluster }: ShardReport, paint: Paint, state: ShardState): string {
  // What it said last is old.
  if (state === 'frozen') return paint('dim', '?')
  const { leaseLeftMs } = cluster.views
  return leaseLeftMs > 0 ? paint('green', `${Math.round(leaseLeftMs)} ms`) : paint('red', 'none')
}

function summary(rows: readonly ShardRow[]): string[] {
  const heard = rows.flatMap(({ state, report }) =>
    state === 'dead' || state === 'left' || report === undefined ? [] : [{ state, report }],
  )
  if (heard.length === 0) return [rows.some(({ state }) => state === 'starting') ? 'the shards start' : 'no shard runs']
  const sum = (of: (report: ShardReport) => number): number =>
    heard.reduce((total, { report }) => total + of(report), 0)
  const views = new Set(
    heard.flatMap(({ report }) => {
      const { view } = report.cluster.views
      return view === undefined ? [] : [`${view.generation}.${view.number}`]
    }),
  )
  const survives = Math.max(0, ...heard.map(({ report }) => report.cluster.views.survives))
  const agreed = views.size === 0 ? 'no view yet' : views.size === 1 ? 'one view' : `${views.size} views at the moment`
  const counts = `${counted(
    sum(({ rooms }) => rooms),
    'room',
  )}, ${counted(
    sum(({ players }) => players),
    'player',
  )}`
  const lines = [`${counted(heard.length, 'shard')}, ${agreed}, ${counts}; ${lossesOf(survives)}`]
  if (views.size === 0 && heard.length > 0 && heard.length < rows.length)
    lines.push('A majority of the first shards founds the cluster: start more of them.')
  const stuck = heard.filter(({ state }) => state === 'running')
  const hasNone = ({ report }: { report: ShardReport }): boolean => report.cluster.views.leaseLeftMs <= 0
  if (stuck.some(({ report }) => report.cluster.views.view !== undefined) && stuck.every(hasNone))
    lines.push('No majority: rooms pause. Start the dead shards, or let the frozen ones go on.')
  return lines
}

function lossesOf(survives: number): string {
  return survives === 0 ? 'none may be lost at once' : `${survives} may be lost at once`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return right ? space + text : text + space
}
