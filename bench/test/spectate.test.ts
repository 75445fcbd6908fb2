/**
 * The proof of watching: two players shoot at each other on virtual time, and spectators see the match as it was a while ago, bit for bit, and nothing newer.
 */
import type { Room } from '@tickmesh/client'
import type { Rules } from '@tickmesh/server'
import { axis, defineGame, fixed, int } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'
import { Lab, type Path } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { TapLink } from '../src/lab/tap-link.ts'

const PATH: Path = { rttMs: 60, jitterMs: 10 }
const TICK_MS = 1000 / 60
const NOTE_MS = 2
const HABITS = { fire: 0.03, rocket: 0.02 }
const spectators = { maxDelayMs: 10_000 }

/** Puts what tick it is into an attribute, ten times a second. */
const marking: Rules<Duel> = {
  ...duelRules,
  onTick(room) {
    if (room.tick % 6 !== 0) return
    for (const player of room.players.values()) player.setAttributes({ name: `mark ${room.tick};` })
  },
}

/** What everybody may know of a world. */
function publicOf(world: Room<Duel>['debug']['server']): string {
  const players = [...world.player].map(({ id, owner, x, y, vx, vy, aim, hp }) => [id, owner, x, y, vx, vy, aim, hp])
  const rockets = [...world.rocket].map(({ id, owner, x, y, vx, vy, fuse }) => [id, owner, x, y, vx, vy, fuse])
  return JSON.stringify({ players, rockets })
}

interface Moment {
  readonly world: string
  readonly attributes: string
}

function attributesOf(players: Iterable<readonly [number, { readonly attributes: unknown }]>): string {
  return JSON.stringify([...players].map(([seat, { attributes }]) => [seat, attributes]).sort())
}

/** A match of two players, of which every tick is written down. */
class Match {
  readonly lab: Lab<Duel>
  readonly truth = new Map<number, Moment>()
  readonly rockets = new Set<number>()
  readonly players: Room<Duel>[] = []
  tick = 0
  readonly pilots

  constructor(seed: number, rules: Rules<Duel> = duelRules) {
    this.lab = new Lab({ game: duel, rules, seed, spectators })
    this.pilots = [1, 2].map((n) => pilot(seed * 10 + n, HABITS))
    this.noteSoon()
  }

  /** Looks at the room so often that no tick is missed. */
  private noteSoon(): void {
    const { scheduler } = this.lab
    scheduler.at(scheduler.now() + NOTE_MS, () => {
      this.note()
      this.noteSoon()
    })
  }

  async start(onSend: (bytes: Uint8Array) => void = () => {}): Promise<void> {
    for (const { sample } of this.pilots) {
      this.players.push(await this.lab.join({ path: PATH, sample, tapServer: (link) => new TapLink(link, { onSend }) }))
    }
  }

  get room() {
    return this.lab.host.rooms.get('main')
  }

  async run(ms: number, each: () => void = () => {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5) {
      await this.lab.run(5)
      each()
    }
  }

  private note(): void {
    const { room } = this
    if (room === undefined || room.tick === this.tick) return
    this.tick = room.tick
    const world = publicOf(room.world as unknown as Room<Duel>['debug']['server'])
    this.truth.set(room.tick, { world, attributes: attributesOf(room.players) })
    for (const { id } of room.world.rocket) this.rockets.add(id)
  }

  watch(delayMs: number, path = PATH, onSend: (bytes: Uint8Array) => void = () => {}): Promise<Room<Duel>> {
    const tapServer = (link: ConstructorParameters<typeof TapLink>[0]) => new TapLink(link, { onSend })
    return this.lab.join({ path, spectateMs: delayMs, tapServer, clockOffsetMs: 777_777, displayHz: 144 })
  }
}

/** Checks what a spectator knows against what was true, and gives how far it is behind, in ticks. */
function checkAgainst(match: Match, spectator: Room<Duel>, delayMs: number): number {
  const { serverTick } = spectator.stats
  const behind = match.tick - serverTick
  expect(behind).toBeGreaterThanOrEqual(Math.round(delayMs / TICK_MS))
  expect(publicOf(spectator.debug.server)).toBe(match.truth.get(serverTick)?.world)
  expect([...spectator.debug.server.player].every(({ ammo }) => ammo === 5000)).toBe(true)
  const heard = attributesOf(spectator.players)
  const known = [0, 1, 2, 3].map((n) => match.truth.get(serverTick + n)?.attributes)
  expect(known).toContain(heard)
  return behind
}

