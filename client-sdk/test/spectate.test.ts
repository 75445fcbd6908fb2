import { createLinkPair, VirtualScheduler } from '@tickmesh/shared'
import { expect, it } from 'vitest'
import { joinOver, spectateOver } from '../src/index.ts'
import { FakeServer } from './fake-server.ts'
import { pond } from './pond-game.ts'
import { TestHost } from './pond-lab.ts'

/** A server on virtual time that gives everybody a seat, whatever they ask for; and a client of it. */
function dial(start: typeof spectateOver | typeof joinOver, options: object) {
  const scheduler = new VirtualScheduler()
  const server = new FakeServer(scheduler, pond)
  const [near, far] = createLinkPair(scheduler, {}, {})
  server.accept(far)
  const joining = start(pond, near, new TestHost(scheduler, 0, 60), options).then(
    () => 'in',
    (error: { code: string }) => error.code,
  )
  return { scheduler, server, joining }
}

it('asks to watch, with its delay', async () => {
  const { scheduler, server } = dial(spectateOver, { room: 'bay', delayMs: 2_500 })
  scheduler.runUntil(100)
  expect(server.hellos[0]).toMatchObject({ t: 'hello', room: 'bay', spectate: 2_500 })
  const player = dial(joinOver, {})
  player.scheduler.runUntil(100)
  expect(player.server.hellos[0]).not.toHaveProperty('spectate')
})

it('does not take a seat from a server that does not know spectators', async () => {
  const { scheduler, joining } = dial(spectateOver, {})
  scheduler.runUntil(200)
  expect(await joining).toBe('MALFORMED')
})
