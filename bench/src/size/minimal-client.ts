/**
 * The smallest whole client: one entity type, one input, joined and shown. Only bundled and weighed, never run.
 */
import { join } from '@tickmesh/client'
import { axis2, defineGame, fixed } from '@tickmesh/shared'

const game = defineGame({
  id: 'minimal',
  tickRate: 60,
  snapshotRate: 20,
  input: { move: axis2() },
  entities: {
    dot: {
      fields: { x: fixed(0, 512, 1 / 256), y: fixed(0, 512, 1 / 256) },
      step(dot, input, ctx) {
        dot.x = Math.min(512, Math.max(0, dot.x + input.move.x * 200 * ctx.dt))
        dot.y = Math.min(512, Math.max(0, dot.y + input.move.y * 200 * ctx.dt))
      },
    },
  },
})

const move = { x: 0, y: 0 }
addEventListener('pointermove', ({ movementX, movementY }) => {
  move.x = Math.sign(movementX)
  move.y = Math.sign(movementY)
})
const room = await join(game, 'ws://localhost:8080/tickmesh', { sample: () => ({ move }) })
const canvas = document.body.appendChild(document.createElement('canvas')).getContext('2d')
room.onFrame((view) => {
  canvas?.clearRect(0, 0, 512, 512)
  for (const dot of view.dot) canvas?.fillRect(dot.x, dot.y, 8, 8)
})
