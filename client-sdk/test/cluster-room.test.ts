/** A room of a cluster, as its client sees it: it is sent to the shard that runs the room, believes no earlier owner, and waits while that stands still. */
import type { EpochTriple } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { ConnectionState, Stall } from '../src/index.ts'
import { PondLab, TestHost } from './pond-lab.ts'

const EPOCH: EpochTriple = [7, 3, 1]
const NEWER: EpochTriple = [7, 4, 0]
const LOST = { code: 'CONNECTION_LOST', message: 'cut' } as const
const moved = (url: string, epoch: EpochTriple = EPOCH) => ({ t: 'moved', url, room: 'main', epoch })

/** A page and its server; `storage` stays when the page is loaded anew. */
function page(lab: PondLab, storage = new Map<string, string>()) {
  const host = new TestHost(lab.scheduler, 100, 60)
  let hide = () => {}
  host.page = {
    onHide: (run) => {
      hide = run
      return () => {}
    },
    onReturn: () => () => {},
    read: (key) => storage.get(key),
    write: (key, value) => (value === undefined ? storage.delete(key) : storage.set(key, value)),
    wallMs: () => lab.scheduler.now(),
  }
  return { host, storage, hide: () => hide() }
}

describe('a client whose room is elsewhere', () => {
  it('is sent there with all that it said, and the room says where it is', async () => {
    const lab = new PondLab({ graceMs: 5_000 })
    lab.server.epoch = EPOCH
    lab.server.turnsAway.push(moved('ws://b.test'), moved('ws://c.test'))
    const { joined, urls } = lab.joinByAddress(page(lab).host, { ticket: 'once', auth: 'me', options: { skin: 3 } })
    const room = await lab.settle(joined)
    expect(urls).toEqual(['ws://pond.test', 'ws://b.test', 'ws://c.test'])
    expect(room.url).toBe('ws://c.test')
    const [first, ...others] = lab.server.hellos
    expect(others).toEqual([
      { ...first, epoch: EPOCH },
      { ...first, epoch: EPOCH },
    ])
  })

  it('gives up after five hops, and follows nowhere but to WebSockets', async () => {
    for (const [answers, dials] of [
      [Array.from({ length: 9 }, (_, n) => moved(`ws://${n}.test`)), 6],
      [[moved('https://b.test')], 1],
    ] as const) {
      const lab = new PondLab()
      lab.server.turnsAway.push(...answers)
      const { joined, urls } = lab.joinByAddress(page(lab).host, { timeoutMs: 1_000 })
      await expect(lab.settle(joined)).rejects.toThrow('CONNECT_FAILED')
      expect(new Set(urls).size).toBe(dials)
    }
  })

  it('asks again while the cluster does not know where the room is', async () => {
    const lab = new PondLab()
    for (let n = 0; n < 3; n++) lab.server.turnsAway.push({ t: 'refused', code: 'NOT_READY', message: '' })
    const { joined, urls } = lab.joinByAddress(page(lab).host)
    expect((await lab.settle(joined)).open).toBe(true)
    expect(urls).toHaveLength(4)
  })

  it('comes back by way of another shard after a loss, at once, and tries all addresses that it knows', async () => {
    const lab = new PondLab({ graceMs: 5_000 })
    lab.server.epoch = EPOCH
    lab.server.turnsAway.push(moved('ws://b.test'))
    const { joined, urls, links } = lab.joinByAddress(page(lab).host)
    const room = await lab.settle(joined)
    const states: ConnectionState['state'][] = []
    room.onConnection(({ state }) => states.push(state))
    lab.server.turnsAway.push({ t: 'refused', code: 'NOT_READY', message: '' }, moved('ws://c.test'))
    links.at(-1)?.breakOff()
    await lab.run(2_000)
    expect(urls).toEqual(['ws://pond.test', 'ws://b.test', 'ws://b.test', 'ws://pond.test', 'ws://c.test'])
    expect({ url: room.url, state: states.at(-1) }).toEqual({ url: 'ws://c.test', state: 'connected' })
    expect(lab.server.hellos.at(-1)).toMatchObject({ resume: expect.any(String), room: 'main', epoch: EPOCH })
  })
})

