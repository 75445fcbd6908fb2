import type { EpochTriple } from '@tickmesh/shared'
import { expect, it } from 'vitest'
import { Whereabouts } from '../src/session/whereabouts.ts'

const moved = (url: string, epoch?: EpochTriple) =>
  ({ t: 'moved', room: 'main', url, ...(epoch === undefined ? {} : { epoch }) }) as const

it('follows a few times in a row, then no more until it has arrived', () => {
  const where = new Whereabouts('ws://a')
  for (let hop = 0; hop < 5; hop++) expect(where.follow(where.url, moved(`ws://${hop}`))).toBe(true)
  expect(where.follow(where.url, moved('ws://z'))).toBe(false)
  expect(where.arrive('ws://a', {})).toBe(true)
  expect(where.follow(where.url, moved('ws://z'))).toBe(true)
  expect(where.next()).toBe('ws://z')
})

it('follows to WebSockets only, and from a secure address to secure ones only', () => {
  const [plain, secure] = [new Whereabouts('ws://a'), new Whereabouts('wss://a')]
  for (const url of ['http://b', 'javascript:alert(1)', '', '//b', ' ws://b'])
    expect(plain.follow('ws://a', moved(url))).toBe(false)
  expect(new Whereabouts('ws://a').follow('ws://a', moved('wss://b'))).toBe(true)
  expect(secure.follow('wss://a', moved('ws://b'))).toBe(false)
  expect([plain.url, secure.url]).toEqual(['ws://a', 'wss://a'])
  // A link that was handed in leads nowhere else.
  expect(new Whereabouts().follow('', moved('http://b'))).toBe(false)
})

it('dials the newest address first, then the others in turn: whoever ran the room may be gone', () => {
  const where = new Whereabouts('ws://a')
  expect([where.next(), where.next()]).toEqual(['ws://a', 'ws://a'])
  where.follow(where.url, moved('ws://b'))
  expect([where.next(), where.next(), where.next()]).toEqual(['ws://b', 'ws://a', 'ws://b'])
  where.next()
  where.arrive('ws://a', {})
  // Where it arrived it looks first.
  expect([where.url, where.next(), where.next()]).toEqual(['ws://a', 'ws://a', 'ws://b'])
})

it('keeps the greatest epoch that it learned, and arrives at no lower one, nor at none', () => {
  const where = new Whereabouts('ws://a')
  expect(where.arrive('ws://a', { epoch: [1, 4, 0] })).toBe(true)
  where.follow(where.url, moved('ws://b', [1, 5, 0]))
  expect(where.arrive('ws://a', { epoch: [1, 4, 9] })).toBe(false)
  expect(where.arrive('ws://a', {})).toBe(false)
  where.follow(where.url, moved('ws://c', [1, 3, 0]))
  expect(where.epoch).toEqual([1, 5, 0])
  expect(where.arrive('ws://a', { epoch: [1, 5, 0] })).toBe(true)
})

it('knows who stands by: two at most, by secure addresses only where the room has one, others in the place of those before', () => {
  const where = new Whereabouts('wss://a')
  where.arrive('wss://a', { standby: ['ws://b', 'wss://c', 'http://d', 'wss://e', 'wss://f'] })
  expect(where.standbys).toEqual(['wss://c', 'wss://e'])
  where.stand(['wss://g'])
  expect(where.standbys).toEqual(['wss://g'])
  where.arrive('wss://g', {})
  expect(where.isProtected).toBe(false)
})

it('remembers who stood by, for when its room and all who stand by now are gone: six addresses at most', () => {
  const where = new Whereabouts('ws://a')
  where.arrive('ws://a', { standby: ['ws://b'] })
  where.stand(['ws://c'])
  where.stand([])
  expect([where.next(), where.next(), where.next(), where.next()]).toEqual(['ws://a', 'ws://c', 'ws://b', 'ws://a'])
  for (let n = 0; n < 9; n++) where.stand([`ws://${n}`])
  const dialled = Array.from({ length: 12 }, () => where.next())
  expect([new Set(dialled).size, dialled.includes('ws://a'), dialled.includes('ws://8')]).toEqual([6, true, true])
})
