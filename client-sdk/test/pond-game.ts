/** The game of the client's tests: boats that steer, fire keyed shots, and say so. Small, but with every mechanism of a client. */
import {
  axis2,
  type CompiledGame,
  circle,
  defineGame,
  entityRef,
  fixed,
  int,
  linear,
  ownerOnly,
  type Predict,
  press,
  type ShapeOf,
  text,
} from '@tickmesh/shared'

const place = () => fixed(-1024, 1024, 1 / 256)
const speed = () => fixed(-256, 256, 1 / 1024)

export function makePond(predict: Predict = 'own', tickRate = 60) {
  return defineGame({
    id: 'pond',
    tickRate,
    snapshotRate: tickRate / 3,
    maxPlayers: 4,
    predict,
    input: { move: axis2(), fire: press(), horn: press() },
    events: { fired: { by: entityRef() }, blown: { by: entityRef() } },
    messages: { toServer: { say: { words: text(40), loud: int(0, 9) } }, toClient: { told: { words: text(40) } } },
    attributes: { room: { wind: 0 }, player: { name: '', score: 0 } },
    entities: {
      boat: {
        max: 16,
        fields: { x: place(), y: place(), vx: speed(), vy: speed(), shots: ownerOnly(int(0, 1000, { initial: 1000 })) },
        hitbox: circle(8),
        motion(boat, held, dt) {
          boat.vx = held.move.x * 120
          boat.vy = held.move.y * 120
          boat.x += boat.vx * dt
          boat.y += boat.vy * dt
        },
        step(boat, input, ctx) {
          ctx.move(boat)
          if (input.fire > 0) {
            boat.shots -= 1
            ctx.spawn('shot', { x: boat.x, y: boat.y, vx: 200, life: 60 })
            ctx.emit('fired', { by: boat.id })
          }
          if (input.horn > 0) ctx.emit('blown', { by: boat.id })
        },
      },
      shot: {
        max: 64,
        fields: { x: place(), y: place(), vx: speed(), life: int(0, 100) },
        motion: linear(['x', 'vx']),
        step(shot, _input, ctx) {
          ctx.move(shot)
          shot.life -= 1
          if (shot.life <= 0) ctx.despawn(shot)
        },
      },
    },
  })
}

export const pond = makePond()
export type Pond = ShapeOf<typeof pond>

/** Where a field of an entity stands in a world's memory, raw. */
export function rawField(game: CompiledGame, memory: Int32Array, type: string, id: number, name: string): number {
  const entity = game.entities.find((known) => known.name === type)
  const field = entity?.fields.find((known) => known.name === name)
  if (entity === undefined || field === undefined) return Number.NaN
  for (let row = 0; row < entity.max; row++) {
    if (memory[entity.base + row] === id) return memory[field.offset + row] ?? Number.NaN
  }
  return Number.NaN
}
