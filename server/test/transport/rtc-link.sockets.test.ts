/** WebRTC links between our server and our client in Node, and peers that misbehave. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Link } from '@tickmesh/shared'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PeerLike } from '../../../client-sdk/src/connection/webrtc-like.ts'
import { connectWebRtc } from '../../../client-sdk/src/connection/webrtc-link.ts'
import { openPeer } from '../../../client-sdk/src/connection/webrtc-node.ts'
import { canary, expectCanary, type LinkRig, linkConformance, Recorder, stepUntil } from '../link-conformance.ts'
import { type RtcServer, scheduler, startRtcServer } from './rtc-server.ts'

const MAX_SPLIT_BYTES = 18_336
const until = (condition: () => boolean): Promise<void> => stepUntil(condition, 5_000, () => wait(2))

/** `limits`: whose end of each connection is `b`, which sets the limits. */
function rtcRig(limits: 'server' | 'client'): () => Promise<LinkRig> {
  return async () => {
    const server = await startRtcServer(limits === 'client' ? { maxMessageBytes: 262_144 } : {})
    const clients: Link[] = []
    const connect = async (path: 'play' | 'cuttable') => {
      const accepted = server.accepted()
      const maxMessageBytes = limits === 'client' ? 65_536 : 262_144
      const client = await connectWebRtc(server.url(path), { scheduler, maxMessageBytes })
      clients.push(client)
      const servers = await accepted
      return limits === 'server' ? { a: client, b: servers } : { a: servers, b: client }
    }
    return {
      maxMessageBytes: 65_536,
      maxDatagramBytes: MAX_SPLIT_BYTES,
      ordered: false,
      connect: () => connect('play'),
      connectToStuckPeer: async () => {
        const { b } = await connect('cuttable')
        server.cut()
        return b
      },
      until,
      settle: () => wait(4),
      dispose: async () => {
        for (const client of clients) client.close({ code: 'LEFT', message: '' })
        await server.stop()
      },
    }
  }
}

linkConformance('a WebRTC link, as our server sees it', rtcRig('server'))
linkConformance('a WebRTC link, as our client sees it', rtcRig('client'))

/** A peer that does as it is told, and no link. */
async function rawPeer(server: RtcServer): Promise<PeerLike> {
  const nothing = (): void => {}
  let isOpen = false
  const onOpen = (): void => {
    isOpen = true
  }
  const events = { onOpen, onBytes: nothing, onText: nothing, onInterrupted: nothing, onRestored: nothing }
  const peer = await openPeer([], { ...events, onGone: nothing })
  const { body } = await signal(server, JSON.stringify({ sdp: await peer.offer() }))
  await peer.accept(body.sdp ?? '')
  await until(() => isOpen)
  return peer
}

async function signal(server: RtcServer, body: string, headers: Record<string, string> = {}, method = 'POST') {
  const url = server.url().replace('ws', 'http')
  const response = await fetch(`${url}/rtc`, { method, headers, ...(method === 'POST' ? { body } : {}) })
  const text = await response.text()
  const json = (text === '' ? {} : JSON.parse(text)) as { sdp?: string; code?: string; message?: string }
  return { status: response.status, headers: response.headers, body: json }
}

/** An offer of a peer that never comes. */
const absent = (change: (lines: string[]) => string[] = (lines) => lines): string =>
  JSON.stringify({
    sdp: change([
      'v=0',
      'o=- 1 2 IN IP4 0.0.0.0',
      's=-',
      't=0 0',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=sctp-port:5000',
      'a=setup:actpass',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa',
      `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'A7').join(':')}`,
    ]).join('\r\n'),
  })

