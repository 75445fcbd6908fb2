/** What a game's rules get as a player: the public words over a player core, which makes one. */
import type { PlainObject } from '@tickmesh/shared'
import type { Player, PlayerStats } from './api.ts'
import type { AttributeSet } from './attribute-set.ts'
import {
  ACK_IMPOSSIBLE,
  DELAY_TOO_LONG,
  INPUT_CONTRADICTS,
  INPUT_IGNORED,
  PRESS_TOO_FAST,
  STAMP_CLAMPED,
} from './plausibility.ts'

/** What it is made over: PlayerCore is one. */
interface FacedPlayer {
  readonly seat: number
  readonly id: string
  readonly options: unknown
  readonly identity: unknown
  readonly ended: boolean
  readonly attributes: AttributeSet
  readonly trip: { readonly meanMs: number; readonly jitterMs: number }
  readonly inputs: { readonly usualMarginMs: number; readonly lateInputs: number; readonly refusedPresses: number }
  readonly plausibility: { readonly totals: ArrayLike<number> }
  readonly bytesSent: number
  readonly joinedAtMs: number
  readonly framesSkipped: number
  readonly lostMessages: number
}

export class PlayerFacade implements Player {
  readonly seat: number
  readonly id: string
  readonly options: unknown
  readonly identity: unknown
  readonly #core: FacedPlayer
  readonly #clock: { nowMs(): number }

  constructor(core: FacedPlayer, clock: { nowMs(): number }) {
    this.#core = core
    this.#clock = clock
    this.seat = core.seat
    this.id = core.id
    this.options = core.options
    this.identity = core.identity
  }

  get connected(): boolean {
    return !this.#core.ended
  }

  get attributes(): Readonly<PlainObject> {
    return this.#core.attributes.now
  }

  setAttributes(patch: Readonly<Record<string, unknown>>): void {
    this.#core.attributes.merge(patch)
  }

  get stats(): PlayerStats {
    const { trip, inputs, bytesSent, joinedAtMs, framesSkipped, lostMessages } = this.#core
    const { totals } = this.#core.plausibility
    const seconds = Math.max(1, (this.#clock.nowMs() - joinedAtMs) / 1000)
    return {
      rttMs: trip.meanMs,
      jitterMs: trip.jitterMs,
      marginMs: inputs.usualMarginMs,
      lateInputs: inputs.lateInputs,
      ignoredInputs: totals[INPUT_IGNORED] ?? 0,
      contradictedInputs: totals[INPUT_CONTRADICTS] ?? 0,
      clampedStamps: totals[STAMP_CLAMPED] ?? 0,
      refusedPresses: inputs.refusedPresses,
      fastPresses: totals[PRESS_TOO_FAST] ?? 0,
      excessDelays: totals[DELAY_TOO_LONG] ?? 0,
      inventedAcks: totals[ACK_IMPOSSIBLE] ?? 0,
      lostMessages,
      bytesPerSecond: bytesSent / seconds,
      framesSkipped,
    }
  }
}
