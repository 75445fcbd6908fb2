import { CONTROL, encodeControl } from '@tickmesh/shared'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PondLab } from './pond-lab.ts'

afterEach(() => vi.unstubAllGlobals())

describe('a room', () => {
  it('keeps attributes and players by patches', async () => {
    const lab = new PondLab({ roomAttributes: { wind: 1, marks: { a: 1 } } })
    const { room, player } = await lab.join()
    const heard: string[] = []
    room.onAttributes(() => heard.push('attributes'))
    const stop = room.onPlayers(() => heard.push(`players ${[...room.players.keys()]}`))
    player.tell({ t: 'attr', tick: 1, room: { set: { wind: 5 }, in: { marks: { set: { b: 2 }, unset: ['a'] } } } })
    player.tell({
      t: 'attr',
      tick: 2,
      players: [
        [2, { set: { name: 'Bo', score: 3 } }],
        [1, { set: { score: 9 } }],
      ],
    })
    await lab.run(60)
    expect(room.attributes).toEqual({ wind: 5, marks: { b: 2 } })
    expect(room.players.get(2)?.attributes).toEqual({ name: 'Bo', score: 3 })
    expect(room.players.get(1)?.attributes).toEqual({ name: 'p1', score: 9 })
    player.tell({ t: 'attr', tick: 3, players: [[2, null]] })
    await lab.run(60)
    expect(heard).toEqual(['attributes', 'attributes', 'players 1,2', 'attributes', 'players 1'])
    stop()
    player.tell({ t: 'attr', tick: 4, players: [[3, { set: {} }]] })
    await lab.run(60)
    expect(heard).toHaveLength(6)
  })

  it('carries typed messages both ways', async () => {
    const lab = new PondLab()
    const { room, player } = await lab.join()
    const told: unknown[] = []
    room.onMessage('told', (values) => told.push(values))
    player.tell({ t: 'msg', i: 0, v: ['ahoy'] })
    room.send('say', { words: 'hello', loud: 3 })
    await lab.run(60)
    expect(told).toEqual([{ words: 'ahoy' }])
    expect(player.messages.at(-1)).toMatchObject({ t: 'msg', i: 0, v: ['hello', 3] })
    expect(() => room.send('shout' as 'say', {})).toThrow(/no message "shout".*say/)
    expect(() => room.send('say', { loud: 10 })).toThrow(/loud/)
    expect(() => room.onEvent('boom' as 'fired', () => {})).toThrow(/no event "boom".*fired/)
    expect(() => room.onMessage('nothing' as 'told', () => {})).toThrow(/told/)
    expect(() => room.press('move' as 'fire')).toThrow(/not a press/)
  })

  it('leaves: the server hears of it, and nothing goes on', async () => {
    const lab = new PondLab()
    const { room, player, client } = await lab.join()
    const reasons: unknown[] = []
    room.onClose((reason) => reasons.push(reason.code))
    await room.leave()
    await room.leave()
    expect({ open: room.open, reasons }).toEqual({ open: false, reasons: ['LEFT'] })
    await lab.run(500)
    expect(player.messages.at(-1)).toEqual({ t: 'leave' })
    const { tick } = client.prediction
    const { drawnFrames } = room.stats
    await lab.run(1000)
    expect(client.prediction.tick).toBe(tick)
    expect(room.stats.drawnFrames).toBe(drawnFrames)
    expect(() => room.press('fire')).not.toThrow()
  })

  it('ends with the reason of a goodbye', async () => {
    const lab = new PondLab()
    const { room, player } = await lab.join()
    const reasons: unknown[] = []
    room.onClose((reason) => reasons.push(reason))
    player.tell({ t: 'bye', code: 'KICKED', message: 'out' })
    player.link.close({ code: 'KICKED', message: 'out' })
    await lab.run(200)
    expect(reasons).toEqual([{ code: 'KICKED', message: 'out' }])
  })

  it.each([
    ['a frame', Uint8Array.from([3, 1, 2, 3])],
    ['a message of no kind', Uint8Array.from([99])],
    ['nothing at all', new Uint8Array(0)],
    ['a control message that is none', Uint8Array.from([CONTROL, 0xc1])],
    ['an undeclared message', Uint8Array.from([CONTROL, ...encodeControl({ t: 'msg', i: 9, v: [] })])],
    ['a message of other values', Uint8Array.from([CONTROL, ...encodeControl({ t: 'msg', i: 0, v: [5] })])],
  ])('ends with MALFORMED on %s', async (_what, bytes) => {
    const lab = new PondLab()
    const { room, player } = await lab.join()
    const codes: string[] = []
    room.onClose(({ code }) => codes.push(code))
    player.link.send('reliable', bytes)
    await lab.run(100)
    expect(codes).toEqual(['MALFORMED'])
    await lab.run(100)
    expect(lab.server.players).toHaveLength(0)
  })

  it('reports a listener that throws, and goes on as if it had not', async () => {
    const errors: unknown[] = []
    vi.stubGlobal('queueMicrotask', (run: () => void) => {
      try {
        run()
      } catch (error) {
        errors.push((error as Error).message)
      }
    })
    let calls = 0
    const lab = new PondLab()
    const { room, player } = await lab.join({
      sample: () => {
        if (calls++ % 2 === 0) throw new Error('sample')
        return { move: { x: 1, y: 0 } }
      },
    })
    let frames = 0
    room.onFrame(() => {
      throw new Error('frame')
    })
    room.onFrame(() => {
      frames++
    })
    room.onEvent('fired', () => {
      throw new Error('event')
    })
    room.onAttributes(() => {
      throw new Error('attributes')
    })
    room.press('fire')
    player.tell({ t: 'attr', tick: 1, room: { set: { wind: 2 } } })
    await lab.run(1000)
    expect(frames).toBeGreaterThan(50)
    expect(room.open).toBe(true)
    expect(new Set(errors)).toEqual(new Set(['sample', 'frame', 'event', 'attributes']))
    expect(player.inputs.length).toBeGreaterThan(50)
    expect(player.late).toBe(0)
  })

  it('shows where the server says everybody is, drawn or not', async () => {
    const lab = new PondLab()
    const { room } = await lab.join({ sample: () => ({ move: { x: 1, y: 0 } }) })
    await lab.run(500)
    const first = room.debug.server.boat.at(0).x
    await lab.run(500)
    expect(room.debug.server.boat.at(0).x).toBeGreaterThan(first + 40)
  })

  it('runs on a host without a display', async () => {
    const lab = new PondLab()
    const dialled = lab.dial()
    Object.defineProperty(dialled.host, 'requestFrame', { value: undefined })
    const room = await lab.settle(dialled.joined)
    let frames = 0
    room.onFrame((view) => {
      frames += view.boat.count
    })
    await lab.run(1000)
    expect(frames).toBeGreaterThan(55)
  })

  it('follows the room when its timeline is shifted', async () => {
    const lab = new PondLab()
    const { room, client, player } = await lab.join()
    await lab.run(500)
    lab.server.epochMs += 100
    player.tell({ t: 'notice', kind: 'timeline', epochMs: lab.server.epochMs })
    await lab.run(3000)
    expect(client.timeline.epochMs).toBe(lab.server.epochMs)
    expect(room.stats.marginMs).toBeGreaterThan(0)
    expect(room.stats.marginMs).toBeLessThan(40)
  })
})
