/**
 * Notices about the server's clock: told to players and spectators alike at once, as they say nothing of the match. Called by the room core; cold.
 */
import { type PlayerCore, packToClient } from './player-core.ts'

interface Told {
  readonly players: readonly PlayerCore[]
  readonly stage: { tellNow(notice: object, epochMs?: number): void } | undefined
}

/** `epochMs`: when tick 0 ends for players, if that is to be said; spectators' present is earlier. */
export function tellNow(room: Told, notice: object, epochMs?: number): void {
  tellPlayers(room, { ...notice, ...(epochMs === undefined ? {} : { epochMs }) })
  room.stage?.tellNow(notice, epochMs)
}

/** Of this server and others, which is nothing to spectators. */
export function tellPlayers({ players }: Pick<Told, 'players'>, message: object): void {
  const bytes = packToClient(message)
  for (const player of players) if (player.seated) player.tellNow(bytes)
}
