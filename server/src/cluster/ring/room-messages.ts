/**
 * What shards say to each other about rooms, and how it is checked. Every message names the view it was sent in and counts in no other; whoever needs an answer
 * asks again. `parseRoomMessage` believes nothing: what it returns is well-formed and within bounds, whether it is true is for `ClusterRooms` to see.
 */
import { isPlainObject, isRoomId } from '@tickmesh/shared'
import { isLife, type Life } from '../life.ts'
import type { RoomEpoch, ViewId } from '../view/view.ts'

/** A room and the epoch of its owner. */
export interface RoomClaim {
  readonly id: string
  readonly epoch: RoomEpoch
}

export type Attributes = Readonly<Record<string, unknown>>

/** What a home answers: `at` names the owner, whose address is in the view. */
export type HomeAnswer =
  | { readonly kind: 'at'; readonly owner: Life; readonly epoch: RoomEpoch }
  | { readonly kind: 'none' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'unknown'; readonly why: string }

type Body =
  /** To a home, from each member of the view: chunk `chunk` (from 0) of `chunks`. `rooms`: those that it runs; `gone`: those whose owner was removed, as far as it knows. */
  | {
      readonly t: 'claims'
      readonly chunk: number
      readonly chunks: number
      readonly rooms: readonly RoomClaim[]
      readonly gone: readonly RoomClaim[]
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
    }
  | { readonly t: 'opened'; readonly k: number; readonly isOpen: boolean }
  /** To a home: this room of mine is over. */
  | { readonly t: 'ended'; readonly id: string; readonly epoch: RoomEpoch }
  | { readonly t: 'noted'; readonly id: string; readonly epoch: RoomEpoch }

export type RoomMessage = { readonly view: ViewId } & Body

/** A message before the view is put on it. */
export type RoomMessageBody = Body

/** Packed about 20 kB. */
export const CHUNK_ROOMS = 400
/** So a member may claim 400,000 rooms at one home. */
const MAX_CHUNKS = 1_000
const MAX_WHY = 100

const COUNT = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** Undefined: it is not a message of this part, or of a version that is not understood. */
export function parseRoomMessage(value: unknown): RoomMessage | undefined {
  if (!isRecord(value)) return undefined
  const view = parseView(value.view)
  const body = parseBody(value)
  return view === undefined || body === undefined ? undefined : { view, ...body }
}

function parseBody(value: Record<string, unknown>): Body | undefined {
  const { t } = value
  switch (t) {
    case 'claims':
      return parseClaims(value)
    case 'claimed':
      return COUNT(value.chunk) ? { t, chunk: value.chunk } : undefined
    case 'outranked':
    case 'ended':
    case 'noted': {
      const room = parseClaim(value)
      return room === undefined ? undefined : { t, ...room }
    }
    case 'find':
      return COUNT(value.request) && isRoomId(value.id) ? { t, request: value.request, id: value.id } : undefined
    case 'make': {
      const { request, settled, id, attributes } = value
      if (!COUNT(request) || !COUNT(settled) || !isRoomId(id) || !isPlainObject(attributes)) return undefined
      return { t, request, settled, id, attributes }
    }
    case 'found': {
      const answer = parseAnswer(value.answer)
      return answer === undefined || !COUNT(value.request) ? undefined : { t, request: value.request, answer }
    }
    case 'open': {
      const { settled, attributes } = value
      const room = parseClaim(value)
      if (room === undefined || !COUNT(settled) || !isPlainObject(attributes)) return undefined
      return { t, settled, ...room, attributes }
    }
    case 'opened':
      return COUNT(value.k) && typeof value.isOpen === 'boolean' ? { t, k: value.k, isOpen: value.isOpen } : undefined
    default:
      return undefined
  }
}

function parseClaims({ chunk, chunks, rooms, gone }: Record<string, unknown>): Body | undefined {
  if (!COUNT(chunk) || !COUNT(chunks) || chunks > MAX_CHUNKS || chunk >= chunks) return undefined
  const claims = parseClaimList(rooms)
  const lost = parseClaimList(gone)
  return claims === undefined || lost === undefined
    ? undefined
    : { t: 'claims', chunk, chunks, rooms: claims, gone: lost }
}

function parseClaimList(value: unknown): RoomClaim[] | undefined {
  if (!Array.isArray(value) || value.length > CHUNK_ROOMS) return undefined
  const claims: RoomClaim[] = []
  for (const item of value) {
    const claim = isRecord(item) ? parseClaim(item) : undefined
    if (claim === undefined) return undefined
    claims.push(claim)
  }
  return claims
}

function parseClaim({ id, epoch }: Record<string, unknown>): RoomClaim | undefined {
  const parsed = parseEpoch(epoch)
  return isRoomId(id) && parsed !== undefined ? { id, epoch: parsed } : undefined
}

function parseEpoch(value: unknown): RoomEpoch | undefined {
  if (!isRecord(value)) return undefined
  const { generation, view, k } = value
  return COUNT(generation) && COUNT(view) && COUNT(k) ? { generation, view, k } : undefined
}

function parseView(value: unknown): ViewId | undefined {
  if (!isRecord(value)) return undefined
  const { generation, number } = value
  return COUNT(generation) && COUNT(number) ? { generation, number } : undefined
}

function parseAnswer(value: unknown): HomeAnswer | undefined {
  if (!isRecord(value)) return undefined
  const { kind, owner, why } = value
  if (kind === 'none' || kind === 'lost') return { kind }
  if (kind === 'unknown') return typeof why === 'string' && why.length <= MAX_WHY ? { kind, why } : undefined
  const epoch = parseEpoch(value.epoch)
  return kind === 'at' && isLife(owner) && epoch !== undefined ? { kind, owner, epoch } : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
