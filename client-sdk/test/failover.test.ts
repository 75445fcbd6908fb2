/** The server of a room dies, and another one goes on with it, a few ticks earlier: the same match, for a client that dials whoever stands by. */
import { describe, expect, it } from 'vitest'
import { A, B, PondShards, SECOND } from './pond-shards.ts'

/** One display frame of a boat at half speed, and what rounding may add. */
const STEP = 60 / 60 + 0.1

describe('a room whose server dies', () => {
  it.each([
    ['a WebSocket', true, 0],
    ['datagrams', false, 2],
    ['datagrams', false, -2],
  ])(
    'goes on where it was held, over %s: no clock runs backwards, nothing jumps, each press and message counts once',
    async (_name, ordered, clockErrorMs) => {
      const lab = new PondShards([B], clockErrorMs)
      const room = await lab.play({}, { ordered })
      lab.a.behind = 1
      room.send('say', { words: 'before' })
      await lab.run(500)
      room.press('fire')
      room.send('say', { words: 'lost' })
      await lab.run(30)
      const { ownCorrections, corrections } = room.stats
      // What A did of late nobody holds; what is on the way to it is lost.
      const heldTick = lab.a.tick - 3
      lab.a.die()
      await lab.run(100)
      room.send('say', { words: 'meanwhile' })
      expect(lab.dials.slice(1).map(({ url }) => url)).toEqual([A, B])
      await lab.run(400)
      expect(lab.b.hellos[0]).toMatchObject({ resume: expect.any(String), heard: 0, epoch: [7, 3, 1] })
      expect(lab.stalls.map(({ kind }) => kind)).toEqual(['waiting'])
      lab.b.goOnFrom(lab.a, heldTick, SECOND, 100)
      await lab.run(3_000)
      expect(lab.states.at(-1)?.state).toBe('connected')
      expect(lab.stalls.map(({ kind }) => kind)).toEqual(['waiting', 'resynced'])
      expect({ url: room.url, ...room.stats }).toMatchObject({
        url: B,
        failovers: 1,
        moves: 0,
        ownCorrections,
        corrections,
      })
      const { most, leastX, leastTick, leastView } = lab.steps()
      expect(most).toBeLessThan(STEP)
      expect(Math.min(leastX, leastTick, leastView)).toBeGreaterThanOrEqual(0)
      const player = lab.b.players[0]
      expect(player?.applied[0]).toBe(1)
      expect(player?.late).toBe(0)
      expect(lab.events).toEqual(['predicted'])
      const said = [lab.a, lab.b].map((shard) =>
        (shard.players[0]?.messages ?? []).filter(({ t }) => t === 'msg').map(({ v }) => (v as unknown[])[0]),
      )
      expect(said).toEqual([['before'], ['lost', 'meanwhile']])
    },
  )

  it('plays each effect once, whether the old server had told of it, or not, or not for good', async () => {
    for (let beforeMs = 0; beforeMs <= 300; beforeMs += 20) {
      const lab = new PondShards()
      const room = await lab.play()
      lab.a.behind = 6
      await lab.run(500)
      room.press('fire')
      await lab.run(beforeMs)
      lab.a.die()
      await lab.run(300)
      lab.b.goOnFrom(lab.a, lab.a.tick - 6, SECOND, 100)
      await lab.run(2_000)
      const { applied, late } = lab.b.players[0] ?? {}
      expect({ beforeMs, events: lab.events, applied: applied?.[0], late }).toEqual({
        beforeMs,
        events: ['predicted'],
        applied: 1,
        late: 0,
      })
    }
  })

  it('has what was not held taken back: no frame, no final event, and inputs from there on, none that are older', async () => {
    const lab = new PondShards()
    const room = await lab.play()
    lab.a.behind = 6
    await lab.run(500)
    lab.a.die()
    await lab.run(300)
    const heldTick = lab.a.tick - 6
    expect(room.client.newestTick).toBeGreaterThan(heldTick)
    expect(room.client.events.heldTick).toBeLessThanOrEqual(heldTick)
    lab.b.goOnFrom(lab.a, heldTick, SECOND, 120)
    await lab.run(70)
    const { client } = room
    expect(Math.max(client.newestTick, client.playback.newestTick, client.counts.newestHead)).toBe(heldTick)
    await lab.run(200)
    expect(client.newestTick).toBeGreaterThan(heldTick)
    expect(Math.min(...(lab.b.players[0]?.inputs ?? []).map(({ tick }) => tick))).toBe(heldTick + 1)
  })

  it('long ago: it waits until then, and goes on', async () => {
    const lab = new PondShards()
    const room = await lab.play()
    lab.a.die()
    await lab.run(3_000)
    lab.b.goOnFrom(lab.a, lab.a.tick, SECOND, 0)
    await lab.run(1_500)
    expect(lab.states.at(-1)?.state).toBe('connected')
    expect(lab.steps().leastView).toBeGreaterThanOrEqual(0)
    expect(lab.steps().most).toBeLessThan(STEP)
    expect(room.stats.serverTick).toBeGreaterThan(lab.b.tick - 8)
    // It stood for as long as the room did, not for longer.
    expect(room.stats.predictedTick).toBeGreaterThan(lab.b.tick)
  })

  it('without a word: after a second of silence others are asked, and what the old one says late is not heard', async () => {
    const lab = new PondShards()
    const room = await lab.play()
    const old = lab.dials[0]?.link
    if (old === undefined) throw new Error('nothing was dialled')
    lab.unreachable.add(A)
    old.dead = true
    const { tick } = lab.a
    await lab.run(300)
    expect(lab.stalls.map(({ kind }) => kind)).toEqual(['waiting'])
    await lab.run(600)
    expect({ states: lab.states, dials: lab.dials.length }).toEqual({ states: [], dials: 1 })
    await lab.run(300)
    expect(lab.dials.slice(1).map(({ url }) => url)).toEqual([A, B])
    lab.b.goOnFrom(lab.a, tick, SECOND, 50)
    await lab.run(200)
    old.dead = false
    await lab.run(2_000)
    expect({ url: room.url, failovers: room.stats.failovers }).toEqual({ url: B, failovers: 1 })
    expect(lab.steps().most).toBeLessThan(STEP)
    expect(lab.dials).toHaveLength(3)
  })

  it('or not: if it speaks again it is kept, although others were asked', async () => {
    const lab = new PondShards()
    const room = await lab.play()
    const old = lab.dials[0]?.link
    if (old === undefined) throw new Error('nothing was dialled')
    lab.unreachable.add(A)
    old.dead = true
    await lab.run(1_300)
    expect(lab.dials).toHaveLength(3)
    old.dead = false
    await lab.run(1_000)
    expect(lab.states.map(({ state }) => state)).toEqual(['reconnecting', 'connected'])
    expect({ url: room.url, reconnects: room.stats.reconnects }).toEqual({ url: A, reconnects: 0 })
    await lab.run(1_000)
    expect(lab.dials).toHaveLength(3)
  })

  it('is looked for at each address at its own pace: one that is not ready, or refuses, does not end the others', async () => {
    const lab = new PondShards()
    const room = await lab.play()
    lab.b.refusals.push('NOT_READY', 'NOT_READY')
    lab.a.die()
    lab.unreachable.add(A)
    await lab.run(1_000)
    const times = lab.dials.filter(({ url }) => url === B).map(({ atMs }) => atMs)
    expect(times).toHaveLength(3)
    // A dial, a hello and its answer take 80 ms; then it waits for 50 to 100, then for 100 to 200.
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(130)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(190)
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeLessThanOrEqual(290)
    expect(room.open).toBe(true)
    lab.b.goOnFrom(lab.a, lab.a.tick, SECOND, 100)
    await lab.run(300)
    expect(room.url).toBe(B)
  })

  it('is refused by all: the room ends', async () => {
    const lab = new PondShards()
    const room = await lab.play()
    let code = ''
    room.onClose((reason) => {
      code = reason.code
    })
    lab.b.refusals.push('ROOM_LOST')
    lab.a.refusals.push('ROOM_LOST')
    lab.a.die()
    await lab.run(1_000)
    expect(code).toBe('ROOM_LOST')
  })

  it('has nobody who stands by: one address at a time, and a pause only after a second', async () => {
    const lab = new PondShards([])
    await lab.play()
    lab.unreachable.add(A)
    lab.a.die()
    await lab.run(600)
    expect({ dials: lab.dials.length, stalls: lab.stalls }).toEqual({ dials: 2, stalls: [] })
  })
})

