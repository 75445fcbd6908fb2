/** Paints at run time every picture that the scene uses: nothing is downloaded. White ones are tinted where they are used. Called once, by the scene. */
import type Phaser from 'phaser'
import { css, palette } from './palette.ts'

type Paint = (canvas: CanvasRenderingContext2D, width: number, height: number) => void

/** Adds a texture that `paint` draws. */
export function paintTexture(scene: Phaser.Scene, key: string, width: number, height: number, paint: Paint): void {
  const texture = scene.textures.createCanvas(key, width, height)
  if (texture === null) return
  paint(texture.context, width, height)
  texture.refresh()
}

function radial(stops: readonly (readonly [number, number])[]): Paint {
  return (canvas, width, height) => {
    const gradient = canvas.createRadialGradient(width / 2, height / 2, 0, width / 2, height / 2, width / 2)
    for (const [at, alpha] of stops) gradient.addColorStop(at, `rgba(255, 255, 255, ${alpha})`)
    canvas.fillStyle = gradient
    canvas.fillRect(0, 0, width, height)
  }
}

function disc(
  canvas: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  fill: string | CanvasGradient,
): void {
  canvas.beginPath()
  canvas.arc(x, y, radius, 0, Math.PI * 2)
  canvas.fillStyle = fill
  canvas.fill()
}

/** A fighter's body from above, 40 units across at scale 1/2.4; tinted with its colour. */
const body: Paint = (canvas, width, height) => {
  const x = width / 2
  const y = height / 2
  disc(canvas, x, y, 43, 'rgb(50, 54, 66)')
  disc(canvas, x, y, 39, 'rgb(255, 255, 255)')
  const shade = canvas.createRadialGradient(x - 12, y - 14, 4, x, y, 40)
  shade.addColorStop(0, 'rgba(255, 255, 255, 0)')
  shade.addColorStop(0.55, 'rgba(40, 44, 60, 0.28)')
  shade.addColorStop(1, 'rgba(14, 16, 28, 0.72)')
  disc(canvas, x, y, 39, shade)
  canvas.lineWidth = 3
  canvas.strokeStyle = 'rgba(255, 255, 255, 0.85)'
  canvas.beginPath()
  canvas.arc(x, y, 37, 0, Math.PI * 2)
  canvas.stroke()
}

/** What sits on a body and turns with the aim: shoulders, barrel, visor. Points to the right. Not tinted. */
const gear: Paint = (canvas, width, height) => {
  const x = width / 2
  const y = height / 2
  canvas.fillStyle = css(palette.ink)
  canvas.beginPath()
  canvas.roundRect(x + 6, y - 11, 62, 22, 6)
  canvas.fill()
  const steel = canvas.createLinearGradient(0, y - 8, 0, y + 8)
  steel.addColorStop(0, css(0xe6ecfb))
  steel.addColorStop(1, css(0x7585ad))
  canvas.fillStyle = steel
  canvas.beginPath()
  canvas.roundRect(x + 8, y - 7, 57, 14, 4)
  canvas.fill()
  canvas.fillStyle = css(palette.ink, 0.75)
  canvas.fillRect(x + 46, y - 7, 4, 14)
  disc(canvas, x, y, 21, css(palette.ink))
  const dome = canvas.createRadialGradient(x - 5, y - 6, 2, x, y, 18)
  dome.addColorStop(0, css(0x3a4770))
  dome.addColorStop(1, css(0x141b33))
  disc(canvas, x, y, 17, dome)
  canvas.strokeStyle = 'rgba(255, 255, 255, 0.95)'
  canvas.lineWidth = 5
  canvas.lineCap = 'round'
  canvas.beginPath()
  canvas.arc(x, y, 11.5, -0.75, 0.75)
  canvas.stroke()
}

const rocketBody: Paint = (canvas, width, height) => {
  const y = height / 2
  canvas.fillStyle = css(palette.ink)
  canvas.beginPath()
  canvas.roundRect(4, y - 9, width - 10, 18, 9)
  canvas.fill()
  canvas.fillStyle = css(palette.text)
  canvas.beginPath()
  canvas.roundRect(8, y - 6, width - 18, 12, 6)
  canvas.fill()
  canvas.fillStyle = css(palette.danger)
  canvas.beginPath()
  canvas.roundRect(width - 24, y - 6, 14, 12, 6)
  canvas.fill()
  canvas.fillStyle = css(palette.steel)
  canvas.fillRect(6, y - 11, 9, 22)
}

