/**
 * Attacks on the port before there is a WebSocket: HTTP that is none, heads without end, floods of posts, pages of strangers.
 */
import type { Attack } from './attack.ts'
import { randomBytes } from './attacks-of-bytes.ts'

/** Where WebRTC is signalled, if the server offers it; else nothing is there, which is as good a target. */
const SIGNALLING = '/rtc'

export const httpGarbage: Attack = {
  name: 'httpGarbage',
  what: 'bad request lines, heads of 100 kB, smuggled lengths, broken upgrades',
  upgrade: false,
  connections: 4,
  everyMs: 50,
  lifeMs: 5_000,
  begin({ socket, random, turn, target }) {
    const lines = [
      'GET\r\n\r\n',
      `GET ${target.path} HTTP/9.9\r\nHost: x\r\n\r\n`,
      `GET ${target.path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      `GET ${target.path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 99\r\n\r\n`,
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
      `GET /${'../'.repeat(200)}etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET ${target.path}${'?'.repeat(4_000)} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: ${'permessage-deflate, '.repeat(200)}\r\n\r\n`,
    ]
    if (turn % 3 === 0) {
      socket.raw('GET / HTTP/1.1\r\n')
      return (n) => socket.raw(`X-${n}: ${'a'.repeat(4_000)}\r\n`)
    }
    if (turn % 3 === 1) return () => socket.raw(randomBytes(random, 200))
    return () => socket.raw(lines[random.int(0, lines.length - 1)] ?? '\r\n')
  },
}

export const postFlood: Attack = {
  name: 'postFlood',
  what: 'posts of 60 kB to the signalling path, pipelined, some of which never end',
  upgrade: false,
  connections: 4,
  everyMs: 50,
  lifeMs: 5_000,
  begin({ socket, turn, target }) {
    const path = `${target.path}${SIGNALLING}`
    const body = Buffer.alloc(60_000, 'a')
    if (turn % 2 === 0) {
      socket.raw(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 1000000000\r\n\r\n`,
      )
      return () => socket.raw(body)
    }
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    return () => {
      socket.raw(head)
      socket.raw(body)
    }
  },
}

/** An offer as browsers make it, of a peer that is nowhere. */
function offer(turn: number): string {
  const fingerprint = Array.from({ length: 32 }, (_, index) => ((index * 7 + turn) % 256).toString(16).padStart(2, '0'))
  return [
    'v=0',
    `o=- ${1_000_000 + turn} 2 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=setup:actpass',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    `a=ice-ufrag:u${turn}`,
    'a=ice-pwd:abcdefghijklmnopqrstuvwx',
    `a=fingerprint:sha-256 ${fingerprint.join(':').toUpperCase()}`,
    'a=candidate:1 1 UDP 2122260223 127.0.0.1 9 typ host',
    '',
  ].join('\r\n')
}

export const rtcOffers: Attack = {
  name: 'rtcOffers',
  what: 'offers of WebRTC peers that never come, and of some that cannot be read',
  upgrade: false,
  connections: 3,
  everyMs: 200,
  lifeMs: 6_000,
  begin({ socket, random, target, turn }) {
    return (n) => {
      const sdp = n % 3 === 2 ? offer(turn).slice(0, random.int(0, 400)) : offer(turn * 1_000 + n)
      const body = JSON.stringify({ sdp })
      socket.raw(
        `POST ${target.path}${SIGNALLING} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    }
  },
}

export const getFlood: Attack = {
  name: 'getFlood',
  what: 'requests for pages, pipelined by the dozen',
  upgrade: false,
  connections: 3,
  everyMs: 50,
  lifeMs: 5_000,
  begin({ socket }) {
    return () => socket.raw('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10))
  },
}

export const strangersPages: Attack = {
  name: 'strangersPages',
  what: 'pages of other origins that open a WebSocket',
  upgrade: true,
  connections: 3,
  everyMs: 100,
  lifeMs: 3_000,
  headers: 'Origin: https://evil.example\r\n',
  begin:
    ({ socket }) =>
    () =>
      socket.leave(),
}
