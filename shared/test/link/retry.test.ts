import { describe, expect, it } from 'vitest'
import { isErrorCode, WEBSOCKET_CLOSE_CODES } from '../../src/link/close-codes.ts'
import { retryOf } from '../../src/link/retry.ts'

const codes = Object.keys(WEBSOCKET_CLOSE_CODES).filter(isErrorCode)

describe('whether another try is worth it', () => {
  it('is said of every code', () => {
    for (const code of codes) expect(['now', 'later', 'never']).toContain(retryOf(code))
  })

  it('at once where the way broke or leads elsewhere, in a while where the server is full, stops or cannot tell, else never', () => {
    const having = (retry: string) => codes.filter((code) => retryOf(code) === retry).sort()
    expect(having('now')).toEqual(
      [
        ...['CONNECTION_LOST', 'CONNECT_FAILED', 'HANDSHAKE_TIMEOUT', 'INTERNAL', 'MOVED', 'STALE_EPOCH'],
        ...['TIMED_OUT', 'TOO_SLOW'],
      ].sort(),
    )
    expect(having('later')).toEqual(['NOT_READY', 'ROOM_FULL', 'SERVER_STOPPING', 'TOO_MANY_CONNECTIONS'])
  })
})
