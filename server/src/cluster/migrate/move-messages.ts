/**
 * What the owner of a room and the member to which it moves say to each other, and how it is checked. Every message names the view that it was sent in, and counts in no
 * other; the owner says again what was not answered, the target only answers. `parseMoveMessage` believes nothing: what it returns is well-formed and within bounds.
 */
import { isCount, isRecord, isRoomId } from '@tickmesh/shared'
import { MAX_LATE_BYTES } from '../../room/late-inputs.ts'
import { parseEpoch, parseViewId } from '../message-fields.ts'
import type { RoomEpoch, ViewId } from '../view/view.ts'
import type { WordAnswer } from './migrate-rules.ts'

/** Names a move: no room gets an epoch twice. */
interface Named {
  readonly room: string
  /** e': under which the target may own it. */
  readonly next: RoomEpoch
}

type Body =
  /** To the target: players will come. `epoch`: the owner's. */
  | (Named & { readonly t: 'prepare'; readonly epoch: RoomEpoch })
  /** From the target: it is ready, and so many came. */
  | (Named & { readonly t: 'arrived'; readonly players: number })
  /** To the target: none will come. */
  | (Named & { readonly t: 'off' })
  /** The word: the owner stopped for good in `epoch` after `tick`; its state had that hash. */
  | (Named & {
      readonly t: 'word'
      readonly epoch: RoomEpoch
      readonly tick: number
      readonly hash: number
      readonly late: Uint8Array
    })
  /** To the target: if it has not opened, it never will. */
  | (Named & { readonly t: 'cancel' })
  /** To the target that opened: do others hold it by now? */
  | (Named & { readonly t: 'ask' })
  /** From the target. `isHeld`: it opened, and others hold the room for it, or nobody is to hold it. */
  | (Named & { readonly t: 'answer'; readonly answer: WordAnswer; readonly isHeld: boolean })

export type MoveMessage = { readonly view: ViewId } & Body

/** A message before the view is put on it. */
export type MoveMessageBody = Body

/** Undefined: it is not a message of this part, or of a version that is not understood. */
export function parseMoveMessage(value: unknown): MoveMessage | undefined {
  if (!isRecord(value)) return undefined
  const view = parseViewId(value.view)
  const body = parseBody(value)
  return view === undefined || body === undefined ? undefined : { view, ...body }
}

function parseBody(value: Record<string, unknown>): Body | undefined {
  const { t, room } = value
  const next = parseEpoch(value.next)
  if (!isRoomId(room) || next === undefined) return undefined
  const named = { room, next }
  switch (t) {
    case 'prepare': {
      const epoch = parseEpoch(value.epoch)
      return epoch === undefined ? undefined : { t, ...named, epoch }
    }
    case 'arrived':
      return isCount(value.players) ? { t, ...named, players: value.players } : undefined
    case 'off':
    case 'cancel':
    case 'ask':
      return { t, ...named }
    case 'word': {
      const { tick, hash, late } = value
      const epoch = parseEpoch(value.epoch)
      if (epoch === undefined || !isCount(tick) || !Number.isSafeInteger(hash)) return undefined
      if (!(late instanceof Uint8Array) || late.length > MAX_LATE_BYTES) return undefined
      return { t, ...named, epoch, tick, hash: Number(hash), late }
    }
    case 'answer': {
      const { answer, isHeld } = value
      if (answer !== 'opened' && answer !== 'refused' && answer !== 'cancelled') return undefined
      return typeof isHeld === 'boolean' ? { t, ...named, answer, isHeld } : undefined
    }
    default:
      return undefined
  }
}
