import { NetError } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { ConnectionState } from '../src/index.ts'
import { type DialFate, PondLab, type PondOptions } from './pond-lab.ts'

const GRACE_MS = 20_000

/** A room whose lost links are dialled again, and all that its page hears of it. */
async function resumable(fate: NonNullable<PondOptions['fate']>, options: PondOptions = {}, graceMs = GRACE_MS) {
  const lab = new PondLab({ graceMs, roomAttributes: { wind: 1 } })
  const client = await lab.join({ fate, ...options })
  const states: ConnectionState[] = []
  const closed: string[] = []
  client.room.onConnection((state) => states.push(state))
  client.room.onClose(({ code }) => closed.push(code))
  await lab.run(1_000)
  return { lab, ...client, states, closed, breakLink: () => client.player.link.close(LOST) }
}

const LOST = { code: 'CONNECTION_LOST', message: 'cut' } as const
const always = (fate: DialFate) => () => fate

describe('a link that is lost', () => {
  it('is dialled again at once: the same player goes on in the same room, and sees all that it missed', async () => {
    const { lab, room, player, states, closed, dials, breakLink } = await resumable(always('ordered'))
    const heard: string[] = []
    room.onAttributes(() => heard.push(`wind ${room.attributes.wind}`))
    room.onPlayers(() => heard.push(`players ${room.players.size}`))
    const { attributes, players } = room
    const { secret } = player
    breakLink()
    await lab.run(41)
    expect(room.connection).toMatchObject({ state: 'reconnecting', reason: LOST, attempt: 1, waitMs: 0 })
    await lab.run(400)
    expect(states.map(({ state }) => state)).toEqual(['reconnecting', 'connected'])
    expect(lab.server.hellos[1]).toMatchObject({ t: 'hello', create: false, resume: secret })
    expect(lab.server.hellos[1]).not.toHaveProperty('options')
    expect(player.secret).not.toBe(secret)
    expect({ players: lab.server.players.length, dials: dials.length, seat: room.seat }).toEqual({
      players: 1,
      dials: 1,
      seat: 1,
    })
    expect(room.attributes).toBe(attributes)
    expect(room.players).toBe(players)
    expect(heard).toEqual(['wind 1', 'players 1'])
    expect(room.stats).toMatchObject({ reconnects: 1, link: 'websocket', stalls: 0 })
    const { rollbacks } = room.stats
    room.press('fire')
    await lab.run(1_000)
    expect({ closed, open: room.open, rollbacks: room.stats.rollbacks }).toEqual({ closed: [], open: true, rollbacks })
    expect(player.applied[0]).toBe(1)
  })

  it('is dialled with growing, jittered waits, never twice at a time, and given up when the seat is gone', async () => {
    const { lab, states, closed, dials, breakLink } = await resumable(({ attempt }) =>
      attempt === 2 ? 'hangs' : 'fails',
    )
    const from = lab.scheduler.now() + 40
    breakLink()
    await lab.run(40_000)
    const waits = states.map(({ waitMs }) => waitMs)
    expect(waits[0]).toBe(0)
    waits.slice(1).forEach((waitMs, n) => {
      expect(waitMs).toBeGreaterThan(0)
      expect(waitMs).toBeLessThanOrEqual(Math.min(5_000, 250 * 2 ** n))
    })
    expect(Math.max(...waits.slice(6))).toBeGreaterThan(1_500)
    expect(new Set(waits).size).toBe(waits.length)
    expect(states.map(({ attempt }) => attempt)).toEqual(states.map((_, n) => n + 1))
    // The one that hung was taken back after five seconds, and only then the next one began.
    const [hung, next] = dials.slice(2)
    expect(hung?.signal.aborted).toBe(true)
    expect((next?.atMs ?? 0) - (hung?.atMs ?? 0)).toBeGreaterThanOrEqual(5_000)
    expect(closed).toEqual(['CONNECTION_LOST'])
    const lastMs = (dials.at(-1)?.atMs ?? 0) - from
    expect(lastMs).toBeGreaterThan(GRACE_MS)
    expect(lastMs).toBeLessThanOrEqual(GRACE_MS + 5_000)
    expect(lab.server.players).toHaveLength(0)
  })

  it('waits the same way from the same seed', async () => {
    const run = async () => {
      const { lab, states, breakLink } = await resumable(always('fails'))
      breakLink()
      await lab.run(10_000)
      return states.map(({ waitMs }) => waitMs)
    }
    expect(await run()).toEqual(await run())
  })

  it('ends the room at once where the secret is refused', async () => {
    const { lab, player, closed, dials, breakLink } = await resumable(always('ordered'))
    player.secret = 'another'
    breakLink()
    await lab.run(500)
    expect({ closed, dials: dials.length }).toEqual({ closed: ['RESUME_REFUSED'], dials: 1 })
  })

  it('ends the room at once without a way to dial, without a secret, and for a code that is final', async () => {
    for (const [graceMs, code] of [
      [0, 'CONNECTION_LOST'],
      [GRACE_MS, 'KICKED'],
      [GRACE_MS, 'SERVER_STOPPING'],
    ] as const) {
      const { lab, player, closed, dials } = await resumable(always('ordered'), {}, graceMs)
      player.link.close({ code, message: '' })
      await lab.run(500)
      expect({ closed, dials: dials.length }).toEqual({ closed: [code], dials: 0 })
    }
  })

  it('can be left while it is dialled: nothing of the attempt stays', async () => {
    for (const [fate, afterMs] of [
      ['fails', 3_000],
      ['hangs', 3_000],
      ['silent', 3_000],
      ['ordered', 60],
    ] as const) {
      const { lab, room, closed, dials, breakLink } = await resumable(always(fate))
      breakLink()
      await lab.run(40 + afterMs)
      expect(room.connection.state).toBe('reconnecting')
      const before = dials.length
      await room.leave()
      await lab.run(30_000)
      expect({ closed, dials: dials.length, left: dials.at(-1)?.link?.closedWith ?? 'LEFT' }).toEqual({
        closed: ['LEFT'],
        dials: before,
        left: 'LEFT',
      })
    }
  })

  it('keeps messages to the server until there is a link: the newest, up to a bound', async () => {
    let fate: DialFate = 'fails'
    const { lab, room, player, breakLink } = await resumable(() => fate)
    breakLink()
    await lab.run(100)
    for (let n = 0; n < 300; n++) room.send('say', { words: `${n}` })
    fate = 'ordered'
    await lab.run(3_000)
    const said = player.messages.filter(({ t }) => t === 'msg').map(({ v }) => (v as unknown[])[0])
    expect(said).toEqual(Array.from({ length: 256 }, (_, n) => `${n + 44}`))
  })

  it('sends each input once more, applies each press once, and learns nothing from what came late by that', async () => {
    for (const fate of ['ordered', 'datagrams'] as const) {
      const { lab, room, player, link, breakLink } = await resumable(always(fate))
      const { leadMs } = room.stats
      // What is under way is lost with the link.
      link.dead = true
      for (let n = 0; n < 3; n++) {
        room.press('fire')
        await lab.run(100)
      }
      link.dead = false
      breakLink()
      await lab.run(3_000)
      room.press('fire')
      await lab.run(500)
      const ticks = player.inputs.map(({ tick }) => tick)
      expect(new Set(ticks).size).toBe(ticks.length)
      expect(player.applied[0]).toBe(4)
      expect(player.allLate).toBeGreaterThan(10)
      expect(Math.abs(room.stats.leadMs - leadMs)).toBeLessThan(15)
    }
  })
})

