/** The arithmetic of the soak: slopes of noisy heaps, and what counts as returned. */
import { SeededRandom } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { grownKinds, type HeapHoldings, heapHoldings } from '../src/soak/heap-kinds.ts'
import type { CrowdCounts, ServerHoldings } from '../src/soak/messages.ts'
import { robustSlope } from '../src/soak/slope.ts'
import { allReturned, soakResult } from '../src/soak/soak-result.ts'

const noisy = (count: number, slope: number, noise: number) => {
  const random = new SeededRandom(7)
  return Array.from({ length: count }, (_, x) => [x, 10 + slope * x + noise * (random.next() - 0.5)] as const)
}

describe('the slope of a heap', () => {
  it('is found in noise, lies in its interval, and is not moved by a few wild points', () => {
    const points = noisy(60, 0.5, 4)
    const { slope, low, high } = robustSlope(points)
    expect(slope).toBeCloseTo(0.5, 1)
    expect(low).toBeLessThan(0.5)
    expect(high).toBeGreaterThan(0.5)
    const wild = points.map(([x, y]) => [x, x % 17 === 3 ? y + 1_000 : y] as const)
    expect(robustSlope(wild).slope).toBeCloseTo(0.5, 1)
  })

  it('is known the better the more points there are', () => {
    const width = (count: number) => {
      const { low, high } = robustSlope(noisy(count, 0, 4))
      return high - low
    }
    expect(width(80)).toBeLessThan(width(10) / 4)
  })

  it('is unknown with one point', () => {
    expect(robustSlope([[1, 1]]).slope).toBeNaN()
  })
})

const counts: CrowdCounts = {
  joins: 100,
  spectators: 0,
  leaves: 50,
  kills: 50,
  resumes: 10,
  wrongSecrets: 5,
  wrongSecretsRefused: 5,
  webrtcJoins: 0,
  failures: 0,
}

function point(at: number, changes: Partial<ServerHoldings> = {}): ServerHoldings {
  return {
    atMs: at * 6_000,
    heapBytes: 10_000_000,
    bufferBytes: 0,
    rssMb: 100,
    handles: { TCPServerWrap: 1 },
    timers: 0,
    listeners: 5,
    rooms: 0,
    sessions: 0,
    peerConnections: 0,
    roomsMade: 0,
    resumes: 10,
    resumesRefused: 5,
    cameToRest: true,
    ...changes,
  }
}

/** Every second cycle has a snapshot. */
function heaps(bytesAt: (at: number) => number, compiledAt: (at: number) => number = () => 0): HeapHoldings[] {
  return Array.from({ length: 5 }, (_, half) => {
    const [at, bytes] = [half * 2, bytesAt(half * 2)]
    return {
      atMs: at * 6_000,
      bytes,
      compiledBytes: compiledAt(at),
      kinds: new Map([['object Thing', { count: at, bytes }]]),
    }
  })
}

const about = { transport: 'ws', minutes: 1, problems: [] }
const resultOf = (
  change: (at: number) => Partial<ServerHoldings>,
  said: Partial<CrowdCounts> = {},
  serverHeaps = heaps(() => 10_000_000),
) => {
  const server = Array.from({ length: 10 }, (_, at) => point(at, change(at)))
  const clientHeaps = heaps(() => 10_000_000)
  return soakResult({ server, client: server, serverHeaps, clientHeaps }, { ...counts, ...said }, about)
}

/** As V8 writes it: type, name, id, size, edges, trace node, detachedness. */
function snapshotOf(nodes: readonly (readonly [type: string, name: string, size: number])[]): string {
  const types = ['hidden', 'string', 'object', 'code']
  const strings = nodes.map(([, name]) => name)
  return JSON.stringify({
    snapshot: {
      meta: {
        node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'],
        node_types: [types, 'string', 'number'],
      },
    },
    nodes: nodes.flatMap(([type, , size], at) => [types.indexOf(type), at, 100 + at, size, 0, 0, 0]),
    strings,
  })
}

describe('what a heap holds', () => {
  const before = heapHoldings(
    snapshotOf([
      ['object', 'Session', 96],
      ['string', 'a text', 24],
      ['code', '(code for tick)', 5_000],
      ['hidden', 'system / WeakArrayList', 400],
    ]),
    1,
  )

  it('counts what the program made by constructor, and what the engine compiled apart', () => {
    expect(before).toMatchObject({ atMs: 1, bytes: 120, compiledBytes: 5_400 })
    expect(before.kinds).toEqual(
      new Map([
        ['object Session', { count: 1, bytes: 96 }],
        ['string', { count: 1, bytes: 24 }],
      ]),
    )
  })

  it('names what grew, most first, and neither what went nor machine code', () => {
    const after = heapHoldings(
      snapshotOf([
        ['string', 'another', 32],
        ['object', 'Session', 96],
        ['object', 'Session', 96],
        ['object', 'Map', 500],
        ['code', '(code for tick)', 9_000],
      ]),
      2,
    )
    expect(grownKinds(before, after)).toEqual([
      { kind: 'object Map', count: 1, bytes: 500 },
      { kind: 'object Session', count: 1, bytes: 96 },
      { kind: 'string', count: 0, bytes: 8 },
    ])
    expect(grownKinds(after, before)).toEqual([])
  })
})

describe('the verdict of a soak', () => {
  it('counts heap per hour and per join from the snapshots after the warm-up, and not the machine code', () => {
    // What comes before point 3 is warm-up: it may do what it likes. Ten joins a cycle leave 100 B each.
    const grows = heaps(
      (at) => (at < 3 ? 5_000_000 : 10_000_000 + at * 1_000),
      (at) => at * 50_000,
    )
    const result = resultOf((at) => ({ heapBytes: at * 51_000 }), {}, grows)
    expect(result.warmUpCycles).toBe(3)
    expect(result.heapSlopeMbPerHour).toBeCloseTo(0.6)
    expect(result.heapBytesPerJoin).toBe(100)
    expect(result.grown).toEqual([{ kind: 'object Thing', count: 4, bytes: 4_000 }])
    expect(result.compiledSlopeMbPerHour).toBeCloseTo(30)
    expect(result.heapUsedSlopeMbPerHour).toBeCloseTo(30.6)
    expect(result.clientHeapSlopeMbPerHour).toBe(0)
  })

  it('is good when everything is where it was, and not when anything is left', () => {
    expect(allReturned(resultOf(() => ({})))).toBe(true)
    const left: readonly ((at: number) => Partial<ServerHoldings>)[] = [
      (at) => ({ timers: at }),
      (at) => ({ listeners: at }),
      (at) => ({ handles: { TCPSocketWrap: at } }),
      (at) => ({ peerConnections: at }),
      () => ({ rooms: 1 }),
      () => ({ sessions: 1 }),
    ]
    for (const change of left) expect(allReturned(resultOf(change))).toBe(false)
    expect(allReturned(resultOf(() => ({}), { wrongSecretsRefused: 4 }))).toBe(false)
  })
})
