/** Effects on the outside, timers with names, and messages that are counted over links. */
import { describe, expect, it } from 'vitest'
import { EffectDesk } from '../../src/room/effect-desk.ts'
import { unpackNotes } from '../../src/room/session-notes.ts'
import { TickTimers } from '../../src/room/tick-timers.ts'
import { TestServer } from '../raw-client.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'
import { LOST, protectedRoom } from './standby-rig.ts'

type Done = { readonly id: string; readonly data: unknown }

describe('an effect', () => {
  it('is carried out once its tick is held, with an id that stays, and its end is told', () => {
    const done: Done[] = []
    const { server, core, room, hold, line, tick } = protectedRoom({
      effects: { score: (effect) => void done.push(effect) },
    })
    server.join()
    hold()
    room().effect('score', { points: 5 })
    tick(5)
    const said = core.tickNumber - 4
    expect(done).toEqual([])
    expect(line.notes(line.records.length - 5)).toContainEqual([
      'effect',
      expect.any(String),
      said,
      'score',
      { points: 5 },
    ])
    hold(said)
    const seed = (core.options.publicSeed >>> 0).toString(16).padStart(8, '0')
    expect(done).toEqual([{ id: `main/${seed}/${said}/0`, room: 'main', data: { points: 5 } }])
    tick()
    expect(line.notes(line.records.length - 1)).toEqual([['effect-done', `main/${seed}/${said}/0`]])
    tick(100)
    hold()
    expect(done).toHaveLength(1)
    expect(unpackNotes(core.keyframe().session)?.filter(([kind]) => kind === 'effect')).toEqual([])
  })

  it('that fails is tried again after 1 s, 2 s and 4 s, with the same id, and throws nowhere', async () => {
    const tries: [number, string][] = []
    const { server, room } = protectedRoom({
      effects: {
        score: async ({ id }) => {
          tries.push([Math.round(server.scheduler.now() / 100) / 10, id])
          if (tries.length < 4) throw new Error('the database is down')
        },
      },
    })
    server.join()
    room().effect('score')
    const from = Math.round(server.scheduler.now() / 100) / 10
    for (let n = 0; n < 100; n++) {
      server.run(100)
      await Promise.resolve()
      await Promise.resolve()
    }
    expect(tries.map(([at]) => Math.round(at - from))).toEqual([0, 1, 3, 7])
    expect(new Set(tries.map(([, id]) => id)).size).toBe(1)
    expect(server.lines.filter(({ event }) => event === 'effect-failed')).toHaveLength(3)
  })

  it('is carried out after the end of the room, which is protected until then', async () => {
    let works = false
    let tries = 0
    const ended: string[] = []
    const { server, room, hold } = protectedRoom(
      {
        effects: {
          score: () => {
            tries++
            return works ? Promise.resolve() : Promise.reject(new Error('no'))
          },
        },
      },
      { onEffectsDone: (id) => void ended.push(id) },
    )
    server.join()
    room().effect('score')
    room().close()
    server.run(20)
    hold()
    expect(server.host.rooms.size).toBe(0)
    expect(tries).toBe(1)
    for (let n = 0; n < 20; n++) {
      server.run(100)
      await Promise.resolve()
    }
    expect([tries, ended]).toEqual([2, []])
    works = true
    for (let n = 0; n < 40; n++) {
      server.run(100)
      await Promise.resolve()
    }
    expect([tries, ended]).toEqual([3, ['main']])
  })

  it('that never succeeds is given up a minute after the end, and said to be', async () => {
    const ended: string[] = []
    const { server, room } = protectedRoom(
      { effects: { score: () => Promise.reject(new Error('no')) } },
      { onEffectsDone: (id) => void ended.push(id) },
    )
    server.join()
    room().effect('score')
    room().close()
    for (let n = 0; n < 130; n++) {
      server.run(500)
      await Promise.resolve()
    }
    expect(ended).toEqual(['main'])
    expect(server.lines.some(({ event }) => event === 'effects-given-up')).toBe(true)
    expect(server.scheduler.pending).toBeLessThanOrEqual(1)
  })

  it('is refused without a rule, with what is no plain data, and beyond 256 that are not done', () => {
    const { room, hold } = protectedRoom({ effects: { score: () => {} } })
    hold(-1)
    expect(() => room().effect('scroe')).toThrow(/rules\.effects\.scroe/)
    expect(() => room().effect('toString')).toThrow(/no rule/)
    expect(() => room().effect('score', () => {})).toThrow(/plain/)
    expect(() => room().effect('score', 'x'.repeat(5_000))).toThrow(/at most 4096/)
    for (let n = 0; n < 256; n++) room().effect('score', n)
    expect(() => room().effect('score')).toThrow(/256 effects/)
  })

  it('of a room without anybody who stands by is carried out within its tick, and outside of a cluster too', () => {
    const done: unknown[] = []
    const rules = { ...walkerRules, effects: { score: ({ data }: Done) => void done.push(data) } }
    const server = new TestServer<Walkers>(walkers, rules)
    server.join()
    server.host.rooms.get('main')?.effect('score', 1)
    server.run(20)
    expect(done).toEqual([1])
  })

  it('goes on at whoever restores it, unless the desk was stopped', () => {
    const done: string[] = []
    const desk = () =>
      new EffectDesk({
        room: 'r',
        publicSeed: 1,
        rules: { a: ({ id }) => void done.push(id) },
        log: () => {},
        timer: undefined,
      })
    const [before, after] = [desk(), desk()]
    before.add(7, 'a', null)
    for (const effect of before.pending) after.restore(effect)
    before.stop()
    before.run(100, 0)
    after.run(6, 0)
    expect(done).toEqual([])
    after.run(7, 0)
    expect(done).toEqual(['r/00000001/7/0'])
  })
})