it('silence means that nothing comes, not that it takes long: a far player, or one whose frames are thinned, goes on', async () => {
  for (const path of [{ up: { delayMs: 300 }, down: { delayMs: 300 } }, { thinned: true }]) {
    const lab = new PondShards()
    const room = await lab.play({}, path)
    const player = lab.a.players[0]
    if (player === undefined) throw new Error('nobody plays')
    if ('thinned' in path) {
      // Ever fewer, as a congested path is treated.
      for (let n = 0; n < 40; n++) {
        player.muted = n % (n < 10 ? 2 : n < 20 ? 4 : 8) !== 0
        await lab.run(50)
      }
      for (let n = 0; n < 80; n++) {
        player.muted = n % 8 !== 0
        await lab.run(50)
      }
    } else await lab.run(3_000)
    expect({ stalls: lab.stalls, states: lab.states, stood: room.stats.stalls }).toEqual({
      stalls: [],
      states: [],
      stood: 0,
    })
  }
})

describe('a room that moves', () => {
  async function moves(prepare: boolean, clockErrorMs = 0, ordered = true) {
    const lab = new PondShards([B], clockErrorMs)
    const room = await lab.play({}, { ordered })
    const presses = { made: 0 }
    const press = () => {
      room.press('fire')
      presses.made++
    }
    if (prepare) lab.a.players[0]?.tell({ t: 'moving', url: B })
    for (let n = 0; n < 10; n++) {
      press()
      await lab.run(50)
    }
    return { lab, room, press, presses }
  }

  it.each([
    ['a WebSocket', 0, true],
    ['a WebSocket', 2, true],
    ['a WebSocket', -2, true],
    ['datagrams', 2, false],
  ])(
    'takes its player along, unnoticed, over %s: connected in advance, inputs go to both, nothing is late, stalls or jumps',
    async (_name, clockErrorMs, ordered) => {
      const { lab, room, press, presses } = await moves(true, clockErrorMs, ordered)
      expect(lab.b.waiting).toHaveLength(1)
      expect(lab.b.early.length).toBeGreaterThan(15)
      expect(lab.b.waiting[0]?.hello).toMatchObject({ prepare: true, resume: expect.any(String), heard: 0 })
      const { ownCorrections, corrections, starvedFrames } = room.stats
      const appliedByA = lab.a.players[0]?.applied[0] ?? 0
      lab.a.stopped = true
      lab.a.owns = false
      lab.b.goOnFrom(lab.a, lab.a.tick, SECOND)
      lab.b.epochMs += clockErrorMs
      for (let n = 0; n < 10; n++) {
        press()
        await lab.run(50)
      }
      await lab.run(1_000)
      expect({ states: lab.states, stalls: lab.stalls, url: room.url, dials: lab.dials.length }).toEqual({
        states: [],
        stalls: [],
        url: B,
        dials: 2,
      })
      expect(room.stats).toMatchObject({ moves: 1, failovers: 0, ownCorrections, corrections, starvedFrames })
      const player = lab.b.players[0]
      expect({ late: player?.late, applied: player?.applied[0] }).toEqual({ late: 0, applied: presses.made })
      expect(appliedByA).toBeLessThan(presses.made)
      const { most, leastX, leastTick, leastView } = lab.steps()
      expect(most).toBeLessThan(STEP)
      expect(Math.min(leastX, leastTick, leastView)).toBeGreaterThanOrEqual(0)
      // The old link was dropped, without leaving the room.
      expect(lab.dials[0]?.link.closedWith).toBe('REPLACED')
      expect(lab.a.players[0]?.messages.some(({ t }) => t === 'leave')).toBe(false)
    },
  )

  it('whether the old server hangs up first, or not', async () => {
    const { lab, room } = await moves(true)
    lab.a.die()
    await lab.run(60)
    lab.b.goOnFrom(lab.a, lab.a.tick, SECOND)
    await lab.run(1_000)
    expect({ states: lab.states, url: room.url, dials: lab.dials.length }).toEqual({ states: [], url: B, dials: 2 })
  })

  it('and dies instead: who waited there in vain dials again', async () => {
    const { lab, room } = await moves(true)
    lab.a.die()
    await lab.run(600)
    expect(lab.states.at(-1)?.state).toBe('reconnecting')
    expect(lab.dials.slice(2).map(({ url }) => url)).toContain(B)
    lab.b.waiting.shift()
    lab.b.goOnFrom(lab.a, lab.a.tick, SECOND, 50)
    await lab.run(1_000)
    expect({ state: lab.states.at(-1)?.state, url: room.url }).toEqual({ state: 'connected', url: B })
  })

  it('without a word in advance: it is followed at once, as the same player, and still nobody is told', async () => {
    const { lab, room, presses } = await moves(false)
    lab.a.stopped = true
    lab.a.owns = false
    lab.b.goOnFrom(lab.a, lab.a.tick, SECOND)
    lab.a.players[0]?.tell({ t: 'moved', url: B, room: 'main', epoch: SECOND })
    await lab.run(2_000)
    expect({ states: lab.states, url: room.url, moves: room.stats.moves }).toEqual({ states: [], url: B, moves: 1 })
    expect(lab.dials.map(({ url }) => url)).toEqual([A, B])
    expect(lab.b.players[0]?.applied[0]).toBe(presses.made)
    expect(new Set(lab.events)).toEqual(new Set(['predicted']))
  })

  it('not after all, and goes on where it was under a new epoch: its player is back at once, and nobody is told', async () => {
    const { lab, room, press, presses } = await moves(true)
    lab.a.epoch = SECOND
    for (const { link } of lab.a.players) link.close({ code: 'STALE_EPOCH', message: '' })
    for (let n = 0; n < 10; n++) {
      press()
      await lab.run(50)
    }
    await lab.run(1_000)
    expect({ states: lab.states, stalls: lab.stalls, url: room.url }).toEqual({ states: [], stalls: [], url: A })
    expect(room.stats).toMatchObject({ moves: 0, failovers: 0, reconnects: 1 })
    expect(lab.a.players.map(({ applied }) => applied[0])).toContain(presses.made)
  })

  it('not after all: the link that was opened for it is dropped, and play goes on', async () => {
    for (const end of ['told', 'hung up'] as const) {
      const { lab, room } = await moves(true)
      if (end === 'told') lab.a.players[0]?.tell({ t: 'moving', url: '' })
      else lab.b.die()
      await lab.run(200)
      const early = lab.b.early.length
      await lab.run(1_000)
      expect({ states: lab.states, url: room.url, early: lab.b.early.length, dials: lab.dials.length }).toEqual({
        states: [],
        url: A,
        early,
        dials: 2,
      })
      expect(lab.dials[1]?.link.closedWith).toBe('CONNECTION_LOST')
    }
  })
})