describe('a spectator', () => {
  it.each([0, 3_000, 10_000])('sees the match of %i ms ago, tick by tick and bit for bit', async (delayMs) => {
    const match = new Match(31)
    await match.start()
    await match.run(delayMs + 1_000)
    const spectator = await match.watch(delayMs)
    const seen = new Set<number>()
    let most = 0
    await match.run(10_000, () => {
      if (seen.has(spectator.stats.serverTick)) return
      seen.add(spectator.stats.serverTick)
      most = Math.max(most, checkAgainst(match, spectator, delayMs))
    })
    expect(seen.size).toBeGreaterThanOrEqual(199)
    // The delay, half a round trip, and a snapshot's interval.
    expect(most).toBeLessThanOrEqual(Math.round(delayMs / TICK_MS) + 3 + 3)
    expect(spectator.stats.checkFailures).toBe(0)
  })

  it('draws the players where they were, at its own moment', async () => {
    const match = new Match(32)
    await match.start()
    await match.run(5_000)
    const spectator = await match.watch(3_000)
    await match.run(2_000)
    const before = spectator.stats
    const behindMs: number[] = []
    const shown = new Set<string>()
    spectator.onFrame((view, frame) => {
      behindMs.push((match.tick - frame.viewTick) * TICK_MS)
      shown.add(`${frame.own}: ${[...view.player].map(({ id }) => id)}`)
    })
    await match.run(5_000)
    expect(behindMs.length).toBeGreaterThan(700)
    expect(Math.min(...behindMs)).toBeGreaterThan(3_000)
    expect(Math.max(...behindMs)).toBeLessThan(3_000 + 250)
    expect([...shown]).toEqual(['0: 1,2'])
    expect(spectator.stats.starvedFrames - before.starvedFrames).toBeLessThan(behindMs.length / 50)
  })

  it.each([0, 3_000])('plays each effect once, none of them as its own, %i ms behind', async (delayMs) => {
    const match = new Match(33)
    await match.start()
    await match.run(1_000)
    const spectator = await match.watch(delayMs)
    const before = new Set(match.rockets)
    const exploded: number[] = []
    let launched = 0
    spectator.onEvent('exploded', ({ rocket }, info) => {
      exploded.push(rocket)
      expect(info).toMatchObject({ own: false, predicted: false })
    })
    spectator.onEvent('launched', () => launched++)
    await match.run(15_000)
    for (const { stop } of match.pilots) stop()
    await match.run(delayMs + 3_000)
    expect(new Set(exploded).size).toBe(exploded.length)
    const seen = [...match.rockets].filter((id) => !before.has(id))
    expect(seen.length).toBeGreaterThan(20)
    for (const rocket of seen) expect(exploded).toContain(rocket)
    expect(launched).toBeGreaterThanOrEqual(seen.length)
    expect(spectator.stats.eventsWithdrawn + spectator.stats.eventsPredicted).toBe(0)
  })

  it('follows over a network that loses and delays', async () => {
    const match = new Match(34)
    await match.start()
    await match.run(3_500)
    const spectator = await match.watch(3_000, { rttMs: 120, jitterMs: 40, loss: 0.05, ordered: false })
    const seen = new Set<number>()
    await match.run(10_000, () => {
      const { serverTick } = spectator.stats
      seen.add(serverTick)
      expect(publicOf(spectator.debug.server)).toBe(match.truth.get(serverTick)?.world)
    })
    expect(seen.size).toBeGreaterThan(150)
    expect(spectator.stats.checkFailures).toBe(0)
  })

  it('takes no seat, predicts nothing, and can neither press nor send', async () => {
    const match = new Match(35)
    await match.start()
    const spectator = await match.watch(0)
    await match.run(3_000)
    expect(spectator.seat).toBe(0)
    expect([...(match.room?.players.keys() ?? [])]).toEqual([1, 2])
    expect([...spectator.players.keys()].sort()).toEqual([1, 2])
    expect(match.room?.stats).toMatchObject({ players: 2, spectators: 1 })
    expect(match.lab.host.stats).toMatchObject({ players: 2, spectators: 1 })
    expect(() => spectator.press('fire')).toThrow(/^BAD_STATE/)
    expect(() => spectator.send('nothing' as never, {} as never)).toThrow(/^BAD_STATE/)
    const { rollbacks, resimulatedTicks, corrections } = spectator.stats
    expect({ rollbacks, resimulatedTicks, corrections }).toEqual({ rollbacks: 0, resimulatedTicks: 0, corrections: 0 })
    await spectator.leave()
    await match.run(200)
    expect(match.room?.stats).toMatchObject({ players: 2, spectators: 0 })
  })

  it('hears of nothing newer than its delay: marks in all that is said', async () => {
    const match = new Match(36, marking)
    await match.start()
    await match.run(1_000)
    const marks: number[] = []
    const text = new TextDecoder('latin1')
    await match.watch(3_000, PATH, (bytes) => {
      const newest = Math.round((match.room?.tick ?? 0) - 3_000 / TICK_MS)
      for (const [, tick] of text.decode(bytes).matchAll(/mark (\d+);/g)) {
        expect(Number(tick)).toBeLessThanOrEqual(newest)
        marks.push(newest - Number(tick))
      }
    })
    await match.run(6_000)
    expect(marks.length).toBeGreaterThan(80)
    // Nor later than it must be, but for the first ones, which came with the welcome.
    expect(Math.max(...marks.slice(10))).toBe(0)
  })

  it('gets bytes that do not depend on what happened within its delay', async () => {
    const FROM = 300
    const DELAY_TICKS = 180
    /** All that is sent to a spectator, and in which tick; from one tick on, everything is different or not. */
    const record = async (differs: boolean) => {
      const match: Match = new Match(37, {
        ...duelRules,
        onTick(room) {
          if (!differs || room.tick < FROM) return
          for (const fighter of room.world.player) {
            fighter.hp = room.tick % 100
            room.emit('launched', { by: fighter.id })
          }
          for (const player of room.players.values()) player.setAttributes({ hits: room.tick })
        },
      })
      const sent: { readonly tick: number; readonly hex: string }[] = []
      await match.start()
      await match.watch(DELAY_TICKS * TICK_MS, PATH, (bytes) => {
        sent.push({ tick: match.room?.tick ?? 0, hex: Buffer.from(bytes).toString('hex') })
      })
      await match.run(8_500 - match.lab.scheduler.now())
      return sent
    }
    const [one, other] = [await record(false), await record(true)]
    const first = one.findIndex(({ hex }, n) => hex !== other[n]?.hex)
    expect(one[first]?.tick ?? 0).toBeGreaterThanOrEqual(FROM + DELAY_TICKS)
    expect(other[first]?.tick).toBe(FROM + DELAY_TICKS)
    expect(one.slice(0, first)).toEqual(other.slice(0, first))
    expect(first).toBeGreaterThan(100)
  })

  it('changes no byte that players get', async () => {
    const record = async (watched: boolean) => {
      const match = new Match(38)
      const sent: string[] = []
      await match.start((bytes) => sent.push(`${match.lab.scheduler.now()} ${Buffer.from(bytes).toString('hex')}`))
      const start = match.lab.scheduler.now()
      if (watched) for (const delayMs of [0, 500, 500]) await match.watch(delayMs)
      await match.run(start + 5_000 - match.lab.scheduler.now())
      return sent
    }
    const alone = await record(false)
    expect(alone.length).toBeGreaterThan(200)
    expect(await record(true)).toEqual(alone)
  })
})

