/**
 * One client of a room with a rule of interest: what it was sent, which seats are shown to it, what it may spend. Owned by the interest of its room.
 */
import type { InterestGame } from './interest-game.ts'
import { SentViews } from './sent-views.ts'

/** What may be saved up, and how far a client may be in debt. */
const MOST_SAVED_MS = 200
const MOST_OWED_MS = 1_000
const OVERHEAD_WEIGHT = 1 / 8
/** What a frame takes besides its rows, before it is known. */
const FIRST_OVERHEAD_BITS = 300
/** What every message takes on a link besides its bytes. */
const LINK_BYTES = 4

export class Viewer {
  readonly seat: number
  /** What rules see of the player. */
  readonly facade: object
  readonly sent = new SentViews()
  /** Per seat: the tick from which on it has been shown without a gap; -1: it is hidden. */
  readonly since: Int32Array
  /** Events that this client gets: a bit for each, by tick and number (event-filter.ts). */
  readonly events: Int32Array
  /** Events up to this tick are decided upon. */
  heardTo = -1
  /** Bits that may be spent. Negative: in debt. */
  tokens = 0
  /** What the rows of the frame in hand may take. */
  allowedBits = 0
  private readonly bitsPerMs: number
  private overheadBits = FIRST_OVERHEAD_BITS
  private paidAtMs = Number.NaN

  constructor(setup: InterestGame, seat: number, facade: object, eventInts: number) {
    this.bitsPerMs = setup.budgetBitsPerMs
    this.seat = seat
    this.facade = facade
    this.since = new Int32Array(setup.game.seatRows).fill(-1)
    this.events = new Int32Array(eventInts)
    this.since[seat] = 0
  }

  /** Lets time pass, and sets what the rows of a frame may take now. */
  allow(nowMs: number): void {
    const { bitsPerMs } = this
    const passedMs = Number.isNaN(this.paidAtMs) ? MOST_SAVED_MS : nowMs - this.paidAtMs
    this.paidAtMs = nowMs
    this.tokens = Math.min(this.tokens + passedMs * bitsPerMs, MOST_SAVED_MS * bitsPerMs)
    this.allowedBits = this.tokens - this.overheadBits
  }

  /** A frame was sent, whose rows were thought to take so much. */
  spent(bytes: number, list: { readonly rowBits: number }): void {
    const bits = (bytes + LINK_BYTES) * 8
    this.tokens = Math.max(this.tokens - bits, -MOST_OWED_MS * this.bitsPerMs)
    this.overheadBits += (bits - list.rowBits - this.overheadBits) * OVERHEAD_WEIGHT
  }
}
