/**
 * How plausible one player is: what it sends that an honest client seldom sends, counted in all and weighed over the last seconds, so that rules can
 * tell bad luck from a cheat. Nothing here refuses anything: what cannot be was clamped or refused by whoever found it. Noted by the player's input
 * buffer and by the room as messages and ticks come (hot), handed to `onSuspicion` once per tick and kind. Pure; allocates nothing.
 */

/** In the order of the numbers below. */
export const SUSPICION_KINDS = [
  'stamp-clamped',
  'press-refused',
  'input-ignored',
  'press-too-fast',
  'delay-too-long',
  'ack-impossible',
  'input-contradicts',
] as const

export type SuspicionKind = (typeof SUSPICION_KINDS)[number]

export const STAMP_CLAMPED = 0
export const PRESS_REFUSED = 1
export const INPUT_IGNORED = 2
export const PRESS_TOO_FAST = 3
export const DELAY_TOO_LONG = 4
export const ACK_IMPOSSIBLE = 5
export const INPUT_CONTRADICTS = 6
/** Stamps of presses are weighed by themselves too: a cheat may lie only when it shoots. */
const STAMP_OF_PRESS = SUSPICION_KINDS.length
const LANES = STAMP_OF_PRESS + 1

/** Shares are of the last so many seconds. */
export const SHARE_SECONDS = 5
/** A share is of at least so many: one of one is no share. */
export const LEAST_WEIGHED = 10

/** A hand presses one button up to about 15 times a second. This many are taken for honest, and as many at once. */
const PRESSES_PER_SECOND = 20

export class Plausibility {
  /** How often each kind was noted, in all. */
  readonly totals = new Int32Array(SUSPICION_KINDS.length)
  /** Bit k: kind k was noted since `clearRaised`. */
  raised = 0
  /** By kind: the worst since `clearRaised`. */
  private readonly worst = new Int32Array(SUSPICION_KINDS.length)
  /** By second and lane: what was noted, and out of how many. */
  private readonly bad = new Int32Array(SHARE_SECONDS * LANES)
  private readonly all = new Int32Array(SHARE_SECONDS * LANES)
  private readonly tickRate: number
  private second = 0
  /** By button: what it may still press, in presses times ticks a second, and the tick up to which that is counted. */
  private readonly allowance: Int32Array
  private readonly allowedAt: Int32Array

  constructor(tickRate: number, buttons: number) {
    this.tickRate = tickRate
    this.allowance = new Int32Array(buttons).fill(PRESSES_PER_SECOND * tickRate)
    this.allowedAt = new Int32Array(buttons)
  }

  /** So many of a kind came, all sound until noted. Hot. */
  weigh(kind: number, count: number): void {
    const at = this.second * LANES + kind
    this.all[at] = (this.all[at] ?? 0) + count
  }

  /** So many of those weighed were not. `amount`: by how much, in whole units of the kind; 0 is bad luck, which is counted and no more. */
  note(kind: number, count: number, amount: number): void {
    const at = this.second * LANES + kind
    if (amount > 0) this.bad[at] = (this.bad[at] ?? 0) + count
    this.totals[kind] = (this.totals[kind] ?? 0) + count
    if ((this.worst[kind] ?? 0) < amount) this.worst[kind] = amount
    this.raised |= 1 << kind
  }

  /** The stamp that a press is judged by: its own, or its tick's, which was noted already. Hot. */
  stampOfPress(possible: boolean): void {
    const at = this.second * LANES + STAMP_OF_PRESS
    this.all[at] = (this.all[at] ?? 0) + 1
    if (!possible) this.bad[at] = (this.bad[at] ?? 0) + 1
  }

  /** Presses of one button that an input of `tick` has. By the tick, not by arrival: a stall of the network makes nobody fast. */
  pressed(button: number, count: number, tick: number): void {
    this.weigh(PRESS_TOO_FAST, count)
    const full = PRESSES_PER_SECOND * this.tickRate
    const elapsed = tick - (this.allowedAt[button] ?? 0)
    let allowance = this.allowance[button] ?? 0
    if (elapsed > 0) {
      this.allowedAt[button] = tick
      allowance = elapsed >= this.tickRate ? full : Math.min(full, allowance + elapsed * PRESSES_PER_SECOND)
    }
    const fitting = Math.min(count, Math.floor(allowance / this.tickRate))
    this.allowance[button] = allowance - fitting * this.tickRate
    if (fitting < count) this.note(PRESS_TOO_FAST, count - fitting, count - fitting)
  }

  /** Before each tick's inputs: what is older than SHARE_SECONDS is forgotten. Hot. */
  startTick(tick: number): void {
    if (tick % this.tickRate !== 0) return
    this.second = (this.second + 1) % SHARE_SECONDS
    const from = this.second * LANES
    for (let at = from; at < from + LANES; at++) this.all[at] = this.bad[at] = 0
  }

  /** What part of the last seconds' was not plausible, 0 to 1. */
  shareOf(kind: number): number {
    const share = this.shareOfLane(kind)
    return kind === STAMP_CLAMPED ? Math.max(share, this.shareOfLane(STAMP_OF_PRESS)) : share
  }

  /** By how much, at worst since `clearRaised`. */
  amountOf(kind: number): number {
    return this.worst[kind] ?? 0
  }

  clearRaised(): void {
    this.raised = 0
    this.worst.fill(0)
  }

  private shareOfLane(lane: number): number {
    let all = 0
    let bad = 0
    for (let at = lane; at < this.all.length; at += LANES) {
      all += this.all[at] ?? 0
      bad += this.bad[at] ?? 0
    }
    return Math.min(1, bad / Math.max(LEAST_WEIGHED, all))
  }
}
