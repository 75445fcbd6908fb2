/**
 * Touch: a stick to move on the left, a stick on the right that aims and, pulled out, fires; buttons for rocket, dash and reload.
 * Shown from the first touch on. The match reads it like the keyboard.
 */
import type { PressName } from '../arena-room.ts'
import { element } from './dom.ts'

const REACH = 56
const DEAD_ZONE = 0.16
const FIRE_FROM = 0.55

class Stick {
  readonly root: HTMLElement
  x = 0
  y = 0
  private readonly knob = element('i', 'knob')
  private pointerId: number | undefined
  private centreX = 0
  private centreY = 0

  constructor(className: string) {
    this.root = element('div', `stick ${className}`, element('div', 'stick-ring', this.knob))
    this.root.addEventListener('pointerdown', (event) => {
      if (this.pointerId !== undefined) return
      this.pointerId = event.pointerId
      this.root.setPointerCapture(event.pointerId)
      const ring = this.root.firstElementChild?.getBoundingClientRect() ?? this.root.getBoundingClientRect()
      this.centreX = ring.left + ring.width / 2
      this.centreY = ring.top + ring.height / 2
      this.pull(event)
    })
    this.root.addEventListener('pointermove', (event) => {
      if (event.pointerId === this.pointerId) this.pull(event)
    })
    const end = (event: PointerEvent) => {
      if (event.pointerId === this.pointerId) this.release()
    }
    this.root.addEventListener('pointerup', end)
    this.root.addEventListener('pointercancel', end)
  }

  get length(): number {
    return Math.hypot(this.x, this.y)
  }

  release(): void {
    this.pointerId = undefined
    this.x = 0
    this.y = 0
    this.knob.style.translate = ''
  }

  private pull(event: PointerEvent): void {
    const x = (event.clientX - this.centreX) / REACH
    const y = (event.clientY - this.centreY) / REACH
    const length = Math.max(1, Math.hypot(x, y))
    this.x = x / length
    this.y = y / length
    this.knob.style.translate = `${this.x * REACH}px ${this.y * REACH}px`
    if (Math.hypot(this.x, this.y) < DEAD_ZONE) {
      this.x = 0
      this.y = 0
    }
  }
}

export class TouchControls {
  readonly root: HTMLElement
  /** Last direction of the right stick, radians; `undefined` until it was used. */
  aim: number | undefined
  /** Whether touch is what this player uses. */
  isUsed = false
  private readonly left = new Stick('left')
  private readonly right = new Stick('right')
  private press: ((name: PressName) => void) | undefined
  private wasFiring = false

  constructor() {
    const button = (name: PressName, label: string) => {
      const made = element('button', `touch-button ${name}`, label)
      made.type = 'button'
      made.addEventListener('pointerdown', () => this.press?.(name))
      return made
    }
    const buttons = element(
      'div',
      'touch-buttons',
      button('altFire', 'Rocket'),
      button('dash', 'Dash'),
      button('reload', 'Reload'),
    )
    this.root = element('div', 'touch', this.left.root, this.right.root, buttons)
    this.root.hidden = true
    window.addEventListener('touchstart', () => this.setUsed(true), { passive: true })
    window.addEventListener('blur', () => {
      this.left.release()
      this.right.release()
    })
    if (window.matchMedia('(pointer: coarse)').matches) this.setUsed(true)
  }

  listen(press: ((name: PressName) => void) | undefined): void {
    this.press = press
  }

  move(): { x: number; y: number } {
    return { x: this.left.x, y: this.left.y }
  }

  /** Reads the right stick: turns the aim, and says whether it is pulled far enough to fire. */
  poll(): boolean {
    const { right } = this
    if (right.length > 0) this.aim = Math.atan2(right.y, right.x)
    const firing = right.length >= FIRE_FROM
    if (firing && !this.wasFiring) this.press?.('fire')
    this.wasFiring = firing
    return firing
  }

  private setUsed(isUsed: boolean): void {
    this.isUsed = isUsed
    this.root.hidden = !isUsed
    document.body.classList.toggle('uses-touch', isUsed)
  }
}
