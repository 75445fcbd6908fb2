import { setTimeout as wait } from 'node:timers/promises'
import { join, type Room } from '@tickmesh/client'
import { type Server, serve } from '@tickmesh/server'
import { afterEach, describe, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'
import { pilot } from '../src/lab/pilot.ts'
import { type SignalRelay, startSignalRelay } from '../src/links/signal-relay.ts'

const PATIENCE_MS = 20_000

async function until(condition: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > giveUpMs) throw new Error('it did not come true in time.')
    await wait(20)
  }
}

describe('a WebRTC link that dies in play', () => {
  let server: Server<Duel>
  let relay: SignalRelay
  let room: Room<Duel>
  afterEach(async () => {
    await room.leave()
    await relay.close()
    await server.close()
  })

  it('is replaced by a WebSocket: the same room, the same seat, and no moment in which the room is closed', {
    timeout: 60_000,
  }, async () => {
    let left = 0
    const rules = { ...duelRules, onLeave: () => void left++ }
    server = await serve<Duel>(duel, rules, { host: '127.0.0.1', webrtc: true, development: false, log: () => {} })
    relay = await startSignalRelay({ toPort: server.port, out: { seed: 1 }, in: { seed: 2 } })
    const url = `ws://127.0.0.1:${relay.port}${new URL(server.url).pathname}`
    const { sample } = pilot(3)
    room = await join(duel, url, { link: 'auto', silenceMs: 600, sample, development: false })
    const { seat, stats } = room
    expect(stats.link).toBe('webrtc')
    const closed: string[] = []
    room.onClose(({ code }) => closed.push(code))

    relay.blockDatagrams()
    await until(() => room.stats.link === 'websocket')
    const { frames } = room.stats
    await until(() => room.stats.frames > frames + 20)

    expect(closed).toEqual([])
    expect({ open: room.open, seat: room.seat, reconnects: room.stats.reconnects }).toEqual({
      open: true,
      seat,
      reconnects: 1,
    })
    expect([server.stats.players, server.stats.away, left]).toEqual([1, 0, 0])
  })
})
