/** What `/metrics` says of a server on virtual time, read by a strict reader of the format. */
import { describe, expect, it } from 'vitest'
import { ServerMetrics } from '../../src/ops/server-metrics.ts'
import { TestServer } from '../raw-client.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'
import { type Family, readPrometheus } from './prometheus-text.ts'

function operated(options: ConstructorParameters<typeof TestServer<Walkers>>[2] = {}) {
  const server = new TestServer(walkers, walkerRules, options)
  const { host } = server
  const refused = { origin: 2, rate: 0 }
  const metrics = new ServerMetrics(() => ({ stats: host.stats, counts: host.counts, refused, isReady: true }))
  const read = async (): Promise<Map<string, Family>> => readPrometheus(await metrics.render())
  return { server, metrics, read }
}

/** The value of a series without labels. */
function figureOf(families: ReadonlyMap<string, Family>, name: string): number {
  return families.get(name)?.samples[0]?.value ?? Number.NaN
}

describe('the metrics', () => {
  it('are in the format of Prometheus, with names by its conventions', async () => {
    const { server, metrics, read } = operated()
    server.join('a')
    const families = await read()
    metrics.stop()
    expect(families.size).toBeGreaterThan(30)
    for (const [name, { type, help }] of families) {
      expect(name).toMatch(/^(tickmesh|process|nodejs)_[a-z0-9_]+$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      expect(name, 'base units').not.toMatch(/_ms|_millis|_kb|_mb|_percent/)
      expect(help.length).toBeGreaterThan(3)
    }
    expect(figureOf(families, 'tickmesh_rooms')).toBe(1)
    expect(figureOf(families, 'tickmesh_players')).toBe(1)
    expect(figureOf(families, 'tickmesh_ready')).toBe(1)
    expect(families.get('tickmesh_handshakes_refused_total')?.samples).toContainEqual({
      name: 'tickmesh_handshakes_refused_total',
      labels: { reason: 'origin' },
      value: 2,
    })
    expect(families.get('tickmesh_tick_lateness_seconds')?.type).toBe('histogram')
  })

  it('count on when players leave and rooms end', async () => {
    const { server, metrics, read } = operated({ roomIdleMs: 100 })
    const late = server.join('first')
    server.play([late], 30)
    // For a tick so far ahead that it is ignored.
    late.input(server.nextTick(late) + 1000, [0])
    server.run(100)
    const before = await read()
    late.link.close({ code: 'LEFT', message: '' })
    server.run(1000)
    expect(server.host.stats.rooms).toBe(0)
    const after = await read()
    metrics.stop()
    for (const [name, { type, samples }] of before) {
      if (type !== 'counter') continue
      for (const [n, { value }] of samples.entries())
        expect(after.get(name)?.samples[n]?.value, name).toBeGreaterThanOrEqual(value)
    }
    expect(figureOf(before, 'tickmesh_frames_sent_total')).toBeGreaterThan(5)
    expect(figureOf(after, 'tickmesh_inputs_ignored_total')).toBe(figureOf(before, 'tickmesh_inputs_ignored_total'))
    expect(figureOf(after, 'tickmesh_inputs_ignored_total')).toBeGreaterThan(0)
    expect(figureOf(after, 'tickmesh_ticks_total')).toBeGreaterThan(30)
  })

  it('have no more series with a thousand rooms, players and faults than with one', async () => {
    const series = async (rooms: number): Promise<{ count: number; text: string }> => {
      const { server, metrics } = operated()
      for (let n = 0; n < rooms; n++) {
        const client = server.connect()
        client.hello({ room: `room-${n}` })
        const fool = server.connect()
        fool.control({ t: `nonsense-${n}` })
      }
      server.run(100)
      const text = await metrics.render()
      metrics.stop()
      return { count: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length, text }
    }
    const few = await series(1)
    const many = await series(300)
    expect(many.count).toBe(few.count)
    expect(many.text).toContain('tickmesh_rooms 300')
    expect(many.text).toContain('tickmesh_peers_dropped_total{code="MALFORMED"} 300')
    expect(many.text).not.toContain('room-')
  })

  it('of two servers in one process are apart', async () => {
    const [one, two] = [operated(), operated()]
    one.server.join('a')
    expect(figureOf(await one.read(), 'tickmesh_rooms')).toBe(1)
    expect(figureOf(await two.read(), 'tickmesh_rooms')).toBe(0)
    one.metrics.stop()
    two.metrics.stop()
  })

  it('say how late ticks were in seconds', async () => {
    const { server, metrics, read } = operated()
    server.join('a')
    server.spentMs = 40
    server.run(100)
    const families = await read()
    metrics.stop()
    const samples = families.get('tickmesh_tick_lateness_seconds')?.samples ?? []
    const under = (le: string) => samples.find(({ labels }) => labels.le === le)?.value ?? Number.NaN
    expect(under('0.065536')).toBeGreaterThan(under('0.008192'))
    expect(under('1.048576')).toBe(under('+Inf'))
  })
})
