/**
 * The game of the rollback bench: entities that steer by their owner's held input, lose speed by drag, turn, charge and heal.
 */
import { angle, axis2, bool, button, type CompiledGame, defineGame, fixed, int, press } from '@tickmesh/shared'

export const PLAYERS = 16
const TICK_RATE = 60

const SIZE = 4096
const ACCELERATION = 900
const DRAG = 3

export function makeRollbackGame(entities: number): CompiledGame {
  return defineGame({
    id: 'bench-rollback',
    tickRate: TICK_RATE,
    snapshotRate: 20,
    maxPlayers: PLAYERS,
    input: { move: axis2(), aim: angle(12), fire: button(), dash: press() },
    entities: {
      body: {
        max: entities,
        fields: {
          x: fixed(0, SIZE, 1 / 256),
          y: fixed(0, SIZE, 1 / 256),
          vx: fixed(-1024, 1024, 1 / 1024),
          vy: fixed(-1024, 1024, 1 / 1024),
          aim: angle(12),
          hp: int(0, 100, { initial: 100 }),
          charge: int(0, 600),
          firing: bool(),
        },
        motion(p, held, dt) {
          const mx = held.move.x
          const my = held.move.y
          const length = Math.sqrt(mx * mx + my * my)
          const scale = length > 1 ? ACCELERATION / length : ACCELERATION
          let vx = p.vx + (mx * scale - p.vx * DRAG) * dt
          let vy = p.vy + (my * scale - p.vy * DRAG) * dt
          if (length === 0 && vx * vx + vy * vy < 1) {
            vx = 0
            vy = 0
          }
          p.vx = vx
          p.vy = vy
          const x = p.x + vx * dt
          const y = p.y + vy * dt
          p.x = x < 0 ? 0 : x > SIZE ? SIZE : x
          p.y = y < 0 ? 0 : y > SIZE ? SIZE : y
        },
        step(p, input, ctx) {
          ctx.move(p)
          p.aim = input.aim
          p.firing = input.fire
          p.charge = p.firing ? 0 : Math.min(600, p.charge + 1)
          if (p.firing && p.charge === 0 && p.hp > 1) p.hp -= 1
          else if (p.hp < 100 && ctx.tick % 8 === 0) p.hp += 1
          if (input.dash > 0) {
            p.vx = Math.max(-1024, Math.min(1024, p.vx * 2))
            p.vy = Math.max(-1024, Math.min(1024, p.vy * 2))
          }
        },
      },
    },
  })
}
