/**
 * Attacks by what the bytes are: malformed, oversized, deep, truncated.
 */
import { CONTROL, INPUT, packControl, type SeededRandom } from '@tickmesh/shared'
import type { Attack, Peer } from './attack.ts'
import { helloBytes } from './attack-player.ts'
import { BINARY, CONTINUATION, PING, TEXT } from './frames.ts'

const OVER_LIMIT = 20_000
const AT_LIMIT = 16_384

export function randomBytes(random: SeededRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.uint32() & 255)
}

/** Random bytes as they are, or behind a kind that the server knows. */
function nonsense({ random }: Peer): Uint8Array {
  const bytes = randomBytes(random, random.int(1, 200))
  if (random.next() < 0.7) bytes[0] = random.int(0, 4)
  return bytes
}

function mutated(random: SeededRandom, valid: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(valid)
  for (let n = random.int(1, 4); n > 0; n--) bytes[random.int(1, bytes.length - 1)] = random.uint32() & 255
  return bytes
}

export const malformed: Attack = {
  name: 'malformed',
  what: 'random bytes, unknown kinds, text, broken WebSocket frames, and inputs with bytes changed',
  upgrade: true,
  connections: 4,
  everyMs: 16,
  lifeMs: 8_000,
  begin(peer) {
    const { socket, player, random, turn, room } = peer
    switch (turn % 5) {
      case 0:
        return () => socket.frame(nonsense(peer))
      case 1:
        return () => socket.frame(Buffer.from('{"t":"hello"}'), { opcode: TEXT })
      case 2:
        return () => socket.frame(helloBytes(), { reserved: random.int(1, 7), masked: random.next() < 0.5 })
      case 3:
        return () => socket.raw(randomBytes(random, random.int(1, 400)))
      default:
        socket.frame(helloBytes({ room }))
        return () => {
          if (player.welcomed) socket.frame(mutated(random, player.input(player.nextTick())))
        }
    }
  },
}

export const oversized: Attack = {
  name: 'oversized',
  what: 'messages over the limit, lengths of 2^63, and messages in thousands of fragments',
  upgrade: true,
  connections: 4,
  everyMs: 20,
  lifeMs: 6_000,
  begin({ socket, random, turn }) {
    const chunk = new Uint8Array(1_000)
    switch (turn % 6) {
      case 0:
        return () => socket.frame(new Uint8Array(OVER_LIMIT).fill(CONTROL))
      case 1:
        // The header alone says too much.
        socket.frame(chunk, { declared: 2n ** 62n })
        return () => socket.raw(chunk)
      case 2:
        socket.frame(chunk, { declared: BigInt(random.int(AT_LIMIT + 1, 65_535)) })
        return () => socket.raw(chunk)
      case 3:
        socket.frame(Uint8Array.of(CONTROL), { final: false })
        return () => {
          for (let n = 0; n < 50; n++) socket.frame(Uint8Array.of(0), { opcode: CONTINUATION, final: false })
        }
      case 4:
        socket.frame(chunk, { final: false })
        return () => socket.frame(chunk, { opcode: CONTINUATION, final: false })
      default:
        return () => socket.frame(new Uint8Array(126), { opcode: PING })
    }
  },
}

/** `count` arrays or maps, each in the one before. */
function nested(open: readonly number[], count: number): Uint8Array {
  const bytes = new Uint8Array(1 + open.length * count + 1)
  bytes[0] = CONTROL
  for (let n = 0; n < count; n++) bytes.set(open, 1 + n * open.length)
  return bytes
}

const ARRAY_OF_1 = [0x91]
const MAP_OF_1 = [0x81, 0xa1, 0x61]
const ARRAY_OF_65535 = [0xdc, 0xff, 0xff]
const MAP_OF_MILLIONS = [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61]

/** As deep and wide as the wire takes, so that all of it is read. */
function wideHello(): Uint8Array {
  const inner = Array.from({ length: 360 }, (_, index) => ({ a: index }))
  return helloBytes({ options: { a: { b: { c: { d: { e: inner } } } } }, schema: 1 })
}

export const deep: Attack = {
  name: 'deep',
  what: 'nested msgpack up to the size limit, containers that claim millions of elements, and the widest hello that is valid',
  upgrade: true,
  connections: 4,
  everyMs: 20,
  lifeMs: 6_000,
  begin({ socket, turn }) {
    const most = AT_LIMIT - 16
    const messages = [
      () => nested(ARRAY_OF_1, most),
      () => nested(MAP_OF_1, Math.floor(most / MAP_OF_1.length)),
      () => nested(ARRAY_OF_65535, Math.floor(most / ARRAY_OF_65535.length)),
      () => nested(MAP_OF_MILLIONS, Math.floor(most / MAP_OF_MILLIONS.length)),
      wideHello,
    ]
    const bytes = messages[turn % messages.length]?.() ?? new Uint8Array()
    return () => socket.frame(bytes)
  },
}

export const truncated: Attack = {
  name: 'truncated',
  what: 'valid messages cut at every byte: whole frames of half messages, and half frames that never end',
  upgrade: true,
  connections: 4,
  everyMs: 50,
  lifeMs: 7_000,
  begin({ socket, player, random, turn, room }) {
    const hello = helloBytes({ room })
    if (turn % 3 === 0) return () => socket.frame(hello.subarray(0, random.int(1, hello.length - 1)))
    if (turn % 3 === 1) {
      // Declared in full, sent in half: then nothing.
      const half = hello.subarray(0, random.int(0, hello.length - 1))
      socket.frame(half, { opcode: BINARY, declared: BigInt(hello.length) })
      return () => {}
    }
    socket.frame(hello)
    return () => {
      if (!player.welcomed) return
      const input = player.input(player.nextTick())
      socket.frame(input.subarray(0, random.int(1, input.length - 1)))
    }
  },
}

/** Any message of the game with one property made wrong. */
export const wrongMessages: Attack = {
  name: 'wrongMessages',
  what: "a joined player's control messages with wrong types, forbidden keys, and messages that the game does not declare",
  upgrade: true,
  connections: 3,
  everyMs: 30,
  lifeMs: 6_000,
  begin({ socket, player, random, turn, room }) {
    socket.frame(helloBytes({ room }))
    const wrong: readonly object[] = [
      { t: 'msg', i: 0, v: ['x'.repeat(121)] },
      { t: 'msg', i: 63, v: [] },
      { t: 'msg', i: 0, v: [{}] },
      { t: 'ping', id: -1 },
      { t: 'hello' },
      { t: 'nothing' },
    ]
    const forbidden = Uint8Array.of(CONTROL, 0x81, 0xa9, ...Buffer.from('__proto__'), 0x80)
    const bad = turn % 7 === 6 ? forbidden : packControl(wrong[turn % 7] ?? {})
    return () => {
      if (!player.welcomed) return
      if (random.next() < 0.8) socket.frame(player.input(player.nextTick()))
      else socket.frame(turn % 11 === 0 ? Uint8Array.of(INPUT) : bad)
    }
  },
}
