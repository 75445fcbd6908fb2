/**
 * Where the camera stands: rigidly on the own fighter (a lagging camera would add latency to what one's own keys do), leading smoothly towards
 * the mouse, shaken a little by what explodes. Called by the scene once per frame, before anything is placed on the screen.
 */
import type Phaser from 'phaser'
import { WORLD_HEIGHT, WORLD_WIDTH } from '../map.ts'

/** World units that fit on the screen at least, in both directions. */
const SEEN_WIDTH = 1180
const SEEN_HEIGHT = 740
/** How far beyond the world's edge the screen may reach. */
const MARGIN = 70
const LEAD_SHARE = 0.24
const MAX_LEAD = 190
const LEAD_PER_SECOND = 7
const SHAKE_DECAY_PER_SECOND = 2.6
const SHAKE_UNITS = 13

export class ViewCamera {
  private readonly camera: Phaser.Cameras.Scene2D.Camera
  private x = WORLD_WIDTH / 2
  private y = WORLD_HEIGHT / 2
  private magnification = 1
  private leadX = 0
  private leadY = 0
  private shaking = 0
  private time = 0

  constructor(camera: Phaser.Cameras.Scene2D.Camera) {
    this.camera = camera
  }

  /** Device pixels per world unit. */
  get zoom(): number {
    return this.camera.zoom
  }

  /** 0 to 1; adds up and decays. */
  shake(strength: number): void {
    this.shaking = Math.min(1, this.shaking + strength)
  }

  /** `pointerX`, `pointerY`: the mouse's distance from the middle of the screen, in device pixels. */
  follow(x: number, y: number, pointerX: number, pointerY: number, dt: number): void {
    this.fit()
    const { zoom } = this.camera
    let wishX = (pointerX / zoom) * LEAD_SHARE
    let wishY = (pointerY / zoom) * LEAD_SHARE
    const length = Math.hypot(wishX, wishY)
    if (length > MAX_LEAD) {
      wishX *= MAX_LEAD / length
      wishY *= MAX_LEAD / length
    }
    const share = 1 - Math.exp(-LEAD_PER_SECOND * dt)
    this.leadX += (wishX - this.leadX) * share
    this.leadY += (wishY - this.leadY) * share
    this.place(x + this.leadX, y + this.leadY, dt)
  }

  /** Drifts over the arena while nobody is followed. */
  wander(dt: number): void {
    this.fit()
    const angle = this.time * 0.11
    const x = WORLD_WIDTH / 2 + Math.cos(angle) * 520
    const y = WORLD_HEIGHT / 2 + Math.sin(angle * 1.3) * 300
    const share = 1 - Math.exp(-1.5 * dt)
    this.place(this.x + (x - this.x) * share, this.y + (y - this.y) * share, dt)
  }

  /** Stands over a place; `magnification` 1 shows as much as players see. For replays: players cannot see more. */
  moveTo(x: number, y: number, magnification: number): void {
    this.x = x
    this.y = y
    this.magnification = magnification
  }

  /** Stays where it is. */
  rest(dt: number): void {
    this.fit()
    this.place(this.x, this.y, dt)
  }

  /** Place in the world under a point of the screen (device pixels from the middle). */
  toWorld(pointerX: number, pointerY: number): { readonly x: number; readonly y: number } {
    return { x: this.x + pointerX / this.camera.zoom, y: this.y + pointerY / this.camera.zoom }
  }

  /** The point of the page, in CSS pixels, over a place in the world. */
  toPage(x: number, y: number): { readonly x: number; readonly y: number } {
    const { zoom, width, height } = this.camera
    const ratio = width / window.innerWidth
    return { x: ((x - this.x) * zoom + width / 2) / ratio, y: ((y - this.y) * zoom + height / 2) / ratio }
  }

  private fit(): void {
    const { width, height } = this.camera
    this.camera.setZoom(Math.max(width / SEEN_WIDTH, height / SEEN_HEIGHT) * this.magnification)
  }

  private place(x: number, y: number, dt: number): void {
    const { width, height, zoom } = this.camera
    this.x = within(x, width / zoom / 2 - MARGIN, WORLD_WIDTH)
    this.y = within(y, height / zoom / 2 - MARGIN, WORLD_HEIGHT)
    this.time += dt
    this.shaking = Math.max(0, this.shaking - SHAKE_DECAY_PER_SECOND * dt)
    const strength = this.shaking * this.shaking * SHAKE_UNITS
    const shakeX = Math.sin(this.time * 71) * strength
    const shakeY = Math.sin(this.time * 93 + 1) * strength
    this.camera.centerOn(this.x + shakeX, this.y + shakeY)
  }
}

/** The middle of a stretch of twice `half` that stays within 0 and `size`, or their middle if it is longer. */
function within(middle: number, half: number, size: number): number {
  return half * 2 > size ? size / 2 : Math.min(size - half, Math.max(half, middle))
}
