/**
 * Which part of a shard a peer's message is for, and that part's parser. A message that does not parse reaches nobody. Called by the node for each envelope.
 */
import { type CallsMessage, parseCallsMessage } from '../calls/call-messages.ts'
import { type ClockMessage, parseClockMessage } from '../clock/clock-message.ts'
import type { Life } from '../life.ts'
import { type LobbyMessage, parseLobbyMessage } from '../lobby/lobby-messages.ts'
import { type MoveMessage, parseMoveMessage } from '../migrate/move-messages.ts'
import type { Part } from '../part.ts'
import { parseRoomMessage, type RoomMessage } from '../ring/room-messages.ts'
import { parseStandbyMessage, type StandbyMessage } from '../standby/standby-messages.ts'
import { parseViewMessage, type ViewMessage } from '../view/view-messages.ts'
import type { PeerEnvelope } from './cluster-node-api.ts'

/** A message that its part's parser let through. */
export type PartMessage =
  | { readonly part: 'view'; readonly message: ViewMessage }
  | { readonly part: 'rooms'; readonly message: RoomMessage }
  | { readonly part: 'lobby'; readonly message: LobbyMessage }
  | { readonly part: 'clock'; readonly message: ClockMessage }
  | { readonly part: 'calls'; readonly message: CallsMessage }
  | { readonly part: 'standby'; readonly message: StandbyMessage }
  | { readonly part: 'moves'; readonly message: MoveMessage }

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
    case 'standby': {
      const message = parseStandbyMessage(body)
      return message === undefined ? undefined : { part, message }
    }
    case 'moves': {
      const message = parseMoveMessage(body)
      return message === undefined ? undefined : { part, message }
    }
    default:
      return undefined
  }
}

/** The parts of a node to which peers speak. */
export interface PeerParts {
  readonly view: Receiver<ViewMessage>
  readonly rooms: Receiver<RoomMessage>
  readonly lobby: Receiver<LobbyMessage>
  readonly clock: Receiver<ClockMessage>
  readonly calls: Receiver<CallsMessage>
  readonly standby: Receiver<StandbyMessage>
  readonly moves: Receiver<MoveMessage>
}

type Receiver<Message> = Pick<Part<Message>, 'receive'>

export class PeerReceiver {
  readonly #parts: PeerParts

  constructor(parts: PeerParts) {
    this.#parts = parts
  }

  /** False: it is not of its form, or for nobody here. */
  receive(part: PeerEnvelope['part'], body: unknown, from: Life, nowMs: number): boolean {
    const parsed = parsePart(part, body)
    if (parsed === undefined) return false
    const parts = this.#parts
    if (parsed.part === 'view') parts.view.receive(from, parsed.message, nowMs)
    else if (parsed.part === 'rooms') parts.rooms.receive(from, parsed.message, nowMs)
    else if (parsed.part === 'lobby') parts.lobby.receive(from, parsed.message, nowMs)
    else if (parsed.part === 'calls') parts.calls.receive(from, parsed.message, nowMs)
    else if (parsed.part === 'standby') parts.standby.receive(from, parsed.message, nowMs)
    else if (parsed.part === 'moves') parts.moves.receive(from, parsed.message, nowMs)
    else parts.clock.receive(from, parsed.message, nowMs)
    return true
  }
}
