/** A game that is not deterministic on purpose: a step reads a counter outside of the world. For the test of the sync test. */
import type { Rules } from '@tickmesh/server'
import { axis2, defineGame, fixed, linear, type ShapeOf } from '@tickmesh/shared'

/** `side`: where the counter is read. */
export function makePlanted(side: 'server' | 'client') {
  let steps = 0
  return defineGame({
    id: 'planted',
    tickRate: 60,
    snapshotRate: 20,
    input: { move: axis2() },
    entities: {
      cart: {
        fields: { x: fixed(-4096, 4096, 1 / 256), vx: fixed(-64, 64, 1 / 1024), y: fixed(-4096, 4096, 1 / 256) },
        motion: linear(['x', 'vx']),
        step(cart, input, ctx) {
          cart.vx = input.move.x * 10
          ctx.move(cart)
          if (ctx.predicting === (side === 'client') && ctx.tick > 90) cart.y = ++steps % 1000
        },
      },
    },
  })
}

type Planted = ShapeOf<ReturnType<typeof makePlanted>>

export const rules: Rules<Planted> = {
  onJoin(room, player) {
    room.spawn('cart', { owner: player.seat })
  },
}

export const game = makePlanted('server')
