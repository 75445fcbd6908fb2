/** Which room is meant by those who name none, and what those are told whose room is not there. */
import { NetError } from '@tickmesh/shared'

/** Who names no room comes here. */
export const DEFAULT_ROOM = 'main'

export function noRoom(id: string): NetError {
  return new NetError('ROOM_NOT_FOUND', `there is no room "${id}".`, 'Check the room, or let it be created.')
}
