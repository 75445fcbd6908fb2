/** A process of its own for serve.sockets.test.ts: serves a game to a player and a page to a visitor, closes, and says how long it lived after that. */
import { CONTROL, encodeControl, PROTOCOL_VERSION } from '@tickmesh/shared'
import { WebSocket } from 'ws'
import { serve } from '../src/index.ts'
import { walkerRules, walkers } from './test-game.ts'

const transport = process.argv[2] === 'ws' ? 'ws' : 'uWebSockets.js'
const server = await serve(walkers, walkerRules, {
  ...{ host: '127.0.0.1', transport, log: () => {} },
  handleRequest: (_request, response) => response.end('a page'),
})
const page = await (await fetch(`http://127.0.0.1:${server.port}/`)).text()
const ws = new WebSocket(server.url)
const hello = { t: 'hello', protocol: PROTOCOL_VERSION, game: walkers.id, schema: walkers.schemaHash }
ws.on('open', () => ws.send(Buffer.concat([Buffer.from([CONTROL]), encodeControl(hello)])))
await new Promise((resolve) => ws.once('message', resolve))
const closed = new Promise<string>((resolve) => ws.once('close', (_code, text) => resolve(text.toString())))
await server.close()
const closedMs = performance.now()
const [code] = (await closed).split(':')
process.on('exit', () => {
  const aliveMs = performance.now() - closedMs
  process.stdout.write(JSON.stringify({ transport: server.transport, page, closed: code, aliveMs }))
})
