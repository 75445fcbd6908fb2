/**
 * What every Link must do, whatever carries it. Each implementation's test file calls `linkConformance` with a rig that makes pairs of connected links.
 * A peer that is silent but not gone is no link's business where the transport does not notice it: there the session ends it, with TIMED_OUT
 * (gate/session.test.ts, and over real sockets serve.sockets.test.ts).
 */
import { type CloseReason, type Lane, type Link, NetError, POISON } from '@tickmesh/shared'
import { afterEach, describe, expect, it } from 'vitest'

export interface LinkRig {
  /** Both sides take messages of the reliable lane up to here from `a` to `b`, and none above. */
  readonly maxMessageBytes: number
  /** The same for the datagram lane; `maxMessageBytes` if left out. */
  readonly maxDatagramBytes?: number
  /**
   * Left out or true: whatever is sent arrives once, both lanes in one order. False: so it is within the reliable lane, while the other lane loses, reorders and
   * repeats as it likes.
   */
  readonly ordered?: boolean
  /** No side ever holds more for a peer than this and one message; a mebibyte if left out. */
  readonly maxBufferedBytes?: number
  /** The message of a close arrives cut to at most so many bytes of UTF-8; uncut, or at any length, if left out. */
  readonly maxCloseMessageBytes?: number
  /** A new connection: what one side sends the other receives. `b` is the side that sets the limits. */
  connect(): Promise<{ readonly a: Link; readonly b: Link }>
  /** A link whose peer reads nothing, or next to nothing. */
  connectToStuckPeer(): Promise<Link>
  /** A link, and what ends its peer without a word (a reset connection, a dead process). Left out where there is no such end. */
  readonly connectToMortalPeer?: () => Promise<{ readonly link: Link; die(): void }>
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

/** The nth message of an owner, as both lanes of this rig take it: even ones are reliable, odd ones datagrams. */
function sendNth(rig: LinkRig, link: Link, owner: number, n: number, size = n): void {
  const { maxMessageBytes, maxDatagramBytes = maxMessageBytes } = rig
  if (n % 2 === 0) link.send('reliable', canary(owner, n, sizeOf(size, maxMessageBytes)))
  else link.send('datagram', canary(owner, n, sizeOf(size, maxDatagramBytes)))
}

/** All that a rig promises of `count` messages by `sendNth`. Of lossy lanes: whatever came is whole, and was sent to this side. */
function expectArrived(rig: LinkRig, at: Recorder, owner: number, count: number): void {
  if (rig.ordered !== false) {
    expect(at.messages.length).toBe(count)
    for (let n = 0; n < count; n++) expectCanary(at.messages[n] ?? new Uint8Array(12), owner, n)
    return
  }
  const reliable = laneOf(at, 'reliable')
  expect(reliable.length).toBe(Math.ceil(count / 2))
  for (const [n, bytes] of reliable.entries()) expectCanary(bytes, owner, 2 * n)
  for (const bytes of laneOf(at, 'datagram')) {
    const n = new DataView(bytes.buffer).getUint32(4)
    expectCanary(bytes, owner, n)
    expect(n % 2 === 1 && n < count).toBe(true)
  }
}

function laneOf(at: Recorder, lane: Lane): Uint8Array[] {
  return at.messages.filter((_, n) => at.lanes[n] === lane)
}

/** Whether as much has come as must come. */
function hasArrived(rig: LinkRig, at: Recorder, count: number): boolean {
  if (rig.ordered !== false) return at.messages.length >= count
  return laneOf(at, 'reliable').length >= Math.ceil(count / 2)
}

function describeMessages(start: () => Promise<LinkRig>): void {
  it('delivers messages of every size, both ways, on both lanes, each lane as it promises', async () => {
    const rig = await start()
    const { a, b } = await rig.connect()
    const atA = new Recorder(a)
    const atB = new Recorder(b)
    const count = 200
    for (let n = 0; n < count; n++) {
      sendNth(rig, a, 1, n)
      sendNth(rig, b, 2, n, n + 5)
      if (n % 20 === 0) await rig.settle()
    }
    await rig.until(() => hasArrived(rig, atA, count) && hasArrived(rig, atB, count))
    await rig.settle()
    expectArrived(rig, atB, 1, count)
    expectArrived(rig, atA, 2, count)
    expect([a.ordered, b.ordered]).toEqual([rig.ordered !== false, rig.ordered !== false])
    if (a.ordered) expect(new Set([...atA.lanes, ...atB.lanes])).toEqual(new Set(['reliable']))
    else expect(laneOf(atA, 'datagram').length * laneOf(atB, 'datagram').length).toBeGreaterThan(0)
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
    for (const bytes of [...atA.borrowed, ...atB.borrowed]) expect(isGone(bytes)).toBe(true)
  })

  it('brings no byte of one connection into another, whatever else begins, ends and answers', async () => {
    const rig = await start()
    const pairs: { a: Link; b: Link; atA: Recorder; atB: Recorder; owner: number }[] = []
    const open = async (): Promise<void> => {
      const { a, b } = await rig.connect()
      pairs.push({ a, b, atA: new Recorder(a), atB: new Recorder(b), owner: pairs.length + 1 })
    }
    for (let n = 0; n < 16; n++) await open()
    const rounds = 40
    const ended = new Set<number>()
    for (let round = 0; round < rounds; round++) {
      for (const { a, b, owner } of pairs) {
        if (owner > 16) continue
        sendNth(rig, a, 1_000 + owner, round, round * 31 + owner)
        sendNth(rig, b, 2_000 + owner, round, round * 17 + owner)
      }
      if (round % 8 !== 0) continue
      await rig.settle()
      // Memory of the one that ends here is free for the others; what it still brings must be its own.
      await open()
      const short = pairs.at(-1)
      if (short === undefined) continue
      sendNth(rig, short.a, 1_000 + short.owner, 0, 15_999)
      short.b.send('reliable', canary(2_000 + short.owner, 0, 12))
      short.a.close({ code: 'LEFT', message: '' })
      ended.add(short.owner)
    }
    const long = pairs.filter(({ owner }) => !ended.has(owner))
    await rig.until(() => long.every((p) => hasArrived(rig, p.atA, rounds) && hasArrived(rig, p.atB, rounds)))
    await rig.until(() => pairs.every((p) => !ended.has(p.owner) || p.atB.closes.length === 1))
    for (const { atA, atB, owner } of long) {
      expectArrived(rig, atB, 1_000 + owner, rounds)
      expectArrived(rig, atA, 2_000 + owner, rounds)
    }
    for (const { atA, atB, owner } of pairs.filter((pair) => ended.has(pair.owner))) {
      for (const bytes of atB.messages) expectCanary(bytes, 1_000 + owner, 0)
      for (const bytes of atA.messages) expectCanary(bytes, 2_000 + owner, 0)
    }
  })
}

/** Overwritten, or detached, which leaves no length at all. */
function isGone(bytes: Uint8Array): boolean {
  return bytes.length === 0 || bytes.every((byte) => byte === POISON)
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
    if (rig.maxCloseMessageBytes !== undefined) {
      const bytes = new TextEncoder().encode(atB.closes[0]?.message)
      expect(bytes.length).toBeLessThanOrEqual(rig.maxCloseMessageBytes)
    }
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

  it('says CONNECTION_LOST, once, when the peer is gone without a word', async () => {
    const rig = await start()
    const mortal = await rig.connectToMortalPeer?.()
    // In one process there is no such end.
    if (mortal === undefined) return
    const at = new Recorder(mortal.link)
    mortal.link.send('reliable', canary(8, 0, 100))
    await rig.settle()
    expect(at.closes).toEqual([])
    mortal.die()
    await rig.until(() => at.closes.length > 0)
    mortal.link.send('reliable', canary(8, 1, 100))
    mortal.link.close({ code: 'LEFT', message: '' })
    await rig.settle()
    expect(at.closes.map((close) => close.code)).toEqual(['CONNECTION_LOST'])
    expect(mortal.link.bufferedBytes).toBeGreaterThanOrEqual(0)
  })

  it('counts what waits for a peer that does not read, and ends with TOO_SLOW above the hard limit', async () => {
    const rig = await start()
    const link = await rig.connectToStuckPeer()
    const at = new Recorder(link)
    // A handshake's last bytes may be on their way.
    await rig.until(() => link.bufferedBytes === 0)
    const { mostBuffered, message } = await flood(rig, link, at, 'reliable')
    await rig.until(() => at.closes.length > 0)
    expect(mostBuffered).toBeGreaterThan(message.length)
    expect(at.closes.map((close) => close.code)).toEqual(['TOO_SLOW'])
  })

  it('holds no more than its hard limit of datagrams for a peer that does not read', async () => {
    const rig = await start()
    const { maxBufferedBytes = 1_048_576 } = rig
    const link = await rig.connectToStuckPeer()
    const at = new Recorder(link)
    const { mostBuffered, message } = await flood(rig, link, at, 'datagram')
    // Frames of the transport count too.
    expect(mostBuffered).toBeLessThanOrEqual(maxBufferedBytes + message.length + 64)
    if (rig.ordered !== false) await rig.until(() => at.closes.length > 0)
    for (const { code } of at.closes) expect(code).toBe('TOO_SLOW')
  })
}

/** Sends much more than any bound allows, and sees to it that nothing is told from inside `send`. */
async function flood(
  rig: LinkRig,
  link: Link,
  at: Recorder,
  lane: Lane,
): Promise<{ mostBuffered: number; message: Uint8Array }> {
  const { maxMessageBytes, maxDatagramBytes = maxMessageBytes } = rig
  const message = canary(8, 0, Math.min(60_000, lane === 'reliable' ? maxMessageBytes : maxDatagramBytes))
  const count = Math.min(20_000, Math.ceil(120_000_000 / message.length))
  let mostBuffered = 0
  for (let n = 0; n < count && at.closes.length === 0; n++) {
    link.send(lane, message)
    expect(at.closes).toEqual([])
    mostBuffered = Math.max(mostBuffered, link.bufferedBytes)
    if (n % 8 === 0) await rig.settle()
  }
  return { mostBuffered, message }
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
