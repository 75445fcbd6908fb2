/** Rooms of a shard: epochs on the wire, and standing still without a lease. On virtual time, without a cluster. */
import { type EpochTriple, epochTag } from '@tickmesh/shared'
import { expect, it } from 'vitest'
import type { HostOptions } from '../../src/index.ts'
import { type RawClient, TestServer } from '../raw-client.ts'
import { walkerRules, walkers } from '../test-game.ts'

const EPOCH: EpochTriple = [1_795_000_000_000, 3, 1]
const LOST = { code: 'CONNECTION_LOST', message: 'gone' } as const

/** A shard that runs the room `main`, and whose lease a test takes away. */
function shard(options: Partial<HostOptions> = {}) {
  const lease = { held: true, looks: 0 }
  const server = new TestServer(
    walkers,
    { ...walkerRules, onTick: () => onTick.run() },
    {
      graceMs: 3_000,
      mayAct: () => {
        lease.looks++
        return lease.held
      },
      ...options,
    },
  )
  const onTick = { run: () => {} }
  server.host.openRoom('main', { epoch: EPOCH, created: { mode: 'duel' } })
  return { server, lease, onTick, room: () => server.host.rooms.get('main') }
}

const notices = (client: RawClient): string[] => client.of('notice').map(({ kind }) => kind)

it('announces its epoch in the welcome, and tags every frame with it; a room without one is as ever', () => {
  const { server, room } = shard()
  const client = server.join()
  server.play([client], 60)
  // The client throws at frames whose kind or tag is not that of its welcome.
  expect(client.welcome?.epoch).toEqual(EPOCH)
  expect(client.statuses.length).toBeGreaterThan(15)
  expect(client.statuses.every((status) => status === 'ok')).toBe(true)
  expect(room()?.options).toEqual({ mode: 'duel' })
  const alone = new TestServer(walkers, walkerRules)
  const other = alone.join()
  alone.play([other], 30)
  expect(other.welcome).not.toHaveProperty('epoch')
  expect(other.statuses.length).toBeGreaterThan(5)
  expect(epochTag(EPOCH)).not.toBe(-1)
})

it('runs no tick and sends no frame without a lease, tells players, and goes on at the next tick when it is back', () => {
  const { server, lease, room } = shard()
  const client = server.join()
  server.play([client], 30)
  lease.held = false
  server.run(20)
  const tick = room()?.tick ?? 0
  const frames = client.heads.length
  const epochMs = client.welcome?.epochMs ?? 0
  server.run(8_000)
  expect([room()?.tick, client.heads.length, notices(client)]).toEqual([tick, frames, ['paused']])
  lease.held = true
  server.run(100)
  expect(notices(client)).toEqual(['paused', 'resumed'])
  const shiftedMs = (client.of('notice').at(-1)?.epochMs ?? 0) - epochMs
  // In whole ticks, by about what it stood still.
  expect(shiftedMs / (1000 / 60)).toBeCloseTo(Math.round(shiftedMs / (1000 / 60)), 6)
  expect(shiftedMs).toBeGreaterThan(7_900)
  expect(shiftedMs).toBeLessThan(8_100)
  expect((room()?.tick ?? 0) - tick).toBeLessThan(8)
  client.welcome && Object.assign(client.welcome, { epochMs: epochMs + shiftedMs })
  server.play([client], 60)
  expect(client.closed).toBeUndefined()
  expect(client.heads.length).toBeGreaterThan(frames + 15)
  expect(client.statuses.every((status) => status === 'ok')).toBe(true)
  expect(server.host.lease).toMatchObject({ frozen: false, pauses: 1 })
})

it('notices a lease that ran out within a stall before the first tick after it', () => {
  const { server, lease, room } = shard()
  const client = server.join()
  server.play([client], 30)
  const tick = room()?.tick
  const frames = client.heads.length
  // The process stands still; nobody has said anything yet.
  server.spentMs += 5_000
  lease.held = false
  server.run(50)
  expect([room()?.tick, client.heads.length]).toEqual([tick, frames])
})

it('sends nothing of a tick in which the lease ran out, and says it when it is back', () => {
  const { server, lease, onTick, room } = shard()
  const client = server.join()
  server.play([client], 30)
  const said = { frames: client.heads.length, attrs: client.of('attr').length }
  onTick.run = () => {
    lease.held = false
    room()?.setAttributes({ round: 7 })
    onTick.run = () => {}
  }
  server.run(200)
  expect({ frames: client.heads.length, attrs: client.of('attr').length }).toEqual(said)
  lease.held = true
  server.run(200)
  expect(client.of('attr').at(-1)?.room).toEqual({ set: { round: 7 } })
  expect(client.heads.length).toBeGreaterThan(said.frames)
})

it('counts no time of a pause against a seat that is kept, nor against a silent path', () => {
  const { server, lease } = shard()
  const [gone, stays] = [server.join(), server.join()]
  server.play([gone, stays], 30)
  gone.link.close(LOST)
  server.run(20)
  // Frames are under way whose acknowledgement never comes.
  stays.acknowledges = false
  server.play([stays], 6)
  lease.held = false
  server.run(12_000)
  lease.held = true
  server.run(60)
  stays.acknowledges = true
  const again = server.connect()
  again.hello({ resume: gone.welcome?.resume ?? '' })
  server.run(60)
  expect(again.welcome).toMatchObject({ resumed: true, seat: 1, epoch: EPOCH })
  expect(stays.closed).toBeUndefined()
})

it('lets nobody in while it stands still; whose messages are more than wait is to come back, and to say the rest again', () => {
  const { server, lease, room } = shard()
  const client = server.join()
  server.play([client], 30)
  lease.held = false
  server.run(50)
  const late = server.connect()
  late.hello({ room: 'main' })
  for (let n = 0; n < 300; n++) client.say('say', { text: 'hello', n: 1 })
  server.run(50)
  expect(late.closed?.code).toBe('NOT_READY')
  expect(client.closed).toBeUndefined()
  lease.held = true
  server.run(200)
  expect(client.closed?.code).toBe('TOO_SLOW')
  expect(room()?.players.size).toBe(1)
  const again = server.connect()
  again.hello({ resume: client.welcome?.resume ?? '' })
  server.run(60)
  expect(again.welcome).toMatchObject({ resumed: true, heard: 256 })
})

it('asks for the lease before each tick and each flush', () => {
  const { server, lease } = shard()
  server.join()
  lease.looks = 0
  server.run(1_000)
  expect(lease.looks).toBeGreaterThanOrEqual(2 * 59)
})
