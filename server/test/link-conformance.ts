/**
 * What every Link must do, whatever carries it. Each implementation's test file calls `linkConformance` with a rig that makes pairs of connected links.
 */
import { type CloseReason, type Lane, type Link, NetError, POISON } from '@tickmesh/shared'
import { afterEach, describe, expect, it } from 'vitest'

export interface LinkRig {
  /** Both sides take messages up to here from `a` to `b`, and none above. */
  readonly maxMessageBytes: number
  /** A new connection: what one side sends the other receives. `b` is the side that sets the limits. */
  connect(): Promise<{ readonly a: Link; readonly b: Link }>
  /** A link whose peer reads nothing, or next to nothing. */
  connectToStuckPeer(): Promise<Link>
  /** Lets time pass until the condition holds; throws after a good while. */
  until(condition: () => boolean): Promise<void>
  /** Lets everything that is under way arrive. */
  settle(): Promise<void>
  dispose(): Promise<void>
}

/** Attached to a link: keeps what it hears. */
export class Recorder {
  readonly messages: Uint8Array[] = []
  readonly borrowed: Uint8Array[] = []
  readonly lanes: Lane[] = []
  readonly closes: CloseReason[] = []
  onEach: (bytes: Uint8Array) => void = () => {}

  constructor(link: Link) {
    link.attach({
      onMessage: (lane, bytes) => {
        expect(this.closes, 'nothing comes after onClose').toEqual([])
        this.lanes.push(lane)
        this.messages.push(bytes.slice())
        this.borrowed.push(bytes)
        this.onEach(bytes)
      },
      onClose: (reason) => this.closes.push(reason),
    })
  }
}

/** A message of `length` bytes (at least 12) that says whose it is, which, and how long; every byte belongs to the owner. */
export function canary(owner: number, sequence: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(owner & 0xff)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, owner)
  view.setUint32(4, sequence)
  view.setUint32(8, length)
  return bytes
}

export function expectCanary(bytes: Uint8Array, owner: number, sequence: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  expect([view.getUint32(0), view.getUint32(4), view.getUint32(8)]).toEqual([owner, sequence, bytes.length])
  expect(bytes.subarray(12).every((byte) => byte === (owner & 0xff))).toBe(true)
}

/** Sizes around every change of the frame format, and otherwise of any kind; the same in every run. */
function sizeOf(n: number, max: number): number {
  const special = [12, 125, 126, 127, 128, 1_150, 15_999, 16_000, 16_001, 65_535, 65_536]
  const size = special[n % 17] ?? 12 + ((n * 7_919) % 3_000)
  return Math.min(size, max)
}

export function linkConformance(name: string, makeRig: () => Promise<LinkRig>): void {
  describe(name, () => {
    let rig: LinkRig
    const start = async (): Promise<LinkRig> => {
      rig = await makeRig()
      return rig
    }
    afterEach(() => rig.dispose())

    describeMessages(start)
    describeEnds(start)
  })
}

function describeMessages(start: () => Promise<LinkRig>): void {
  it('delivers messages of every size once and in order, both ways, on both lanes', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    const count = 200
    for (let n = 0; n < count; n++) {
      const lane = n % 2 === 0 ? 'reliable' : 'datagram'
      a.send(lane, canary(1, n, sizeOf(n, rig.maxMessageBytes)))
      b.send(lane, canary(2, n, sizeOf(n + 5, rig.maxMessageBytes)))
      if (n % 20 === 0) await rig.settle()
    }
    await rig.until(() => atA.messages.length >= count && atB.messages.length >= count)
    await rig.settle()
    expect(atA.messages.length).toBe(count)
    expect(atB.messages.length).toBe(count)
    for (let n = 0; n < count; n++) {
      expectCanary(atB.messages[n] ?? new Uint8Array(12), 1, n)
      expectCanary(atA.messages[n] ?? new Uint8Array(12), 2, n)
    }
    if (a.ordered) expect(new Set([...atA.lanes, ...atB.lanes])).toEqual(new Set(['reliable']))
  })

  it('delivers an empty message', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    new Recorder(a)
    const atB = new Recorder(b)
    a.send('reliable', new Uint8Array(0))
    await rig.until(() => atB.messages.length === 1)
    expect(atB.messages[0]?.length).toBe(0)
  })

  it('has its own copy of what was sent as soon as send returns', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    const buffer = new Uint8Array(40_000)
    for (let n = 0; n < 50; n++) {
      const message = canary(3, n, sizeOf(n, 40_000))
      buffer.set(message)
      a.send('reliable', buffer.subarray(0, message.length))
      b.send('reliable', buffer.subarray(0, message.length))
      buffer.fill(0xee)
    }
    await rig.until(() => atA.messages.length === 50 && atB.messages.length === 50)
    for (let n = 0; n < 50; n++) {
      expectCanary(atB.messages[n] ?? new Uint8Array(12), 3, n)
      expectCanary(atA.messages[n] ?? new Uint8Array(12), 3, n)
    }
  })

  it('poisons received bytes when the borrow is over', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    for (const length of [20, 200, 20_000]) {
      a.send('reliable', canary(4, 0, length))
      b.send('reliable', canary(4, 0, length))
    }
    await rig.until(() => atA.messages.length === 3 && atB.messages.length === 3)
    await rig.settle()
    for (const bytes of [...atA.borrowed, ...atB.borrowed]) expect(bytes.every((byte) => byte === POISON)).toBe(true)
  })

  it('brings no byte of one connection into another', async () => {
    const rig = await start()
    const pairs: { a: Link; b: Link; atA: Recorder; atB: Recorder }[] = []
    for (let n = 0; n < 24; n++) {
      const { a, b } = await rig.connect()
      pairs.push({ a, b, atA: new Recorder(a), atB: new Recorder(b) })
    }
    const rounds = 40
    for (let round = 0; round < rounds; round++) {
      for (const [n, { a, b }] of pairs.entries()) {
        a.send('reliable', canary(1_000 + n, round, sizeOf(round * 31 + n, rig.maxMessageBytes)))
        b.send('reliable', canary(2_000 + n, round, sizeOf(round * 17 + n, rig.maxMessageBytes)))
      }
      if (round % 8 === 0) await rig.settle()
    }
    await rig.until(() => pairs.every((p) => p.atA.messages.length === rounds && p.atB.messages.length === rounds))
    for (const [n, { atA, atB }] of pairs.entries()) {
      for (let round = 0; round < rounds; round++) {
        expectCanary(atB.messages[round] ?? new Uint8Array(12), 1_000 + n, round)
        expectCanary(atA.messages[round] ?? new Uint8Array(12), 2_000 + n, round)
      }
    }
  })
}

