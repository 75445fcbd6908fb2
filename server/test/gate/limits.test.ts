/**
 * Every limit of the gate: each has a case below in which it is broken and what docs/limits.md promises happens. A limit without a case does not compile, one
 * without its row in the document fails.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AddressBudget } from '../../src/gate/address-budget.ts'
import { Doorkeeper, type Visit } from '../../src/gate/doorkeeper.ts'
import { DEFAULT_LIMITS, type HostOptions, type Limits } from '../../src/index.ts'
import { TestServer } from '../raw-client.ts'
import { walkerRules, walkers } from '../test-game.ts'

const hosting = (limits: Partial<Limits>, options: Partial<HostOptions> = {}) =>
  new TestServer(walkers, walkerRules, { limits, graceMs: 0, ...options })

function guarded(limits: Partial<Limits>) {
  const keeper = new Doorkeeper({ ...DEFAULT_LIMITS, ...limits }, { origins: [], trustedProxies: [] })
  const knock = (peer = '203.0.113.7', nowMs = 0) => {
    const visit: Visit = { peer, forwardedFor: undefined, origin: undefined, host: undefined }
    const answer = keeper.knock(visit, nowMs)
    return answer.ok ? { code: 'in', ...answer.entry } : { ...answer, admitted() {}, left() {} }
  }
  return { keeper, knock, codes: (count: number, peer?: string) => tally(count, () => knock(peer).code) }
}

function tally(count: number, one: () => string): Record<string, number> {
  const codes: Record<string, number> = {}
  for (let n = 0; n < count; n++) {
    const code = one()
    codes[code] = (codes[code] ?? 0) + 1
  }
  return codes
}

/** What comes of a player that sends `count` messages of so many bytes at once. */
function flood(limits: Partial<Limits>, count: number, byteLength: number): string | undefined {
  const server = hosting(limits)
  const client = server.join()
  server.run(5_000)
  const message = { t: 'ping', id: 1 }
  for (let n = 0; n < count; n++) {
    if (byteLength === 0) client.control(message)
    else client.link.send('reliable', new Uint8Array(byteLength).fill(9))
  }
  server.run(50)
  return client.closed?.code
}

