/**
 * Attacks by time: too slow, half-open, never reading, and handshakes by the hundred.
 */
import type { Attack } from './attack.ts'
import { helloBytes } from './attack-player.ts'
import { frameOf } from './frames.ts'

const TICK_MS = 1000 / 60
/** Longer than the server lets a player be who acknowledges nothing. */
const STUCK_LIFE_MS = 13_000

export const slowHttp: Attack = {
  name: 'slowHttp',
  what: 'a request whose head comes at a byte a second',
  upgrade: false,
  connections: 12,
  everyMs: 1_000,
  lifeMs: 12_000,
  begin({ socket }) {
    const head = `GET /tickmesh HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(1_000)}`
    return (n) => socket.raw(head.slice(n, n + 1))
  },
}

export const slowMessage: Attack = {
  name: 'slowMessage',
  what: 'a hello that comes at a byte a second',
  upgrade: true,
  connections: 8,
  everyMs: 1_000,
  lifeMs: 10_000,
  begin({ socket, room }) {
    const frame = frameOf(helloBytes({ room }))
    return (n) => socket.raw(frame.subarray(n, n + 1))
  },
}

export const noHello: Attack = {
  name: 'noHello',
  what: 'a WebSocket on which nothing is ever said',
  upgrade: true,
  connections: 12,
  everyMs: 1_000,
  lifeMs: 10_000,
  begin: () => () => {},
}

export const halfOpen: Attack = {
  name: 'halfOpen',
  what: 'players who join and are never heard of again, without a close',
  upgrade: true,
  connections: 3,
  everyMs: 100,
  lifeMs: STUCK_LIFE_MS,
  begin({ socket, player, room }) {
    socket.frame(helloBytes({ room }))
    return () => {
      if (player.welcomed) socket.stopReading()
    }
  },
}

export const neverReading: Attack = {
  name: 'neverReading',
  what: 'players who join, send inputs and pings, and read nothing',
  upgrade: true,
  connections: 3,
  everyMs: TICK_MS,
  lifeMs: STUCK_LIFE_MS,
  begin({ socket, player, room }) {
    socket.frame(helloBytes({ room }))
    return () => {
      if (!player.welcomed) return
      socket.stopReading()
      socket.frame(player.input(player.nextTick()))
    }
  },
}

export const handshakeFlood: Attack = {
  name: 'handshakeFlood',
  what: 'WebSocket handshakes, one after another, each dropped when it is done; some with a whole join',
  upgrade: true,
  connections: 12,
  addresses: 12,
  everyMs: 10,
  lifeMs: 2_000,
  retryMs: 50,
  begin({ socket, player, turn, room }) {
    if (turn % 2 === 0) {
      return () => socket.leave()
    }
    socket.frame(helloBytes({ room }))
    return () => {
      if (player.welcomed) socket.leave()
    }
  },
}
