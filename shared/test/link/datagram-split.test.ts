/** Splitting datagrams, over paths that lose, reorder and repeat. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DatagramJoiner,
  DatagramSplitter,
  type Joined,
  MAX_DATAGRAM_BYTES,
  MAX_SPLIT_BYTES,
} from '../../src/link/datagram-split.ts'

/** Bytes that say which message they are of and where in it they stand. */
function message(id: number, length: number, first = 3): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, at) => (id * 31 + at * 7 + (at >> 8)) & 0xff)
  if (length > 0) bytes[0] = first
  return bytes
}

function split(...messages: Uint8Array[]): Uint8Array[] {
  const datagrams: Uint8Array[] = []
  const splitter = new DatagramSplitter((bytes) => datagrams.push(bytes.slice()))
  for (const bytes of messages) expect(splitter.send(bytes)).toBe(true)
  return datagrams
}

function join(datagrams: readonly Uint8Array[]): { messages: Uint8Array[]; results: Joined[] } {
  const messages: Uint8Array[] = []
  const joiner = new DatagramJoiner((bytes) => messages.push(bytes.slice()))
  return { messages, results: datagrams.map((datagram) => joiner.receive(datagram)) }
}

const sent = fc.array(
  fc.record({
    length: fc.oneof(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1_100, max: 1_200 }),
      fc.integer({ min: 2_200, max: 6_000 }),
      fc.constantFrom(MAX_SPLIT_BYTES, MAX_SPLIT_BYTES - 1),
    ),
    first: fc.constantFrom(1, 2, 3, 0xff),
  }),
  { minLength: 1, maxLength: 12 },
)

describe('splitting datagrams', () => {
  it('gives out only whole messages, as they were sent, whatever the path does', () => {
    const path = fc.array(fc.record({ at: fc.nat(10_000), late: fc.nat(8), copies: fc.integer({ min: 0, max: 2 }) }), {
      minLength: 200,
      maxLength: 200,
    })
    fc.assert(
      fc.property(sent, path, (kinds, fates) => {
        const messages = kinds.map(({ length, first }, id) => message(id, length, first))
        const arriving = split(...messages).flatMap((datagram, n) => {
          const { late = 0, copies = 1 } = fates[n % fates.length] ?? {}
          return Array.from({ length: copies }, (_, copy) => ({ datagram, at: n + late * (copy + 1) }))
        })
        arriving.sort((a, b) => a.at - b.at)
        const { messages: received, results } = join(arriving.map(({ datagram }) => datagram))
        for (const bytes of received)
          expect(messages.some((original) => Buffer.compare(original, bytes) === 0)).toBe(true)
        expect(results).not.toContain('malformed')
      }),
      { numRuns: 200 },
    )
  })

  it('gives out everything, once and in order, where nothing is lost, over the wrap of the group number too', () => {
    const count = 70_000
    let received = 0
    let wrong = 0
    const joiner = new DatagramJoiner((bytes) => {
      if (bytes[1] !== (received & 0xff) || bytes.length !== 1_151) wrong++
      received++
    })
    const splitter = new DatagramSplitter((bytes) => joiner.receive(bytes))
    const bytes = new Uint8Array(1_151)
    for (let n = 0; n < count; n++) {
      bytes[1] = n & 0xff
      splitter.send(bytes)
    }
    expect([received, wrong]).toEqual([count, 0])
  })

  it('sends what fits as it is, the very bytes, and all else in parts that fit', () => {
    const given: Uint8Array[] = []
    const splitter = new DatagramSplitter((bytes) => given.push(bytes))
    const fits = message(1, MAX_DATAGRAM_BYTES)
    splitter.send(fits)
    expect(given[0]).toBe(fits)
    for (const length of [MAX_DATAGRAM_BYTES + 1, 5_000, MAX_SPLIT_BYTES]) {
      const parts = split(message(2, length))
      expect(parts.length).toBe(Math.ceil(length / 1_146))
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES)
    }
    expect(split(message(3, 10, 0xff))).toEqual([Uint8Array.of(0xff, 0, 0, 0, ...message(3, 10, 0xff))])
    expect(splitter.send(message(4, MAX_SPLIT_BYTES + 1))).toBe(false)
  })

  it('drops what is incomplete as soon as a newer one begins, and never takes up an older one again', () => {
    const [a1, a2, b1, b2] = split(message(1, 2_000), message(2, 2_000)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    expect(join([a1, b1, a2, b2]).messages).toEqual([message(2, 2_000)])
    expect(join([b2, b1, a1, a2, b1, b2]).messages).toEqual([message(2, 2_000)])
    expect(join([a2, a1, b2, b1]).messages).toEqual([message(1, 2_000), message(2, 2_000)])
  })

  it('tells what is malformed from what is late, and takes any bytes at all', () => {
    const part = (place: number, length: number) => Uint8Array.of(0xff, 0, 1, place, ...new Uint8Array(length))
    for (const datagram of [Uint8Array.of(0xff), part(0, 0), part(0x12, 5), part(0x10, 5), part(0x11, 1_147)])
      expect(join([datagram]).results).toEqual(['malformed'])
    // Two messages of one number: the second contradicts the first.
    expect(join([part(0x10, 1_146), part(0x22, 5)]).results).toEqual(['partial', 'malformed'])
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 1_300 }).map((bytes) => bytes.fill(0xff, 0, 1))), (datagrams) => {
        for (const bytes of join(datagrams).messages) expect(bytes.length).toBeLessThanOrEqual(MAX_SPLIT_BYTES)
      }),
      { numRuns: 300 },
    )
  })
})