function describeEnds(start: () => Promise<LinkRig>): void {
  const reason: CloseReason = { code: 'KICKED', message: 'Für heute ist es genug.' }

  it.each(['a', 'b'] as const)(
    'tells both sides why %s closed, once, and never from inside close()',
    async (closer) => {
      const rig = await start()
      const links = await rig.connect()
      const atA = new Recorder(links.a)
      const atB = new Recorder(links.b)
      links[closer].close(reason)
      expect((closer === 'a' ? atA : atB).closes).toEqual([])
      links[closer].close({ code: 'INTERNAL', message: 'a second call says nothing new' })
      await rig.until(() => atA.closes.length > 0 && atB.closes.length > 0)
      await rig.settle()
      expect(atA.closes).toEqual([reason])
      expect(atB.closes).toEqual([reason])
    },
  )

  it('ends once on each side when both close at the same time', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    a.close({ code: 'LEFT', message: 'a' })
    b.close({ code: 'ROOM_CLOSED', message: 'b' })
    await rig.until(() => atA.closes.length > 0 && atB.closes.length > 0)
    await rig.settle()
    expect(atA.closes).toEqual([{ code: 'LEFT', message: 'a' }])
    expect(atB.closes).toEqual([{ code: 'ROOM_CLOSED', message: 'b' }])
  })

  it('cuts a long message of a close at a whole character, and keeps the code', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    const message = 'Tür €🙂 '.repeat(100)
    a.close({ code: 'SCHEMA_MISMATCH', message })
    await rig.until(() => atA.closes.length > 0 && atB.closes.length > 0)
    expect(atB.closes[0]?.code).toBe('SCHEMA_MISMATCH')
    expect(message.startsWith(atB.closes[0]?.message ?? 'none')).toBe(true)
    expect(atB.closes[0]?.message.length).toBeGreaterThan(40)
  })

  it('delivers what was sent before the close, and does nothing after it', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    a.send('reliable', canary(5, 0, 100))
    a.close(reason)
    a.send('reliable', canary(5, 1, 100))
    await rig.until(() => atB.closes.length > 0)
    b.send('reliable', canary(5, 2, 100))
    b.close({ code: 'LEFT', message: '' })
    await rig.settle()
    expect(atB.messages.length).toBe(1)
    expect(atA.messages.length).toBe(0)
    expect(atB.closes.length).toBe(1)
  })

  it('delivers nothing after an own close from inside onMessage', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    new Recorder(a)
    const atB = new Recorder(b)
    atB.onEach = () => b.close(reason)
    for (let n = 0; n < 10; n++) a.send('reliable', canary(6, n, 50))
    await rig.until(() => atB.closes.length > 0)
    await rig.settle()
    expect(atB.messages.length).toBe(1)
    expect(atB.closes).toEqual([reason])
  })

  it('closes with TOO_LARGE for a message above the limit, and takes one at the limit', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    a.send('reliable', canary(7, 0, rig.maxMessageBytes))
    a.send('reliable', canary(7, 1, rig.maxMessageBytes + 1))
    await rig.until(() => atA.closes.length > 0 && atB.closes.length > 0)
    expect(atB.messages.length).toBe(1)
    expect(atA.closes.map((close) => close.code)).toEqual(['TOO_LARGE'])
    expect(atB.closes.map((close) => close.code)).toEqual(['TOO_LARGE'])
  })

  it('counts what waits for a peer that does not read, and ends with TOO_SLOW above the hard limit', async () => {
    const rig = await start()
    const link = await rig.connectToStuckPeer()
    const at = new Recorder(link)
    expect(link.bufferedBytes).toBe(0)
    const message = canary(8, 0, 60_000)
    let mostBuffered = 0
    for (let n = 0; n < 2_000 && at.closes.length === 0; n++) {
      link.send('reliable', message)
      if (n % 8 === 0) await rig.settle()
      mostBuffered = Math.max(mostBuffered, link.bufferedBytes)
    }
    await rig.until(() => at.closes.length > 0)
    expect(mostBuffered).toBeGreaterThan(60_000)
    expect(at.closes.map((close) => close.code)).toEqual(['TOO_SLOW'])
  })
}

/** For rigs: calls `step` until the condition holds. */
export async function stepUntil(
  condition: () => boolean,
  steps: number,
  step: () => Promise<void> | void,
): Promise<void> {
  for (let n = 0; n < steps; n++) {
    if (condition()) return
    await step()
  }
  if (!condition()) throw new NetError('TIMED_OUT', 'the condition did not come true.', '')
}
