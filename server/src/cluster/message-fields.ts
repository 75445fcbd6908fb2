/** Fields that messages between shards have in common, checked: for the parsers of rooms, standby and moves, which believe nothing. */
import { isCount, isRecord } from '@tickmesh/shared'
import type { RoomEpoch, ViewId } from './view/view.ts'

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
