/**
 * What the gate gives a player along, and hears of it again. Made by the room host, called by the room. Types only: secrets are the gate's business.
 */

export interface SecretHashes {
  readonly known: Uint8Array | null
  readonly newest: Uint8Array | null
}

export interface PlayerPass {
  /** A new secret for a welcome: who shows it goes on as this player. Empty: it cannot be resumed. */
  nextSecret(): string
  /** The client has the newest secret: those before it are void. */
  secretArrived(): void
  /** It goes on with the secret that it just showed. */
  keepSecret(): void
  /** Grows whenever `secrets` says something new. Hot. */
  readonly secretChanges: number
  /** For who goes on with the room elsewhere: SHA-256 of the newest secret that the client is known to have, and of the newest that was given. */
  secrets(): SecretHashes
  /** The player's link was lost, and its seat is kept; or it is back. */
  away(isAway: boolean): void
  /** The player is out of its seat. False: it never sat there, so its join did not succeed. */
  gone(hadSat: boolean): void
}

/** A seat that is kept for whoever shows a ticket. */
export interface Reservation {
  readonly ticketId: string
  readonly seat: number
  /** By the room's clock. */
  readonly untilMs: number
}

/** Who comes in, as the gate found. */
export interface Newcomer {
  readonly id: string
  /** Undefined: a spectator's, who is never resumed. */
  readonly pass?: PlayerPass
  /** What the game's `authenticate`, or a ticket, said. */
  readonly identity?: unknown
  /** Plain data of the client. */
  readonly options?: unknown
  /** Of the ticket that was shown, and the seat that it names. */
  readonly ticketId?: string
  readonly wantedSeat?: number
}
