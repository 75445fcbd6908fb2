/** Which bytes take the short way. That all bytes are read rightly is proved in ws-link.test.ts. */
import { describe, expect, it } from 'vitest'
import { FrameReader, SHORT_HEADER_BYTES } from '../../src/transport/frame-reader.ts'
import { ReadingMemory } from '../../src/transport/socket-reading.ts'

const plain = (...payload: number[]): number[] => [0x82, 0x80 | payload.length, 0, 0, 0, 0, ...payload]

function read(...chunks: number[][]): { messages: number[][]; passedOn: number[][] } {
  const messages: number[][] = []
  const passedOn: number[][] = []
  const reader = new FrameReader(
    1_000,
    (bytes) => messages.push([...bytes]) > 0,
    new ReadingMemory(SHORT_HEADER_BYTES),
    (chunk) => passedOn.push([...chunk]),
  )
  for (const chunk of chunks) reader.read(Buffer.from(chunk))
  return { messages, passedOn }
}

describe('the short way of frames', () => {
  it('takes whole plain frames, several in a chunk, without the parser of ws', () => {
    expect(read([...plain(1), ...plain(2, 3)], plain())).toEqual({ messages: [[1], [2, 3], []], passedOn: [] })
  })

  it('passes on from the first other byte, and is taken again between two messages', () => {
    const ping = [0x89, 0x80, 0, 0, 0, 0]
    const cut = plain(7, 8, 9)
    const first = [0x02, 0x81, 0, 0, 0, 0, 5]
    const last = [0x80, 0x81, 0, 0, 0, 0, 6]
    const long = [0x82, 0xfe, 1, 0, 0, 0, 0, 0, ...new Array(256).fill(4)]
    expect(
      read(
        [...plain(1), ...ping],
        plain(2),
        cut.slice(0, 1),
        cut.slice(1, 7),
        cut.slice(7),
        plain(3),
        [...first, ...ping],
        last,
        plain(4),
        long.slice(0, 3),
        long.slice(3),
        plain(5),
      ),
    ).toEqual({
      messages: [[1], [2], [3], [4], [5]],
      passedOn: [
        ping,
        cut.slice(0, 1),
        cut.slice(1, 7),
        cut.slice(7),
        [...first, ...ping],
        last,
        long.slice(0, 3),
        long.slice(3),
      ],
    })
  })

  it('leaves what is too long, unmasked or text to ws', () => {
    for (const frame of [
      [0x82, 0xfe, 0x03, 0xe9, 0, 0, 0, 0, ...new Array(1_001).fill(0)],
      [0x82, 0x05, 1, 2, 3, 4, 5],
      [0x81, 0x81, 0, 0, 0, 0, 65],
      [0xc2, 0x81, 0, 0, 0, 0, 65],
    ]) {
      expect(read(frame)).toEqual({ messages: [], passedOn: [frame] })
    }
  })
})
