/**
 * Everything short-lived that shines: tracers, sparks, explosions, dashes, numbers of damage. Called by the match when an event plays;
 * `update` runs once per frame. Sprites are taken from a bounded pool: beyond it the oldest effect ends early.
 */
import Phaser from 'phaser'
import { depth } from './depth.ts'
import { palette } from './palette.ts'

type Emitter = Phaser.GameObjects.Particles.ParticleEmitter
const TRACER_SPEED = 5200
const TRACER_LENGTH = 210
const POOL = 96
const MAX_STEP_MS = 34

interface Tracer {
  readonly image: Phaser.GameObjects.Image
  fromX: number
  fromY: number
  angle: number
  distance: number
  gone: number
}

/** A picture that grows and fades. */
interface Fade {
  readonly image: Phaser.GameObjects.Image
  ageMs: number
  lifeMs: number
  fromScale: number
  toScale: number
  alpha: number
}

interface NumberLabel {
  readonly label: Phaser.GameObjects.Text
  ageMs: number
  x: number
  y: number
}

export class Effects {
  private readonly scene: Phaser.Scene
  private readonly sparks: Emitter
  private readonly smoke: Emitter
  private readonly embers: Emitter
  private readonly tracers: Tracer[] = []
  private readonly fades: Fade[] = []
  private readonly labels: NumberLabel[] = []

  constructor(scene: Phaser.Scene) {
    this.scene = scene
    this.sparks = scene.add
      .particles(0, 0, 'spark', {
        speed: { min: 60, max: 340 },
        lifespan: { min: 120, max: 380 },
        scale: { start: 0.5, end: 0 },
        alpha: { start: 1, end: 0 },
        blendMode: 'ADD',
        emitting: false,
      })
      .setDepth(depth.sparks)
    this.smoke = scene.add
      .particles(0, 0, 'smoke', {
        speed: { min: 4, max: 40 },
        lifespan: { min: 350, max: 900 },
        scale: { start: 0.22, end: 0.75 },
        alpha: { start: 0.4, end: 0 },
        tint: 0x56607c,
        emitting: false,
      })
      .setDepth(depth.trails)
    this.embers = scene.add
      .particles(0, 0, 'spark', {
        speed: { min: 0, max: 26 },
        lifespan: { min: 140, max: 320 },
        scale: { start: 0.85, end: 0 },
        alpha: { start: 0.9, end: 0 },
        tint: palette.fire,
        blendMode: 'ADD',
        emitting: false,
      })
      .setDepth(depth.trails)
  }

  tracer(fromX: number, fromY: number, toX: number, toY: number, color: number): void {
    const image = this.scene.add.image(fromX, fromY, 'streak').setOrigin(1, 0.5).setBlendMode(Phaser.BlendModes.ADD)
    image.setDepth(depth.sparks).setTint(color).setVisible(false)
    const angle = Math.atan2(toY - fromY, toX - fromX)
    image.setRotation(angle)
    const distance = Math.hypot(toX - fromX, toY - fromY)
    if (this.tracers.length >= POOL) this.tracers.shift()?.image.destroy()
    // The first frame shows it already on its way: a shot has no start-up time.
    this.tracers.push({ image, fromX, fromY, angle, distance, gone: Math.min(distance, 60) })
  }

  /** Where a bullet ends: `color` is its target's, or the tracer's on a wall. */
  impact(x: number, y: number, color: number, isFlesh: boolean): void {
    this.sparks.setParticleTint(color)
    this.sparks.explode(isFlesh ? 10 : 6, x, y)
    this.fade('glow', x, y, { color, lifeMs: 130, fromScale: 0.35, toScale: 0.12, alpha: 0.9 })
  }

  trail(x: number, y: number): void {
    this.embers.emitParticleAt(x, y, 1)
    this.smoke.emitParticleAt(x, y, 1)
  }

  explosion(x: number, y: number): void {
    this.fade('glow', x, y, { color: palette.fireCore, lifeMs: 170, fromScale: 1.2, toScale: 2.6, alpha: 1 })
    this.fade('glow', x, y, { color: palette.fire, lifeMs: 420, fromScale: 2.4, toScale: 1.2, alpha: 0.8 })
    this.fade('ring', x, y, { color: palette.fireCore, lifeMs: 330, fromScale: 0.25, toScale: 1.75, alpha: 0.75 })
    this.sparks.setParticleTint(palette.fireCore)
    this.sparks.explode(26, x, y)
    for (let i = 0; i < 8; i++)
      this.smoke.emitParticleAt(x + (Math.random() - 0.5) * 60, y + (Math.random() - 0.5) * 60, 1)
    this.scorch(x, y, 1.2)
  }

