/**
 * Notes: what a journal tells besides the simulation: who came and went, and the attributes of room and players. Written by the recorder, applied by the
 * replay (cold). Each is a small array in msgpack, so that a file can be read by other programs.
 */
import type { Seat } from '../game/shape.ts'
import { type AttributePatch, applyPatch, isAttributePatch } from '../wire/attribute-patch.ts'
import { decodeControl, encodeControl } from '../wire/control-codec.ts'
import { SERVER_CONTROL_LIMITS } from '../wire/msgpack-scan.ts'

export type JournalNote =
  /** A player sat down. */
  | readonly ['join', Seat, id: string]
  | readonly ['leave', Seat]
  /** Attributes changed: of a seat, or, with 0, of the room. */
  | readonly ['attr', Seat, AttributePatch]
  /** The timeline: when tick 0 would have been, in milliseconds of the server's clock. */
  | readonly ['epoch', milliseconds: number]

/** A player as a replay shows it. */
export interface ReplayPlayer {
  readonly seat: Seat
  readonly id: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export function packNote(note: JournalNote): Uint8Array {
  return encodeControl(note, SERVER_CONTROL_LIMITS)
}

/** The note in `bytes`, or undefined if there is none. Never throws. */
export function unpackNote(bytes: Uint8Array): JournalNote | undefined {
  const decoded = decodeControl(bytes, SERVER_CONTROL_LIMITS)
  if (!decoded.ok || !Array.isArray(decoded.value)) return undefined
  const [kind, first, second]: unknown[] = decoded.value
  if (kind === 'epoch') return typeof first === 'number' && Number.isFinite(first) ? [kind, first] : undefined
  if (typeof first !== 'number' || !Number.isInteger(first) || first < 0) return undefined
  if (kind === 'join') return typeof second === 'string' ? [kind, first, second] : undefined
  if (kind === 'leave') return [kind, first]
  if (kind === 'attr') return isAttributePatch(second) ? [kind, first, second] : undefined
  return undefined
}

/** What all notes up to a tick add up to. */
export class NoteBook {
  readonly players = new Map<Seat, ReplayPlayer & { attributes: Record<string, unknown> }>()
  attributes: Record<string, unknown> = {}
  epochMs = 0

  clear(): void {
    this.players.clear()
    this.attributes = {}
    this.epochMs = 0
  }

  /** False if the note does not fit what was there before. */
  apply(note: JournalNote): boolean {
    switch (note[0]) {
      case 'epoch':
        this.epochMs = note[1]
        return true
      case 'join':
        if (this.players.has(note[1])) return false
        this.join(note[1], note[2])
        return true
      case 'leave':
        return this.players.delete(note[1])
      case 'attr': {
        const target = note[1] === 0 ? this.attributes : this.players.get(note[1])?.attributes
        return target !== undefined && applyPatch(target, note[2])
      }
    }
  }

  /** Players stay in order of their seats, whoever came first. */
  private join(seat: Seat, id: string): void {
    const { players } = this
    const later = [...players.values()].filter((player) => player.seat > seat)
    for (const player of later) players.delete(player.seat)
    for (const player of [{ seat, id, attributes: {} }, ...later]) players.set(player.seat, player)
  }
}
