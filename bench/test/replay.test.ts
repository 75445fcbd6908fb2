/** Whole matches, recorded by the server and replayed without its rules. */
import { type Journal, openJournal, Replay } from '@tickmesh/shared'
import { beforeAll, describe, expect, it } from 'vitest'
import { type RecordedMatch, recorded, recordMatch } from './recorded-match.ts'

function replayOf(bytes: Uint8Array): Replay {
  return new Replay(openJournal(bytes, recorded))
}

describe('a recorded match', () => {
  let match: RecordedMatch
  let journal: Journal

  beforeAll(async () => {
    match = await recordMatch(7)
    journal = openJournal(match.bytes, recorded)
  })

  it('replays to the same hash in every tick, with shots, rockets, deaths, joins, leaves, messages, timers and attributes', () => {
    const replay = new Replay(journal)
    const seen = new Map<string, number>()
    let rockets = 0
    let players = 0
    while (replay.step()) {
      for (const { name } of replay.events(replay.tick)) seen.set(name, (seen.get(name) ?? 0) + 1)
      rockets = Math.max(rockets, replay.world.byName.rocket?.count ?? 0)
      players = Math.max(players, replay.players.size)
    }
    expect(match.ended).toBe(true)
    expect(replay.tick).toBe(journal.lastTick)
    expect(replay.lastTick - replay.firstTick).toBeGreaterThan(1_400)
    expect(seen.get('shot')).toBeGreaterThan(100)
    expect(seen.get('died')).toBeGreaterThan(2)
    expect(seen.get('dropped')).toBeGreaterThan(50)
    expect(rockets).toBeGreaterThan(2)
    expect(players).toBe(4)
    expect(journal.endReason).toContain('SERVER_STOPPING')
  })

  it('ends with the attributes and players that the room had', () => {
    const replay = new Replay(journal)
    replay.seek(replay.lastTick)
    const hits = new Map([...replay.players].map(([seat, { attributes }]) => [seat, attributes.hits]))
    expect(hits).toEqual(match.hits)
    expect(Math.max(...match.hits.values())).toBeGreaterThan(3)
    expect(replay.attributes).toEqual({ round: match.round })
    expect(match.round).toBeGreaterThan(3)
    expect(replay.players.get(1)?.attributes.name).toBe('P1')
  })

  it('gives the same world, events and attributes at a tick, whether stepped to or sought', () => {
    const straight = new Replay(journal)
    const jumping = new Replay(journal)
    const at = [1100, 30, 601, 600, 599, 1400, 0, 1201, 900, 905]
    const worlds = new Map<number, object>()
    const look = (replay: Replay) => ({
      ints: [...replay.world.ints],
      events: replay.events(replay.tick),
      players: [...replay.players.values()].map((player) => structuredClone(player)),
      attributes: { ...replay.attributes },
    })
    const first = look(straight)
    while (straight.step()) if (at.includes(straight.tick)) worlds.set(straight.tick, look(straight))
    for (const tick of at) {
      jumping.seek(tick)
      expect(jumping.tick).toBe(tick)
      expect(look(jumping)).toEqual(tick === 0 ? { ...first, events: [] } : worlds.get(tick))
    }
    jumping.seek(1e9)
    expect(jumping.tick).toBe(journal.lastTick)
    jumping.seek(-5)
    expect(jumping.tick).toBe(journal.firstTick)
  })

  it('has a keyframe for every ten seconds', () => {
    expect(journal.keyframes.map(({ tick }) => tick)).toEqual([0, 600, 1200])
  })

  it('of which the end is missing is refused, and replays as far as it goes if asked to', async () => {
    const cut = await recordMatch(11, false)
    expect(() => openJournal(cut.bytes, recorded)).toThrow(/has no end/)
    const replay = new Replay(openJournal(cut.bytes, recorded, { allowTruncated: true }))
    replay.seek(1e9)
    expect(replay.tick).toBeGreaterThan(1_300)
    expect(replay.journal.endReason).toBeUndefined()
  })

  it('is recorded to the same bytes by the same seed', async () => {
    expect(Buffer.compare((await recordMatch(7)).bytes, match.bytes)).toBe(0)
  })

  it('takes a few kilobytes a second', () => {
    const seconds = (journal.lastTick - journal.firstTick) / 60
    expect(match.bytes.length / seconds).toBeLessThan(5_000)
    expect(replayOf(match.bytes).journal.bytes).toBe(match.bytes)
  })
})
