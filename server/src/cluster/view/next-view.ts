/**
 * The step from one view to the next: what a ballot decides, and what comes of it. Pure functions of agreed data, called by ballots, the chain and foundings.
 * A view that follows has the number one higher, and at least one member.
 */
import type { Life } from '../life.ts'
import { MAX_VOTERS, type Member, majorityOf, type View } from './view.ts'

export type NewMember = Omit<Member, 'since'>
export type MemberChange = Pick<Member, 'life' | 'weight' | 'draining' | 'zone'>

/** The value of a ballot. It names the voters, so that nobody has to compute them in the same way. */
export interface ViewChange {
  readonly removals: readonly Life[]
  readonly joins: readonly NewMember[]
  readonly changes: readonly MemberChange[]
  readonly voters: readonly Life[]
}

export const MAX_MEMBERS = 1_024
/** Bounds what one change can carry. */
export const MAX_JOINS = 16
export const MAX_CHANGES = 32

export function applyChange(view: View, change: ViewChange): View {
  const number = view.number + 1
  const changed = new Map(change.changes.map((one) => [one.life, one]))
  const members = view.members
    .filter(({ life }) => !change.removals.includes(life))
    .map((member) => {
      const to = changed.get(member.life)
      return to === undefined ? member : { ...member, weight: to.weight, draining: to.draining, zone: to.zone }
    })
  for (const join of change.joins) members.push({ ...join, since: number })
  members.sort((a, b) => compareLives(a.life, b.life))
  return { cluster: view.cluster, generation: view.generation, number, members, voters: change.voters }
}

export interface Wanted {
  /** How many voters back the removal of whom. */
  readonly backing: ReadonlyMap<Life, number>
  readonly joins: readonly NewMember[]
  readonly changes: readonly MemberChange[]
}

/** What a proposer that is free proposes: removals that a majority of the voters back, joins and changes. Undefined: nothing to change. */
export function chooseChange(view: View, wanted: Wanted): ViewChange | undefined {
  const enough = majorityOf(view.voters.length)
  const removals = view.members.map(({ life }) => life).filter((life) => (wanted.backing.get(life) ?? 0) >= enough)
  const staying = view.members.filter(({ life }) => !removals.includes(life))
  const names = new Set(staying.map(({ name }) => name))
  const lives = new Set(view.members.map(({ life }) => life))
  const joins: NewMember[] = []
  for (const join of wanted.joins) {
    if (names.has(join.name) || lives.has(join.life)) continue
    if (joins.length === MAX_JOINS || staying.length + joins.length === MAX_MEMBERS) break
    names.add(join.name)
    lives.add(join.life)
    joins.push(join)
  }
  const changes = wanted.changes.filter((one) => differs(staying, one)).slice(0, MAX_CHANGES)
  if (removals.length + joins.length + changes.length === 0 || staying.length + joins.length === 0) return undefined
  const since = view.number + 1
  const members = [...staying, ...joins.map((join) => ({ ...join, since }))]
  return { removals, joins, changes, voters: chooseVoters(members, view.voters) }
}

function differs(members: readonly Member[], to: MemberChange): boolean {
  const member = members.find(({ life }) => life === to.life)
  return (
    member !== undefined && (member.weight !== to.weight || member.draining !== to.draining || member.zone !== to.zone)
  )
}

/** All members up to seven; else those of `before` that stay, and the oldest members of the zones that have fewest voters. Ascending. */
export function chooseVoters(members: readonly Member[], before: readonly Life[]): Life[] {
  if (members.length <= MAX_VOTERS) return members.map(({ life }) => life).sort(compareLives)
  const kept = new Set(before)
  const voters = members.filter(({ life }) => kept.has(life)).slice(0, MAX_VOTERS)
  const others = members.filter(({ life }) => !kept.has(life))
  others.sort((a, b) => a.since - b.since || compareLives(a.life, b.life))
  const inZone = new Map<string, number>()
  for (const { zone } of voters) inZone.set(zone, (inZone.get(zone) ?? 0) + 1)
  while (voters.length < MAX_VOTERS) {
    let best = 0
    for (const [index, { zone }] of others.entries()) {
      if ((inZone.get(zone) ?? 0) < (inZone.get(others[best]?.zone ?? '') ?? 0)) best = index
    }
    const [chosen] = others.splice(best, 1)
    if (chosen === undefined) break
    voters.push(chosen)
    inZone.set(chosen.zone, (inZone.get(chosen.zone) ?? 0) + 1)
  }
  return voters.map(({ life }) => life).sort(compareLives)
}

/** How many members can be lost at once, whichever they are, so that the rest still has a majority of the voters. */
export function survivableLosses(voters: number): number {
  return voters - majorityOf(voters)
}

export function compareLives(a: Life, b: Life): number {
  return a < b ? -1 : a > b ? 1 : 0
}