describe('a timer with a name', () => {
  it('runs its rule with its data, once or again and again, and is told to those who stand by', () => {
    const ran: unknown[] = []
    const { server, core, room, line, tick } = protectedRoom({
      timers: { note: (of, data) => void ran.push([of.tick, data]) },
    })
    server.join()
    const now = core.tickNumber
    const from = line.records.length
    room().schedule('note', 50, 'once')
    const every = room().scheduleEvery('note', 100, { every: 1 })
    tick(14)
    expect(ran).toEqual([
      [now + 3, 'once'],
      [now + 6, { every: 1 }],
      [now + 12, { every: 1 }],
    ])
    every.cancel()
    tick(20)
    expect(ran).toHaveLength(3)
    expect(line.notes(from)).toEqual([
      ['timer', 1, now + 3, 0, 'note', 'once'],
      ['timer', 2, now + 6, 6, 'note', { every: 1 }],
      ['timer-off', 1],
      ['timer', 2, now + 12, 6, 'note', { every: 1 }],
      ['timer', 2, now + 18, 6, 'note', { every: 1 }],
      ['timer-off', 2],
    ])
  })

  it('runs in the same order after it was restored', () => {
    const ran: string[] = []
    const make = () => new TickTimers(60, (name) => void ran.push(name))
    const before = make()
    for (const name of ['b', 'a', 'd', 'c']) before.schedule(0, 100, false, name, null)
    before.schedule(0, 50, false, 'first', null)
    const after = make()
    for (const timer of before.named()) after.restore(timer)
    after.schedule(0, 100, false, 'last', null)
    after.run(10)
    expect(ran).toEqual(['first', 'b', 'a', 'd', 'c', 'last'])
  })

  it('is refused without a rule; functions are warned of, once', () => {
    const { server, room } = protectedRoom({ timers: {} }, { development: true })
    expect(() => room().schedule('gone', 1)).toThrow(/rules\.timers\.gone/)
    room().after(1, () => {})
    room().every(1, () => {})
    expect(server.lines.filter(({ event }) => event === 'timer-does-not-survive')).toHaveLength(1)
  })
})

describe('messages over links', () => {
  it('of a client are counted as they are applied, and each is told to it once it is held', () => {
    const said: number[] = []
    const { server, hold } = protectedRoom({ messages: { say: (_room, _player, { n }) => void said.push(n) } })
    const client = server.join()
    hold()
    for (let n = 0; n < 5; n++) client.say('say', { text: '', n })
    server.run(400)
    expect(client.of('got')).toEqual([])
    hold()
    server.run(400)
    expect(client.of('got')).toEqual([{ t: 'got', heard: 5 }])
    // Over the next link the client learns how many came, those that wait for the next tick included.
    client.say('say', { text: '', n: 5 })
    server.run(1)
    const again = server.connect()
    again.hello({ resume: client.welcome?.resume })
    server.run(60)
    hold()
    server.run(20)
    expect(again.welcome?.heard).toBe(6)
    expect(said).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('of a client are confirmed at most every 250 ms, also where nobody stands by', () => {
    const server = new TestServer<Walkers>(walkers, { ...walkerRules, messages: { say() {} } })
    const client = server.join()
    for (let n = 0; n < 60; n++) {
      client.say('say', { text: '', n: 1 })
      server.run(1000 / 60)
    }
    server.run(300)
    const got = client.of('got').map(({ heard }) => heard)
    expect(got.at(-1)).toBe(60)
    expect(got.length).toBeLessThanOrEqual(6)
  })

  it('of the game that were lost with a link come again, and none twice', () => {
    const { server, room, texts } = protectedRoom()
    const client = server.join()
    for (const text of ['a', 'b', 'c']) room().broadcast('said', { text, seat: 0 })
    server.run(20)
    client.link.close(LOST)
    server.run(20)
    room().broadcast('said', { text: 'd', seat: 0 })
    const again = server.connect()
    again.hello({ resume: client.welcome?.resume, heard: 1 })
    server.run(40)
    room().broadcast('said', { text: 'e', seat: 0 })
    server.run(40)
    expect(again.messages[0]?.t).toBe('welcome')
    expect(texts(again)).toEqual(['b', 'c', 'd', 'e'])
    expect(room().players.get(1)?.stats.lostMessages).toBe(0)
  })

  it('of the game that waited for a link that is gone are told once, over the next', () => {
    const { server, room, hold, texts } = protectedRoom()
    const client = server.join()
    hold()
    for (const text of ['a', 'b']) room().broadcast('said', { text, seat: 0 })
    server.run(40)
    const again = server.connect()
    again.hello({ resume: client.welcome?.resume, heard: 0 })
    server.run(40)
    hold()
    server.run(40)
    expect(texts(client)).toEqual([])
    expect(client.closed?.code).toBe('REPLACED')
    expect(texts(again)).toEqual(['a', 'b'])
  })
})
