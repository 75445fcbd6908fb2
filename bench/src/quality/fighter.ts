/**
 * A bot of the quality bench: steers about, aims at whom its screen shows nearest, not too well, and fires. Seeded.
 * It sees only what its screen shows, as a person does.
 */
import { angleDelta, SeededRandom } from '@tickmesh/shared'
import { ARENA_SIZE } from './brawl.ts'

export interface SeenFighter {
  readonly owner: number
  readonly x: number
  readonly y: number
}

interface FighterInput {
  readonly move: { readonly x: number; readonly y: number }
  readonly aim: number
}

/** How fast it turns, in radians a call, and by how much it misses. */
const TURN = 0.12
const AIM_ERROR = 0.06
const KEEP_FROM_EDGE = 150

export class Fighter {
  private readonly random: SeededRandom
  private aim = 0
  private target = { bearing: 0 }
  private self = { x: ARENA_SIZE / 2, y: ARENA_SIZE / 2 }
  private move = { x: 0, y: 0 }
  private callsLeft = 0
  private error = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
  }

  /** Looks at a frame. */
  see(fighters: Iterable<SeenFighter>, seat: number): void {
    let nearest = Number.POSITIVE_INFINITY
    for (const { owner, x, y } of fighters) if (owner === seat) this.self = { x, y }
    for (const { owner, x, y } of fighters) {
      if (owner === seat) continue
      const distance = Math.hypot(x - this.self.x, y - this.self.y)
      if (distance >= nearest) continue
      nearest = distance
      this.target = { bearing: Math.atan2(y - this.self.y, x - this.self.x) }
    }
  }

  sample(): FighterInput {
    const { random } = this
    if (this.callsLeft-- <= 0) {
      this.callsLeft = random.int(10, 60)
      this.move = { x: this.direction(this.self.x), y: this.direction(this.self.y) }
      this.error = (random.next() - 0.5) * 2 * AIM_ERROR
    }
    const turn = angleDelta(this.aim, this.target.bearing + this.error)
    this.aim += Math.max(-TURN, Math.min(TURN, turn))
    return { move: this.move, aim: this.aim }
  }

  /** -1, 0 or 1, away from an edge that is near. */
  private direction(at: number): number {
    if (at < KEEP_FROM_EDGE) return 1
    if (at > ARENA_SIZE - KEEP_FROM_EDGE) return -1
    return this.random.int(-1, 1)
  }

  /** Time to the next press, in ms. */
  pause(meanMs: number): number {
    return 150 - Math.log(1 - this.random.next()) * (meanMs - 150)
  }
}
