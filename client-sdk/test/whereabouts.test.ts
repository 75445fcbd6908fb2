import type { EpochTriple } from '@tickmesh/shared'
import { expect, it } from 'vitest'
import { Whereabouts } from '../src/session/whereabouts.ts'

const moved = (url: string, epoch?: EpochTriple) =>
  ({ t: 'moved', room: 'main', url, ...(epoch === undefined ? {} : { epoch }) }) as const

it('follows a few times in a row, then no more until it has arrived', () => {
  const where = new Whereabouts('ws://a')
  for (let hop = 0; hop < 5; hop++) expect(where.follow(moved(`ws://${hop}`))).toBe(true)
  expect(where.follow(moved('ws://z'))).toBe(false)
  expect(where.arrive(undefined)).toBe(true)
  expect(where.follow(moved('ws://z'))).toBe(true)
  expect(where.url).toBe('ws://z')
})

it('follows to WebSockets only, and from a secure address to secure ones only', () => {
  const [plain, secure] = [new Whereabouts('ws://a'), new Whereabouts('wss://a')]
  for (const url of ['http://b', 'javascript:alert(1)', '', '//b', ' ws://b'])
    expect(plain.follow(moved(url))).toBe(false)
  expect(new Whereabouts('ws://a').follow(moved('wss://b'))).toBe(true)
  expect(secure.follow(moved('ws://b'))).toBe(false)
  expect([plain.url, secure.url]).toEqual(['ws://a', 'wss://a'])
  // A link that was handed in leads nowhere else.
  expect(new Whereabouts().follow(moved('http://b'))).toBe(false)
})

it('dials the newest address first, then the others in turn: whoever ran the room may be gone', () => {
  const where = new Whereabouts('ws://a')
  expect([where.next(), where.next()]).toEqual(['ws://a', 'ws://a'])
  where.follow(moved('ws://b'))
  expect([where.next(), where.next(), where.next()]).toEqual(['ws://b', 'ws://a', 'ws://b'])
  where.next()
  where.arrive(undefined)
  // Where it arrived it looks first.
  expect([where.url, where.next(), where.next()]).toEqual(['ws://a', 'ws://a', 'ws://b'])
})

it('keeps the greatest epoch that it learned, and arrives at no lower one, nor at none', () => {
  const where = new Whereabouts('ws://a')
  expect(where.arrive([1, 4, 0])).toBe(true)
  where.follow(moved('ws://b', [1, 5, 0]))
  expect(where.arrive([1, 4, 9])).toBe(false)
  expect(where.arrive(undefined)).toBe(false)
  where.follow(moved('ws://c', [1, 3, 0]))
  expect(where.epoch).toEqual([1, 5, 0])
  expect(where.arrive([1, 5, 0])).toBe(true)
})
