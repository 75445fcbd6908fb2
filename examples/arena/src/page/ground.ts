/** Draws what never moves: the floor with its grid and markings, the walls and their shadows. Called once, by the scene. */
import type Phaser from 'phaser'
import {
  BORDER,
  borderWalls,
  innerWalls,
  pickupPlaces,
  spawnPlaces,
  type Wall,
  WORLD_HEIGHT,
  WORLD_WIDTH,
} from '../map.ts'
import { depth } from './depth.ts'
import { css, palette } from './palette.ts'
import { paintTexture } from './textures.ts'

const TILE = 80
const SIDE = 12

function paintTiles(canvas: CanvasRenderingContext2D): void {
  canvas.fillStyle = css(palette.floor)
  canvas.fillRect(0, 0, WORLD_WIDTH, WORLD_HEIGHT)
  for (let row = 0; row < WORLD_HEIGHT / TILE; row++) {
    for (let column = 0; column < WORLD_WIDTH / TILE; column++) {
      const light = ((row * 7 + column * 13) % 5) / 5
      canvas.fillStyle = css(palette.floorLight, 0.25 + light * 0.4)
      canvas.fillRect(column * TILE + 1.5, row * TILE + 1.5, TILE - 3, TILE - 3)
    }
  }
  canvas.strokeStyle = css(palette.grid, 0.7)
  canvas.lineWidth = 2
  canvas.beginPath()
  for (let x = 0; x <= WORLD_WIDTH; x += TILE) {
    canvas.moveTo(x, 0)
    canvas.lineTo(x, WORLD_HEIGHT)
  }
  for (let y = 0; y <= WORLD_HEIGHT; y += TILE) {
    canvas.moveTo(0, y)
    canvas.lineTo(WORLD_WIDTH, y)
  }
  canvas.stroke()
  canvas.fillStyle = css(palette.marking, 0.9)
  for (let x = TILE * 2; x < WORLD_WIDTH; x += TILE * 2) {
    for (let y = TILE * 2; y < WORLD_HEIGHT; y += TILE * 2) canvas.fillRect(x - 2, y - 2, 4, 4)
  }
}

/** A glowing line across the floor, which tells one half from the other. */
function paintBand(canvas: CanvasRenderingContext2D, x: number, color: number): void {
  canvas.save()
  canvas.shadowColor = css(color, 0.9)
  canvas.shadowBlur = 26
  canvas.fillStyle = css(color, 0.5)
  canvas.fillRect(x - 2, 0, 4, WORLD_HEIGHT)
  canvas.restore()
  canvas.fillStyle = css(color, 0.16)
  for (let y = BORDER; y < WORLD_HEIGHT; y += 160) canvas.fillRect(x - 12, y + 20, 24, 40)
}

function paintMarkings(canvas: CanvasRenderingContext2D): void {
  const middle = { x: WORLD_WIDTH / 2, y: WORLD_HEIGHT / 2 }
  const light = canvas.createRadialGradient(middle.x, middle.y, 50, middle.x, middle.y, 1300)
  light.addColorStop(0, css(0x4a6bd8, 0.16))
  light.addColorStop(0.5, css(0x4a6bd8, 0.04))
  light.addColorStop(1, css(0x000000, 0.4))
  canvas.fillStyle = light
  canvas.fillRect(0, 0, WORLD_WIDTH, WORLD_HEIGHT)
  canvas.strokeStyle = css(palette.marking, 0.9)
  canvas.lineWidth = 4
  for (const radius of [168, 182]) {
    canvas.beginPath()
    canvas.arc(middle.x, middle.y, radius, 0, Math.PI * 2)
    canvas.stroke()
  }
  paintBand(canvas, 470, palette.bandLeft)
  paintBand(canvas, WORLD_WIDTH - 470, palette.bandRight)
  canvas.lineWidth = 3
  for (const { x, y } of spawnPlaces) {
    canvas.strokeStyle = css(palette.marking, 0.7)
    canvas.beginPath()
    canvas.roundRect(x - 34, y - 34, 68, 68, 14)
    canvas.stroke()
  }
  for (const { x, y } of pickupPlaces) {
    canvas.strokeStyle = css(palette.heal, 0.22)
    canvas.beginPath()
    canvas.arc(x, y, 34, 0, Math.PI * 2)
    canvas.stroke()
  }
}

