/** The lobby of a real cluster: three shards in one process, real clients, over loopback. */
import { join, type Lobby, lobby } from '@tickmesh/client'
import { type ServeOptions, type Server, serve } from '@tickmesh/server'
import { afterEach, expect, it } from 'vitest'
import { Child, type Report } from '../src/child.ts'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'

const host = '127.0.0.1'
const key = Buffer.alloc(32, 7).toString('base64')
const SEATS = duel.maxPlayers
const shards: Server<Duel>[] = []
const lobbies: Lobby[] = []
const children: Child<string, Up>[] = []

interface Up extends Report {
  readonly report: 'up'
  readonly url: string
  readonly pid: number
}

afterEach(async () => {
  for (const one of lobbies.splice(0)) one.close()
  await Promise.all(children.splice(0).map((child) => child.exit ?? child.stop('stop')))
  await Promise.all(shards.splice(0).map((shard) => shard.close()))
})

async function start(names: readonly string[], options: ServeOptions = {}): Promise<void> {
  for (const name of names) {
    const [first] = shards
    const seed = first?.cluster?.address
    const founding = seed === undefined ? { found: 'alone' as const } : { join: [seed] }
    const cluster = { cluster: 'test', name, port: 0, keys: [key], ...founding }
    const quick = { host, log: () => {}, development: false, roomIdleMs: 60_000, ...options }
    shards.push(await serve(duel, duelRules, { ...quick, cluster }))
  }
  const members = () => shards.map(({ cluster }) => cluster?.status()?.views.view?.members.length)
  await expect.poll(members, { timeout: 20_000 }).toEqual(names.map(() => names.length))
}

/** In the lobby by way of the nth shard. */
async function visit(shard: number, name = `guest ${shard}`): Promise<Lobby> {
  const visitor = await lobby(duel, shards[shard]?.url ?? '', { name })
  lobbies.push(visitor)
  return visitor
}

const idsOf = ({ rooms }: Lobby): string[] => rooms.map(({ id }) => id).sort()

it('shows one list, chat and presence at all shards, and leads a friend with a code to a room that no list shows', async () => {
  await start(['a', 'b', 'c'])
  const visitors = [await visit(0), await visit(1), await visit(2)] as const
  const [one, two, three] = visitors
  const made = await Promise.all(visitors.map((visitor, n) => visitor.create({ attributes: { mode: `m${n}` } })))
  const ids = made.map(({ room }) => room).sort()
  for (const visitor of visitors) await expect.poll(() => idsOf(visitor), { timeout: 5_000 }).toEqual(ids)
  one.setFilter({ attributes: { mode: 'm2' } })
  await expect.poll(() => idsOf(one), { timeout: 5_000 }).toEqual([made[2]?.room])
  expect(one.counts.rooms).toBe(3)

  const secret = await two.create({ code: true })
  expect(secret.room).toMatch(/^[A-Z2-9]{6}$/)
  const friends = await three.find(secret.room.toLowerCase())
  expect({ room: friends.room, url: friends.url }).toEqual({ room: secret.room, url: secret.url })
  const [room, friend] = await Promise.all([join(duel, secret), join(duel, friends)])
  expect([room.seat, friend.seat].sort()).toEqual([1, 2])
  // With the seats that are kept for those who made the others.
  await expect.poll(() => three.counts, { timeout: 5_000 }).toEqual({ rooms: 4, players: 5 })
  expect(idsOf(three)).toEqual(ids)

  for (const visitor of visitors) expect(visitor.lines('all')).toEqual([])
  one.say('all', 'hello')
  await expect
    .poll(() => three.lines('all').map(({ from, text }) => `${from}: ${text}`), { timeout: 5_000 })
    .toEqual(['guest 0: hello'])
  two.say('all', 'well')
  const said = () =>
    visitors.map((visitor) =>
      visitor
        .lines('all')
        .map(({ text }) => text)
        .join(),
    )
  await expect.poll(said, { timeout: 5_000 }).toEqual(['hello,well', 'hello,well', 'hello,well'])
  const names = () =>
    visitors.map(({ present }) =>
      present
        .map(({ name }) => name)
        .sort()
        .join(),
    )
  await expect.poll(names, { timeout: 5_000 }).toEqual(visitors.map(() => 'guest 0,guest 1,guest 2'))
  two.close()
  await expect.poll(() => three.present.length, { timeout: 5_000 }).toBe(2)
  await Promise.all([room.leave(), friend.leave()])
}, 60_000)

it('matches seekers of two shards into one room until it is full, then into another; a party stays together', async () => {
  await start(['a', 'b', 'c'])
  const [one, two, three] = [await visit(0), await visit(1), await visit(2)]
  const party = await one.createParty()
  const called: string[] = []
  two.onCalled(({ room, ticket }) => called.push(`${room} ${typeof ticket}`))
  await expect
    .poll(
      () =>
        two.joinParty(party.code).then(
          () => true,
          () => false,
        ),
      { timeout: 5_000 },
    )
    .toBe(true)
  await expect.poll(() => one.party?.members.length, { timeout: 5_000 }).toBe(2)
  expect(await two.quickMatch().catch(({ code }) => code)).toBe('BAD_STATE')
  const first = await one.quickMatch({ attributes: { mode: 'duel' } })
  await expect.poll(() => called, { timeout: 5_000 }).toEqual([`${first.room} string`])
  const places: string[] = []
  const seeker = async (visitor: Lobby, n: number) => {
    for (let i = 0; i < n; i++) {
      const { room } = await visitor.quickMatch({ attributes: { mode: 'duel' } })
      places.push(room)
    }
  }
  await Promise.all([seeker(three, 7), seeker(await visit(0), 7), seeker(await visit(1), 1)])
  const counts = new Map<string, number>()
  for (const room of places) counts.set(room, (counts.get(room) ?? 0) + 1)
  expect([...counts.values()].sort((a, b) => b - a)).toEqual([SEATS - 2, 1])
  expect(counts.get(first.room)).toBe(SEATS - 2)
}, 60_000)