describe('the WebRTC transport', () => {
  let server: RtcServer
  const recorders: Recorder[] = []
  beforeEach(async () => {
    recorders.length = 0
    server = await startRtcServer({
      webrtc: { bindAddress: '127.0.0.1', maxPeers: 20 },
      openTimeoutMs: 800,
      maxMessageBytes: 16_384,
    })
    server.onLink = (link) => recorders.push(new Recorder(link))
  })
  afterEach(() => server.stop())

  const misdeeds: [string, (peer: PeerLike) => void, string][] = [
    ['text', (peer) => peer.sendText('hello'), 'MALFORMED'],
    ['a close without a code of ours', (peer) => peer.sendText('99999 x'), 'MALFORMED'],
    ['a part that says nothing', (peer) => peer.send('datagram', Uint8Array.of(0xff)), 'MALFORMED'],
    ['a part beyond the last', (peer) => peer.send('datagram', Uint8Array.of(0xff, 0, 0, 0x12, 1)), 'MALFORMED'],
    [
      'a short part that is not the last',
      (peer) => peer.send('datagram', Uint8Array.of(0xff, 0, 0, 0x10, 1)),
      'MALFORMED',
    ],
    ['a message that is too large', (peer) => peer.send('reliable', new Uint8Array(16_385)), 'TOO_LARGE'],
    ['a datagram that is too large', (peer) => peer.send('datagram', new Uint8Array(16_385)), 'TOO_LARGE'],
    ['the end of its peer, without a word', (peer) => peer.free(), 'CONNECTION_LOST'],
  ]
  it.each(misdeeds)('ends only the connection that sent %s', async (_name, act, code) => {
    const neighbour = await connectWebRtc(server.url(), { scheduler })
    const atNeighbour = new Recorder(neighbour)
    const peer = await rawPeer(server)
    await until(() => recorders.length === 2)
    act(peer)
    await until(() => recorders[1]?.closes.length === 1 && server.transport.peerCount === 1)
    expect(recorders[1]?.closes.map((close) => close.code)).toEqual([code])
    expect(server.gate).toMatchObject({ inside: 1, leftTwice: 0 })
    neighbour.send('reliable', canary(1, 1, 100))
    await until(() => recorders[0]?.messages.length === 1)
    expectCanary(recorders[0]?.messages[0] ?? new Uint8Array(12), 1, 1)
    expect(atNeighbour.closes).toEqual([])
    peer.free()
    neighbour.close({ code: 'LEFT', message: '' })
  })

  it('keeps a failing owner from harming anything but that connection, and reports the failure', async () => {
    const failure = new Error('a defect')
    server.onLink = (link) =>
      link.attach({
        onMessage: () => {
          throw failure
        },
        onClose: () => {},
      })
    const a = await connectWebRtc(server.url(), { scheduler })
    const atA = new Recorder(a)
    a.send('reliable', Uint8Array.of(1))
    await until(() => atA.closes.length === 1)
    expect(atA.closes[0]?.code).toBe('INTERNAL')
    expect(server.defects).toEqual([failure])
  })

  it('keeps what a server says before attach, in order', async () => {
    server.onLink = (link) => {
      new Recorder(link)
      for (let n = 0; n < 3; n++) link.send('reliable', canary(9, n, 20))
      link.close({ code: 'ROOM_FULL', message: 'no seat' })
    }
    const link = await connectWebRtc(server.url(), { scheduler })
    await wait(30)
    const at = new Recorder(link)
    await until(() => at.closes.length === 1)
    expect(at.messages.length).toBe(3)
    expect(at.closes).toEqual([{ code: 'ROOM_FULL', message: 'no seat' }])
  })

  it('holds no more peers than it may while 1,000 offers never connect, frees them in time, and then serves again', async () => {
    let most = 0
    const statuses: number[] = []
    for (let n = 0; n < 1_000; n += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => signal(server, absent())))
      statuses.push(...answers.map(({ status }) => status))
      most = Math.max(most, server.transport.peerCount)
      expect(server.gate.inside).toBe(server.transport.peerCount)
    }
    expect(most).toBe(20)
    expect(new Set(statuses)).toEqual(new Set([200, 503]))
    await until(() => server.transport.peerCount === 0)
    expect(server.gate).toMatchObject({ inside: 0, leftTwice: 0 })
    const link = await connectWebRtc(server.url(), { scheduler })
    link.close({ code: 'LEFT', message: '' })
  })

  it('leaves no alarm behind when it closes while a peer never answers', async () => {
    const patient = await startRtcServer({ closeTimeoutMs: 5_000 })
    const accepted = patient.accepted()
    const client = await connectWebRtc(patient.url('cuttable'), { scheduler })
    for (const link of [client, await accepted]) new Recorder(link)
    await wait(20)
    const alarms = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = alarms()
    patient.cut()
    await patient.transport.close(50)
    expect(alarms()).toBeLessThanOrEqual(before)
    expect(patient.transport.peerCount).toBe(0)
    client.close({ code: 'LEFT', message: '' })
    await patient.stop()
  })

  it('refuses offers that are none, and goes on', async () => {
    const without = (start: string) => absent((lines) => lines.filter((line) => !line.startsWith(start)))
    const instead = (start: string, line: string) =>
      absent((lines) => lines.map((old) => (old.startsWith(start) ? line : old)))
    const rubbish = [
      '',
      'null',
      '{}',
      '[1]',
      '{"sdp":7}',
      '{"sdp":""}',
      JSON.stringify({ sdp: 'v=0\r\n'.repeat(2_000) }),
      without('m='),
      without('a=ice-ufrag'),
      without('a=fingerprint'),
      instead('a=ice-pwd', 'a=ice-pwd:x'),
      instead('a=ice-ufrag', `a=ice-ufrag:${'a'.repeat(300)}`),
      instead('a=fingerprint', 'a=fingerprint:sha-256 zz'),
      instead('a=setup', 'a=setup:holdconn'),
      instead('a=sctp-port', 'a=sctp-port:0'),
      instead('a=sctp-port', 'a=sctp-port:99999'),
      instead('m=', 'm=audio 9 UDP/TLS/RTP/SAVPF 111'),
      absent((lines) => [...lines, 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel']),
    ]
    for (const body of rubbish)
      expect(await signal(server, body)).toMatchObject({ status: 400, body: { code: 'MALFORMED' } })
    expect(await signal(server, JSON.stringify({ sdp: 'x'.repeat(20_000) })).catch(() => 'cut')).toSatisfy(
      (answer: unknown) => answer === 'cut' || (answer as { status: number }).status === 400,
    )
    // Candidates are not looked at, so they can be anything.
    expect(
      (
        await signal(
          server,
          absent((lines) => [...lines, 'a=candidate:rubbish']),
        )
      ).status,
    ).toBe(200)
    expect(server.gate).toMatchObject({ inside: 1, leftTwice: 0 })
  })

  it('asks the gate, tells its refusal, and lets only allowed pages read answers', async () => {
    const foreign = await signal(server, '{}', { origin: 'https://elsewhere.example' })
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
    const own = await signal(server, '{}', { origin: 'http://localhost:3000', 'x-forwarded-for': '192.0.2.7' })
    expect(own.headers.get('access-control-allow-origin')).toBe('http://localhost:3000')
    expect(server.gate.visits.at(-1)).toMatchObject({ origin: 'http://localhost:3000', forwardedFor: '192.0.2.7' })
    expect((await signal(server, '', { origin: 'http://localhost:3000' }, 'OPTIONS')).status).toBe(204)
    expect((await signal(server, '', {}, 'GET')).status).toBe(405)
    server.gate.refusal = { status: 429, code: 'TOO_FAST', message: 'wait' }
    expect(await signal(server, absent())).toMatchObject({ status: 429, body: { code: 'TOO_FAST', message: 'wait' } })
    expect(server.gate.inside).toBe(0)
    await expect(connectWebRtc(server.url(), { scheduler })).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  })
})
