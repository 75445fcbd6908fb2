/** A link over data channels that the test holds in its hands; over real ones it passes the conformance suite in server/test/transport. */
import { describe, expect, it } from 'vitest'
import { ChannelLink, type ChannelPort } from '../../src/link/channel-link.ts'
import type { CloseReason, Lane } from '../../src/link/link.ts'
import { VirtualScheduler } from '../../src/time/virtual-scheduler.ts'

class FakePort implements ChannelPort {
  readonly sent: { lane: Lane; length: number }[] = []
  readonly texts: string[] = []
  readonly waiting = { reliable: 0, datagram: 0 }
  takes = true
  freed = 0

  bufferedBytes(lane: Lane): number {
    return this.waiting[lane]
  }

  send(lane: Lane, bytes: Uint8Array): boolean {
    if (this.takes) this.sent.push({ lane, length: bytes.length })
    return this.takes
  }

  sendText(text: string): void {
    this.texts.push(text)
  }

  free(): void {
    this.freed++
  }
}

function pass(scheduler: VirtualScheduler, ms: number): void {
  scheduler.runUntil(scheduler.now() + ms)
}

function open() {
  const scheduler = new VirtualScheduler()
  const port = new FakePort()
  const link = new ChannelLink(port, { scheduler, maxMessageBytes: 65_536, maxBufferedBytes: 1_000_000 })
  const closes: CloseReason[] = []
  link.attach({ onMessage: () => {}, onClose: (reason) => closes.push(reason) })
  const codes = () => closes.map(({ code }) => code)
  pass(scheduler, 0)
  return { scheduler, port, link, codes }
}

describe('a link over data channels', () => {
  it('lets a datagram go rather than have it wait behind others', () => {
    const { port, link, codes } = open()
    port.waiting.datagram = 65_537
    link.send('datagram', new Uint8Array(10))
    expect(port.sent).toEqual([])
    port.waiting.datagram = 65_536
    link.send('datagram', new Uint8Array(10))
    expect(port.sent).toEqual([{ lane: 'datagram', length: 10 }])
    expect(codes()).toEqual([])
  })

  it('sends on the reliable lane what is too large for datagrams, and nothing that no channel carries', () => {
    const { scheduler, port, link, codes } = open()
    link.send('datagram', new Uint8Array(18_337))
    expect(port.sent).toEqual([{ lane: 'reliable', length: 18_337 }])
    link.send('reliable', new Uint8Array(262_145))
    pass(scheduler, 1)
    expect(port.sent.length).toBe(1)
    expect(codes()).toEqual(['TOO_LARGE'])
  })

  it('ends when its path stays interrupted, and not when it comes back', () => {
    const { scheduler, port, link, codes } = open()
    link.onInterrupted()
    pass(scheduler, 4_900)
    link.onRestored()
    pass(scheduler, 60_000)
    expect(codes()).toEqual([])
    link.onInterrupted()
    pass(scheduler, 4_900)
    link.onInterrupted()
    pass(scheduler, 200)
    expect(codes()).toEqual(['CONNECTION_LOST'])
    expect(port.freed).toBe(1)
  })

  it('frees its peer at the answer to a close, or two seconds after it, and once', () => {
    const answered = open()
    answered.link.close({ code: 'KICKED', message: 'enough' })
    expect(answered.port.texts).toEqual(['4023 KICKED: enough'])
    expect(answered.port.freed).toBe(0)
    answered.link.onText('reliable', '4023 KICKED: enough')
    answered.link.onGone()
    expect(answered.port.freed).toBe(1)
    const unanswered = open()
    unanswered.link.close({ code: 'KICKED', message: 'enough' })
    pass(unanswered.scheduler, 1_990)
    expect(unanswered.port.freed).toBe(0)
    pass(unanswered.scheduler, 20)
    expect(unanswered.port.freed).toBe(1)
    expect(unanswered.codes()).toEqual(['KICKED'])
  })

  it('answers a close, and stays long enough for the answer to leave', () => {
    const { scheduler, port, link, codes } = open()
    link.onText('reliable', '4024 LEFT: bye')
    expect(port.texts).toEqual(['4024 LEFT: bye'])
    pass(scheduler, 100)
    expect(port.freed).toBe(0)
    pass(scheduler, 150)
    expect(port.freed).toBe(1)
    expect(codes()).toEqual(['LEFT'])
  })

  it('ends with CONNECTION_LOST when the reliable lane takes nothing, and touches its port no more', () => {
    const { scheduler, port, link, codes } = open()
    port.takes = false
    link.send('reliable', new Uint8Array(10))
    expect(codes()).toEqual([])
    pass(scheduler, 1)
    expect(codes()).toEqual(['CONNECTION_LOST'])
    port.waiting.reliable = 5
    expect(link.bufferedBytes).toBe(0)
    expect(port.freed).toBe(1)
  })
})
