/**
 * What shards say to each other about rooms, and how it is checked. Every message names the view it was sent in and counts in no other; whoever needs an answer
 * asks again. `parseRoomMessage` believes nothing: what it returns is well-formed and within bounds, whether it is true is for `ClusterRooms` to see.
 */
import { isCount, isPlainObject, isRecord, isRoomId } from '@tickmesh/shared'
import { isLife, type Life } from '../life.ts'
import { parseEpoch, parseViewId } from '../message-fields.ts'
import type { RoomEpoch, ViewId } from '../view/view.ts'

/** A room and the epoch of its owner. */
export interface RoomClaim {
  readonly id: string
  readonly epoch: RoomEpoch
}

/** A room whose journal a member holds up to `tick`. */
export interface HeldRoomClaim extends RoomClaim {
  readonly tick: number
}

export type Attributes = Readonly<Record<string, unknown>>

/** What a home answers: `at` names the owner, whose address is in the view. */
export type HomeAnswer =
  | { readonly kind: 'at'; readonly owner: Life; readonly epoch: RoomEpoch }
  | { readonly kind: 'none' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'unknown'; readonly why: string }

type Body =
  /** To a home, from each member of the view: chunk `chunk` (from 0) of `chunks`. `rooms`: those that it runs; `held`: those that it holds; `gone`: those whose owner was removed, as far as it knows; `over`: those that are over. */
  | {
      readonly t: 'claims'
      readonly chunk: number
      readonly chunks: number
      readonly rooms: readonly RoomClaim[]
      readonly held: readonly HeldRoomClaim[]
      readonly gone: readonly RoomClaim[]
      readonly over: readonly RoomClaim[]
    }
  | { readonly t: 'claimed'; readonly chunk: number }
  /** To an owner: the home knows another under this higher epoch. */
  | { readonly t: 'outranked'; readonly id: string; readonly epoch: RoomEpoch }
  /** To a home: where is it? `request` counts what this life asks. */
  | { readonly t: 'find'; readonly request: number; readonly id: string }
  /** To a home: make it, or say where it is. Below request `settled` this life waits for no answer. */
  | {
      readonly t: 'make'
      readonly request: number
      readonly settled: number
      readonly id: string
      readonly attributes: Attributes
    }
  | { readonly t: 'found'; readonly request: number; readonly answer: HomeAnswer }
  /** From a home: be its owner. Below `settled` this home waits for no answer to any `open` (k of its epochs). */
  | {
      readonly t: 'open'
      readonly settled: number
      readonly id: string
      readonly epoch: RoomEpoch
      readonly attributes: Attributes
      /** By going on with the journal that it holds. */
      readonly takeOver: boolean
    }
  | { readonly t: 'opened'; readonly k: number; readonly isOpen: boolean }
  /** To a home: this room of mine is over. */
  | { readonly t: 'ended'; readonly id: string; readonly epoch: RoomEpoch }
  | { readonly t: 'noted'; readonly id: string; readonly epoch: RoomEpoch }
  /** To a home, from a room's owner under `epoch`: under which epoch would `to` own it next? */
  | {
      readonly t: 'rename'
      readonly request: number
      readonly id: string
      readonly epoch: RoomEpoch
      readonly to: Life
    }
  | { readonly t: 'renamed'; readonly request: number; readonly epoch: RoomEpoch }
  /** Under none at the moment. */
  | { readonly t: 'refused'; readonly request: number }
  /** To a home: I run it, under an epoch that it gave. */
  | { readonly t: 'runs'; readonly id: string; readonly epoch: RoomEpoch }
  | { readonly t: 'registered'; readonly id: string; readonly epoch: RoomEpoch }
  /** From a home, to one who holds a room: it is over, up to this epoch. */
  | { readonly t: 'over'; readonly id: string; readonly epoch: RoomEpoch }
  /** From a home, to one who holds a room: another has taken it over, under this epoch. */
  | { readonly t: 'taken'; readonly id: string; readonly owner: Life; readonly epoch: RoomEpoch }

export type RoomMessage = { readonly view: ViewId } & Body

/** A message before the view is put on it. */
export type RoomMessageBody = Body

/** Packed about 20 kB. */
export const CHUNK_ROOMS = 400
/** So a member may claim 400,000 rooms at one home. */
const MAX_CHUNKS = 1_000
const MAX_WHY = 100

