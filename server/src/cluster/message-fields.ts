/** Fields that messages between shards have in common, checked: for the parsers of rooms, standby and moves, which believe nothing. */
import type { RoomEpoch, ViewId } from './view/view.ts'

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

export function parseEpoch(value: unknown): RoomEpoch | undefined {
  if (!isRecord(value)) return undefined
  const { generation, view, k } = value
  return isCount(generation) && isCount(view) && isCount(k) ? { generation, view, k } : undefined
}

export function parseViewId(value: unknown): ViewId | undefined {
  if (!isRecord(value)) return undefined
  const { generation, number } = value
  return isCount(generation) && isCount(number) ? { generation, number } : undefined
}
