/**
 * Where the camera of whom only watches (a replay, a spectator) stands: anywhere (drag, WASD or arrow keys with Shift, wheel), or over a player. Reads the devices; the page asks it once per frame.
 */
import { WORLD_HEIGHT, WORLD_WIDTH } from '../map.ts'
import type { ViewCamera } from '../page/view-camera.ts'

const LEAST = 0.38
const MOST = 4
const WHEEL_SHARE = 0.0013
/** Screens of the middle size per second that the keys move. */
const KEY_SPEED = 760
const FOLLOW_PER_SECOND = 9
const MOVES: Readonly<Record<string, readonly [x: number, y: number]>> = {
  KeyW: [0, -1],
  KeyA: [-1, 0],
  KeyS: [0, 1],
  KeyD: [1, 0],
}

interface Point {
  readonly x: number
  readonly y: number
}

export class FreeCamera {
  /** The seat that is followed; 0: none. */
  following = 0
  private x = WORLD_WIDTH / 2
  private y = WORLD_HEIGHT / 2
  private magnification: number
  private readonly held = new Set<string>()
  private readonly view: ViewCamera
  private readonly onFreed: () => void

  /** `onFreed`: a hand moved it away from whom it followed. */
  constructor(view: ViewCamera, surface: HTMLElement, onFreed: () => void) {
    this.view = view
    this.onFreed = onFreed
    this.magnification = 0.62
    surface.addEventListener('pointerdown', (event) => this.drag(surface, event))
    surface.addEventListener('wheel', (event) => this.wheel(event), { passive: false })
    window.addEventListener('keydown', (event) => {
      if (event.code in MOVES && !event.ctrlKey && !event.metaKey) this.held.add(event.code)
    })
    window.addEventListener('keyup', (event) => this.held.delete(event.code))
    window.addEventListener('blur', () => this.held.clear())
  }

  /** Stands where it should be now. `target`: where the followed player is, if it is anywhere. */
  update(dt: number, target: Point | undefined): void {
    const [keysX, keysY] = this.keys()
    if (keysX !== 0 || keysY !== 0) {
      this.free()
      const step = (KEY_SPEED * dt) / this.magnification
      this.moveBy(keysX * step, keysY * step)
    } else if (this.following !== 0 && target !== undefined) {
      const share = 1 - Math.exp(-FOLLOW_PER_SECOND * dt)
      this.x += (target.x - this.x) * share
      this.y += (target.y - this.y) * share
    }
    this.view.moveTo(this.x, this.y, this.magnification)
  }

  private keys(): [number, number] {
    let [x, y] = [0, 0]
    for (const code of this.held) {
      const move = MOVES[code]
      x += move?.[0] ?? 0
      y += move?.[1] ?? 0
    }
    return [x, y]
  }

  private free(): void {
    if (this.following === 0) return
    this.following = 0
    this.onFreed()
  }

  private moveBy(x: number, y: number): void {
    this.x = Math.min(WORLD_WIDTH, Math.max(0, this.x + x))
    this.y = Math.min(WORLD_HEIGHT, Math.max(0, this.y + y))
  }

  private drag(surface: HTMLElement, start: PointerEvent): void {
    let last: Point = { x: start.clientX, y: start.clientY }
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    surface.setPointerCapture(start.pointerId)
    surface.classList.add('dragging')
    const move = (event: PointerEvent) => {
      const share = ratio / this.view.zoom
      this.free()
      this.moveBy((last.x - event.clientX) * share, (last.y - event.clientY) * share)
      last = { x: event.clientX, y: event.clientY }
    }
    const stop = () => {
      surface.removeEventListener('pointermove', move)
      surface.classList.remove('dragging')
    }
    surface.addEventListener('pointermove', move)
    surface.addEventListener('pointerup', stop, { once: true })
    surface.addEventListener('pointercancel', stop, { once: true })
  }

  /** Zooms about the place under the mouse. */
  private wheel(event: WheelEvent): void {
    event.preventDefault()
    const before = this.magnification
    this.magnification = Math.min(MOST, Math.max(LEAST, before * Math.exp(-event.deltaY * WHEEL_SHARE)))
    if (this.following !== 0) return
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    const awayX = ((event.clientX - window.innerWidth / 2) * ratio) / this.view.zoom
    const awayY = ((event.clientY - window.innerHeight / 2) * ratio) / this.view.zoom
    const share = 1 - before / this.magnification
    this.moveBy(awayX * share, awayY * share)
  }
}
