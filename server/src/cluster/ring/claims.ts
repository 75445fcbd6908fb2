/**
 * Claims: on each new view every member tells every home which rooms it runs, holds and knows to be over, in chunks, until all of it is acknowledged; a home that heard all members knows
 * all its rooms. Both are made anew for each view, by `ClusterRooms`.
 */
import type { Life } from '../life.ts'
import { firstDue } from '../retry.ts'
import { CHUNK_ROOMS, type HeldRoomClaim, type RoomClaim, type RoomMessageBody } from './room-messages.ts'
import { MAX_RETRY_MS, RETRY_MS } from './rooms-context.ts'

/** Chunks that are out to one home at a time. */
const WINDOW = 8

export interface ClaimChunk {
  readonly rooms: readonly RoomClaim[]
  readonly held: readonly HeldRoomClaim[]
  readonly gone: readonly RoomClaim[]
  readonly over: readonly RoomClaim[]
}

export const NO_CLAIMS: ClaimChunk = { rooms: [], held: [], gone: [], over: [] }

interface ToHome {
  readonly chunks: readonly ClaimChunk[]
  /** Sent and not acknowledged, by number; at most WINDOW. */
  readonly out: Set<number>
  /** The next chunk that was never sent. */
  next: number
  dueMs: number
  retryMs: number
}

type Say = (to: Life, body: RoomMessageBody, nowMs: number) => void

export class OutgoingClaims {
  readonly #homes = new Map<Life, ToHome>()
  readonly #say: Say

  /** Nothing is sent before `start`. */
  constructor(say: Say) {
    this.#say = say
  }

  /** To every member, also if there is nothing to claim: an empty claim is what the home waits for. */
  start(homes: Iterable<Life>, claims: ReadonlyMap<Life, ClaimChunk>, nowMs: number): void {
    for (const home of homes) {
      const chunks = chunksOf(claims.get(home) ?? NO_CLAIMS)
      this.#homes.set(home, { chunks, out: new Set(), next: 0, dueMs: nowMs + RETRY_MS, retryMs: RETRY_MS })
    }
    for (const [home, state] of [...this.#homes]) this.#sendMore(home, state, nowMs)
  }

  /** The chunk that is known there now; undefined: it was not waited for. */
  acknowledged(home: Life, chunk: number, nowMs: number): ClaimChunk | undefined {
    const state = this.#homes.get(home)
    if (state === undefined || !state.out.delete(chunk)) return undefined
    state.retryMs = RETRY_MS
    this.#sendMore(home, state, nowMs)
    if (state.out.size === 0) this.#homes.delete(home)
    return state.chunks[chunk]
  }

  tick(nowMs: number): void {
    for (const [home, state] of [...this.#homes]) {
      if (nowMs < state.dueMs) continue
      state.retryMs = Math.min(state.retryMs * 2, MAX_RETRY_MS)
      state.dueMs = nowMs + state.retryMs
      for (const chunk of [...state.out]) this.#send(home, state, chunk, nowMs)
    }
  }

  get nextMs(): number {
    return firstDue(this.#homes.values())
  }

  #sendMore(home: Life, state: ToHome, nowMs: number): void {
    while (state.out.size < WINDOW && state.next < state.chunks.length) {
      const chunk = state.next++
      state.out.add(chunk)
      state.dueMs = nowMs + state.retryMs
      this.#send(home, state, chunk, nowMs)
    }
  }

  #send(home: Life, { chunks }: ToHome, chunk: number, nowMs: number): void {
    const content = chunks[chunk]
    if (content !== undefined) this.#say(home, { t: 'claims', chunk, chunks: chunks.length, ...content }, nowMs)
  }
}

/** At least one. What fits into one goes in one. */
function chunksOf(claims: ClaimChunk): ClaimChunk[] {
  const { rooms, held, gone, over } = claims
  if (rooms.length + held.length + gone.length + over.length <= CHUNK_ROOMS) return [claims]
  return [
    ...parts(rooms).map((part) => ({ ...NO_CLAIMS, rooms: part })),
    ...parts(held).map((part) => ({ ...NO_CLAIMS, held: part })),
    ...parts(gone).map((part) => ({ ...NO_CLAIMS, gone: part })),
    ...parts(over).map((part) => ({ ...NO_CLAIMS, over: part })),
  ]
}

function parts<Claim>(claims: readonly Claim[]): (readonly Claim[])[] {
  const found: (readonly Claim[])[] = []
  for (let i = 0; i < claims.length; i += CHUNK_ROOMS) found.push(claims.slice(i, i + CHUNK_ROOMS))
  return found
}

export class IncomingClaims {
  /** Members that have not told all, with the chunks that came. */
  readonly #waiting = new Map<Life, Set<number>>()
  /** Rooms that ended before the chunk with them came: an older word must not bring them back. */
  readonly #ended = new Map<Life, Set<string>>()

  constructor(members: Iterable<Life>) {
    for (const life of members) this.#waiting.set(life, new Set())
  }

  get isComplete(): boolean {
    return this.#waiting.size === 0
  }

  /** Members that have not told all. */
  get waitingFor(): IterableIterator<Life> {
    return this.#waiting.keys()
  }

  /** Whether this chunk is news. */
  received(from: Life, chunk: number, chunks: number): boolean {
    const came = this.#waiting.get(from)
    if (came === undefined || came.has(chunk)) return false
    came.add(chunk)
    if (came.size === chunks) this.#waiting.delete(from)
    return true
  }

  ended(from: Life, id: string): void {
    if (!this.#waiting.has(from)) return
    const ended = this.#ended.get(from) ?? new Set()
    this.#ended.set(from, ended.add(id))
  }

  hasEnded(from: Life, id: string): boolean {
    return this.#ended.get(from)?.has(id) === true
  }
}
