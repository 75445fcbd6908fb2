/**
 * Draws the fighters: shadow, glow, body, gear, name, health bar, spawn shield. The scene calls `draw` once per frame with what the room's
 * frame shows; sprites are kept by entity and thrown away when their entity is gone.
 */
import Phaser from 'phaser'
import type { FighterView } from '../arena-room.ts'
import { MUZZLE, player } from '../tuning.ts'
import { depth } from './depth.ts'
import { mix, palette, playerColor } from './palette.ts'

const BODY_SCALE = 0.47
const FLASH_MS = 110
const RECOIL_MS = 90
const MUZZLE_MS = 55

/** What is known of a fighter besides its entity. */
export interface Profile {
  readonly name: string
  readonly color: number
}

interface Sprites {
  readonly shadow: Phaser.GameObjects.Image
  readonly glow: Phaser.GameObjects.Image
  readonly body: Phaser.GameObjects.Image
  readonly gear: Phaser.GameObjects.Image
  readonly muzzle: Phaser.GameObjects.Image
  readonly name: Phaser.GameObjects.Text
  /** When it was last hurt and last shot, in milliseconds of the frame's clock. */
  hurtAt: number
  shotAt: number
  shownName: string
  lastFrame: number
  x: number
  y: number
  aim: number
}

export class Fighters {
  private readonly scene: Phaser.Scene
  private readonly bars: Phaser.GameObjects.Graphics
  private readonly sprites = new Map<number, Sprites>()
  private frame = 0
  private nowMs = 0

  constructor(scene: Phaser.Scene) {
    this.scene = scene
    this.bars = scene.add.graphics().setDepth(depth.bars)
  }

  /** Starts a frame: `draw` follows for each fighter, then `end`. */
  begin(nowMs: number): void {
    this.nowMs = nowMs
    this.frame++
    this.bars.clear()
  }

  draw(view: FighterView, profile: Profile, own: boolean, aim: number, zoom: number): void {
    const sprites = this.sprites.get(view.id) ?? this.create(view.id)
    sprites.lastFrame = this.frame
    sprites.x = view.x
    sprites.y = view.y
    sprites.aim = aim
    const color = playerColor(profile.color)
    const sinceHurt = this.nowMs - sprites.hurtAt
    const sinceShot = this.nowMs - sprites.shotAt
    const recoil = sinceShot < RECOIL_MS ? 5 * (1 - sinceShot / RECOIL_MS) : 0
    const hurt = sinceHurt < FLASH_MS ? 1 - sinceHurt / FLASH_MS : 0

    sprites.shadow.setPosition(view.x + 4, view.y + 8)
    sprites.glow
      .setPosition(view.x, view.y)
      .setTint(color)
      .setAlpha(own ? 0.5 : 0.3)
    sprites.body
      .setPosition(view.x, view.y)
      .setTint(hurt > 0 ? mix(color, 0xffffff, hurt) : color)
      .setScale(BODY_SCALE * (1 + 0.12 * hurt))
    sprites.body.setTintMode(hurt > 0.7 ? Phaser.TintModes.FILL : Phaser.TintModes.MULTIPLY)
    sprites.gear.setPosition(view.x - Math.cos(aim) * recoil, view.y - Math.sin(aim) * recoil).setRotation(aim)
    const flash = sinceShot < MUZZLE_MS
    sprites.muzzle.setVisible(flash)
    if (flash) {
      sprites.muzzle.setPosition(view.x + Math.cos(aim) * MUZZLE, view.y + Math.sin(aim) * MUZZLE).setRotation(aim)
      sprites.muzzle.setScale(0.5 + 0.03 * ((this.frame * 7) % 10), 0.7)
    }
    this.drawName(sprites, profile, own, zoom)
    this.drawBars(view, color, own)
  }

  /** Removes the sprites of fighters that are gone. */
  end(): void {
    for (const [id, sprites] of this.sprites) {
      if (sprites.lastFrame === this.frame) continue
      for (const part of [sprites.shadow, sprites.glow, sprites.body, sprites.gear, sprites.muzzle, sprites.name])
        part.destroy()
      this.sprites.delete(id)
    }
  }

  /** Where a fighter was drawn last. */
  at(id: number): { readonly x: number; readonly y: number; readonly aim: number } | undefined {
    return this.sprites.get(id)
  }

  hurt(id: number): void {
    const sprites = this.sprites.get(id)
    if (sprites !== undefined) sprites.hurtAt = this.nowMs
  }

  shot(id: number): void {
    const sprites = this.sprites.get(id)
    if (sprites !== undefined) sprites.shotAt = this.nowMs
  }

  private drawName(sprites: Sprites, profile: Profile, own: boolean, zoom: number): void {
    if (sprites.shownName !== profile.name) {
      sprites.name.setText(profile.name)
      sprites.shownName = profile.name
    }
    const ratio = window.devicePixelRatio || 1
    sprites.name
      .setVisible(!own)
      .setScale(ratio / zoom)
      .setPosition(sprites.x, sprites.y - player.radius - 15)
  }

  private drawBars(view: FighterView, color: number, own: boolean): void {
    const { bars } = this
    if (view.shield > 0) {
      const pulse = 0.55 + 0.25 * Math.sin(this.nowMs / 90)
      bars.lineStyle(2.5, palette.accent, pulse).strokeCircle(view.x, view.y, player.radius + 8)
      bars.fillStyle(palette.accent, 0.08).fillCircle(view.x, view.y, player.radius + 8)
    }
    if (own) {
      bars.lineStyle(2, color, 0.55).strokeCircle(view.x, view.y, player.radius + 5)
      return
    }
    const width = 42
    const left = view.x - width / 2
    const top = view.y - player.radius - 13
    const share = view.hp / player.hp
    bars.fillStyle(palette.ink, 0.85).fillRect(left - 1.5, top - 1.5, width + 3, 7)
    bars.fillStyle(share > 0.35 ? color : palette.danger).fillRect(left, top, width * share, 4)
  }

  private create(id: number): Sprites {
    const image = (key: string, at: number) => this.scene.add.image(0, 0, key).setDepth(at)
    const name = this.scene.add.text(0, 0, '', {
      fontFamily: 'Inter, system-ui, sans-serif',
      fontSize: '13px',
      fontStyle: '600',
      color: '#e9effd',
    })
    name
      .setOrigin(0.5, 1)
      .setDepth(depth.names)
      .setResolution(window.devicePixelRatio || 1)
    name.setStroke('#0a0e1a', 4)
    const sprites: Sprites = {
      shadow: image('shadow', depth.shadows).setScale(0.78).setTint(0x000000).setAlpha(0.55),
      glow: image('glow', depth.shadows).setScale(1.0).setBlendMode(Phaser.BlendModes.ADD),
      body: image('body', depth.fighters).setScale(BODY_SCALE),
      gear: image('gear', depth.fighters + 1).setScale(0.45),
      muzzle: image('flash', depth.sparks).setOrigin(0, 0.5).setBlendMode(Phaser.BlendModes.ADD).setVisible(false),
      name,
      hurtAt: -1000,
      shotAt: -1000,
      shownName: '',
      lastFrame: this.frame,
      x: 0,
      y: 0,
      aim: 0,
    }
    this.sprites.set(id, sprites)
    return sprites
  }
}