it('the rooms of a shard that is killed go on at others and stay in every list, and its visitors go on at another', async () => {
  await start(['a', 'b'])
  const setup = { cluster: 'test', name: 'c', port: 0, keys: [key], join: [shards[0]?.cluster?.address] }
  const child = new Child<string, Up>('shard', new URL('./shard-process.ts', import.meta.url), setup)
  children.push(child)
  const { pid, url } = await child.ask('up')
  await expect.poll(() => shards[0]?.cluster?.status()?.views.view?.members.length, { timeout: 20_000 }).toBe(3)
  const [one, two] = [await visit(0), await visit(1)]
  const three = await lobby(duel, [url, shards[0]?.url ?? ''], { name: 'three' })
  lobbies.push(three)
  // Some questions at once, then two a second.
  const visitFor = (n: number): Lobby => [one, two, three][n % 3] ?? one
  for (let n = 0; n < 12; n++) await visitFor(n).create({ room: `room-${n}` })
  await expect.poll(() => [one.rooms.length, two.rooms.length], { timeout: 5_000 }).toEqual([12, 12])
  const owned = (n: number) => [...(shards[n]?.rooms.keys() ?? [])].sort()
  const ids = Array.from({ length: 12 }, (_, n) => `room-${n}`).sort()
  const left = [...owned(0), ...owned(1)]
  expect(left.length).toBeLessThan(12)
  // What was made a moment ago has nobody yet who could go on with it.
  const standbys = () => shards.flatMap(({ cluster }) => cluster?.status()?.standby.held ?? [])
  const held = () => new Set(standbys().flatMap(({ id, isHolder }) => (isHolder ? [id] : [])))
  await expect.poll(() => ids.filter((id) => !left.includes(id) && !held().has(id)), { timeout: 5_000 }).toEqual([])
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => [...owned(0), ...owned(1)].sort(), { timeout: 15_000 }).toEqual(ids)
  const open = (visitor: Lobby) => visitor.rooms.filter(({ state }) => state === 'open').map(({ id }) => id)
  await expect
    .poll(() => [one, two, three].map((visitor) => open(visitor).sort()), { timeout: 15_000 })
    .toEqual([ids, ids, ids])
  await expect.poll(() => three.connected, { timeout: 5_000 }).toBe(true)
  await expect.poll(() => one.present.length, { timeout: 5_000 }).toBe(3)
}, 60_000)

it('gives no more seats than there are, however many join at the same moment, and each that was given can be taken', async () => {
  await start(['a', 'b', 'c'])
  const visitors = await Promise.all(Array.from({ length: 24 }, (_, n) => visit(n % 3, `player ${n}`)))
  const { room } = (await visitors[0]?.create({ attributes: { mode: 'rush' } })) ?? { room: '' }
  const owner = shards.find(({ rooms }) => rooms.has(room))
  const asked = await Promise.all(
    visitors.slice(1).map((visitor) => visitor.find(room).catch(({ code }: { code: string }) => code)),
  )
  const places = asked.filter((answer) => typeof answer !== 'string')
  expect(places.length).toBe(SEATS - 1)
  expect(new Set(asked.filter((answer) => typeof answer === 'string'))).toEqual(new Set(['ROOM_FULL']))
  const rooms = await Promise.all(places.map((place) => join(duel, place)))
  expect(owner?.rooms.get(room)?.players.size).toBe(SEATS - 1)
  expect(new Set(rooms.map(({ seat }) => seat)).size).toBe(SEATS - 1)
  await Promise.all(rooms.map((one) => one.leave()))
}, 60_000)

it('whoever is banned on one shard comes in on none, and comes in again when that is lifted', async () => {
  await start(['a', 'b'], { authenticate: ({ auth }) => ({ id: auth }) })
  const [one, two] = [shards[0]?.url ?? '', shards[1]?.url ?? '']
  const tries = async (auth: string): Promise<string[]> => {
    const entering = [
      join(duel, one, { auth }),
      join(duel, two, { auth }),
      lobby(duel, one, { auth }),
      lobby(duel, two, { auth }),
    ]
    const ends = await Promise.allSettled(entering)
    for (const end of ends)
      if (end.status === 'fulfilled') 'leave' in end.value ? await end.value.leave() : end.value.close()
    return ends.map((end) => (end.status === 'fulfilled' ? 'in' : end.reason.code))
  }
  const all = (what: string) => [what, what, what, what]
  shards[0]?.cluster?.lobby?.ban('mallory')
  await expect.poll(() => shards[1]?.cluster?.lobby?.banned().has('mallory'), { timeout: 5_000 }).toBe(true)
  expect([await tries('mallory'), await tries('ada')]).toEqual([all('JOIN_REFUSED'), all('in')])
  shards[1]?.cluster?.lobby?.unban('mallory')
  shards[1]?.cluster?.lobby?.ban(host)
  await expect.poll(() => shards[0]?.cluster?.lobby?.banned(), { timeout: 5_000 }).toEqual(new Set([host]))
  expect(await tries('ada')).toEqual(all('JOIN_REFUSED'))
  shards[0]?.cluster?.lobby?.unban(host)
  await expect.poll(() => shards[1]?.cluster?.lobby?.banned().size, { timeout: 5_000 }).toBe(0)
  expect(await tries('mallory')).toEqual(all('in'))
}, 60_000)
