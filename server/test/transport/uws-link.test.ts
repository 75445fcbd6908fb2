/** The link over uWebSockets.js with a socket made of memory: what it asks of the native one, and when. */
import type { Link } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UwsLink } from '../../src/transport/uws-link.ts'
import type { UwsSocket } from '../../src/transport/uws-module.ts'
import { UwsOutbox } from '../../src/transport/uws-outbox.ts'
import { canary, expectCanary, Recorder } from '../link-conformance.ts'

/** Like the native one: whatever touches it after its end throws. */
class MemorySocket implements UwsSocket {
  readonly sent: Uint8Array[] = []
  readonly calls: string[] = []
  onEnd: (code: number, text: string) => void = () => {}
  takes = true
  #isOver = false

  send(message: Uint8Array): number {
    this.#touch('send')
    this.sent.push(message.slice())
    return this.takes ? 1 : 0
  }
  getBufferedAmount(): number {
    this.#touch()
    return this.takes ? 0 : this.sent.reduce((sum, { length }) => sum + length, 0)
  }
  end(code: number, text: string): void {
    this.#touch(`end ${code}`)
    this.#isOver = true
    this.onEnd(code, text)
  }
  close(): void {
    this.#touch('close')
    this.#isOver = true
    this.onEnd(1006, '')
  }
  cork(run: () => void): void {
    this.#touch('cork')
    run()
    this.calls.push('uncork')
  }
  getUserData(): unknown {
    return undefined
  }
  #touch(call?: string): void {
    if (this.#isOver) throw new Error('Invalid access of closed uWS.WebSocket/SSLWebSocket.')
    if (call !== undefined) this.calls.push(call)
  }
}

function open(
  outbox = new UwsOutbox(),
  maxBufferedBytes = 1_000,
): { socket: MemorySocket; link: UwsLink; at: Recorder } {
  const socket = new MemorySocket()
  const onDefect = (error: unknown): void => {
    throw error
  }
  const link = new UwsLink(socket, outbox, { maxMessageBytes: 1_000, maxBufferedBytes, onDefect })
  socket.onEnd = (code, text) => link.ended(code, text)
  return { socket, link, at: new Recorder(link) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the link over uWebSockets.js', () => {
  it('writes in one cork what is sent back to back, also when others send between, and a single message plainly', async () => {
    const outbox = new UwsOutbox()
    const [one, two] = [open(outbox), open(outbox)]
    one.link.send('reliable', canary(1, 0, 20))
    two.link.send('reliable', canary(2, 0, 20))
    one.link.send('datagram', canary(1, 1, 30))
    expect(one.link.bufferedBytes).toBe(50)
    expect(one.socket.calls).toEqual([])
    await turn()
    expect(one.socket.calls).toEqual(['cork', 'send', 'send', 'uncork'])
    expect(two.socket.calls).toEqual(['send'])
    expect(one.link.bufferedBytes).toBe(0)
  })

  it('writes at once inside onMessage, where uWebSockets.js has corked already', () => {
    const { link, at, socket } = open()
    at.onEach = () => link.send('reliable', canary(1, 0, 20))
    link.arrived(new ArrayBuffer(4), true)
    expect(socket.calls).toEqual(['send'])
  })

  it('never mixes, drops or overtakes, however much is sent in a turn', async () => {
    const sends = fc.array(fc.record({ of: fc.nat(3), length: fc.integer({ min: 12, max: 300_000 }) }), {
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(sends, async (all) => {
        const outbox = new UwsOutbox()
        const peers = Array.from({ length: 4 }, () => open(outbox))
        for (const [n, { of, length }] of all.entries()) peers[of]?.link.send('reliable', canary(of, n, length))
        await turn()
        for (const [owner, { socket }] of peers.entries()) {
          const expected = [...all.entries()].filter(([, { of }]) => of === owner)
          expect(socket.sent.map(({ length }) => length)).toEqual(expected.map(([, { length }]) => length))
          for (const [at, [n]] of expected.entries()) expectCanary(socket.sent[at] ?? new Uint8Array(12), owner, n)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('says what was sent before it closes, and never touches the socket after', async () => {
    const { link, at, socket } = open()
    link.send('reliable', canary(1, 0, 20))
    link.close({ code: 'KICKED', message: 'x' })
    const use = (over: Link): void => {
      over.send('reliable', canary(1, 1, 20))
      over.close({ code: 'LEFT', message: '' })
      expect(over.bufferedBytes).toBe(0)
    }
    use(link)
    expect(at.closes).toEqual([])
    await turn()
    use(link)
    expect(socket.calls).toEqual(['send', 'end 4023'])
    expect(at.closes).toEqual([{ code: 'KICKED', message: 'x' }])
  })

  it('drops a peer above the limit of what may wait, without a close frame', async () => {
    const { link, at, socket } = open()
    socket.takes = false
    for (let n = 0; n < 5; n++) link.send('reliable', canary(1, n, 400))
    await turn()
    expect(socket.calls).toEqual(['cork', 'send', 'send', 'send', 'close', 'uncork'])
    expect(at.closes.map(({ code }) => code)).toEqual(['TOO_SLOW'])
  })
})
