/** What a client says to its room is applied once and in order, whatever becomes of links and servers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GameMessages } from '../src/session/game-messages.ts'
import { pond } from './pond-game.ts'

const bytesOf = (n: number) => Uint8Array.from([n & 255, n >> 8])
const numberOf = (bytes: Uint8Array | undefined) => (bytes?.[0] ?? 0) + 256 * (bytes?.[1] ?? 0)

describe('messages to the server', () => {
  it('are applied once each, in order, over any links that lose what was under way, by servers that remember only what is held', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('say' as const) },
      { weight: 6, arbitrary: fc.constant('flush' as const) },
      { weight: 6, arbitrary: fc.constant('arrive' as const) },
      { weight: 3, arbitrary: fc.constant('hold' as const) },
      { weight: 1, arbitrary: fc.constant('lose the link' as const) },
      { weight: 1, arbitrary: fc.constant('lose the server' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), fc.nat(9), (steps, before) => {
        const messages = new GameMessages(pond, 0, before)
        let said = 0
        let applied: number[] = []
        let held = 0
        let way: Uint8Array[] = []
        // A welcome says what is applied, held or not.
        const resume = () => {
          way = []
          messages.resume(before + applied.length)
        }
        for (const step of steps) {
          if (step === 'say') messages.keep(bytesOf(said++))
          else if (step === 'flush') way.push(...messages.take())
          else if (step === 'arrive' && way.length > 0) applied.push(numberOf(way.shift()))
          else if (step === 'hold') {
            held = applied.length
            messages.got(before + held)
          } else if (step === 'lose the link') resume()
          else if (step === 'lose the server') {
            applied = applied.slice(0, held)
            resume()
          }
        }
        resume()
        for (let n = 0; n < 20; n++) applied.push(...messages.take().map(numberOf))
        expect(applied).toEqual(Array.from({ length: said }, (_, n) => n))
      }),
    )
  })

  it('are bounded: beyond 256, or 64 kB, the oldest are forgotten, and those that follow still count right', () => {
    const messages = new GameMessages(pond, 0, 0)
    for (let n = 0; n < 300; n++) messages.keep(bytesOf(n))
    messages.resume(0)
    const taken = () => Array.from({ length: 10 }, () => messages.take().map(numberOf)).flat()
    expect(taken()).toEqual(Array.from({ length: 256 }, (_, n) => n + 44))
    messages.got(250)
    messages.resume(254)
    expect(taken()).toEqual([298, 299])
    for (let n = 0; n < 5; n++) messages.keep(new Uint8Array(16_000))
    expect(taken()).toHaveLength(4)
  })
})

describe('messages from the server', () => {
  it('come once each, in order, over links that were opened in advance too; the count is right though the server forgot some', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.constant('say' as const) },
      { weight: 6, arbitrary: fc.constant('arrive' as const) },
      { weight: 2, arbitrary: fc.constant('forget' as const) },
      { weight: 1, arbitrary: fc.constant('say hello in advance' as const) },
      { weight: 1, arbitrary: fc.constant('be welcome there' as const) },
      { weight: 1, arbitrary: fc.constant('lose the link' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const messages = new GameMessages(pond, 0, 0)
        const got: number[] = []
        messages.on('told', ({ words }) => got.push(Number(words)))
        let said = 0
        let forgotten = 0
        let way: number[] = []
        let prepared = -1
        const arrive = () => {
          const n = way.shift()
          if (n !== undefined) expect(messages.receive(0, [`${n}`])).toBe(true)
        }
        const goOn = (heard: number) => {
          const from = Math.max(heard, forgotten)
          way = Array.from({ length: said - from }, (_, n) => from + n + 1)
          messages.resume(0, from)
          prepared = -1
        }
        for (const step of steps) {
          if (step === 'say') way.push(++said)
          else if (step === 'arrive') arrive()
          else if (step === 'forget') forgotten = Math.max(forgotten, said - 3)
          else if (step === 'say hello in advance') prepared = messages.heard
          else if (step === 'lose the link') goOn(messages.heard)
          else if (prepared >= 0) goOn(prepared)
        }
        while (way.length > 0) arrive()
        expect(got.every((n, at) => at === 0 || n > (got[at - 1] ?? 0))).toBe(true)
        expect(got.filter((n) => n > forgotten)).toEqual(
          Array.from({ length: said - forgotten }, (_, n) => forgotten + n + 1),
        )
        expect(messages.heard).toBe(said)
      }),
    )
  })
})
