/**
 * Serf's manners inside memberlist: pass on what Serf agents say to each other, once each, and say goodbye in its words, so that `serf members` shows `left`
 * and not `failed`. Called by swim.ts. Bounded: what was seen longest ago is forgotten, and then passed on once more at worst.
 */
import { decodeSerfMessage, decodeSerfState, encodeLeaveIntent } from './serf-messages.ts'

const MAX_SEEN = 1_024
const MAX_USER_BYTES = 1_024

export class SerfGossip {
  readonly #seen = new Set<string>()
  /** Serf's Lamport time, as far as it was heard. */
  #lTime = 0

  /** Whether it is news that is to be passed on. */
  receive(bytes: Uint8Array): boolean {
    if (bytes.length > MAX_USER_BYTES) return false
    const message = decodeSerfMessage(bytes)
    if (message === undefined || message.kind === 'other') return false
    if (message.kind === 'leave' || message.kind === 'join') this.#lTime = Math.max(this.#lTime, message.lTime)
    const key = fingerprint(bytes)
    if (this.#seen.has(key)) return false
    this.#remember(key)
    return true
  }

  receiveState(userState: Uint8Array): void {
    if (userState.length === 0) return
    const state = decodeSerfState(userState)
    if (state !== undefined) this.#lTime = Math.max(this.#lTime, state.lTime)
  }

  /** A user message: `node` leaves on purpose. */
  leaveIntent(node: string): Uint8Array {
    const bytes = encodeLeaveIntent({ lTime: ++this.#lTime, node, prune: false })
    this.#remember(fingerprint(bytes))
    return bytes
  }

  #remember(key: string): void {
    this.#seen.add(key)
    if (this.#seen.size <= MAX_SEEN) return
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest)
      break
    }
  }
}

/** Two hashes (FNV-1a, and one with another multiplier) and the length. */
function fingerprint(bytes: Uint8Array): string {
  let a = 0x811c9dc5
  let b = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ (bytes[i] ?? 0), 0x01000193)
    b = Math.imul(b ^ (bytes[i] ?? 0), 0x85ebca6b)
  }
  return `${bytes.length}.${a >>> 0}.${b >>> 0}`
}
