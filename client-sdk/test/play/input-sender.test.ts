import { ByteReader, type CompiledGame, createInputHead, InputCodec, InputRing, type Link } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { InputSender } from '../../src/play/input-sender.ts'
import { createCounts } from '../../src/play/play-counts.ts'
import { pond } from '../pond-game.ts'

const TICK_MS = 1000 / 60

/** A sender, the ring that it sends from, and what it sent as the server reads it. */
class Bench {
  readonly inputs: InputRing
  firstInputTick = 0
  readonly counts = createCounts()
  readonly sender: InputSender
  readonly messages: { newestTick: number; count: number; ackTick: number; ackHoldMs: number; needsFull: boolean }[] =
    []
  readonly wide: boolean[] = []
  private readonly codec: InputCodec
  private readonly taken: InputRing

  constructor({ ordered = false, seat = 1, game = pond as CompiledGame } = {}) {
    this.inputs = new InputRing(game)
    this.taken = new InputRing(game)
    this.codec = new InputCodec(game)
    const link = { ordered, bufferedBytes: 0, send: (_lane: string, bytes: Uint8Array) => this.read(game, bytes) }
    const sources = { prediction: this, playback: { delayMs: 100 } }
    this.sender = new InputSender(game, link as unknown as Link, seat, sources, this.counts)
  }

  /** The input of a tick is made and sent. */
  tick(tick: number, nowMs = tick * TICK_MS): void {
    this.inputs.slotFor(tick)
    this.sender.sendTick(tick, nowMs, 40)
  }

  private read(game: CompiledGame, bytes: Uint8Array): void {
    const head = createInputHead(game)
    const result = this.codec.decode(new ByteReader().start(bytes, 1), head, this.taken, this.inputs.newestTick)
    if (result !== 'ok') throw new Error(`a message is ${result}`)
    const { newestTick, count, ackTick, ackHoldMs, needsFull } = head
    this.messages.push({ newestTick, count, ackTick, ackHoldMs, needsFull })
    this.wide.push(head.wideCounters)
  }
}

describe('the sender of inputs', () => {
  it('sends each input once over an ordered link', () => {
    const bench = new Bench({ ordered: true })
    for (let tick = 10; tick < 30; tick++) bench.tick(tick)
    expect(bench.messages.map(({ newestTick }) => newestTick)).toEqual(Array.from({ length: 20 }, (_, n) => 10 + n))
    expect(bench.messages.every(({ count }) => count === 1)).toBe(true)
    expect(bench.counts.bytesOut).toBeGreaterThan(60)
  })

  it('sends over datagrams all that the server has not got, but no more than 12, and nothing from before a gap', () => {
    const bench = new Bench()
    bench.firstInputTick = 10
    for (let tick = 10; tick < 30; tick++) bench.tick(tick)
    expect(bench.messages.map(({ count }) => count).slice(0, 14)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12,
    ])
    bench.sender.serverHas(28)
    bench.sender.serverHas(20)
    bench.tick(30)
    expect(bench.messages.at(-1)?.count).toBe(2)
    bench.firstInputTick = 50
    bench.tick(50)
    expect(bench.messages.at(-1)?.count).toBe(1)
  })

  it('tells counters in full over another link until the server names an input of it: who goes on may know much older ones', () => {
    for (const ordered of [true, false]) {
      const bench = new Bench({ ordered })
      for (let tick = 10; tick < 30; tick++) bench.tick(tick)
      bench.sender.serverHas(29)
      bench.wide.length = 0
      bench.sender.linkReplaced(30 * TICK_MS, 0, 20)
      bench.tick(30)
      bench.sender.serverHas(28)
      bench.tick(31)
      expect(bench.wide).toEqual([true, true, true])
      bench.sender.serverHas(30)
      bench.tick(32)
      expect(bench.wide.at(-1)).toBe(false)
    }
  })

  it('says what came and how long ago, and asks for a full frame until one comes', () => {
    const bench = new Bench()
    bench.sender.received(6, 100)
    bench.sender.needsFull = true
    bench.tick(10, 130)
    expect(bench.messages[0]).toMatchObject({ ackTick: 6, ackHoldMs: 30, needsFull: true })
    bench.sender.gotFull()
    bench.tick(11, 147)
    expect(bench.messages[1]).toMatchObject({ ackTick: 6, needsFull: false })
  })

  it('sends a message once more half a tick later where packets are lost, and not again', () => {
    const bench = new Bench()
    bench.tick(10)
    expect(bench.sender.repeatMs).toBe(Number.POSITIVE_INFINITY)
    bench.counts.lostShare = 0.02
    bench.tick(11)
    expect(bench.sender.repeatMs).toBeCloseTo(11.5 * TICK_MS)
    bench.sender.repeatIfDue(11.4 * TICK_MS)
    expect(bench.messages).toHaveLength(2)
    bench.sender.repeatIfDue(11.6 * TICK_MS)
    bench.sender.repeatIfDue(11.7 * TICK_MS)
    expect(bench.messages.map(({ newestTick }) => newestTick)).toEqual([10, 11, 11])
  })

  it('acknowledges each snapshot with its newest input, if nothing has yet, and there is one', () => {
    const bench = new Bench()
    bench.sender.received(3, 90)
    bench.sender.acknowledge(100)
    expect(bench.messages).toEqual([])
    bench.tick(10, 110)
    bench.sender.acknowledge(111)
    expect(bench.messages).toHaveLength(1)
    bench.sender.received(6, 120)
    bench.sender.acknowledge(122)
    bench.sender.acknowledge(123)
    expect(bench.messages).toHaveLength(2)
    expect(bench.messages[1]).toMatchObject({ newestTick: 10, ackTick: 6, ackHoldMs: 2 })
  })

  it('stays below what a server takes from one peer, at the highest tick rate too', () => {
    const game = { ...(pond as CompiledGame), tickRate: 240 } as CompiledGame
    const bench = new Bench({ game })
    bench.counts.lostShare = 0.1
    for (let tick = 0; tick < 240; tick++) {
      bench.tick(tick, (tick * 1000) / 240)
      bench.sender.repeatIfDue(((tick + 0.9) * 1000) / 240)
    }
    // DEFAULT_LIMITS of the server: 400 messages a second.
    expect(bench.messages.length).toBeLessThan(400)
  })

  it('only acknowledges for a spectator, each snapshot once', () => {
    const bench = new Bench({ seat: 0 })
    bench.sender.received(3, 50)
    for (let tick = 4; tick < 8; tick++) bench.tick(tick)
    bench.sender.received(6, 140)
    bench.tick(8)
    expect(bench.messages.map(({ ackTick }) => ackTick)).toEqual([3, 6])
  })
})
