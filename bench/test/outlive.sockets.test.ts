/** What outlives what, with real shards that are killed, restarted and drained, and SDK players who are there all the time. */
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../src/shards/eventually.ts'
import { Cluster, isPlaying, type ShardChoice, shoots, shotsOf } from './outlive/rig.ts'

const NAMES = ['a', 'b', 'c']
const SLOW = 40_000

const clusters: Cluster[] = []

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.end()
})

async function clusterOf(choice: ShardChoice = {}, names = NAMES): Promise<Cluster> {
  const cluster = new Cluster(names, choice)
  clusters.push(cluster)
  await cluster.start()
  return cluster
}

it(
  'all shards are killed and started again: players, who were there all the time, go on with what was written; a room that had ended stays away',
  async () => {
    const cluster = await clusterOf({ standby: { journalDir: true } })
    const player = await cluster.join('den')
    const other = await cluster.join('gone')
    await cluster.settled(['den', 'gone'])
    await shoots(player, 1)
    await shoots(player, 2)
    player.send('say', { n: 1 })
    await eventually('what it said', () => player.attributes.said === 1)
    cluster.owner('gone').child.order({ order: 'close', room: 'gone' })
    await eventually('the other room to end', () => !other.open)
    await eventually('its file to go', () =>
      cluster.shards.every(({ name }) => !readdirSync(cluster.matches(name)).includes('gone.journal')),
    )
    const before = cluster.owner('den').room('den')
    const { rung } = player.attributes
    await cluster.written('den')
    await cluster.kill(cluster.living, false)
    await cluster.start()
    await cluster.settled(['den'])
    await eventually('the player to be back', () => isPlaying(player))
    const after = cluster.owner('den').room('den')
    expect(after?.epoch.generation).toBeGreaterThan(before?.epoch.generation ?? 0)
    expect(after?.tick).toBeGreaterThan(before?.tick ?? 0)
    expect(shotsOf(player)).toBe(2)
    await shoots(player, 3)
    player.send('say', { n: 2 })
    await eventually('all that it said', () => player.attributes.said === 2)
    await eventually('timers to go on', () => player.attributes.rung > rung + 5)
    expect(player.attributes.restored).toBe(1)
    expect(cluster.living.flatMap(({ status }) => status?.listed.map(({ id }) => id))).not.toContain('gone')
  },
  SLOW,
)

it(
  'all shards are stopped and started again: rooms come back as far as their files can be read, and the log says which cannot; what is old news to a cluster that lived on is dropped',
  async () => {
    const cluster = await clusterOf({ standby: { journalDir: true } })
    const rooms = ['den', 'pit', 'hut']
    const players = await Promise.all(rooms.map((room) => cluster.join(room)))
    await cluster.settled(rooms)
    for (const player of players) {
      await shoots(player, 1)
      player.send('say', { n: 1 })
      await eventually('what it said', () => player.attributes.said === 1)
    }
    await Promise.all(cluster.living.map((shard) => cluster.drain(shard, 1_000)))
    // One that was on its way to another shard may be at both.
    const filesOf = (room: string): string[] =>
      cluster.shards.map(({ name }) => join(cluster.matches(name), `${room}.journal`)).filter(existsSync)
    expect(rooms.map((room) => filesOf(room).length > 0)).toEqual([true, true, true])
    for (const path of filesOf('pit')) writeFileSync(path, readFileSync(path).fill(0xa5, 20, 60))
    for (const path of filesOf('hut')) truncateSync(path, statSync(path).size - 7)
    await cluster.start()
    await cluster.settled(['den', 'hut'])
    const damaged = cluster.noted('cluster-journal-damaged').join('\n')
    expect(damaged).toMatch(/hut\.journal cannot be read after tick \d+/)
    expect(damaged).toMatch(/pit\.journal is of no use/)
    expect(damaged).not.toContain('den.journal')
    const back = await Promise.all(rooms.map((room) => cluster.join(room)))
    expect(back.map(({ attributes }) => attributes.said)).toEqual([1, 0, 1])
    // As if a shard had died with its file, which is old news.
    const owner = cluster.owner('den')
    const copy = readFileSync(join(cluster.matches(owner.name), 'den.journal'))
    owner.child.order({ order: 'close', room: 'den' })
    await eventually('the room to end', () => cluster.living.every((shard) => shard.listed('den') === undefined))
    const path = join(cluster.matches(owner.name), 'den.journal')
    await eventually('its file to go', () => !existsSync(path))
    await cluster.kill([owner])
    writeFileSync(path, copy)
    cluster.spawn(owner.name)
    await cluster.settled(['hut'])
    await eventually('the old file to go', () => !existsSync(path))
    expect((await cluster.join('den')).attributes.said).toBe(0)
  },
  SLOW,
)

