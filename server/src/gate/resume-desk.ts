/**
 * Who may go on as whom after its link was lost: one secret per player, of 128 random bits, new with every welcome. Owned by the room host. Randomness is passed in.
 * A secret is looked at before anything else is touched: a wrong one changes nothing, not the seat, not its time, not the link that is in use. Of
 * secrets only hashes are kept, and they are compared in constant time (docs/decisions/014-resume-secrets.md).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { NetError } from '@tickmesh/shared'
import type { PlayerCore } from '../room/player-core.ts'
import type { PlayerPass, SecretHashes } from '../room/player-pass.ts'
import type { RoomCore } from '../room/room-core.ts'
import type { SeatClaim } from './address-budget.ts'

/** A player that may be resumed, and where it sits. */
export interface Place {
  readonly claim: SeatClaim
  readonly room: RoomCore
  readonly player: PlayerCore
}

const NOBODY = Buffer.alloc(32)
const NO_HASHES: SecretHashes = { known: null, newest: null }

/** The secrets of one player. */
class Secrets {
  place: Place | undefined
  /** Grows when `known` or `newest` changes. */
  changes = 0
  /** The newest one that the client is known to have; undefined: none yet. */
  private known: Buffer | undefined
  /** The newest one that was sent. */
  private newest: Buffer | undefined

  constructor({ known, newest }: SecretHashes = NO_HASHES) {
    this.known = known === null ? undefined : Buffer.from(known)
    this.newest = newest === null ? undefined : Buffer.from(newest)
  }

  renew(secret: string): void {
    this.newest = hashOf(secret)
    this.changes++
  }

  arrived(): void {
    if (this.known === this.newest) return
    this.known = this.newest
    this.changes++
  }

  /** The client goes on with the one that it showed; a newer one that was lost on its way is void. */
  keep(): void {
    if (this.newest === this.known) return
    this.newest = this.known
    this.changes++
  }

  get hashes(): SecretHashes {
    return { known: this.known ?? null, newest: this.newest ?? null }
  }

  /** The newest, or, as long as that may be lost on its way, the one before it. */
  fits(hash: Buffer): boolean {
    const isNewest = timingSafeEqual(hash, this.newest ?? NOBODY)
    const isKnown = timingSafeEqual(hash, this.known ?? NOBODY)
    // Who shows the newest has it.
    if (isNewest) this.arrived()
    return isNewest || isKnown
  }
}

export class ResumeDesk {
  resumes = 0
  refused = 0
  private readonly players = new Map<string, Secrets>()
  private readonly entropy: () => number

  /** `entropy` gives 32 bits that nobody can guess. */
  constructor(entropy: () => number) {
    this.entropy = entropy
  }

  has(id: string): boolean {
    return this.players.has(id)
  }

  /**
   * For a player that is about to get a seat; `placed` says which. `onGone` hears when it has none any more. `hashes`: of a player that another shard had; the secret that
   * it has is good until it uses the next.
   */
  passFor(id: string, claim: SeatClaim, onGone: (hadSat: boolean) => void, hashes?: SecretHashes): PlayerPass {
    const secrets = new Secrets(hashes)
    this.players.set(id, secrets)
    return {
      nextSecret: () => {
        const secret = this.randomBits()
        secrets.renew(secret)
        return `${id}.${secret}`
      },
      secretArrived: () => secrets.arrived(),
      keepSecret: () => secrets.keep(),
      get secretChanges() {
        return secrets.changes
      },
      secrets: () => secrets.hashes,
      away: (isAway) => claim.away(isAway),
      gone: (hadSat) => {
        claim.away(false)
        // The same player may be back here already, in a room that went elsewhere and came back.
        if (this.players.get(id) === secrets) this.players.delete(id)
        onGone(hadSat)
      },
    }
  }

  placed(id: string, place: Place): void {
    const secrets = this.players.get(id)
    if (secrets !== undefined) secrets.place = place
  }

  /** Who is meant by `<player id>.<secret>`. Throws RESUME_REFUSED, having changed nothing. */
  find(resume: string): Place {
    const dot = resume.indexOf('.')
    const secrets = this.players.get(playerOf(resume))
    const fits = secrets?.fits(hashOf(resume.slice(dot + 1))) === true
    const place = secrets?.place
    if (!fits || place === undefined || !place.room.seats.mayResume(place.player)) {
      this.refused++
      const problem =
        'there is no player to go on as: it left, its time to come back is over, or the secret is not the one of its last welcome.'
      throw new NetError('RESUME_REFUSED', problem, 'Join again as a new player.')
    }
    this.resumes++
    return place
  }

  /** Whether `<player id>.<secret>` is of the player with these hashes, and would be let in. In constant time. */
  static fits(resume: string, id: string, hashes: SecretHashes): boolean {
    const dot = resume.indexOf('.')
    const fits = new Secrets(hashes).fits(hashOf(resume.slice(dot + 1)))
    return fits && playerOf(resume) === id
  }

  private randomBits(): string {
    const { entropy } = this
    return [entropy(), entropy(), entropy(), entropy()].map((bits) => bits.toString(16).padStart(8, '0')).join('')
  }
}

/** Of `<player id>.<secret>`. */
export function playerOf(resume: string): string {
  return resume.slice(0, Math.max(0, resume.indexOf('.')))
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
