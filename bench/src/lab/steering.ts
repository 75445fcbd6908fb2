/**
 * What the games of the benches and of the proof tests have in common: a square field, players that are pushed about in it against drag, and rockets
 * that fly straight until their fuse has burnt. Used in their definitions, so it runs on both sides.
 */
import { clamp, fixed, int, linear } from '@tickmesh/shared'

/** A coordinate in a field of this size. */
export const place = (size: number) => fixed(0, size, 1 / 256)
export const speed = () => fixed(-1024, 1024, 1 / 1024)

/** How a player goes, in units and seconds. */
export interface Steering {
  readonly size: number
  readonly push: number
  readonly drag: number
  readonly top: number
}

interface Body {
  x: number
  y: number
  vx: number
  vy: number
}

/** One tick of a player that is pushed towards `move`. */
export function steer(p: Body, move: { readonly x: number; readonly y: number }, dt: number, how: Steering): void {
  const { size, push, drag, top } = how
  p.vx = clamp((p.vx + move.x * push * dt) * (1 - drag * dt), -top, top)
  p.vy = clamp((p.vy + move.y * push * dt) * (1 - drag * dt), -top, top)
  p.x = clamp(p.x + p.vx * dt, 0, size)
  p.y = clamp(p.y + p.vy * dt, 0, size)
}

export const rocketFields = (size: number) => ({
  x: place(size),
  y: place(size),
  vx: speed(),
  vy: speed(),
  fuse: int(0, 200),
})
export const rocketMotion = () => linear(['x', 'vx'], ['y', 'vy'])
