/**
 * The debug view (F2). Pink: where the newest snapshot from the server says everybody is. Yellow: where the server judged everybody to be when
 * we last shot. Teal, inside the yellow: where our own screen had drawn them then; the two must coincide.
 */
import type Phaser from 'phaser'
import type { FighterView, RocketView } from '../arena-room.ts'
import { player, rocket } from '../tuning.ts'
import { depth } from './depth.ts'
import { palette } from './palette.ts'

const SHOWN_MS = 2500
const KEPT_SHOTS = 32

/** Where a fighter was drawn. */
export interface Drawn {
  readonly id: number
  readonly x: number
  readonly y: number
}

/** Where the server judged a fighter to be. */
export interface Mark extends Drawn {
  readonly hit: boolean
}

/** One shot of ours, as we drew it and as the server judged it. */
interface Shot {
  readonly tick: number
  readonly drawn: readonly Drawn[]
  readonly rewound: Mark[]
}

export class DebugLayer {
  on = false
  private readonly graphics: Phaser.GameObjects.Graphics
  /** Newest last. */
  private readonly shots: Shot[] = []
  private judgedShot: Shot | undefined
  private judgedAt = -SHOWN_MS

  constructor(scene: Phaser.Scene) {
    this.graphics = scene.add.graphics().setDepth(depth.debug)
  }

  /** The newest of our shots that the server has judged. */
  get lastShot(): Shot | undefined {
    return this.judgedShot
  }

  /** We shot: `drawn` is what the screen showed of the others. */
  shot(tick: number, drawn: readonly Drawn[]): void {
    if (this.shots.length >= KEPT_SHOTS) this.shots.shift()
    this.shots.push({ tick, drawn, rewound: [] })
  }

  /** The server's word on one fighter at one of our shots. */
  judged(tick: number, mark: Mark, nowMs: number): void {
    const shot = this.shots.find((known) => known.tick === tick)
    if (shot === undefined) return
    shot.rewound.push(mark)
    this.judgedShot = shot
    this.judgedAt = nowMs
  }

  clear(): void {
    this.graphics.clear()
    this.shots.length = 0
    this.judgedShot = undefined
  }

  draw(fighters: Iterable<FighterView>, rockets: Iterable<RocketView>, nowMs: number): void {
    const { graphics } = this
    graphics.clear()
    if (!this.on) return
    graphics.lineStyle(1.5, palette.server, 0.95)
    for (const { x, y } of fighters) graphics.strokeCircle(x, y, player.radius)
    for (const { x, y } of rockets) graphics.strokeCircle(x, y, rocket.radius)
    const age = nowMs - this.judgedAt
    if (age > SHOWN_MS || this.judgedShot === undefined) return
    const alpha = 1 - age / SHOWN_MS
    for (const { x, y, hit } of this.judgedShot.rewound) {
      graphics.lineStyle(2, palette.rewound, alpha).strokeCircle(x, y, player.radius)
      if (hit) graphics.fillStyle(palette.rewound, 0.35 * alpha).fillCircle(x, y, player.radius)
    }
    graphics.lineStyle(1.5, palette.drawn, alpha)
    for (const { x, y } of this.judgedShot.drawn) graphics.strokeCircle(x, y, player.radius - 4)
  }
}