/** Undefined: it is not a message of this part, or of a version that is not understood. */
export function parseRoomMessage(value: unknown): RoomMessage | undefined {
  if (!isRecord(value)) return undefined
  const view = parseViewId(value.view)
  const body = parseBody(value)
  return view === undefined || body === undefined ? undefined : { view, ...body }
}

function parseBody(value: Record<string, unknown>): Body | undefined {
  const { t } = value
  switch (t) {
    case 'claims':
      return parseClaims(value)
    case 'claimed':
      return isCount(value.chunk) ? { t, chunk: value.chunk } : undefined
    case 'outranked':
    case 'ended':
    case 'noted':
    case 'runs':
    case 'registered':
    case 'over': {
      const room = parseClaim(value)
      return room === undefined ? undefined : { t, ...room }
    }
    case 'taken': {
      const { owner } = value
      const room = parseClaim(value)
      return room === undefined || !isLife(owner) ? undefined : { t, owner, ...room }
    }
    case 'find':
      return isCount(value.request) && isRoomId(value.id) ? { t, request: value.request, id: value.id } : undefined
    case 'make': {
      const { request, settled, id, attributes } = value
      if (!isCount(request) || !isCount(settled) || !isRoomId(id) || !isPlainObject(attributes)) return undefined
      return { t, request, settled, id, attributes }
    }
    case 'found': {
      const answer = parseAnswer(value.answer)
      return answer === undefined || !isCount(value.request) ? undefined : { t, request: value.request, answer }
    }
    case 'open': {
      const { settled, attributes, takeOver } = value
      const room = parseClaim(value)
      if (room === undefined || !isCount(settled) || !isPlainObject(attributes)) return undefined
      return typeof takeOver === 'boolean' ? { t, settled, ...room, attributes, takeOver } : undefined
    }
    case 'rename': {
      const { request, to } = value
      const room = parseClaim(value)
      return room !== undefined && isCount(request) && isLife(to) ? { t, request, ...room, to } : undefined
    }
    case 'renamed': {
      const epoch = parseEpoch(value.epoch)
      return epoch !== undefined && isCount(value.request) ? { t, request: value.request, epoch } : undefined
    }
    case 'refused':
      return isCount(value.request) ? { t, request: value.request } : undefined
    case 'opened':
      return isCount(value.k) && typeof value.isOpen === 'boolean' ? { t, k: value.k, isOpen: value.isOpen } : undefined
    default:
      return undefined
  }
}

function parseClaims({ chunk, chunks, rooms, held, gone, over }: Record<string, unknown>): Body | undefined {
  if (!isCount(chunk) || !isCount(chunks) || chunks > MAX_CHUNKS || chunk >= chunks) return undefined
  const lists = {
    rooms: parseList(rooms, parseClaim),
    held: parseList(held, parseHeld),
    gone: parseList(gone, parseClaim),
    over: parseList(over, parseClaim),
  }
  if (!lists.rooms || !lists.held || !lists.gone || !lists.over) return undefined
  return { t: 'claims', chunk, chunks, rooms: lists.rooms, held: lists.held, gone: lists.gone, over: lists.over }
}

function parseList<Claim>(
  value: unknown,
  parse: (item: Record<string, unknown>) => Claim | undefined,
): Claim[] | undefined {
  if (!Array.isArray(value) || value.length > CHUNK_ROOMS) return undefined
  const claims: Claim[] = []
  for (const item of value) {
    const claim = isRecord(item) ? parse(item) : undefined
    if (claim === undefined) return undefined
    claims.push(claim)
  }
  return claims
}

function parseHeld(value: Record<string, unknown>): HeldRoomClaim | undefined {
  const room = parseClaim(value)
  return room !== undefined && isCount(value.tick) ? { ...room, tick: value.tick } : undefined
}

function parseClaim({ id, epoch }: Record<string, unknown>): RoomClaim | undefined {
  const parsed = parseEpoch(epoch)
  return isRoomId(id) && parsed !== undefined ? { id, epoch: parsed } : undefined
}

function parseAnswer(value: unknown): HomeAnswer | undefined {
  if (!isRecord(value)) return undefined
  const { kind, owner, why } = value
  if (kind === 'none' || kind === 'lost') return { kind }
  if (kind === 'unknown') return typeof why === 'string' && why.length <= MAX_WHY ? { kind, why } : undefined
  const epoch = parseEpoch(value.epoch)
  return kind === 'at' && isLife(owner) && epoch !== undefined ? { kind, owner, epoch } : undefined
}
