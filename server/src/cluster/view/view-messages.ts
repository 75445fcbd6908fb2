/**
 * What shards say to each other about views and leases, and the parser, which believes nothing: whatever it lets through has the stated form and is bounded.
 */
import { isCount, isRecord, isText } from '@tickmesh/shared'
import { isLife, type Life } from '../life.ts'
import { MAX_CHANGES, MAX_JOINS, MAX_MEMBERS, type MemberChange, type NewMember, type ViewChange } from './next-view.ts'
import { MAX_VOTERS, type Member, type View, type ViewId } from './view.ts'
import type { ViewMemory } from './views-api.ts'

/** Orders ballots; no two are equal. */
export interface Ballot {
  readonly round: number
  readonly life: Life
}

export interface AskMessage {
  readonly kind: 'ask'
  readonly view: ViewId
  readonly seq: number
  /** The newest answer that came from the one that is asked; -1: none. */
  readonly gotSeq: number
  readonly leaselessMs: number
}

/** Names the voter's view, and the ask that it answers. */
export interface AnswerMessage {
  readonly kind: 'answer'
  readonly view: ViewId
  readonly seq: number
  readonly granted: boolean
}

/** `view`: the one that the ballot is to follow. */
export type BallotMessage =
  | { readonly kind: 'prepare'; readonly view: ViewId; readonly ballot: Ballot }
  | {
      readonly kind: 'promise'
      readonly view: ViewId
      readonly ballot: Ballot
      readonly accepted?: { readonly ballot: Ballot; readonly change: ViewChange } | undefined
      /** Whose removal the voter backs, by what it saw itself. */
      readonly backs: readonly Life[]
      readonly joins: readonly NewMember[]
      readonly changes: readonly MemberChange[]
    }
  | { readonly kind: 'overtaken'; readonly view: ViewId; readonly ballot: Ballot; readonly by: Ballot }
  | { readonly kind: 'accept'; readonly view: ViewId; readonly ballot: Ballot; readonly change: ViewChange }
  | {
      readonly kind: 'accepted'
      readonly view: ViewId
      readonly ballot: Ballot
      /** For each removal of the change, in its order: how long ago the voter granted to it, whether it has proof of its end, and whether it was refused a connection. */
      readonly ages: readonly number[]
      readonly proofs: readonly boolean[]
      readonly refused: readonly boolean[]
    }

export type ChainMessage =
  /** The decided changes from `base` on. `restMs`: for how long from now on nothing may be taken over. */
  | { readonly kind: 'chain'; readonly base: ViewId; readonly changes: readonly ViewChange[]; readonly restMs: number }
  | { readonly kind: 'whole'; readonly view: View; readonly removed: readonly Life[] }
  | { readonly kind: 'fetch'; readonly view: ViewId }

export type WishMessage =
  | { readonly kind: 'join'; readonly member: NewMember; readonly forwarded: boolean }
  /** Whom to ask; `live`: whether the one that says so has a lease. */
  | { readonly kind: 'voters'; readonly view: ViewId; readonly voters: readonly Life[]; readonly live: boolean }
  | { readonly kind: 'refusal'; readonly reason: string }
  | { readonly kind: 'change'; readonly change: MemberChange }
  | { readonly kind: 'leave' }
  | { readonly kind: 'ended'; readonly life: Life }
  /** Opens a connection, so that a process that ended shows by a refusal. */
  | { readonly kind: 'look' }

/** A founding's ballots. Acceptors are names; a life answers for its own. */
export type FoundingMessage =
  | { readonly kind: 'found-prepare'; readonly ballot: Ballot }
  | {
      readonly kind: 'found-promise'
      readonly ballot: Ballot
      readonly accepted?: { readonly ballot: Ballot; readonly view: View } | undefined
      readonly member: NewMember
      readonly memory?: ViewMemory | undefined
    }
  | { readonly kind: 'found-overtaken'; readonly ballot: Ballot; readonly by: Ballot }
  | { readonly kind: 'found-accept'; readonly ballot: Ballot; readonly view: View }
  | { readonly kind: 'found-accepted'; readonly ballot: Ballot }

export type ViewMessage = AskMessage | AnswerMessage | BallotMessage | ChainMessage | WishMessage | FoundingMessage

export const MAX_CHAIN = 64
export const MAX_REMOVED = 1_024
const MAX_MS = 1e12

type Fields = Readonly<Record<string, unknown>>

export function parseViewMessage(value: unknown): ViewMessage | undefined {
  const fields = asFields(value)
  if (fields === undefined || typeof fields.kind !== 'string') return undefined
  if (fields.kind === 'ask') return parseAsk(fields)
  if (fields.kind === 'answer') return parseAnswer(fields)
  if (fields.kind.startsWith('found-')) return parseFounding(fields)
  return parseBallot(fields) ?? parseChain(fields) ?? parseWish(fields)
}