const medkit: Paint = (canvas, width, height) => {
  canvas.fillStyle = css(palette.ink, 0.9)
  canvas.beginPath()
  canvas.roundRect(6, 6, width - 12, height - 12, 16)
  canvas.fill()
  canvas.lineWidth = 4
  canvas.strokeStyle = css(palette.heal)
  canvas.stroke()
  canvas.fillStyle = css(palette.heal)
  canvas.beginPath()
  canvas.roundRect(width / 2 - 7, 20, 14, height - 40, 4)
  canvas.roundRect(20, height / 2 - 7, width - 40, 14, 4)
  canvas.fill()
}

const ring: Paint = (canvas, width, height) => {
  canvas.lineWidth = width / 16
  canvas.strokeStyle = 'rgba(255, 255, 255, 0.95)'
  canvas.shadowColor = 'white'
  canvas.shadowBlur = width / 12
  canvas.beginPath()
  canvas.arc(width / 2, height / 2, width / 2 - width / 8, 0, Math.PI * 2)
  canvas.stroke()
}

/** Bright at its right end, fading to the left. */
const streak: Paint = (canvas, width, height) => {
  for (let row = 0; row < height; row++) {
    const across = 1 - Math.abs(row + 0.5 - height / 2) / (height / 2)
    const gradient = canvas.createLinearGradient(0, 0, width, 0)
    gradient.addColorStop(0, 'rgba(255, 255, 255, 0)')
    gradient.addColorStop(0.25, `rgba(255, 255, 255, ${0.35 * across * across})`)
    gradient.addColorStop(1, `rgba(255, 255, 255, ${across * across})`)
    canvas.fillStyle = gradient
    canvas.fillRect(0, row, width, 1)
  }
}

/** A flame that points to the right: hot at the barrel, with two short side jets. */
const flash: Paint = (canvas, width, height) => {
  const y = height / 2
  const heat = canvas.createRadialGradient(8, y, 0, 8, y, width - 10)
  heat.addColorStop(0, 'rgba(255, 255, 240, 1)')
  heat.addColorStop(0.25, 'rgba(255, 214, 130, 0.9)')
  heat.addColorStop(0.6, 'rgba(255, 138, 61, 0.45)')
  heat.addColorStop(1, 'rgba(255, 100, 40, 0)')
  canvas.fillStyle = heat
  for (const [reach, spread] of [
    [width, 0.2],
    [width * 0.55, 0.5],
  ] as const) {
    canvas.beginPath()
    canvas.moveTo(0, y)
    canvas.quadraticCurveTo(reach * 0.35, y - height * spread, reach, y)
    canvas.quadraticCurveTo(reach * 0.35, y + height * spread, 0, y)
    canvas.fill()
  }
}

const scorch: Paint = (canvas, width, height) => {
  const gradient = canvas.createRadialGradient(width / 2, height / 2, 4, width / 2, height / 2, width / 2)
  gradient.addColorStop(0, 'rgba(2, 3, 8, 0.5)')
  gradient.addColorStop(0.45, 'rgba(3, 4, 9, 0.26)')
  gradient.addColorStop(1, 'rgba(3, 4, 9, 0)')
  canvas.fillStyle = gradient
  canvas.fillRect(0, 0, width, height)
}

export function paintTextures(scene: Phaser.Scene): void {
  paintTexture(
    scene,
    'glow',
    128,
    128,
    radial([
      [0, 0.95],
      [0.25, 0.5],
      [0.6, 0.12],
      [1, 0],
    ]),
  )
  paintTexture(
    scene,
    'spark',
    16,
    16,
    radial([
      [0, 1],
      [0.35, 0.9],
      [1, 0],
    ]),
  )
  paintTexture(
    scene,
    'smoke',
    64,
    64,
    radial([
      [0, 0.55],
      [0.5, 0.3],
      [1, 0],
    ]),
  )
  paintTexture(
    scene,
    'shadow',
    64,
    64,
    radial([
      [0, 0.9],
      [0.55, 0.7],
      [1, 0],
    ]),
  )
  paintTexture(scene, 'body', 96, 96, body)
  paintTexture(scene, 'gear', 160, 96, gear)
  paintTexture(scene, 'rocket', 56, 28, rocketBody)
  paintTexture(scene, 'medkit', 72, 72, medkit)
  paintTexture(scene, 'ring', 192, 192, ring)
  paintTexture(scene, 'streak', 128, 10, streak)
  paintTexture(scene, 'flash', 64, 40, flash)
  paintTexture(scene, 'scorch', 128, 128, scorch)
}
