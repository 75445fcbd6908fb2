import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NetErrorCode } from '../../src/error.ts'
import {
  fromWebSocketClose,
  toWebSocketClose,
  truncateUtf8,
  WEBSOCKET_CLOSE_CODES,
} from '../../src/link/close-codes.ts'

const codes = Object.keys(WEBSOCKET_CLOSE_CODES) as NetErrorCode[]
const byteLength = (text: string): number => unescape(encodeURIComponent(text)).length

describe('close codes', () => {
  it('gives each error its own code from 4000 to 4999', () => {
    const numbers = Object.values(WEBSOCKET_CLOSE_CODES)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers.every((number) => number >= 4000 && number <= 4999)).toBe(true)
  })

  it('bring every reason across whose text fits', () => {
    for (const code of codes) {
      const { code: number, text } = toWebSocketClose({ code, message: 'Tür zu: 🙂.' })
      expect(fromWebSocketClose(number, text)).toEqual({ code, message: 'Tür zu: 🙂.' })
    }
  })

  it('cut a long text at a whole character within 120 bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.string({ unit: 'grapheme', maxLength: 200 }), (code, message) => {
        const { code: number, text } = toWebSocketClose({ code, message })
        expect(byteLength(text)).toBeLessThanOrEqual(120)
        expect(`${code}: ${message}`.startsWith(text)).toBe(true)
        expect(fromWebSocketClose(number, text).code).toBe(code)
      }),
    )
  })

  it('fill the room there is, and turn half characters into one that can be sent', () => {
    expect(truncateUtf8('ab🙂', 5)).toBe('ab')
    expect(truncateUtf8('ab🙂', 6)).toBe('ab🙂')
    expect(truncateUtf8('a\ud800b', 9)).toBe('a\ufffdb')
  })

  it('have a meaning for what WebSocket layers say by themselves, and for what nobody knows', () => {
    expect(fromWebSocketClose(1009, '').code).toBe('TOO_LARGE')
    expect(fromWebSocketClose(1002, 'x').code).toBe('MALFORMED')
    expect(fromWebSocketClose(1006, '').code).toBe('CONNECTION_LOST')
    expect(fromWebSocketClose(1001, '').code).toBe('CONNECTION_LOST')
    expect(fromWebSocketClose(4999, 'x')).toEqual({
      code: 'CONNECTION_LOST',
      message: 'The connection ended with WebSocket code 4999.',
    })
    expect(fromWebSocketClose(4009, 'no prefix')).toEqual({ code: 'MALFORMED', message: 'no prefix' })
  })
})