it(
  'two of three are killed and started again: the match of the third, which had to stop, goes on with its players',
  async () => {
    const cluster = await clusterOf({ standby: { journalDir: true } })
    const player = await cluster.join('den')
    await cluster.settled(['den'])
    await shoots(player, 1)
    const before = cluster.owner('den').room('den')
    await cluster.written('den')
    const dead = cluster.living.filter((shard) => shard !== cluster.owner('den'))
    await cluster.kill(dead, false)
    await eventually('no lease', () => cluster.living.every(({ status }) => status?.hasLease === false))
    for (const { name } of dead) cluster.spawn(name)
    await cluster.settled(['den'])
    await shoots(player, 2)
    expect(cluster.owner('den').room('den')?.epoch.generation).toBeGreaterThan(before?.epoch.generation ?? 0)
  },
  SLOW,
)

it(
  'owner and holder are killed at once: players hear ROOM_LOST, the lobby lists the room as lost, the hook runs at one shard, and the name is free',
  async () => {
    const cluster = await clusterOf({}, ['a', 'b', 'c', 'd', 'e'])
    const entry = cluster.shard('a')
    // Its players have to know an address that lives.
    let room = ''
    for (let n = 0; room === ''; n++) {
      await cluster.create(`den${n}`)
      await cluster.settled([`den${n}`])
      if (![cluster.owner(`den${n}`), ...cluster.holders(`den${n}`)].includes(entry)) room = `den${n}`
    }
    const player = await cluster.join(room, entry)
    await shoots(player, 1)
    const dead = [cluster.owner(room), ...cluster.holders(room)]
    expect(dead.length).toBe(2)
    let why = ''
    player.onClose(({ code }) => {
      why = code
    })
    await cluster.kill(dead)
    await eventually('the player to hear', () => why !== '')
    expect(why).toBe('ROOM_LOST')
    await eventually('it in all lists', () => cluster.living.every((shard) => shard.listed(room) === 'lost'))
    expect(cluster.noted('hook-lost')).toEqual([room])
    const next = await cluster.join(room)
    await eventually('a room of that name', () => isPlaying(next))
    await shoots(next, 1)
    await eventually('it in all lists', () => cluster.living.every((shard) => shard.listed(room) === 'open'))
  },
  SLOW,
)

it(
  'two shards stand by: owner and one of them are killed at once, and the match goes on',
  async () => {
    const cluster = await clusterOf({ standby: { holders: 2 } }, ['a', 'b', 'c', 'd', 'e'])
    const player = await cluster.join('den')
    await cluster.settled(['den'], 2)
    await shoots(player, 1)
    const [holder] = cluster.holders('den')
    await cluster.kill([cluster.owner('den'), ...(holder === undefined ? [] : [holder])])
    await shoots(player, 2)
    await cluster.settled(['den'], 2)
    await shoots(player, 3)
    expect(player.attributes.restored).toBe(1)
  },
  SLOW,
)

it(
  'a game that is not deterministic: the log names entity and field, the room goes on in states, and a kill loses nothing',
  async () => {
    const cluster = await clusterOf({ chance: true })
    const player = await cluster.join('den')
    await cluster.settled(['den'])
    await shoots(player, 1)
    await eventually('somebody to notice', () => cluster.noted('cluster-not-deterministic').length > 0)
    expect(cluster.noted('cluster-not-deterministic')[0]).toMatch(/walker.*luck/)
    await eventually('states', () => cluster.owner('den').room('den')?.mode === 'states')
    await cluster.settled(['den'])
    await shoots(player, 2)
    await cluster.kill([cluster.owner('den')])
    await shoots(player, 3)
    await cluster.settled(['den'])
    await shoots(player, 4)
    expect(player.attributes.restored).toBe(1)
  },
  SLOW,
)

it(
  'in mode states nothing is compared: a game of chance goes on after a kill and after a move, without a word',
  async () => {
    const cluster = await clusterOf({ chance: true, standby: { mode: 'states' } })
    const player = await cluster.join('den')
    await cluster.settled(['den'])
    await shoots(player, 1)
    await cluster.move('den')
    await shoots(player, 2)
    await cluster.settled(['den'])
    await cluster.kill([cluster.owner('den')])
    await shoots(player, 3)
    await cluster.settled(['den'])
    expect([player.stats.moves, player.stats.failovers]).toEqual([1, 1])
    expect(cluster.all('not-deterministic', 'replay-differs')).toEqual([])
  },
  SLOW,
)

