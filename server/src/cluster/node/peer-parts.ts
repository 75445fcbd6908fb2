/**
 * Which part of a shard a peer's message is for, and that part's parser. A message that does not parse reaches nobody. Called by the node for each envelope.
 */
import { type CallsMessage, parseCallsMessage } from '../calls/call-messages.ts'
import { type ClockMessage, parseClockMessage } from '../clock/clock-message.ts'
import { type LobbyMessage, parseLobbyMessage } from '../lobby/lobby-messages.ts'
import { parseRoomMessage, type RoomMessage } from '../ring/room-messages.ts'
import { parseViewMessage, type ViewMessage } from '../view/view-messages.ts'
import type { PeerEnvelope } from './cluster-node-api.ts'

/** A message that its part's parser let through. */
export type PartMessage =
  | { readonly part: 'view'; readonly message: ViewMessage }
  | { readonly part: 'rooms'; readonly message: RoomMessage }
  | { readonly part: 'lobby'; readonly message: LobbyMessage }
  | { readonly part: 'clock'; readonly message: ClockMessage }
  | { readonly part: 'calls'; readonly message: CallsMessage }

/** Undefined: not of its form, or for a part that this version has not. */
export function parsePart(part: PeerEnvelope['part'], body: unknown): PartMessage | undefined {
  switch (part) {
    case 'view': {
      const message = parseViewMessage(body)
      return message === undefined ? undefined : { part, message }
    }
    case 'rooms': {
      const message = parseRoomMessage(body)
      return message === undefined ? undefined : { part, message }
    }
    case 'lobby': {
      const message = parseLobbyMessage(body)
      return message === undefined ? undefined : { part, message }
    }
    case 'clock': {
      const message = parseClockMessage(body)
      return message === undefined ? undefined : { part, message }
    }
    case 'calls': {
      const message = parseCallsMessage(body)
      return message === undefined ? undefined : { part, message }
    }
    default:
      return undefined
  }
}
