/**
 * The arena workload's game, in three variants that differ in one thing: what the codec may expect of a player. The physics are the same.
 * Grids: 1/64 for positions, 1/16 for velocities, with a dead zone so that friction reaches zero; aim has 10 bits.
 */
import { angle, axis2, button, type CompiledGame, defineGame, fixed, flags, int, linear, press } from '@tickmesh/shared'
import { linearPrior } from './prior-linear.ts'
import { motionPrior } from './prior-motion.ts'
import { plainPrior } from './prior-plain.ts'

export type Variant = 'motion' | 'linear' | 'plain'
export const VARIANTS: readonly Variant[] = ['motion', 'linear', 'plain']

export const PLAYERS = 100
export const TICK_RATE = 60
export const SNAPSHOT_RATE = 20

/** Units/s². */
const ACCELERATION = 900
/** Share of the speed lost per second. */
const DRAG = 3
/** Below this speed, in units/s, a player who steers nowhere stands. */
const DEAD_ZONE = 1

interface Mover {
  x: number
  y: number
  vx: number
  vy: number
}

/** One tick of a player: accelerate where the keys point, lose speed by drag, move. */
export function drive(p: Mover, held: { readonly move: { readonly x: number; readonly y: number } }, dt: number): void {
  const { move } = held
  const mx = move.x
  const my = move.y
  const length = Math.sqrt(mx * mx + my * my)
  const scale = length > 1 ? ACCELERATION / length : ACCELERATION
  let vx = p.vx + (mx * scale - p.vx * DRAG) * dt
  let vy = p.vy + (my * scale - p.vy * DRAG) * dt
  if (length === 0 && vx * vx + vy * vy < DEAD_ZONE * DEAD_ZONE) {
    vx = 0
    vy = 0
  }
  p.vx = vx
  p.vy = vy
  const x = p.x + p.vx * dt
  const y = p.y + p.vy * dt
  p.x = x < 0 ? 0 : x > 4096 ? 4096 : x
  p.y = y < 0 ? 0 : y > 4096 ? 4096 : y
}

/** Untrained variants have no prior. */
export function makeArena(variant: Variant, trained = true): CompiledGame {
  const priors = { motion: motionPrior, linear: linearPrior, plain: plainPrior }
  const fields = {
    x: fixed(0, 4096, 1 / 64),
    y: fixed(0, 4096, 1 / 64),
    vx: fixed(-512, 512, 1 / 16),
    vy: fixed(-512, 512, 1 / 16),
    aim: angle(10),
    buttons: flags('fire', 'zoom', 'use'),
    hp: int(0, 100, { initial: 100 }),
  }
  const input = { move: axis2(), aim: angle(10), fire: button(), zoom: button(), use: button(), dash: press() }
  const shape = {
    id: `bench-arena-${variant}`,
    tickRate: TICK_RATE,
    snapshotRate: SNAPSHOT_RATE,
    maxPlayers: PLAYERS,
    input,
    prior: trained ? priors[variant] : '',
  }
  const max = 128
  if (variant === 'motion') return defineGame({ ...shape, entities: { player: { fields, max, motion: drive } } })
  if (variant === 'linear') {
    return defineGame({
      ...shape,
      entities: { player: { fields, max, motion: linear(['x', 'vx'], ['y', 'vy']) } },
    })
  }
  return defineGame({ ...shape, entities: { player: { fields, max } } })
}