/** Everybody's client predicts everything: balls of nobody that roll. */
const alley = defineGame({
  id: 'alley',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 2,
  predict: 'all',
  input: { push: axis() },
  entities: {
    ball: {
      max: 4,
      fields: { x: fixed(0, 100_000, 1 / 16), turns: int(0, 100_000) },
      step(ball) {
        ball.x += 2
        ball.turns += 1
      },
    },
  },
})

describe('where clients predict everything', () => {
  it('a spectator does not: it draws all in the past, and computes nothing', async () => {
    const lab = new Lab({
      game: alley,
      rules: { onCreate: (room) => void room.spawn('ball', { x: 0 }) },
      seed: 44,
      spectators,
    })
    const player = await lab.join({ path: PATH })
    await lab.run(2_000)
    const spectator = await lab.join({ path: PATH, spectateMs: 1_000 })
    const early: number[] = []
    const late: number[] = []
    player.onFrame((view, frame) => {
      for (const ball of view.ball) early.push(ball.turns - frame.viewTick)
    })
    spectator.onFrame((view, frame) => {
      for (const ball of view.ball) late.push(Math.abs(ball.turns - frame.viewTick))
    })
    await lab.run(3_000)
    expect(Math.min(...early)).toBeGreaterThan(4)
    const { rollbacks, resimulatedTicks, eventsPredicted } = spectator.stats
    expect({ rollbacks, resimulatedTicks, eventsPredicted }).toEqual({
      rollbacks: 0,
      resimulatedTicks: 0,
      eventsPredicted: 0,
    })
    expect(late.length).toBeGreaterThan(150)
    // A count is not mixed between two snapshots: it is up to one of them old.
    expect(Math.max(...late)).toBeLessThanOrEqual(3.5)
  })

  it('a spectator tells the server little: one acknowledgement for each frame', async () => {
    const match = new Match(45)
    await match.start()
    const spectator = await match.watch(0)
    await match.run(1_000)
    const before = spectator.stats
    await match.run(5_000)
    const after = spectator.stats
    expect(after.frames - before.frames).toBeGreaterThanOrEqual(99)
    expect((after.bytesOut - before.bytesOut) / (after.frames - before.frames)).toBeLessThan(20)
  })
})

