/** What somebody may send who is here before its room, and for how long it may wait. */
import { expect, it } from 'vitest'
import { EarlyInputs } from '../../src/gate/early-inputs.ts'

it('keeps the newest messages, 64 or 65,536 bytes of them, and is over after 10 s', () => {
  const early = new EarlyInputs(() => {}, 1_000)
  for (let n = 0; n < 100; n++) early.keep(new Uint8Array([n]))
  expect(early.messages.map(([n]) => n)).toEqual(Array.from({ length: 64 }, (_, n) => n + 36))
  for (let n = 0; n < 10; n++) early.keep(new Uint8Array(16_384).fill(n))
  expect(early.messages.map(([n]) => n)).toEqual([6, 7, 8, 9])
  expect([early.isOver(11_000), early.isOver(11_001)]).toEqual([false, true])
})
