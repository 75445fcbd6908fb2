/**
 * Finds the shard for somebody who says hello to any of a cluster: here, there, or nowhere yet. Asked by admission before anybody comes in.
 * Whoever belongs elsewhere is sent there before it is asked who it is; a room is made only for somebody who was let in.
 */
import { type EpochTriple, type HelloMessage, isStaleEpoch, NetError } from '@tickmesh/shared'
import { DEFAULT_ROOM, noRoom } from './default-room.ts'
import type { Grant } from './grant.ts'
import type { Found, RoomDirectory } from './room-directory.ts'

export type CheckWho = (hello: HelloMessage, address: string, signal: () => AbortSignal) => Grant | Promise<Grant>

/** Who asks. */
export interface Asker {
  readonly address: string
  signal(): AbortSignal
}

type Look = Found | Promise<Found> | 'ticket'

export class RoomFinder {
  private readonly directory: RoomDirectory
  private readonly checkWho: CheckWho

  constructor(directory: RoomDirectory, checkWho: CheckWho) {
    this.directory = directory
    this.checkWho = checkWho
  }

  /** What is known of where its room is; 'ticket': which room it is only its ticket says. Throws STALE_EPOCH. */
  look(hello: HelloMessage, signal: () => AbortSignal): Look {
    const room = roomOf(hello)
    if (room === undefined) return 'ticket'
    const found = this.directory.find(room, signal, hello.resume === undefined ? undefined : hello.epoch)
    // Whoever does not wait for the answer is not harmed by it.
    if (found instanceof Promise) found.catch(() => {})
    else if (found.kind === 'here') refuseIfStale(hello, found.epoch)
    return found
  }

  /** Goes on from `look`. `mayOpen` throws if this somebody may make no room. */
  async find(hello: HelloMessage, look: Look, who: Asker, mayOpen: () => void): Promise<Grant> {
    const { address, signal } = who
    let grant: Grant | undefined
    let room = roomOf(hello) ?? DEFAULT_ROOM
    if (look === 'ticket') {
      grant = await this.checkWho(hello, address, signal)
      room = grant.ticket?.room ?? DEFAULT_ROOM
    }
    let found = await (look === 'ticket' ? this.directory.find(room, signal) : look)
    if (found.kind === 'lost' && !mayCreate(hello)) throw lost(room)
    if (found.kind !== 'there') grant ??= await this.checkWho(hello, address, signal)
    if ((found.kind === 'none' || found.kind === 'lost') && mayCreate(hello)) {
      if (grant?.ticket === undefined) mayOpen()
      found = await this.directory.create(room, signal)
    }
    if (found.kind === 'there') {
      refuseIfStale(hello, found.place.epoch)
      return { elsewhere: found.place }
    }
    if (found.kind === 'lost') throw lost(room)
    // Who comes back is told that its place is gone, by whoever knows secrets.
    if (found.kind === 'none' && hello.resume === undefined) throw noRoom(room)
    if (found.kind === 'here') refuseIfStale(hello, found.epoch)
    return grant ?? {}
  }
}

/** True: that much is known at once. */
export function isHere(look: Look): boolean {
  return look !== 'ticket' && !(look instanceof Promise) && look.kind === 'here'
}

/** A ticket names its room. */
function roomOf({ room, ticket, resume }: HelloMessage): string | undefined {
  return room ?? (ticket !== undefined && resume === undefined ? undefined : DEFAULT_ROOM)
}

/** Neither for those who only watch, nor for those who come back. */
function mayCreate({ create, resume, spectate }: HelloMessage): boolean {
  return create !== false && resume === undefined && spectate === undefined
}

function lost(room: string): NetError {
  const problem = `the shard that ran the room "${room}" is gone, and its match with it.`
  return new NetError('ROOM_LOST', problem, 'Join another room.')
}

function refuseIfStale(hello: HelloMessage, epoch: EpochTriple): void {
  if (!isStaleEpoch(epoch, hello.epoch)) return
  const problem = 'another shard owns this room by now, and this one has not heard of it.'
  throw new NetError('STALE_EPOCH', problem, 'Try again.')
}
