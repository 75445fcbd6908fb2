import { afterEach, describe, expect, it, vi } from 'vitest'
import { withSyncTest } from '../src/join.ts'
import { RepeatTest } from '../src/play/repeat-test.ts'
import { makePond } from './pond-game.ts'
import { PondLab } from './pond-lab.ts'

afterEach(() => vi.unstubAllGlobals())

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'joined',
    (error: { code?: unknown }) => error.code,
  )
}

describe('joining', () => {
  it('says who it is, and resolves once there is a world to show', async () => {
    const lab = new PondLab({ roomAttributes: { wind: 7 } })
    const { room } = await lab.join({ room: 'bay', options: { name: 'Ada' } })
    expect(lab.server.hellos).toHaveLength(1)
    expect(lab.server.hellos[0]).toMatchObject({
      t: 'hello',
      game: 'pond',
      room: 'bay',
      create: true,
      options: { name: 'Ada' },
    })
    expect({ id: room.id, seat: room.seat, open: room.open }).toEqual({ id: 'main', seat: 1, open: true })
    expect(room.attributes).toEqual({ wind: 7 })
    expect(room.players.get(1)).toEqual({ seat: 1, attributes: { name: 'p1', score: 0 } })
    expect(room.debug.server.boat.count).toBe(1)
    expect(room.tick).toBeGreaterThan(0)
  })

  it.each(['ROOM_FULL', 'SCHEMA_MISMATCH', 'PROTOCOL_MISMATCH', 'JOIN_REFUSED'])(
    'rejects with %s when the server refuses so',
    async (code) => {
      const lab = new PondLab({ refuse: { code, message: 'no' } })
      const { joined } = lab.dial()
      expect(await codeOf(lab.settle(joined))).toBe(code)
    },
  )

  it('rejects with TIMED_OUT if the server never answers', async () => {
    const lab = new PondLab({ silent: true })
    const { joined } = lab.dial({ timeoutMs: 3000 })
    const started = lab.scheduler.now()
    expect(await codeOf(lab.settle(joined))).toBe('TIMED_OUT')
    expect(lab.scheduler.now() - started).toBeLessThan(3010)
    expect(lab.scheduler.now() - started).toBeGreaterThan(2990)
  })

  it('rejects with TIMED_OUT if a welcome is all that ever comes', async () => {
    const lab = new PondLab()
    const { joined, player } = lab.dial({ timeoutMs: 3000 })
    player.muted = true
    expect(await codeOf(lab.settle(joined))).toBe('TIMED_OUT')
    await lab.run(100)
    expect(lab.server.players).toHaveLength(0)
  })

  it('rejects with MALFORMED if something else answers', async () => {
    const lab = new PondLab({ silent: true })
    const { joined, player } = lab.dial()
    player.link.send('reliable', Uint8Array.from([72, 84, 84, 80]))
    expect(await codeOf(lab.settle(joined))).toBe('MALFORMED')
  })

  it('rejects with MALFORMED if the first frame cannot be read', async () => {
    const lab = new PondLab()
    const { joined, player } = lab.dial()
    player.mangle = () => Uint8Array.from([3, 255])
    expect(await codeOf(lab.settle(joined))).toBe('MALFORMED')
  })

  it('rejects with what the server says in its goodbye, before and after the welcome', async () => {
    for (const waitMs of [0, 45]) {
      const lab = new PondLab({ silent: waitMs === 0 })
      const { joined, player } = lab.dial()
      player.muted = true
      const settled = lab.settle(joined)
      lab.scheduler.at(lab.scheduler.now() + waitMs, () =>
        player.tell({ t: 'bye', code: 'SERVER_STOPPING', message: 'later' }),
      )
      expect(await codeOf(settled)).toBe('SERVER_STOPPING')
    }
  })

  it('rejects with SCHEMA_MISMATCH if the welcome is of another definition', async () => {
    const lab = new PondLab({}, makePond('own', 60))
    const { joined, player } = lab.dial()
    const tell = player.tell.bind(player)
    player.tell = (message) => tell({ ...message, ...('maxPlayers' in message ? { maxPlayers: 500 } : {}) })
    expect(await codeOf(lab.settle(joined))).toBe('SCHEMA_MISMATCH')
  })

  it('can be taken back, also before it began', async () => {
    const lab = new PondLab({ silent: true })
    const controller = new AbortController()
    const { joined } = lab.dial({ signal: controller.signal })
    await lab.run(100)
    controller.abort()
    expect(await codeOf(lab.settle(joined))).toBe('LEFT')
    const { joined: again } = lab.dial({ signal: controller.signal })
    expect(await codeOf(lab.settle(again))).toBe('LEFT')
    await lab.run(100)
    expect(lab.server.players).toHaveLength(0)
  })

  it('rejects at once, and hangs up, if the options cannot be sent', async () => {
    const lab = new PondLab()
    const { joined } = lab.dial({ options: { big: 'x'.repeat(100_000) } })
    expect(await codeOf(joined)).toBe('TOO_LARGE')
    await lab.run(200)
    expect(lab.server.hellos).toHaveLength(0)
  })

  it('rejects with the reason of the link if that breaks', async () => {
    const lab = new PondLab({ silent: true })
    const { joined, player } = lab.dial()
    player.link.close({ code: 'CONNECTION_LOST', message: '' })
    expect(await codeOf(lab.settle(joined))).toBe('CONNECTION_LOST')
  })

  it('loads the sync test where development or its ticks ask for it, and nowhere else', async () => {
    expect((await withSyncTest({ development: true })).repeatTest).toBe(RepeatTest)
    expect((await withSyncTest({ syncTestTicks: 3 })).repeatTest).toBe(RepeatTest)
    // It brings the guard of development.
    expect((await withSyncTest({ development: true, syncTestTicks: 0 })).repeatTest).toBe(RepeatTest)
    expect(await withSyncTest({ syncTestTicks: 0 })).toEqual({ syncTestTicks: 0 })
    expect(await withSyncTest({})).toEqual({})
  })
})