it(
  'shards of different builds, and rooms in which players see what is near: held by states, moved, taken over',
  async () => {
    const cluster = new Cluster(NAMES, { interest: true })
    clusters.push(cluster)
    for (const name of NAMES) cluster.spawn(name, { standby: { build: name } })
    await cluster.settled()
    const [player, other] = await Promise.all([cluster.join('den'), cluster.join('den')])
    await cluster.settled(['den'])
    expect(cluster.owner('den').room('den')?.mode).toBe('states')
    await shoots(player, 1)
    await cluster.move('den')
    await shoots(player, 2)
    await cluster.settled(['den'])
    await cluster.kill([cluster.owner('den')])
    await shoots(player, 3)
    await shoots(other, 1)
    // Each sees the other, who is near.
    await eventually('both to be seen', () => shotsOf(other, player.seat) === 3 && shotsOf(player, other.seat) === 1)
    expect(cluster.all('not-deterministic', 'replay-differs')).toEqual([])
  },
  SLOW,
)

it(
  'spectators go on watching after a move and after a kill; effects of the last moment before a kill happen, here or there',
  async () => {
    const cluster = await clusterOf()
    const player = await cluster.join('den')
    const watcher = await cluster.watch('den')
    const closed: string[] = []
    watcher.onClose(({ code, message }) => closed.push(`${code} ${message}`))
    await cluster.settled(['den'])
    await shoots(player, 1)
    await eventually('it to be seen', () => shotsOf(watcher, player.seat) === 1)
    await cluster.move('den')
    await shoots(player, 2)
    await eventually('it to be seen after a move', () => shotsOf(watcher, player.seat) === 2)
    await cluster.settled(['den'])
    const owner = cluster.owner('den')
    player.press('fire', 5)
    await eventually('them to be counted', () => shotsOf(player) === 7)
    await cluster.kill([owner])
    await shoots(player, 8)
    await eventually('it to be seen after a kill', () => shotsOf(watcher, player.seat) === 8)
    expect([closed, isPlaying(watcher)]).toEqual([[], true])
    // One for the five at once.
    const ids = (): Set<string> => new Set(cluster.shards.flatMap(({ effects }) => effects))
    await eventually('all effects', () => ids().size === 4)
  },
  SLOW,
)

it(
  'players over WebRTC go on after a move and after a kill',
  async () => {
    const cluster = await clusterOf({ webrtc: true })
    const player = await cluster.join('den', cluster.shard('a'), { link: 'auto' })
    const other = await cluster.join('den', cluster.shard('b'), { link: 'auto' })
    expect([player.stats.link, other.stats.link]).toEqual(['webrtc', 'webrtc'])
    await cluster.settled(['den'])
    await shoots(player, 1)
    await cluster.move('den')
    await shoots(player, 2)
    await shoots(other, 1)
    await cluster.settled(['den'])
    await cluster.kill([cluster.owner('den')])
    await shoots(player, 3)
    await shoots(other, 2)
    expect([player.attributes.restored, player.stats.moves, other.stats.moves]).toEqual([2, 1, 1])
  },
  SLOW,
)

it(
  'SIGTERM: a shard moves its rooms to others before it goes, and players see nothing; when it is there again it gets some',
  async () => {
    const cluster = await clusterOf()
    const rooms = Array.from({ length: 6 }, (_, at) => `den${at}`)
    const players = await Promise.all(rooms.map((room) => cluster.join(room)))
    await cluster.settled(rooms)
    const [player = await cluster.join('den0')] = players
    const seen: string[] = []
    for (const one of players) one.onConnection(({ state }) => seen.push(state))
    await shoots(player, 1)
    const owner = cluster.owner('den0')
    const fromMs = performance.now()
    owner.child.signal('SIGTERM')
    await owner.gone()
    expect(owner.child.exit).toEqual({ code: 0, signal: null })
    expect(performance.now() - fromMs).toBeLessThan(8_000)
    await cluster.settled(rooms)
    await shoots(player, 2)
    expect([seen, player.stats.moves]).toEqual([[], 1])
    const again = cluster.spawn(owner.name)
    await cluster.settled(rooms)
    expect(again.status?.rooms).toEqual([])
    await eventually('it to get rooms', () => (again.status?.rooms.length ?? 0) > 0, 25_000)
    await cluster.settled(rooms)
    await shoots(player, 3)
    expect(seen).toEqual([])
  },
  SLOW,
)
