/** The memory of frames: views are of the right bytes, made once, and no more of them than a server soon has. */
import { expect, it } from 'vitest'
import { BODY_AT, FrameMemory } from '../../src/room/frame-memory.ts'

const LONGEST_KEPT = 511

it('gives each frame as a view of its bytes, the same one each time, for all usual heads and lengths', () => {
  const memory = new FrameMemory()
  memory.bytes.forEach((_, at) => {
    memory.bytes[at] = at & 0xff
  })
  for (let head = 1; head <= 17; head++) {
    const from = BODY_AT - head
    for (const length of [head, head + 1, 200, LONGEST_KEPT]) {
      const view = memory.view(from, from + length)
      expect([view.buffer, view.byteOffset, view.length]).toEqual([memory.bytes.buffer, from, length])
      expect(memory.view(from, from + length)).toBe(view)
    }
  }
})

it('keeps no views of long frames, nor of those with long heads: they come seldom, and would make it grow for hours', () => {
  const memory = new FrameMemory()
  const seldom = [
    [BODY_AT - 10, BODY_AT + LONGEST_KEPT],
    [BODY_AT - 18, BODY_AT + 100],
    [0, 100],
  ] as const
  for (const [from, to] of seldom) {
    const view = memory.view(from, to)
    expect([view.byteOffset, view.length]).toEqual([from, to - from])
    expect(memory.view(from, to)).not.toBe(view)
  }
})

it('keeps what was written when it grows, and no view of the old memory', () => {
  const memory = new FrameMemory()
  const [from, to] = [BODY_AT - 8, BODY_AT + 20]
  const old = memory.view(from, to)
  old.fill(7)
  memory.grow()
  expect(memory.view(from, to)).toEqual(new Uint8Array(28).fill(7))
  expect(memory.view(from, to).buffer).toBe(memory.bytes.buffer)
  expect(memory.view(from, to).buffer).not.toBe(old.buffer)
})