function parseAsk({ view: id, seq, gotSeq, leaselessMs }: Fields): AskMessage | undefined {
  const view = parseViewId(id)
  if (view === undefined || !isCount(seq) || !isDuration(leaselessMs)) return undefined
  if (gotSeq !== -1 && !isCount(gotSeq)) return undefined
  return { kind: 'ask', view, seq, gotSeq, leaselessMs }
}

function parseAnswer({ view: id, seq, granted }: Fields): AnswerMessage | undefined {
  const view = parseViewId(id)
  if (view === undefined || !isCount(seq) || typeof granted !== 'boolean') return undefined
  return { kind: 'answer', view, seq, granted }
}

function parseBallot(fields: Fields): BallotMessage | undefined {
  const view = parseViewId(fields.view)
  const ballot = parseBallotNumber(fields.ballot)
  if (view === undefined || ballot === undefined) return undefined
  switch (fields.kind) {
    case 'prepare':
      return { kind: 'prepare', view, ballot }
    case 'promise':
      return parsePromise(fields, view, ballot)
    case 'overtaken': {
      const by = parseBallotNumber(fields.by)
      return by === undefined ? undefined : { kind: 'overtaken', view, ballot, by }
    }
    case 'accept': {
      const change = parseChange(fields.change)
      return change === undefined ? undefined : { kind: 'accept', view, ballot, change }
    }
    case 'accepted': {
      const ages = parseList(fields.ages, MAX_MEMBERS, (age) => (isDuration(age) ? age : undefined))
      const proofs = parseList(fields.proofs, MAX_MEMBERS, parseFlag)
      const refused = parseList(fields.refused, MAX_MEMBERS, parseFlag)
      if (ages === undefined || proofs === undefined || refused === undefined) return undefined
      return { kind: 'accepted', view, ballot, ages, proofs, refused }
    }
    default:
      return undefined
  }
}

function parsePromise(fields: Fields, view: ViewId, ballot: Ballot): BallotMessage | undefined {
  const backs = parseLives(fields.backs, MAX_MEMBERS)
  const joins = parseList(fields.joins, MAX_JOINS, parseNewMember)
  const changes = parseList(fields.changes, MAX_CHANGES, parseMemberChange)
  if (backs === undefined || joins === undefined || changes === undefined) return undefined
  const { accepted: said } = fields
  if (said === undefined || said === null) return { kind: 'promise', view, ballot, backs, joins, changes }
  const accepted = asFields(said)
  const at = parseBallotNumber(accepted?.ballot)
  const change = parseChange(accepted?.change)
  if (at === undefined || change === undefined) return undefined
  return { kind: 'promise', view, ballot, accepted: { ballot: at, change }, backs, joins, changes }
}

function parseChain(fields: Fields): ChainMessage | undefined {
  switch (fields.kind) {
    case 'chain': {
      const base = parseViewId(fields.base)
      const changes = parseList(fields.changes, MAX_CHAIN, parseChange)
      const { restMs } = fields
      return base && changes && isDuration(restMs) ? { kind: 'chain', base, changes, restMs } : undefined
    }
    case 'whole': {
      const view = parseView(fields.view)
      const removed = parseLives(fields.removed, MAX_REMOVED)
      return view && removed ? { kind: 'whole', view, removed } : undefined
    }
    case 'fetch': {
      const view = parseViewId(fields.view)
      return view === undefined ? undefined : { kind: 'fetch', view }
    }
    default:
      return undefined
  }
}

function parseWish(fields: Fields): WishMessage | undefined {
  switch (fields.kind) {
    case 'join': {
      const member = parseNewMember(fields.member)
      const { forwarded } = fields
      return member && typeof forwarded === 'boolean' ? { kind: 'join', member, forwarded } : undefined
    }
    case 'voters': {
      const view = parseViewId(fields.view)
      const voters = parseLives(fields.voters, MAX_VOTERS)
      const { live } = fields
      return view && voters && typeof live === 'boolean' ? { kind: 'voters', view, voters, live } : undefined
    }
    case 'refusal':
      return isText(fields.reason, 256) ? { kind: 'refusal', reason: fields.reason } : undefined
    case 'change': {
      const change = parseMemberChange(fields.change)
      return change === undefined ? undefined : { kind: 'change', change }
    }
    case 'ended':
      return isLife(fields.life) ? { kind: 'ended', life: fields.life } : undefined
    case 'leave':
    case 'look':
      return { kind: fields.kind }
    default:
      return undefined
  }
}