describe('a link that falls silent', () => {
  it('is asked, then given up; the new one is taken, and what the old one says then is not heard', async () => {
    const { lab, room, player, link, states, closed, dials } = await resumable(always('ordered'))
    const old = player.link
    link.dead = true
    await lab.run(3_900)
    expect(states).toEqual([])
    await lab.run(300)
    expect(states[0]).toMatchObject({ state: 'reconnecting', reason: { code: 'TIMED_OUT' } })
    await lab.run(500)
    expect(states.at(-1)?.state).toBe('connected')
    link.dead = false
    old.send('reliable', Uint8Array.from([9]))
    await lab.run(5_000)
    expect({ closed, dials: dials.length, players: lab.server.players.length }).toEqual({
      closed: [],
      dials: 1,
      players: 1,
    })
    expect(room.stats.serverTick).toBeGreaterThan(lab.server.tick - 10)
  })

  it('is kept if it speaks again before another one is there', async () => {
    const { lab, room, link, states, dials } = await resumable(always('fails'))
    link.dead = true
    await lab.run(6_000)
    link.dead = false
    await lab.run(30_000)
    expect(states.at(-1)?.state).toBe('connected')
    expect(room.stats.reconnects).toBe(0)
    const { length } = dials
    await lab.run(5_000)
    expect(dials).toHaveLength(length)
    expect(room.open).toBe(true)
  })

  it('is not lost as long as pongs come', async () => {
    const { lab, player, states } = await resumable(always('ordered'))
    player.muted = true
    await lab.run(30_000)
    expect(states).toEqual([])
  })

  it('does not count while the page itself stood still: first it is asked', async () => {
    const { lab, host, room, states, dials } = await resumable(always('ordered'))
    host.frozenUntilMs = lab.scheduler.now() + 10_000
    await lab.run(12_000)
    expect({ states, dials: dials.length }).toEqual({ states: [], dials: 0 })
    expect(Math.abs(room.debug.serverNowMs - lab.server.now())).toBeLessThan(2)
  })

  it('is given up a second after the page woke, if nothing is heard then', async () => {
    const { lab, host, link, room, states } = await resumable(always('ordered'))
    host.frozenUntilMs = lab.scheduler.now() + 10_000
    link.dead = true
    await lab.run(10_700)
    expect(states).toEqual([])
    await lab.run(1_000)
    expect(states.map(({ state }) => state)).toEqual(['reconnecting', 'connected'])
    await lab.run(1_000)
    expect(Math.abs(room.debug.serverNowMs - lab.server.now())).toBeLessThan(2)
  })
})

