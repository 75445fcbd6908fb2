/**
 * What the attackers may still do: bytes, messages and new connections, refilled by the second, shared by all attacks. Without it an attacker on the
 * server's own machine would measure how it takes the machine away. Pure: time is an argument.
 */
import type { Intensity } from './messages.ts'

/** What was not used is kept for so long. */
const KEPT_MS = 250

export class Throttle {
  private readonly rate: { bytes: number; messages: number; connects: number }
  private readonly left = { bytes: 0, messages: 0, connects: 1 }
  private lastMs: number

  constructor(intensity: Intensity, nowMs: number) {
    const { kiloBytes, messages, connects } = intensity
    this.rate = { bytes: kiloBytes * 1000, messages, connects }
    this.lastMs = nowMs
  }

  refill(nowMs: number): void {
    const seconds = (nowMs - this.lastMs) / 1000
    this.lastMs = nowMs
    for (const kind of ['bytes', 'messages', 'connects'] as const) {
      const most = Math.max(1, (this.rate[kind] * KEPT_MS) / 1000)
      this.left[kind] = Math.min(most, this.left[kind] + this.rate[kind] * seconds)
    }
  }

  /** Debts are paid later: what was begun is ended. */
  spend(bytes: number, messages: number): void {
    this.left.bytes -= bytes
    this.left.messages -= messages
  }

  get maySend(): boolean {
    return this.left.bytes > 0 && this.left.messages > 0
  }

  takeConnect(): boolean {
    if (this.left.connects < 1) return false
    this.left.connects--
    return true
  }
}
