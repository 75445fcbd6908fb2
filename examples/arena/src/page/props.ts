/** Draws rockets, with their trails, and pickups. Called by the scene once per frame, like the fighters. */
import Phaser from 'phaser'
import type { PickupView, RocketView } from '../arena-room.ts'
import { depth } from './depth.ts'
import type { Effects } from './effects.ts'
import { palette } from './palette.ts'

interface RocketSprites {
  readonly body: Phaser.GameObjects.Image
  readonly glow: Phaser.GameObjects.Image
  lastFrame: number
}

interface PickupSprites {
  readonly icon: Phaser.GameObjects.Image
  readonly glow: Phaser.GameObjects.Image
}

export class Props {
  private readonly scene: Phaser.Scene
  private readonly effects: Effects
  private readonly rockets = new Map<number, RocketSprites>()
  private readonly pickups = new Map<number, PickupSprites>()
  private frame = 0

  constructor(scene: Phaser.Scene, effects: Effects) {
    this.scene = scene
    this.effects = effects
  }

  draw(rockets: Iterable<RocketView>, pickups: Iterable<PickupView>, nowMs: number): void {
    this.frame++
    for (const rocket of rockets) this.drawRocket(rocket, nowMs)
    for (const [id, sprites] of this.rockets) {
      if (sprites.lastFrame === this.frame) continue
      sprites.body.destroy()
      sprites.glow.destroy()
      this.rockets.delete(id)
    }
    for (const pickup of pickups) this.drawPickup(pickup, nowMs)
  }

  private drawRocket(rocket: RocketView, nowMs: number): void {
    let sprites = this.rockets.get(rocket.id)
    if (sprites === undefined) {
      const body = this.scene.add
        .image(0, 0, 'rocket')
        .setScale(0.55)
        .setDepth(depth.rockets + 1)
      const glow = this.scene.add
        .image(0, 0, 'glow')
        .setTint(palette.fire)
        .setBlendMode(Phaser.BlendModes.ADD)
        .setDepth(depth.rockets)
      sprites = { body, glow, lastFrame: this.frame }
      this.rockets.set(rocket.id, sprites)
    }
    sprites.lastFrame = this.frame
    const heading = Math.atan2(rocket.vy, rocket.vx)
    const tailX = rocket.x - Math.cos(heading) * 15
    const tailY = rocket.y - Math.sin(heading) * 15
    sprites.body.setPosition(rocket.x, rocket.y).setRotation(heading)
    sprites.glow
      .setPosition(tailX, tailY)
      .setScale(0.5 + 0.08 * Math.sin(nowMs / 25))
      .setAlpha(0.85)
    this.effects.trail(tailX, tailY)
  }

  private drawPickup(pickup: PickupView, nowMs: number): void {
    let sprites = this.pickups.get(pickup.id)
    if (sprites === undefined) {
      const icon = this.scene.add.image(0, 0, 'medkit').setDepth(depth.pickups + 1)
      const glow = this.scene.add
        .image(0, 0, 'glow')
        .setTint(palette.heal)
        .setBlendMode(Phaser.BlendModes.ADD)
        .setDepth(depth.pickups)
      sprites = { icon, glow }
      this.pickups.set(pickup.id, sprites)
    }
    const beat = Math.sin(nowMs / 420 + pickup.id)
    sprites.icon
      .setPosition(pickup.x, pickup.y + beat * 2)
      .setScale(0.46 + 0.015 * beat)
      .setAlpha(pickup.ready ? 1 : 0.12)
    sprites.glow
      .setPosition(pickup.x, pickup.y)
      .setScale(0.75 + 0.08 * beat)
      .setAlpha(pickup.ready ? 0.4 : 0)
  }
}