const CASES: Readonly<Record<keyof Limits, () => void>> = {
  handshakeMs() {
    const server = hosting({ handshakeMs: 1_000 })
    const client = server.connect()
    server.run(900)
    expect(client.closed).toBeUndefined()
    server.run(500)
    expect(client.closed?.code).toBe('HANDSHAKE_TIMEOUT')
  },
  idleMs() {
    const server = hosting({ idleMs: 1_000 })
    const client = server.join()
    server.run(1_500)
    expect(client.closed?.code).toBe('TIMED_OUT')
  },
  stuckMs() {
    const server = hosting({ stuckMs: 2_000 })
    const client = server.join()
    server.play([client], 30)
    client.acknowledges = false
    server.play([client], 60)
    expect(client.closed).toBeUndefined()
    server.play([client], 120)
    expect(client.closed?.code).toBe('TOO_SLOW')
  },
  messagesPerSecond() {
    const server = hosting({ messagesPerSecond: 50, messageBurst: 10 })
    const [calm, hasty] = [server.join(), server.join()]
    for (let n = 0; n < 120; n++) {
      if (n % 3 === 0) calm.control({ t: 'ping', id: n })
      hasty.control({ t: 'ping', id: n })
      server.run(10)
    }
    expect([calm.closed?.code, hasty.closed?.code]).toEqual([undefined, 'TOO_FAST'])
  },
  messageBurst() {
    expect(flood({ messageBurst: 50 }, 50, 0)).toBeUndefined()
    expect(flood({ messageBurst: 50 }, 51, 0)).toBe('TOO_FAST')
  },
  bytesPerSecond() {
    const server = hosting({ bytesPerSecond: 500, byteBurst: 200 })
    const client = server.join()
    let sent = 0
    for (; client.closed === undefined && sent < 500; sent++) {
      client.control({ t: 'ping', id: 1 })
      server.run(10)
    }
    expect(client.closed?.code).toBe('TOO_FAST')
    expect(sent).toBeGreaterThan(10)
  },
  byteBurst() {
    expect(flood({ byteBurst: 1_000 }, 1, 1_001)).toBe('TOO_FAST')
    // It fits, and is read.
    expect(flood({ byteBurst: 1_000 }, 1, 1_000)).toBe('MALFORMED')
  },
  maxMessageBytes() {
    expect(flood({ maxMessageBytes: 100 }, 1, 101)).toBe('TOO_LARGE')
    expect(flood({ maxMessageBytes: 100 }, 1, 100)).toBe('MALFORMED')
  },
  maxBufferedBytes() {
    // Of a socket: a link that holds more ends with TOO_SLOW.
    const sockets = readFileSync(new URL('../transport/ws-link.test.ts', import.meta.url), 'utf8')
    expect(sockets).toContain('maxBufferedBytes:')
  },
  connectionsPerAddress() {
    const { knock, codes } = guarded({ connectionsPerAddress: 3, pendingShare: 1 })
    const first = knock()
    expect(codes(4)).toEqual({ in: 2, TOO_MANY_CONNECTIONS: 2 })
    first.left()
    first.left()
    expect(codes(2)).toEqual({ in: 1, TOO_MANY_CONNECTIONS: 1 })
    expect(codes(1, '203.0.113.8')).toEqual({ in: 1 })
  },
  handshakesPerSecond() {
    const { knock } = guarded({ connectionsPerAddress: 20, handshakesPerSecond: 5 })
    const at = (nowMs: number) => tally(30, () => comeAndGo(knock('203.0.113.7', nowMs)))
    expect(at(0)).toEqual({ in: 20, TOO_FAST: 10 })
    expect(at(1_000)).toEqual({ in: 5, TOO_FAST: 25 })
    expect(comeAndGo(knock('203.0.113.8', 1_000))).toBe('in')
  },
  pendingShare() {
    const { knock, codes } = guarded({ connectionsPerAddress: 10, pendingShare: 0.3 })
    const first = knock()
    expect(codes(3)).toEqual({ in: 2, TOO_MANY_CONNECTIONS: 1 })
    first.admitted()
    expect(codes(2)).toEqual({ in: 1, TOO_MANY_CONNECTIONS: 1 })
  },
  addressShare() {
    const limits = { messagesPerSecond: 1, messageBurst: 10, connectionsPerAddress: 8, addressShare: 0.5 }
    const budget = new AddressBudget({ ...DEFAULT_LIMITS, ...limits }, 0)
    const server = hosting(limits)
    const clients = Array.from({ length: 4 }, () => server.connect({}, undefined, true, { budget }))
    const other = server.connect()
    for (const client of [...clients, other]) {
      client.hello({ room: client === other ? 'elsewhere' : 'main' })
      for (let n = 0; n < 9; n++) client.control({ t: 'ping', id: n })
    }
    server.run(50)
    const first = clients[0]
    first?.control({ t: 'leave' })
    server.run(50)
    // Four times ten are what four of eight connections might send.
    expect(clients.map(({ closed }) => closed?.code)).toEqual(['TOO_FAST', undefined, undefined, undefined])
    expect(other.closed).toBeUndefined()
  },
  roomsPerMinute() {
    const limits = { connectionsPerAddress: 16, roomsPerMinute: 60 }
    const budget = new AddressBudget({ ...DEFAULT_LIMITS, ...limits }, 0)
    const server = hosting(limits)
    const open = (room: string) => {
      const client = server.connect({}, undefined, true, { budget })
      client.hello({ room })
      server.run(50)
      return client.closed?.code ?? 'in'
    }
    expect(['a', 'b', 'c', 'a', 'b'].map(open)).toEqual(['in', 'in', 'TOO_FAST', 'in', 'in'])
    server.run(2_000)
    expect(['c', 'd'].map(open)).toEqual(['in', 'in'])
    expect(server.host.rooms.size).toBe(4)
  },
  maxConnections() {
    const { knock } = guarded({ maxConnections: 5 })
    let next = 0
    expect(tally(7, () => knock(`203.0.113.${next++}`).code)).toEqual({ in: 5, TOO_MANY_CONNECTIONS: 2 })
  },
  maxPending() {
    const { knock, keeper } = guarded({ maxPending: 4 })
    let next = 0
    const entries = Array.from({ length: 4 }, () => knock(`203.0.113.${next++}`))
    expect(knock('203.0.113.99')).toMatchObject({ code: 'TOO_MANY_CONNECTIONS', status: 503 })
    for (const entry of entries) entry.admitted()
    expect(knock('203.0.113.99').code).toBe('in')
    expect(keeper.counts).toMatchObject({ connections: 5, pending: 1 })
  },
  httpRequestsPerSecond() {
    const { keeper } = guarded({ connectionsPerAddress: 4, httpRequestsPerSecond: 5 })
    const at = (nowMs: number, peer = '203.0.113.7', isOperations = false) =>
      tally(30, () => {
        const answer = keeper.ask({ peer, forwardedFor: undefined }, isOperations, nowMs)
        return answer.ok ? 'answered' : answer.code
      })
    expect(at(0)).toEqual({ answered: 20, TOO_FAST: 10 })
    expect(at(1_000)).toEqual({ answered: 5, TOO_FAST: 25 })
    expect(at(1_000, '203.0.113.8')).toEqual({ answered: 20, TOO_FAST: 10 })
    // Somebody on this machine who asks for pages leaves the health check its rate; nobody else has that.
    at(1_000, '127.0.0.1')
    expect(at(1_000, '127.0.0.1', true)).toEqual({ answered: 20, TOO_FAST: 10 })
    expect(at(1_000, '203.0.113.8', true)).toEqual({ TOO_FAST: 30 })
  },
  maxAddresses() {
    const { knock, keeper } = guarded({ maxAddresses: 3 })
    const entries = [1, 2, 3].map((last) => knock(`203.0.113.${last}`))
    expect(knock('203.0.113.4', 200).code).toBe('TOO_MANY_CONNECTIONS')
    entries[0]?.left()
    expect(knock('203.0.113.4', 5_000).code).toBe('in')
    expect(keeper.counts.addresses).toBe(3)
  },
  pendingAuthentications() {
    const never = new Promise<never>(() => {})
    const server = hosting({ pendingAuthentications: 2 }, { authenticate: () => never })
    const clients = Array.from({ length: 3 }, () => server.connect())
    for (const client of clients) client.hello()
    server.run(50)
    expect(clients.map(({ closed }) => closed?.code)).toEqual([undefined, undefined, 'TOO_MANY_CONNECTIONS'])
  },
  fullFramesPerSecond() {
    const server = hosting({ fullFramesPerSecond: 2 })
    const client = server.join()
    server.play([client], 30)
    const before = client.heads.length
    for (let n = 0; n < 60; n++) {
      client.control({ t: 'full' })
      server.play([client], 1)
    }
    const full = client.heads.slice(before).filter(({ baselineTick }) => baselineTick < 0).length
    expect(full).toBeGreaterThan(0)
    expect(full).toBeLessThan(4)
  },
}

function comeAndGo(entry: { readonly code: string; left(): void }): string {
  entry.left()
  return entry.code
}

const document = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8')

describe('limits', () => {
  for (const [name, holds] of Object.entries(CASES)) it(`${name} holds`, holds)

  it('are all in docs/limits.md, with their defaults', () => {
    for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
      const row = document.split('\n').find((line) => line.startsWith(`| \`${name}\` `))
      expect(row, name).toBeDefined()
      expect(row?.split('|')[2]?.trim().replaceAll(',', ''), name).toBe(String(value))
    }
  })
})
