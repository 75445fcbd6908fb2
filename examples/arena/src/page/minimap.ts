/** The map in the corner: walls, pickups, everybody as a dot in its colour, ourselves as an arrow. Drawn a few times a second. */
import type { ArenaView } from '../arena-room.ts'
import { innerWalls, WORLD_HEIGHT, WORLD_WIDTH } from '../map.ts'
import { element } from './dom.ts'
import type { Profile } from './fighters.ts'
import { css, palette, playerColor } from './palette.ts'

const WIDTH = 168
const HEIGHT = (WIDTH * WORLD_HEIGHT) / WORLD_WIDTH
const EVERY_MS = 66

export class Minimap {
  readonly root = element('canvas', 'minimap')
  private readonly canvas: CanvasRenderingContext2D | null
  private drawnAt = 0

  constructor() {
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    this.root.width = WIDTH * ratio
    this.root.height = HEIGHT * ratio
    this.root.style.width = `${WIDTH}px`
    this.canvas = this.root.getContext('2d')
    this.canvas?.scale((WIDTH * ratio) / WORLD_WIDTH, (WIDTH * ratio) / WORLD_WIDTH)
  }

  draw(view: ArenaView, own: number, aim: number, profile: (seat: number) => Profile, nowMs: number): void {
    const { canvas } = this
    if (canvas === null || nowMs - this.drawnAt < EVERY_MS) return
    this.drawnAt = nowMs
    canvas.clearRect(0, 0, WORLD_WIDTH, WORLD_HEIGHT)
    canvas.fillStyle = css(palette.wallEdge, 0.4)
    for (const wall of innerWalls)
      canvas.fillRect(wall.x - wall.halfWidth, wall.y - wall.halfHeight, wall.halfWidth * 2, wall.halfHeight * 2)
    canvas.fillStyle = css(palette.heal, 0.9)
    for (const { x, y, ready } of view.pickup) {
      if (!ready) continue
      canvas.fillRect(x - 10, y - 28, 20, 56)
      canvas.fillRect(x - 28, y - 10, 56, 20)
    }
    for (const fighter of view.player) {
      canvas.fillStyle = css(playerColor(profile(fighter.owner).color))
      if (fighter.owner === own) this.drawArrow(canvas, fighter.x, fighter.y, aim)
      else {
        canvas.beginPath()
        canvas.arc(fighter.x, fighter.y, 34, 0, Math.PI * 2)
        canvas.fill()
      }
    }
  }

  private drawArrow(canvas: CanvasRenderingContext2D, x: number, y: number, aim: number): void {
    canvas.save()
    canvas.translate(x, y)
    canvas.rotate(aim)
    canvas.beginPath()
    canvas.moveTo(72, 0)
    canvas.lineTo(-42, 46)
    canvas.lineTo(-20, 0)
    canvas.lineTo(-42, -46)
    canvas.fill()
    canvas.lineWidth = 12
    canvas.strokeStyle = css(palette.text)
    canvas.stroke()
    canvas.restore()
  }
}
