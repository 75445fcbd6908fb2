/** Questions between shards, and their answers. Parsed here, believed nowhere: whoever answers checks the body. */
import { isCount, isText } from '@tickmesh/shared'

export interface CallMessage {
  readonly k: 'call'
  /** Of the asker, one for each question; a repetition has the same. */
  readonly id: number
  readonly method: string
  readonly body: unknown
}

export interface ReplyMessage {
  readonly k: 'reply'
  readonly id: number
  /** Left out: it went well. */
  readonly code?: string
  /** What was asked for, or why it cannot be. */
  readonly body: unknown
}

export type CallsMessage = CallMessage | ReplyMessage

const MAX_METHOD_LENGTH = 32
const MAX_CODE_LENGTH = 64

export function parseCallsMessage(value: unknown): CallsMessage | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { k, id, method, code, body } = value as Readonly<Record<string, unknown>>
  if (!isCount(id)) return undefined
  if (k === 'call') return isText(method, MAX_METHOD_LENGTH) ? { k, id, method, body } : undefined
  if (k !== 'reply') return undefined
  if (code === undefined) return { k, id, body }
  return isText(code, MAX_CODE_LENGTH) ? { k, id, code, body } : undefined
}
