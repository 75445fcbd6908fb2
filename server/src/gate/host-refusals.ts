/** What a room host refuses, and what to do about it. */
import { NetError } from '@tickmesh/shared'

export function tooManyRooms(maxRooms: number): NetError {
  const problem = `the server runs ${maxRooms} rooms already.`
  return new NetError('ROOM_FULL', problem, 'Join one of them, or try again later.')
}

export function noLobby(): NetError {
  const problem = 'this server is no shard of a cluster, and has no lobby.'
  return new NetError('BAD_STATE', problem, 'Join a room by its name.')
}

export function notMade(room: string): NetError {
  return new NetError('INTERNAL', `the room "${room}" could not be made.`, 'The log of the server says why.')
}