  death(x: number, y: number, color: number): void {
    this.fade('ring', x, y, { color, lifeMs: 480, fromScale: 0.15, toScale: 1.3, alpha: 0.9 })
    this.fade('glow', x, y, { color, lifeMs: 380, fromScale: 1.8, toScale: 0.4, alpha: 1 })
    this.sparks.setParticleTint(color)
    this.sparks.explode(34, x, y)
    this.scorch(x, y, 0.7)
  }

  dash(x: number, y: number, angle: number, color: number): void {
    this.fade('ring', x, y, { color, lifeMs: 260, fromScale: 0.1, toScale: 0.5, alpha: 0.7 })
    this.sparks.setParticleTint(color)
    for (let i = 0; i < 9; i++) this.sparks.emitParticleAt(x - Math.cos(angle) * i * 5, y - Math.sin(angle) * i * 5, 1)
  }

  heal(x: number, y: number): void {
    this.fade('ring', x, y, { color: palette.heal, lifeMs: 420, fromScale: 0.2, toScale: 0.7, alpha: 0.9 })
    this.sparks.setParticleTint(palette.heal)
    this.sparks.explode(14, x, y)
  }

  damage(x: number, y: number, amount: number, zoom: number): void {
    const style = {
      fontFamily: 'Inter, system-ui, sans-serif',
      fontSize: amount >= 30 ? '20px' : '15px',
      fontStyle: '800',
      color: '#fff1c9',
    }
    const ratio = window.devicePixelRatio || 1
    const label = this.scene.add.text(x, y, String(amount), style).setOrigin(0.5).setDepth(depth.names)
    label
      .setStroke('#0a0e1a', 4)
      .setResolution(ratio)
      .setScale(ratio / zoom)
    if (this.labels.length >= POOL) this.labels.shift()?.label.destroy()
    this.labels.push({ label, ageMs: 0, x: x + (Math.random() - 0.5) * 22, y: y - 26 })
  }

  /** On a slow machine effects slow down, so that each is seen for a few frames at least. */
  update(passedMs: number): void {
    const dtMs = Math.min(passedMs, MAX_STEP_MS)
    for (const tracer of this.tracers) {
      tracer.gone += (TRACER_SPEED * dtMs) / 1000
      const head = Math.min(tracer.gone, tracer.distance)
      const tail = Math.max(20, tracer.gone - TRACER_LENGTH)
      tracer.image.setVisible(tail < head)
      tracer.image.setPosition(
        tracer.fromX + Math.cos(tracer.angle) * head,
        tracer.fromY + Math.sin(tracer.angle) * head,
      )
      tracer.image.setDisplaySize(Math.max(1, head - tail), 11)
    }
    this.drop(this.tracers, (tracer) => tracer.gone - TRACER_LENGTH > tracer.distance)
    for (const fade of this.fades) {
      fade.ageMs += dtMs
      const share = Math.min(1, fade.ageMs / fade.lifeMs)
      const eased = 1 - (1 - share) * (1 - share)
      fade.image.setScale(fade.fromScale + (fade.toScale - fade.fromScale) * eased).setAlpha(fade.alpha * (1 - share))
    }
    this.drop(this.fades, (fade) => fade.ageMs >= fade.lifeMs)
    for (const entry of this.labels) {
      entry.ageMs += dtMs
      entry.label.setPosition(entry.x, entry.y - entry.ageMs * 0.045).setAlpha(Math.min(1, 2.4 - entry.ageMs / 290))
    }
    const over = this.labels.filter((entry) => entry.ageMs > 690)
    for (const { label } of over) label.destroy()
    if (over.length > 0)
      this.labels.splice(0, this.labels.length, ...this.labels.filter((entry) => !over.includes(entry)))
  }

  private fade(
    key: string,
    x: number,
    y: number,
    options: Omit<Fade, 'image' | 'ageMs'> & { readonly color: number },
  ): void {
    const { color, ...rest } = options
    const image = this.scene.add
      .image(x, y, key)
      .setTint(color)
      .setBlendMode(Phaser.BlendModes.ADD)
      .setDepth(depth.sparks)
    image.setScale(rest.fromScale).setAlpha(rest.alpha)
    if (this.fades.length >= POOL) this.fades.shift()?.image.destroy()
    this.fades.push({ ...rest, image, ageMs: 0 })
  }

  private scorch(x: number, y: number, scale: number): void {
    const image = this.scene.add
      .image(x, y, 'scorch')
      .setDepth(depth.scorch)
      .setScale(scale)
      .setRotation(Math.random() * 6)
    this.scene.tweens.add({ targets: image, alpha: 0, delay: 2500, duration: 3000, onComplete: () => image.destroy() })
  }

  private drop<Entry extends { readonly image: Phaser.GameObjects.Image }>(
    entries: Entry[],
    isOver: (entry: Entry) => boolean,
  ): void {
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i]
      if (entry === undefined || !isOver(entry)) continue
      entry.image.destroy()
      entries.splice(i, 1)
    }
  }
}
