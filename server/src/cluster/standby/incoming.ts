/** Keyframes that are on their way to this holder, in chunks. Held by held-rooms.ts. Bounded in bytes, by what owners announce; those that nothing came of for long are let go. */
import type { Keyframe } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { RoomEpoch } from '../view/view.ts'
import type { HoldMessage } from './standby-messages.ts'

const MAX_BYTES = 256 * 1024 * 1024
const SILENT_MS = 30_000

export interface Arriving {
  readonly owner: Life
  readonly epoch: RoomEpoch
  readonly line: number
  readonly tick: number
  readonly sizes: readonly [number, number, number]
  readonly total: number
  readonly chunks: Uint8Array[]
  received: number
  heardMs: number
}

export class Incoming {
  readonly #arriving = new Map<string, Arriving>()
  /** That were announced. */
  #bytes = 0

  get size(): number {
    return this.#arriving.size
  }

  get(room: string): Arriving | undefined {
    return this.#arriving.get(room)
  }

  /** Undefined: there is no room for it. */
  begin(owner: Life, { room, epoch, line, tick, sizes }: HoldMessage, nowMs: number): Arriving | undefined {
    this.delete(room)
    const total = sizes[0] + sizes[1] + sizes[2]
    if (this.#bytes + total > MAX_BYTES) return undefined
    this.#bytes += total
    const arriving: Arriving = { owner, epoch, line, tick, sizes, total, chunks: [], received: 0, heardMs: nowMs }
    this.#arriving.set(room, arriving)
    return arriving
  }

  delete(room: string): void {
    const arriving = this.#arriving.get(room)
    if (arriving === undefined) return
    this.#bytes -= arriving.total
    this.#arriving.delete(room)
  }

  letGoOfSilent(nowMs: number): void {
    for (const [room, { heardMs }] of this.#arriving) if (nowMs - heardMs > SILENT_MS) this.delete(room)
  }

  clear(): void {
    this.#arriving.clear()
    this.#bytes = 0
  }
}

/** All of its chunks have come. */
export function keyframeOf({ tick, sizes, total, chunks }: Arriving): Keyframe {
  const bytes = new Uint8Array(total)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  const [about, journal] = sizes
  return {
    tick,
    about: bytes.subarray(0, about),
    journal: bytes.subarray(about, about + journal),
    session: bytes.subarray(about + journal),
  }
}
