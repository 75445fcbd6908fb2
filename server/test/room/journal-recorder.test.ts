/** The recorder in a room: what it tells of players, and what it does when something breaks. Whole matches are replayed in bench/test/replay.test.ts. */
import { type Journal, openJournal, Replay } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { HostOptions, Rules } from '../../src/index.ts'
import { TestServer } from '../raw-client.ts'
import { makeWalkers, type Walkers, walkerRules, walkers } from '../test-game.ts'

/** A server that records into memory. */
function recorded(rules: Partial<Rules<Walkers>> = {}, options: Partial<HostOptions> = {}, game = walkers) {
  const files = new Map<string, Uint8Array[]>()
  let ended = 0
  const record: HostOptions['record'] = (room) => {
    const chunks: Uint8Array[] = []
    files.set(room, chunks)
    const end = () => {
      ended++
    }
    return { sink: { write: (bytes) => void chunks.push(bytes), end }, startedAt: 'now' }
  }
  const server = new TestServer(game, { ...walkerRules, ...rules } as Rules<Walkers>, { record, ...options })
  const journal = (room = 'main', allowTruncated = false): Journal =>
    openJournal(new Uint8Array(Buffer.concat(files.get(room) ?? [])), game, { allowTruncated })
  return { server, files, journal, ended: () => ended }
}

function replayed(journal: Journal): Replay {
  const replay = new Replay(journal)
  replay.seek(journal.firstTick)
  while (replay.step());
  return replay
}

describe('a recorded room', () => {
  it('has a journal of its own, with a head that names it and an end that says why', () => {
    const { server, files, journal, ended } = recorded()
    server.join('den')
    server.join('attic')
    server.host.close()
    expect([...files.keys()]).toEqual(['den', 'attic'])
    expect(ended()).toBe(2)
    expect(journal('den').head).toMatchObject({ game: 'walkers', room: 'den', startedAt: 'now', tickRate: 60 })
    expect(journal('attic').endReason).toMatch(/^SERVER_STOPPING: /)
  })

  it('tells who sat where at each tick, also if a seat is taken again within one', () => {
    const { server, journal } = recorded({
      onJoin(room, player) {
        player.setAttributes({ name: `N${player.id.slice(0, 2)}` })
        room.spawn('walker', { owner: player.seat })
      },
    })
    const first = server.join()
    const firstId = [...(server.host.rooms.get('main')?.players.values() ?? [])][0]?.id
    const next = server.connect()
    first.link.close({ code: 'LEFT', message: 'bye' })
    // Both reach the room before its next tick.
    server.run(1)
    next.hello()
    server.run(200)
    const secondId = [...(server.host.rooms.get('main')?.players.values() ?? [])][0]?.id
    server.host.close()
    const replay = new Replay(journal())
    const seen = new Set<string | undefined>()
    while (replay.step()) seen.add(replay.players.get(1)?.id)
    expect(firstId).not.toBe(secondId)
    // Nobody was missing in between.
    expect([...seen]).toEqual([firstId, secondId])
    expect(replay.players.get(1)?.attributes.name).toBe(`N${secondId?.slice(0, 2)}`)
  })

  it('knows nothing of a link that was lost and another that took its place, and replays through both', () => {
    const { server, journal } = recorded({}, { syncTest: true, development: true })
    const client = server.join()
    server.play([client], 40, [60])
    client.link.close({ code: 'CONNECTION_LOST', message: '' })
    server.run(500)
    const again = server.connect()
    again.hello({ resume: client.welcome?.resume })
    server.run(1)
    server.play([again], 40, [-60])
    expect(again.newest).toBeGreaterThan(client.newest)
    const room = server.host.rooms.get('main')
    const [tick, x] = [room?.tick, [...(room?.world.walker ?? [])][0]?.x]
    server.host.close()
    const replay = new Replay(journal())
    const seen: (string | undefined)[] = []
    while (replay.step()) {
      const id = replay.players.get(1)?.id
      if (id !== seen.at(-1)) seen.push(id)
    }
    expect(seen.filter((id) => id !== undefined)).toEqual([client.welcome?.playerId])
    expect(replay.tick).toBe(tick)
    expect([...(replay.world.byName.walker ?? [])][0]).toMatchObject({ x })
  })

  it('does not name a player whom onJoin turned away', () => {
    const { server, journal } = recorded({
      onJoin() {
        throw new Error('no')
      },
    })
    const client = server.connect()
    client.hello()
    server.run(300)
    server.host.close()
    expect(replayed(journal()).players.size).toBe(0)
  })

  it('holds what rules did between ticks, as asynchronous work does', () => {
    const { server, journal } = recorded()
    server.join()
    const room = server.host.rooms.get('main')
    room?.spawn('walker', { x: 77 } as never)
    room?.setAttributes({ round: 9 })
    server.run(100)
    server.host.close()
    const replay = replayed(journal())
    expect(replay.world.byName.walker?.count).toBe(2)
    expect(replay.attributes).toMatchObject({ map: 'plain', round: 9 })
  })

  it('replays with the sync test on, and in a room that could not keep up', () => {
    const { server, journal } = recorded({}, { syncTest: true, development: true })
    const client = server.join()
    server.play([client], 40, [1])
    const before = server.host.rooms.get('main')?.tick ?? 0
    server.spentMs += 700
    server.play([client], 40, [-1])
    server.host.close()
    const replay = new Replay(journal())
    replay.seek(before)
    const epochMs = replay.epochMs
    while (replay.step());
    expect(replay.epochMs).toBeGreaterThan(epochMs)
  })

  it('is whole up to the tick in which the game threw, and says that in its end', () => {
    const trace = { presses: [], throwAt: 60 }
    const game = makeWalkers(trace)
    const { server, journal } = recorded({}, {}, game)
    server.join()
    server.run(2_000)
    expect(server.host.rooms.size).toBe(0)
    expect(journal().lastTick).toBe(59)
    expect(journal().endReason).toMatch(/^INTERNAL: /)
    trace.throwAt = -1
    expect(replayed(journal()).tick).toBe(59)
  })

  it('goes on without a journal if that cannot be written, and says so once', () => {
    let writes = 0
    const write = () => {
      if (++writes > 2) throw new Error('the sink is full')
    }
    const { server } = recorded({}, { record: () => ({ sink: { write, end: () => {} }, startedAt: '' }) })
    const client = server.join()
    server.play([client], 120, [1])
    expect(server.host.rooms.get('main')?.players.size).toBe(1)
    const lines = server.lines.filter(({ event }) => event === 'recording-failed')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.message).toContain('the sink is full')
    expect(writes).toBe(3)
    server.host.close()
  })
})
