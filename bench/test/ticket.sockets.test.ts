/** A seat that is kept for somebody, over real sockets: reserved by the server's owner, taken with the ticket. */
import { join } from '@tickmesh/client'
import { type Server, serve } from '@tickmesh/server'
import { afterEach, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'

const play = { sample: () => ({ move: { x: 0, y: 0 } }) }
let server: Server<Duel> | undefined
afterEach(() => server?.close())

it('a ticket lets its holder into the room that it names, once, as whom it says', async () => {
  const tickets = {
    audience: 'duel',
    keys: [{ id: 'k1', secret: 'a very secret secret of 32 bytes!' }],
    required: true,
  }
  server = await serve(duel, duelRules, { host: '127.0.0.1', log: () => {}, development: false, tickets })
  const ticket = await server.reserve({ room: 'den', identity: { name: 'Ada' } })
  await expect(join(duel, server.url, { ...play, room: 'den' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  // The room is in the ticket.
  const room = await join(duel, server.url, { ...play, ticket })
  const player = server.rooms.get('den')?.players.get(room.seat)
  expect(player?.identity).toEqual({ name: 'Ada' })
  await expect(join(duel, server.url, { ...play, ticket })).rejects.toMatchObject({ code: 'TICKET_USED' })
  await expect(join(duel, server.url, { ...play, room: 'other', ticket })).rejects.toMatchObject({
    code: 'TICKET_INVALID',
  })
  await room.leave()
})
