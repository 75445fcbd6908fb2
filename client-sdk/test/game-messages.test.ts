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
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(9), (steps, before) => {
        const messages = new GameMessages(pond, 0, before)
        let said = 0
        let applied: number[] = []
        let held = 0
        let way: Uint8Array[] = []
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
