/** One player of the fake server: what came from it, and what a test wants to go wrong with it. */
import { CONTROL, type CompiledGame, encodeControl, InputRing, type Link } from '@tickmesh/shared'

type Plain = Readonly<Record<string, unknown>>

export interface SeenInput {
  readonly tick: number
  readonly atMs: number
}

export class FakePlayer {
  readonly ring: InputRing
  link: Link
  readonly seat: number
  /** What its client goes on with; replaced at every use. */
  secret = ''
  /** No link leads to it. */
  away = false
  resumes = 0
  /** Messages of the game that it applied. */
  heard = 0
  readonly applied: Int32Array
  readonly plainTypes: Uint8Array
  /** Inputs in order of arrival, those that are new. */
  readonly inputs: SeenInput[] = []
  readonly messages: Plain[] = []
  /** Stamps of applied presses, by tick: older, newer, fraction. */
  readonly pressStamps: (readonly [tick: number, older: number, newer: number, fraction: number])[] = []
  ackTick = -1
  lastFrameTick = -1
  newest = -1
  leastMarginMs = Number.NaN
  late = 0
  allLate = 0
  /** Inputs of a tick that is far from the server's. */
  far = 0
  echo = -1
  echoAtMs = 0
  wantsFull = true
  fullRequests = 0
  /** No frames while true. */
  muted = false
  /** Inputs are thrown away while true. */
  deaf = false
  /** Inputs are kept and handed in when it turns false. */
  slow = false
  readonly held: Uint8Array[] = []
  /** Presses are counted as applied, but have no effect, while true. */
  refusing = false
  /** Changes a frame before it is sent. */
  mangle: ((frame: Uint8Array) => Uint8Array) | undefined
  /** Overrides the baseline that is chosen. */
  baseline: ((chosen: number) => number) | undefined

  constructor(game: CompiledGame, link: Link, seat: number) {
    this.ring = new InputRing(game, 256)
    this.link = link
    this.seat = seat
    this.applied = new Int32Array(game.presses.length)
    this.plainTypes = new Uint8Array(game.entities.length)
  }

  tell(message: object): void {
    this.link.send('reliable', pack(message))
  }
}

export function pack(message: object): Uint8Array {
  const body = encodeControl(message)
  return Uint8Array.from([CONTROL, ...body])
}
