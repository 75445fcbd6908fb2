/**
 * What became of one attack's connections: counted by the attackers, as a client sees it. Pure.
 */
import { median, round } from '../figures.ts'

export interface AttackOutcome {
  readonly name: string
  /** Attempts to connect. */
  readonly attempts: number
  /** Got as far as the attack wanted: an open WebSocket, or a TCP connection. */
  readonly opened: number
  /** Turned away before that, by why: an HTTP status, or the error of the system. */
  readonly refused: Readonly<Record<string, number>>
  /** Ended by the server after that, by why: a close code's name, an HTTP status, or `cut` without a word. */
  readonly dropped: Readonly<Record<string, number>>
  /** Ended by the attacker itself: done, or tired of it. */
  readonly left: number
  /** Of those refused and dropped: who were told why. */
  readonly toldShare: number
  readonly bytesSent: number
  /** From being open to the end, of those dropped while they looked. NaN: none. */
  readonly medianMsToDrop: number
}

const MAX_TIMES = 2_000

export class AttackTally {
  attempts = 0
  opened = 0
  left = 0
  bytesSent = 0
  private readonly refused = new Map<string, number>()
  private readonly dropped = new Map<string, number>()
  private readonly dropMs: number[] = []
  private told = 0
  private ended = 0

  onRefused(why: string, told: boolean): void {
    count(this.refused, why)
    this.end(told)
  }

  /** `afterMs`: undefined if the attacker did not look at that time. */
  onDropped(why: string, told: boolean, afterMs: number | undefined): void {
    count(this.dropped, why)
    this.end(told)
    if (afterMs !== undefined && this.dropMs.length < MAX_TIMES) this.dropMs.push(afterMs)
  }

  private end(told: boolean): void {
    this.ended++
    if (told) this.told++
  }

  outcome(name: string): AttackOutcome {
    return {
      name,
      attempts: this.attempts,
      opened: this.opened,
      refused: Object.fromEntries(this.refused),
      dropped: Object.fromEntries(this.dropped),
      left: this.left,
      toldShare: this.ended === 0 ? 1 : round(this.told / this.ended, 3),
      bytesSent: this.bytesSent,
      medianMsToDrop: round(median(this.dropMs)),
    }
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1)
}
