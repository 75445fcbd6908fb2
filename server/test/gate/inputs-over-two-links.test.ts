/** An honest player whose inputs come over two links, late, twice, in any order or not at all, while its room changes hands: never dropped, never doubted, each press counts once. */
import { ByteWriter, createInputHead, INPUT, InputCodec } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RawClient } from '../raw-client.ts'
import { makeWalkers } from '../test-game.ts'
import { line, SECOND, type TwoShards, twoShards } from './two-shards.ts'

const TICK_MS = 1000 / 60
const game = makeWalkers({ presses: [], throwAt: -1 })
const codec = new InputCodec(game)

/** The input of `tick`, with those of up to `count` ticks before, as datagrams carry them. */
function pack(client: RawClient, tick: number, count: number, ackTick: number): Uint8Array {
  const head = createInputHead(game)
  Object.assign(head, { newestTick: tick, count, ackTick })
  const bytes = new Uint8Array(512)
  const writer = new ByteWriter().start(bytes)
  writer.u8(INPUT)
  codec.encode(writer, client.ring, head)
  return bytes.slice(0, writer.position)
}

/** What becomes of a message on one path: lost, or so late, and perhaps once more. */
const fate = fc.record({ lost: fc.nat(5), delayMs: fc.nat(120), twice: fc.nat(4) })
interface Fate {
  readonly lost: number
  readonly delayMs: number
  readonly twice: number
}
const steps = fc.array(
  fc.record({ presses: fc.nat(3), level: fc.nat(90), count: fc.integer({ min: 1, max: 8 }), old: fate, next: fate }),
  { minLength: 45, maxLength: 70 },
)

function sendAt(shards: TwoShards, client: RawClient, bytes: Uint8Array, { lost, delayMs, twice }: Fate): void {
  const { scheduler } = shards.first
  if (lost === 0) return
  const send = () => {
    if (client.closed === undefined) client.link.send('datagram', bytes)
  }
  scheduler.at(scheduler.now() + delayMs, send)
  if (twice === 0) scheduler.at(scheduler.now() + delayMs + 35, send)
}

describe('inputs over two links', () => {
  it.each([['a planned move'], ['a failover']])('of %s', (how) => {
    const isPlanned = how === 'a planned move'
    fc.assert(
      fc.property(steps, fc.integer({ min: 3, max: 18 }), (all, aheadAt) => {
        const shards = twoShards()
        const { first, second, core, replica } = shards
        const page = first.join()
        shards.run(0)
        let old: RawClient | undefined = page
        let next: RawClient | undefined
        let oldest = first.nextTick(page) + 1
        let made = 0
        const changeHands = () => {
          const halt = core.halt()
          shards.run(0)
          const cluster = { epoch: SECOND, created: {}, standby: line() }
          second.host.restoreRoom('main', cluster, replica, isPlanned ? halt.late : undefined)
          if (isPlanned) first.host.handOver('main', { url: 'ws://second', epoch: SECOND })
          else first.host.dropRoom('main', { code: 'CONNECTION_LOST', message: 'dead' })
          old = undefined
          next ??= shards.resume(page)
          shards.run(1)
          const tick = next.welcome?.tick ?? 0
          oldest = tick + 1
          for (let at = oldest; at <= page.ring.newestTick; at += 12) {
            const newest = Math.min(page.ring.newestTick, at + 11)
            const bytes = pack(page, newest, newest - at + 1, -1)
            next.link.send('datagram', bytes)
          }
        }
        for (const [n, step] of all.entries()) {
          if (isPlanned && n === 30 - aheadAt) {
            second.host.expectRoom('main', replica)
            next = shards.resume(page, { prepare: true })
          }
          if (n === 30) changeHands()
          const tick = Math.max(page.ring.newestTick, first.nextTick(next?.welcome === undefined ? page : next) + 1) + 1
          if (page.ring.newestTick >= 0)
            for (let at = page.ring.newestTick + 1; at < tick; at++) page.keepInput(at, [step.level])
          page.keepInput(tick, [step.level], [step.presses])
          made += step.presses
          const count = Math.max(1, Math.min(step.count, tick - oldest + 1))
          const bytes = pack(page, tick, count, (old ?? next ?? page).newest)
          if (old !== undefined) sendAt(shards, old, bytes, step.old)
          if (next !== undefined) sendAt(shards, next, bytes, step.next)
          shards.run(TICK_MS)
        }
        shards.run(300)
        // The last word arrives.
        const last = page.ring.newestTick
        for (let n = 1; n <= 40; n++) {
          const tick = Math.max(last + n, first.nextTick(next ?? page) + 1)
          page.keepInput(tick, [0])
          next?.link.send('datagram', pack(page, tick, 1, next.newest))
          shards.run(TICK_MS)
        }
        const lines = [...first.lines, ...second.lines].filter(({ event }) => event === 'peer-dropped')
        expect({ lines, closed: next?.closed }).toEqual({ lines: [], closed: undefined })
        const player = shards.room(second).players.get(1)
        expect(player?.stats).toMatchObject({ contradictedInputs: 0, refusedPresses: 0 })
        expect([...shards.room(second).world.walker].map(({ shots }) => shots)).toEqual([made])
      }),
      { numRuns: 25 },
    )
  })
})