describe('an earlier owner', () => {
  it('gets nobody: its welcome is refused, and others are tried until the room has its newest owner', async () => {
    const lab = new PondLab({ graceMs: 5_000 })
    lab.server.epoch = NEWER
    const { room, link, host } = await lab.join({ fate: () => 'ordered' })
    expect(host).toBeDefined()
    lab.server.epoch = EPOCH
    link.breakOff()
    await lab.run(1_000)
    expect(room.connection.state).toBe('reconnecting')
    expect(lab.server.hellos.at(-1)).toMatchObject({ epoch: NEWER })
    lab.server.epoch = undefined
    await lab.run(1_000)
    expect(room.connection.state).toBe('reconnecting')
  })

  it('draws nothing: frames with another tag count as silence, also those with none', async () => {
    for (const [own, other] of [
      [NEWER, EPOCH],
      [undefined, EPOCH],
    ] as const) {
      const lab = new PondLab({ graceMs: 5_000 })
      lab.server.epoch = own
      const { room } = await lab.join({ fate: () => 'silent', silenceMs: 2_000 })
      await lab.run(500)
      const { frames } = room.stats
      lab.server.frameEpoch = other
      await lab.run(500)
      expect(room.stats.frames - frames).toBeLessThanOrEqual(1)
      lab.server.frameEpoch = undefined
      await lab.run(500)
      expect(room.stats.frames - frames).toBeGreaterThan(5)
    }
  })

  it('is not believed after a reload either', async () => {
    const lab = new PondLab({ graceMs: 5_000 })
    lab.server.epoch = NEWER
    const before = page(lab)
    const { joined } = lab.joinByAddress(before.host, { resumeAfterReload: true })
    await lab.settle(joined)
    before.hide()
    lab.server.players[0]?.link.close(LOST)
    lab.server.epoch = EPOCH
    const again = lab.joinByAddress(page(lab, before.storage).host, { resumeAfterReload: true })
    await lab.run(1_200)
    expect(lab.server.hellos.slice(1).every((hello) => `${hello.epoch}` === `${NEWER}`)).toBe(true)
    expect(again.urls.length).toBeGreaterThan(1)
    lab.server.epoch = NEWER
    expect((await lab.settle(again.joined)).open).toBe(true)
  })
})

it('a room that stands still is not predicted: the page is told, no inputs are made, and play goes on at the next tick', async () => {
  const lab = new PondLab({ graceMs: 5_000 })
  lab.server.epoch = EPOCH
  const { room, player } = await lab.join({ fate: () => 'ordered' })
  const stalls: Stall['kind'][] = []
  room.onStall(({ kind }) => stalls.push(kind))
  await lab.run(1_000)
  lab.server.stopped = true
  player.tell({ t: 'notice', kind: 'paused', message: 'Wait.' })
  await lab.run(200)
  expect(stalls).toEqual(['waiting'])
  const inputs = player.inputs.length
  const { tick } = room
  await lab.run(9_000)
  expect({ inputs: player.inputs.length, tick: room.tick, state: room.connection.state }).toEqual({
    inputs,
    tick,
    state: 'connected',
  })
  lab.server.stopped = false
  player.tell({ t: 'notice', kind: 'resumed', epochMs: lab.server.epochMs })
  await lab.run(1_000)
  expect(stalls).toEqual(['waiting', 'resynced'])
  expect(player.inputs.length).toBeGreaterThan(inputs + 30)
  expect(room.tick - tick).toBeLessThan(90)
  const { late } = player
  await lab.run(1_000)
  expect(player.late - late).toBeLessThanOrEqual(2)
})