function paintShadows(canvas: CanvasRenderingContext2D): void {
  canvas.save()
  canvas.shadowColor = 'rgba(0, 0, 0, 0.85)'
  canvas.shadowBlur = 38
  canvas.shadowOffsetX = 10
  canvas.shadowOffsetY = 18
  canvas.fillStyle = css(palette.ink)
  for (const wall of innerWalls)
    canvas.fillRect(wall.x - wall.halfWidth, wall.y - wall.halfHeight, wall.halfWidth * 2, wall.halfHeight * 2)
  canvas.restore()
  const inner = canvas.createLinearGradient(0, BORDER, 0, BORDER + 60)
  inner.addColorStop(0, 'rgba(0, 0, 0, 0.55)')
  inner.addColorStop(1, 'rgba(0, 0, 0, 0)')
  canvas.fillStyle = inner
  canvas.fillRect(0, BORDER, WORLD_WIDTH, 60)
}

/** The sides that look at us; the tops come over them, so walls that touch make one block. */
function drawSide(graphics: Phaser.GameObjects.Graphics, wall: Wall): void {
  const left = wall.x - wall.halfWidth
  const bottom = wall.y + wall.halfHeight
  graphics.fillStyle(palette.wallSide)
  graphics.fillRect(left, bottom - 1, wall.halfWidth * 2, SIDE + 1)
  graphics.fillStyle(palette.ink, 0.7)
  graphics.fillRect(left, bottom + SIDE - 3, wall.halfWidth * 2, 3)
}

function drawEdge(graphics: Phaser.GameObjects.Graphics, wall: Wall): void {
  graphics.fillStyle(palette.wallEdge, 0.85)
  graphics.fillRect(
    wall.x - wall.halfWidth - 1,
    wall.y - wall.halfHeight - 1,
    wall.halfWidth * 2 + 2,
    wall.halfHeight * 2 + 2,
  )
}

function drawTop(graphics: Phaser.GameObjects.Graphics, wall: Wall): void {
  const left = wall.x - wall.halfWidth
  const top = wall.y - wall.halfHeight
  const width = wall.halfWidth * 2
  const height = wall.halfHeight * 2
  graphics.fillGradientStyle(palette.wallTopLight, palette.wallTopLight, palette.wallTop, palette.wallTop)
  graphics.fillRect(left + 1.5, top + 1.5, width - 3, height - 3)
}

function drawInset(graphics: Phaser.GameObjects.Graphics, wall: Wall): void {
  graphics.lineStyle(2, palette.wallSide, 0.55)
  const inset = 12
  graphics.strokeRect(
    wall.x - wall.halfWidth + inset,
    wall.y - wall.halfHeight + inset,
    (wall.halfWidth - inset) * 2,
    (wall.halfHeight - inset) * 2,
  )
}

export function drawGround(scene: Phaser.Scene): void {
  paintTexture(scene, 'floor', WORLD_WIDTH, WORLD_HEIGHT, (canvas) => {
    paintTiles(canvas)
    paintMarkings(canvas)
    paintShadows(canvas)
  })
  scene.add.image(0, 0, 'floor').setOrigin(0).setDepth(depth.floor)
  const graphics = scene.add.graphics().setDepth(depth.walls)
  const walls = [...borderWalls, ...innerWalls]
  for (const wall of walls) drawSide(graphics, wall)
  for (const wall of walls) drawEdge(graphics, wall)
  for (const wall of walls) drawTop(graphics, wall)
  for (const wall of innerWalls) drawInset(graphics, wall)
}
