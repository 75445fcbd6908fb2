import { preparePage } from '@tickmesh/example-page-server'
import { serve, stopOnSignals } from '@tickmesh/server'
import { hello } from './game.ts'

const { handleRequest } = await preparePage({ root: new URL('..', import.meta.url) })
const server = await serve(
  hello,
  {
    onJoin: (room, { seat }) => void room.spawn('dot', { owner: seat, x: 800 * room.random(), y: 600 * room.random() }),
    onTick(room) {
      const it = [...room.world.dot].find(({ owner }) => owner === room.attributes.it)
      for (const dot of room.world.dot) {
        if (it && (dot === it || Math.hypot(dot.x - it.x, dot.y - it.y) > 40)) continue
        room.setAttributes({ it: dot.owner })
        dot.x = 800 * room.random()
        dot.teleported()
      }
    },
  },
  { port: Number(process.env.PORT ?? 8080), handleRequest },
)
stopOnSignals(server, { timeoutMs: 1000 })
console.log(`Hello: http://localhost:${server.port}`)