function parseFounding(fields: Fields): FoundingMessage | undefined {
  const ballot = parseBallotNumber(fields.ballot)
  if (ballot === undefined) return undefined
  switch (fields.kind) {
    case 'found-prepare':
    case 'found-accepted':
      return { kind: fields.kind, ballot }
    case 'found-overtaken': {
      const by = parseBallotNumber(fields.by)
      return by === undefined ? undefined : { kind: 'found-overtaken', ballot, by }
    }
    case 'found-accept': {
      const view = parseView(fields.view)
      return view === undefined ? undefined : { kind: 'found-accept', ballot, view }
    }
    case 'found-promise': {
      const member = parseNewMember(fields.member)
      if (member === undefined) return undefined
      const said = asFields(fields.accepted)
      const at = parseBallotNumber(said?.ballot)
      const view = parseView(said?.view)
      if (said !== undefined && (at === undefined || view === undefined)) return undefined
      const memory = parseMemory(fields.memory)
      if (memory === undefined && asFields(fields.memory) !== undefined) return undefined
      return { kind: 'found-promise', ballot, accepted: at && view ? { ballot: at, view } : undefined, member, memory }
    }
    default:
      return undefined
  }
}

/** Also for what a disk gives back. */
export function parseMemory(value: unknown): ViewMemory | undefined {
  const fields = asFields(value)
  if (fields === undefined || !isCount(fields.generation) || !isCount(fields.number)) return undefined
  const { generation, number } = fields
  const voterNames = parseList(fields.voterNames, MAX_VOTERS, parseName)
  if (voterNames === undefined) return undefined
  if (fields.nextVoterNames === undefined || fields.nextVoterNames === null) return { generation, number, voterNames }
  const nextVoterNames = parseList(fields.nextVoterNames, MAX_VOTERS, parseName)
  return nextVoterNames === undefined ? undefined : { generation, number, voterNames, nextVoterNames }
}

function parseView(value: unknown): View | undefined {
  const fields = asFields(value)
  const id = parseViewId(value)
  if (fields === undefined || id === undefined || !isText(fields.cluster, 128)) return undefined
  const members = parseList(fields.members, MAX_MEMBERS, parseMember)
  const voters = parseLives(fields.voters, MAX_VOTERS)
  if (members === undefined || voters === undefined || voters.length === 0) return undefined
  for (let i = 1; i < members.length; i++)
    if ((members[i - 1]?.life ?? '') >= (members[i]?.life ?? '')) return undefined
  const lives = new Set(members.map(({ life }) => life))
  if (!voters.every((life) => lives.has(life))) return undefined
  return { cluster: fields.cluster, ...id, members, voters }
}

function parseMember(value: unknown): Member | undefined {
  const member = parseNewMember(value)
  const since = asFields(value)?.since
  return member !== undefined && isCount(since) ? { ...member, since } : undefined
}

function parseNewMember(value: unknown): NewMember | undefined {
  const fields = asFields(value)
  if (fields === undefined) return undefined
  const { life, name, address, url, zone, weight, draining } = fields
  if (!isLife(life) || !isText(name, 128) || name === '' || !isText(address, 128) || !isText(url, 512)) return undefined
  if (!isText(zone, 64) || !isWeight(weight) || typeof draining !== 'boolean') return undefined
  return { life, name, address, url, zone, weight, draining }
}

function parseMemberChange(value: unknown): MemberChange | undefined {
  const fields = asFields(value)
  if (fields === undefined) return undefined
  const { life, zone, weight, draining } = fields
  if (!isLife(life) || !isText(zone, 64) || !isWeight(weight) || typeof draining !== 'boolean') return undefined
  return { life, zone, weight, draining }
}

function parseChange(value: unknown): ViewChange | undefined {
  const fields = asFields(value)
  const removals = parseLives(fields?.removals, MAX_MEMBERS)
  const joins = parseList(fields?.joins, MAX_JOINS, parseNewMember)
  const changes = parseList(fields?.changes, MAX_CHANGES, parseMemberChange)
  const voters = parseLives(fields?.voters, MAX_VOTERS)
  if (!removals || !joins || !changes || !voters || voters.length === 0) return undefined
  return { removals, joins, changes, voters }
}

function parseViewId(value: unknown): ViewId | undefined {
  const fields = asFields(value)
  if (fields === undefined || !isCount(fields.generation) || !isCount(fields.number)) return undefined
  return { generation: fields.generation, number: fields.number }
}

function parseBallotNumber(value: unknown): Ballot | undefined {
  const fields = asFields(value)
  if (fields === undefined || !isCount(fields.round) || !isLife(fields.life)) return undefined
  return { round: fields.round, life: fields.life }
}

/** All different. */
function parseLives(value: unknown, most: number): Life[] | undefined {
  const lives = parseList(value, most, (life) => (isLife(life) ? life : undefined))
  return lives !== undefined && new Set(lives).size === lives.length ? lives : undefined
}

function parseList<T>(value: unknown, most: number, parse: (value: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined
  const list: T[] = []
  for (const item of value) {
    const parsed = parse(item)
    if (parsed === undefined) return undefined
    list.push(parsed)
  }
  return list
}

function parseName(value: unknown): string | undefined {
  return isText(value, 128) ? value : undefined
}

function parseFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function asFields(value: unknown): Fields | undefined {
  return isRecord(value) ? value : undefined
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_MS
}

function isWeight(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 100
}
