/**
 * Attacks by players who were let in, or want to be: replayed, reordered, lying, too fast.
 */
import { packControl } from '@tickmesh/shared'
import type { Attack } from './attack.ts'
import { helloBytes } from './attack-player.ts'

const TICK_MS = 1000 / 60
const RECORDED_STEPS = 120

export const replayed: Attack = {
  name: 'replayed',
  what: 'an honest session said again, byte for byte, and resumed with its old secret',
  upgrade: true,
  connections: 3,
  everyMs: TICK_MS,
  lifeMs: 8_000,
  begin({ socket, player, shared, turn, room }) {
    if (shared.recorded.length < RECORDED_STEPS) {
      const hello = helloBytes({ room })
      shared.recorded = [hello]
      socket.frame(hello)
      return () => {
        if (!player.welcomed) return
        const input = player.input(player.nextTick())
        socket.frame(input)
        if (shared.recorded.length <= RECORDED_STEPS) shared.recorded.push(input)
        else {
          shared.secret = player.resume
          socket.leave()
        }
      }
    }
    if (turn % 2 === 0) socket.frame(helloBytes({ room, resume: shared.secret ?? 'none' }))
    return (n) => {
      const bytes = shared.recorded[turn % 2 === 0 ? n + 1 : n]
      if (bytes !== undefined) socket.frame(bytes)
    }
  },
}

export const reordered: Attack = {
  name: 'reordered',
  what: "a player's inputs in any order, twice, from the past and the future, with counters that fall",
  upgrade: true,
  connections: 3,
  everyMs: TICK_MS,
  lifeMs: 8_000,
  begin({ socket, player, random, room }) {
    socket.frame(helloBytes({ room }))
    const kept: Uint8Array[] = []
    return () => {
      if (!player.welcomed) return
      kept.push(player.input(player.nextTick(), { presses: random.int(0, 3) }))
      if (kept.length < 30) return
      for (let n = 0; n < 2; n++) socket.frame(kept[random.int(0, kept.length - 1)] ?? new Uint8Array(1))
      if (kept.length > 60) kept.splice(0, 30)
    }
  },
}

/** Everything that it may say, said wrong: what the server believes costs the room, not only this player. */
export const lying: Attack = {
  name: 'lying',
  what: 'impossible view stamps and acknowledgements, presses by the hundred, checks said to have failed, a full frame wanted at every input',
  upgrade: true,
  connections: 4,
  everyMs: TICK_MS,
  lifeMs: 10_000,
  begin({ socket, player, random, turn, room }) {
    socket.frame(helloBytes({ room }))
    return () => {
      if (!player.welcomed) return
      const next = player.nextTick()
      const { tick } = player
      const lies = [
        { presses: 8, stamp: [tick - 40, tick - 37, 128] as const },
        { suspects: true },
        { needsFull: true, ackTick: -1 },
        { stamp: [next, next, 255] as const, presses: 120 },
        { ackTick: tick + 600 },
      ]
      socket.frame(player.input(next, random.next() < 0.5 ? lies[turn % lies.length] : {}))
    }
  },
}

export const messageFlood: Attack = {
  name: 'messageFlood',
  what: 'a joined player who sends pings, inputs and full-frame requests by the thousand',
  upgrade: true,
  connections: 3,
  everyMs: 10,
  lifeMs: 8_000,
  begin({ socket, player, turn, room }) {
    socket.frame(helloBytes({ room }))
    const ping = packControl({ t: 'ping', id: 1 })
    const full = packControl({ t: 'full' })
    return () => {
      if (!player.welcomed) return
      const bytes = [ping, full, player.input(player.nextTick())][turn % 3] ?? ping
      for (let n = 0; n < 20; n++) socket.frame(bytes)
    }
  },
}

export const byteFlood: Attack = {
  name: 'byteFlood',
  what: 'the largest messages that are taken, as many as go',
  upgrade: true,
  connections: 3,
  everyMs: 10,
  lifeMs: 8_000,
  begin({ socket, player, turn, room }) {
    socket.frame(helloBytes({ room }))
    const large = packControl({ t: 'ping', id: 1, more: 'x'.repeat(8_000), still: 'y'.repeat(7_900) })
    const wide = packControl({ t: 'ping', id: 1, more: Array.from({ length: 3_000 }, () => 1) })
    return () => {
      if (!player.welcomed) return
      for (let n = 0; n < 4; n++) socket.frame(turn % 2 === 0 ? large : wide)
    }
  },
}

/** Nothing of it is forbidden. */
export const busy: Attack = {
  name: 'busy',
  what: 'players of the same room who stay just below every limit with what costs the server most',
  upgrade: true,
  connections: 3,
  everyMs: TICK_MS,
  lifeMs: 12_000,
  begin({ socket, player, turn, room }) {
    socket.frame(helloBytes({ room }))
    const say = packControl({ t: 'msg', i: 0, v: ['x'.repeat(100)] })
    const ping = packControl({ t: 'ping', id: 1, more: Array.from({ length: 150 }, () => 1) })
    return () => {
      if (!player.welcomed) return
      const next = player.nextTick()
      socket.frame(player.input(next, { presses: 1, stamp: [player.tick - 6, player.tick - 3, 100] }))
      for (let n = 0; n < 4; n++) socket.frame(turn % 2 === 0 ? say : ping)
    }
  },
}

export const wrongHello: Attack = {
  name: 'wrongHello',
  what: 'hellos with wrong versions, games, schemas, rooms, tickets and resume secrets',
  upgrade: true,
  connections: 6,
  everyMs: 50,
  lifeMs: 6_000,
  begin({ socket, random, turn, room }) {
    const wrong: readonly object[] = [
      { schema: 1 },
      { protocol: 999 },
      { game: 'another-game' },
      { room: '../../etc/passwd' },
      { room: `no-room-${random.int(0, 1e6)}`, create: false },
      { ticket: `eyJhbGciOiJub25lIn0.${'e'.repeat(1_900)}.` },
      { resume: Buffer.from(Array.from({ length: 48 }, () => random.int(0, 255))).toString('base64url') },
      { auth: 'x'.repeat(8_000), schema: 2 },
      { spectate: 119_999 },
      { name: 5, options: [] },
    ]
    return () => socket.frame(helloBytes({ room, ...wrong[turn % wrong.length] }))
  },
}

/** Each leaves an empty room that ticks on for a while. */
export const roomFlood: Attack = {
  name: 'roomFlood',
  what: 'a new room with every hello, left at once',
  upgrade: true,
  connections: 4,
  addresses: 4,
  everyMs: 100,
  lifeMs: 2_000,
  retryMs: 100,
  begin({ socket, player, random }) {
    socket.frame(helloBytes({ room: `flood-${random.uint32()}` }))
    return () => {
      if (player.welcomed) socket.leave()
    }
  },
}
