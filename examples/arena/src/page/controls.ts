/**
 * Keyboard and mouse: what is held now, and presses at the moment of their event. The match samples it once per tick. Keys are taken by their
 * place on the keyboard (`code`), so every layout moves with the same fingers.
 */
import type { PressName } from '../arena-room.ts'

export interface ControlsListener {
  press(name: PressName): void
  scores(open: boolean): void
  toggleDebug(): void
}

const moves: Readonly<Record<string, readonly [number, number]>> = {
  KeyW: [0, -1],
  ArrowUp: [0, -1],
  KeyS: [0, 1],
  ArrowDown: [0, 1],
  KeyA: [-1, 0],
  ArrowLeft: [-1, 0],
  KeyD: [1, 0],
  ArrowRight: [1, 0],
}
const presses: Readonly<Record<string, PressName>> = {
  Space: 'dash',
  ShiftLeft: 'dash',
  KeyR: 'reload',
  KeyE: 'altFire',
  KeyQ: 'altFire',
}

export class Controls {
  /** The mouse, in CSS pixels of the page. */
  pointer = { x: window.innerWidth / 2, y: window.innerHeight / 2 }
  trigger = false
  private readonly held = new Set<string>()
  private listener: ControlsListener | undefined

  constructor(target: HTMLElement) {
    window.addEventListener('keydown', (event) => this.keyDown(event))
    window.addEventListener('keyup', (event) => {
      this.held.delete(event.code)
      if (event.code === 'Tab') this.listener?.scores(false)
    })
    window.addEventListener('blur', () => this.release())
    window.addEventListener('mousemove', (event) => {
      this.pointer = { x: event.clientX, y: event.clientY }
    })
    target.addEventListener('mousedown', (event) => {
      this.pointer = { x: event.clientX, y: event.clientY }
      if (event.button === 0) {
        this.trigger = true
        this.listener?.press('fire')
      } else if (event.button === 2) this.listener?.press('altFire')
    })
    window.addEventListener('mouseup', (event) => {
      if (event.button === 0) this.trigger = false
    })
    target.addEventListener('contextmenu', (event) => event.preventDefault())
  }

  /** Who hears of presses; `undefined` while nothing is played. */
  listen(listener: ControlsListener | undefined): void {
    this.listener = listener
    this.release()
  }

  /** Where the keys push, each axis from -1 to 1. */
  move(): { x: number; y: number } {
    let x = 0
    let y = 0
    for (const code of this.held) {
      const [dx, dy] = moves[code] ?? [0, 0]
      x += dx
      y += dy
    }
    x = Math.sign(x)
    y = Math.sign(y)
    return x !== 0 && y !== 0 ? { x: x * Math.SQRT1_2, y: y * Math.SQRT1_2 } : { x, y }
  }

  private keyDown(event: KeyboardEvent): void {
    const { listener } = this
    if (listener === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const press = presses[event.code]
    const isOurs = press !== undefined || event.code in moves || event.code === 'Tab' || event.code === 'F2'
    if (!isOurs) return
    event.preventDefault()
    if (event.repeat) return
    if (press !== undefined) listener.press(press)
    else if (event.code === 'Tab') listener.scores(true)
    else if (event.code === 'F2') listener.toggleDebug()
    else this.held.add(event.code)
  }

  private release(): void {
    this.held.clear()
    this.trigger = false
    this.listener?.scores(false)
  }
}