describe('the beginning and the end', () => {
  it('a room younger than the delay shows its beginning as soon as that is so long ago', async () => {
    const match = new Match(39)
    await match.start()
    const born = match.lab.scheduler.now()
    const spectator = await match.watch(5_000)
    expect(match.lab.scheduler.now()).toBeGreaterThan(4_900)
    expect(match.lab.scheduler.now() - born).toBeLessThan(5_200)
    expect(spectator.stats.serverTick).toBeLessThan(6)
  })

  it('whoever waits for a young room sees it to its end, though it ended before', async () => {
    const match = new Match(40)
    await match.start()
    await match.run(1_000)
    let closed: string | undefined
    const joining = match.watch(5_000)
    const lab = match.lab
    lab.scheduler.at(lab.scheduler.now() + 1_000, () => match.room?.close('That was it.'))
    const spectator = await joining
    expect(match.room).toBeUndefined()
    spectator.onClose(({ code, message }) => {
      closed = `${code} ${message}`
    })
    const endMs = 1_000 + match.lab.scheduler.now()
    await match.run(1_000)
    expect(closed).toBeUndefined()
    await match.run(3_000)
    expect(closed).toBe('ROOM_CLOSED That was it.')
    expect(endMs).toBeGreaterThan(6_000)
  })

  it('the end is seen when the delay is over, and the room is free meanwhile', async () => {
    const match = new Match(41)
    await match.start()
    await match.run(3_500)
    const [late, live] = [await match.watch(3_000), await match.watch(0)]
    const ends: [string, number][] = []
    late.onClose(({ code }) => ends.push([`late ${code}`, match.lab.scheduler.now()]))
    live.onClose(({ code }) => ends.push([`live ${code}`, match.lab.scheduler.now()]))
    await match.run(1_000)
    match.room?.close('Over.')
    const endedMs = match.lab.scheduler.now()
    const lastTick = match.tick + 1
    await match.run(1_000)
    expect(match.room).toBeUndefined()
    const next = await match.lab.join({ path: PATH })
    expect(next.open).toBe(true)
    await match.run(3_000)
    expect(ends.map(([what]) => what)).toEqual(['live ROOM_CLOSED', 'late ROOM_CLOSED'])
    const [liveMs = 0, lateMs = 0] = ends.map(([, atMs]) => atMs - endedMs)
    expect(liveMs).toBeLessThan(100)
    expect(lateMs).toBeGreaterThan(3_000)
    expect(lateMs).toBeLessThan(3_120)
    expect(lastTick - late.stats.serverTick).toBeLessThan(3)
  })

  it('a server that stops tells all at once', async () => {
    const match = new Match(42)
    await match.start()
    await match.run(3_500)
    const spectator = await match.watch(3_000)
    let code = ''
    spectator.onClose((reason) => {
      code = reason.code
    })
    match.lab.host.close()
    await match.run(200)
    expect(code).toBe('SERVER_STOPPING')
  })

  it('a server that stops while the end of a match is still being seen leaves nothing running', async () => {
    const match = new Match(43)
    await match.start()
    await match.run(3_500)
    const spectator = await match.watch(3_000)
    match.room?.close('Over.')
    await match.run(500)
    expect(spectator.open).toBe(true)
    match.lab.host.close()
    await match.run(3_000)
    expect(spectator.open).toBe(false)
    expect(match.lab.host.sessionCount).toBe(0)
  })
})
