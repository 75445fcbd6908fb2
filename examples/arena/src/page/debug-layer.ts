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

export interface Mark {
  readonly x: number
  readonly y: number
  readonly hit: boolean
}

export class DebugLayer {
  on = false
  private readonly graphics: Phaser.GameObjects.Graphics
  private rewound: Mark[] = []
  private drawn: readonly { readonly x: number; readonly y: number }[] = []
  private rewoundAt = -SHOWN_MS
  private isFresh = false

  constructor(scene: Phaser.Scene) {
    this.graphics = scene.add.graphics().setDepth(depth.debug)
  }

  /** We shot: `drawn` is what the screen showed of the others. */
  shot(drawn: readonly { readonly x: number; readonly y: number }[]): void {
    this.drawn = drawn
    this.isFresh = true
  }

  /** The server's word on one fighter at our last shot. */
  judged(mark: Mark, nowMs: number): void {
    if (this.isFresh) this.rewound = []
    this.isFresh = false
    this.rewound.push(mark)
    this.rewoundAt = nowMs
  }

  draw(fighters: Iterable<FighterView>, rockets: Iterable<RocketView>, nowMs: number): void {
    const { graphics } = this
    graphics.clear()
    if (!this.on) return
    graphics.lineStyle(1.5, palette.server, 0.95)
    for (const { x, y } of fighters) graphics.strokeCircle(x, y, player.radius)
    for (const { x, y } of rockets) graphics.strokeCircle(x, y, rocket.radius)
    const age = nowMs - this.rewoundAt
    if (age > SHOWN_MS) return
    const alpha = 1 - age / SHOWN_MS
    for (const { x, y, hit } of this.rewound) {
      graphics.lineStyle(2, palette.rewound, alpha).strokeCircle(x, y, player.radius)
      if (hit) graphics.fillStyle(palette.rewound, 0.35 * alpha).fillCircle(x, y, player.radius)
    }
    graphics.lineStyle(1.5, palette.drawn, alpha)
    for (const { x, y } of this.drawn) graphics.strokeCircle(x, y, player.radius - 4)
  }
}
