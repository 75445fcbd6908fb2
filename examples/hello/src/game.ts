import { axis2, defineGame, fixed } from '@tickmesh/shared'

export const hello = defineGame({
  id: 'hello',
  tickRate: 60,
  snapshotRate: 20,
  input: { move: axis2() },
  attributes: { room: { it: 0 } },
  entities: {
    dot: {
      fields: { x: fixed(0, 800, 1 / 256), y: fixed(0, 600, 1 / 256) },
      motion(dot, { move }, dt) {
        dot.x += move.x * 260 * dt
        dot.y += move.y * 260 * dt
      },
    },
  },
})