describe('being replaced', () => {
  it('by another tab is the end', async () => {
    const { lab, player, closed, dials } = await resumable(always('ordered'))
    player.tell({ t: 'bye', code: 'REPLACED', message: '' })
    player.link.close({ code: 'REPLACED', message: '' })
    await lab.run(500)
    expect({ closed, dials: dials.length }).toEqual({ closed: ['REPLACED'], dials: 0 })
  })

  it('by an own link whose welcome was lost is not: the next attempt goes on', async () => {
    let welcomed = 0
    const lab = new PondLab({ graceMs: GRACE_MS })
    const { room, player, link, dials } = await lab.join({ fate: () => 'ordered' })
    const closed: string[] = []
    room.onClose(({ code }) => closed.push(code))
    const tell = player.tell.bind(player)
    player.tell = (message) => {
      // The first resume's welcome never comes, and the secret stays, as it was not confirmed.
      if ('resumed' in message && welcomed++ === 0) player.secret = lab.server.hellos.at(-1)?.resume as string
      else tell(message)
    }
    await lab.run(1_000)
    link.dead = true
    await lab.run(4_300)
    link.dead = false
    await lab.run(8_000)
    expect({ closed, dials: dials.length, welcomed }).toEqual({ closed: [], dials: 2, welcomed: 2 })
    expect(room.connection.state).toBe('connected')
  })
})

describe('a room that prefers WebRTC', () => {
  it('falls back when that dies, tries again after a while, and takes it over without a pause', async () => {
    let rtc: DialFate = 'fails'
    const { lab, room, states, dials, breakLink, client } = await resumable(
      ({ better }) => (better ? rtc : 'ordered'),
      {
        ordered: false,
        link: 'auto',
        sample: () => ({ move: { x: 1, y: 0 } }),
      },
    )
    expect(room.stats.link).toBe('webrtc')
    breakLink()
    await lab.run(2_000)
    expect(room.stats.link).toBe('websocket')
    const { length } = dials
    await lab.run(28_500)
    expect(dials.slice(length).map(({ better }) => better)).toEqual([true])
    rtc = 'datagrams'
    await lab.run(119_000)
    const before = { states: states.length, tick: client.prediction.inputTick, now: lab.scheduler.now() }
    const { ownCorrections, lateInputs } = room.stats
    // What was on the old link when the server took the new one comes again: a round trip of inputs.
    const most = lateInputs + 6
    await lab.run(4_000)
    expect(room.stats).toMatchObject({ link: 'webrtc', reconnects: 2, ownCorrections, stalls: 0 })
    expect(room.stats.lateInputs).toBeLessThanOrEqual(most)
    expect(states.slice(before.states).map(({ state }) => state)).toEqual(['connected'])
    expect(client.prediction.inputTick - before.tick).toBeGreaterThan(235)
    await lab.run(600_000)
    expect(dials).toHaveLength(length + 2)
    // Where it does not hold, it is tried ever more seldom.
    dials.at(-1)?.link?.breakOff()
    await lab.run(290_000)
    expect(room.stats.link).toBe('websocket')
    expect(dials).toHaveLength(length + 3)
    await lab.run(15_000)
    expect(room.stats.link).toBe('webrtc')
  })
})

it('an attempt that fails with an error of the page is tried again', async () => {
  let asked = 0
  const lab = new PondLab({ graceMs: GRACE_MS })
  const { room, player } = await lab.join({
    redial: () => Promise.reject(asked++ === 0 ? new Error('no') : new NetError('TOO_MANY_CONNECTIONS', 'full', '')),
  })
  player.link.close(LOST)
  await lab.run(3_000)
  expect(asked).toBeGreaterThan(2)
  expect(room.connection.state).toBe('reconnecting')
})
