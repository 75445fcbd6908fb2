/**
 * Players who come before their room does: a planned move is on its way here, and they connect in advance (hello.prepare). Owned by the room host, asked by sessions. Who
 * shows the secret that the room's replica knows gets `ready`, and is let in as soon as the room is restored; what it sends until then is kept by its session, within bounds.
 * One place for each player: who comes once more takes the place of the one before. Without clock, timer or randomness.
 */
import { type CloseReason, type HelloMessage, NetError } from '@tickmesh/shared'
import type { RoomReplica } from '../room/room-replica.ts'
import { playerOf, ResumeDesk } from './resume-desk.ts'

/** A connection that is here in advance. */
export interface EarlyArrival {
  /** Its room is here: it is let in. */
  enter(): void
  /** Its room does not come, or it is here once more. */
  sendAway(reason: CloseReason): void
}

interface Expected {
  readonly replica: RoomReplica
  readonly arrivals: Map<string, EarlyArrival>
}

/** The secret may be newer than what was replayed; more than this is not worth a connection. */
const REPLAY_MS = 4
const CALLED_OFF: CloseReason = { code: 'NOT_READY', message: 'the room does not move here after all.' }
const AGAIN: CloseReason = { code: 'REPLACED', message: 'The player connected here once more.' }

export class EarlyArrivals {
  private readonly rooms = new Map<string, Expected>()

  /** A room is about to move here, or (undefined) is not: those who came are sent away. */
  expect(room: string, replica: RoomReplica | undefined): void {
    const known = this.rooms.get(room)
    if (replica !== undefined) {
      this.rooms.set(room, { replica, arrivals: known?.arrivals ?? new Map() })
      return
    }
    this.rooms.delete(room)
    for (const arrival of [...(known?.arrivals.values() ?? [])]) arrival.sendAway(CALLED_OFF)
  }

  /** How many came for a room. */
  count(room: string): number {
    return this.rooms.get(room)?.arrivals.size ?? 0
  }

  /** Gives how to take it back. Throws NOT_READY if its room is not expected here, RESUME_REFUSED if the secret is not of one of its players. */
  arrive({ room = '', resume = '' }: HelloMessage, arrival: EarlyArrival): () => void {
    const expected = this.rooms.get(room)
    if (expected === undefined) {
      throw new NetError('NOT_READY', `the room "${room}" is not about to move here.`, 'Stay where you are.')
    }
    const { replica, arrivals } = expected
    const id = playerOf(resume)
    if (!knows(replica, id, resume)) {
      const problem = 'there is no player to go on as, or the secret is not the one of its last welcome.'
      throw new NetError('RESUME_REFUSED', problem, 'Stay where you are.')
    }
    arrivals.get(id)?.sendAway(AGAIN)
    arrivals.set(id, arrival)
    return () => {
      if (arrivals.get(id) === arrival) arrivals.delete(id)
    }
  }

  /** The room is here: all who came for it are let in. */
  enter(room: string): void {
    const arrivals = [...(this.rooms.get(room)?.arrivals.values() ?? [])]
    this.rooms.delete(room)
    for (const arrival of arrivals) arrival.enter()
  }
}

function knows(replica: RoomReplica, id: string, resume: string): boolean {
  replica.replay(REPLAY_MS)
  for (const { who, secrets } of replica.ledger.seats.values())
    if (who.id === id) return ResumeDesk.fits(resume, id, secrets)
  return false
}
