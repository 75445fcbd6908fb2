/** Whole shards in processes of their own, killed, stopped and cut off as machines are: what the others see, and what players are told. Four clusters side by side. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, describe, expect, it } from 'vitest'
import { walkers } from '../../test-game.ts'
import { Player } from './player.ts'
import { eventually, type ListedRoom, pause, type Shard, Shards } from './shards.ts'

/** How long a lease lasts, times the bound on clocks: what nobody may take over before. */
const WAIT_MS = 937
/** A lease is asked for so often: the newest grant is at most so old. */
const ASK_MS = 100
const OUT_OF_VIEW_MS = 3_000
/** The machine may be busy with other tests. */
const SLOW = 60_000

const UNSHARE = 'unshare'
const CUT_UID = 64_123

const clusters: Shards[] = []
const ends: (() => unknown)[] = []
const measured: string[] = []

function cluster(command: readonly string[] = [], options: object = {}): Shards {
  const made = new Shards(command, options)
  clusters.push(made)
  return made
}

function note(what: string, ms: number): void {
  measured.push(`${what}: ${Math.round(ms)} ms`)
}

afterAll(async () => {
  await Promise.all(clusters.map((each) => each.end()))
  for (const end of ends) await end()
  process.stdout.write(`${measured.join('\n')}\n`)
})

function play(shard: Shard, room: string): Promise<Player> {
  return Player.join(walkers, shard.status?.url ?? '', { room })
}

/** Until this shard says where the room is made; how long that took. */
async function madeAnew(shard: Shard, room: string): Promise<number> {
  const startMs = performance.now()
  for (;;) {
    const kind = await shard.create(room)
    if (kind === 'here' || kind === 'there') return performance.now() - startMs
    expect(performance.now() - startMs).toBeLessThan(20_000)
    await pause(10)
  }
}

function compare(a: { generation: number; view: number; k: number } | undefined, b: typeof a): number {
  if (a === undefined || b === undefined) throw new Error('a room without an epoch')
  return a.generation - b.generation || a.view - b.view || a.k - b.k
}

describe.concurrent('processes of a cluster', () => {
  it(
    'killed: out of the view, and its rooms go on with those who held them, with a higher epoch, and sooner with proof',
    async () => {
      const shards = cluster()
      await shards.start('a', 'b', 'c')
      for (const proof of [false, true]) await killed(shards, proof)
    },
    SLOW,
  )

  it(
    'killed, and nobody held its rooms: listed as lost, players told; a room of that name again with a higher epoch',
    async () => {
      const shards = cluster([], { standby: { holders: 0 } })
      await shards.start('a', 'b', 'c')
      await lost(shards)
    },
    SLOW,
  )

  it(
    'stopped for a second: its rooms pause and go on, nobody is removed; for 5 and 10 s: removed, silent when it wakes, back as a new life',
    async () => {
      const shards = cluster()
      await shards.start('a', 'b', 'c', 'd', 'e')
      await stoppedShortly(shards)
      await stoppedLong(shards)
    },
    SLOW,
  )
})

async function killed(shards: Shards, proof: boolean): Promise<void> {
  const [a, b, c] = shards.all
  if (a === undefined || b === undefined || c === undefined) throw new Error('not three')
  const doomed = await shards.room(c, `doomed-${proof}`)
  const other = await shards.room(b, `other-${proof}`)
  const [moves, stays] = await Promise.all([play(c, doomed), play(b, other)])
  const epoch = a.epochOf(doomed)
  const life = c.status?.life ?? ''
  const atMs = performance.now()
  await c.kill()
  if (proof) for (const shard of [a, b]) shard.order({ t: 'ended', life })
  await eventually('a view of a,b', () => a.members === 'a,b' && b.members === 'a,b')
  const viewMs = performance.now() - atMs
  const goesOn = ({ owner, state }: ListedRoom): boolean => owner !== life && state === 'open'
  await eventually('its room elsewhere', () =>
    [a, b].map((shard) => shard.listed(doomed)).every((at) => at && goesOn(at)),
  )
  const onMs = performance.now() - atMs
  expect(viewMs).toBeLessThan(OUT_OF_VIEW_MS)
  expect(a.epochOf(doomed)).toEqual(b.epochOf(doomed))
  expect(compare(a.epochOf(doomed), epoch)).toBeGreaterThan(0)
  // Whoever played there is let in again, as whom it was.
  await eventually('the connection to end', () => moves.isClosed)
  const { resume, seat, epoch: played } = moves.client.welcome ?? {}
  const owner = [a, b].find(({ status }) => status?.life === a.listed(doomed)?.owner)
  const back = await Player.join(walkers, owner?.status?.url ?? '', { room: doomed, resume, epoch: played })
  expect([back.client.welcome?.seat, back.refused, back.problem]).toEqual([seat, undefined, undefined])
  // Players of others noticed nothing.
  expect([stays.heard('paused'), stays.problem]).toEqual([false, undefined])
  const before = stays.frames
  await eventually('frames', () => stays.frames > before + 5, 2_000)
  note(`kill${proof ? ' with proof' : ''} to view`, viewMs)
  note(`kill${proof ? ' with proof' : ''} to the room elsewhere`, onMs)
  // Sooner than it could be without proof.
  if (proof) expect(onMs).toBeLessThan(WAIT_MS - ASK_MS)
  else expect(onMs).toBeGreaterThan(WAIT_MS - ASK_MS - 50)
  const startMs = performance.now()
  await shards.add('c')
  await shards.agree('a,b,c')
  note(`start to a view with it${proof ? ' with proof' : ''}`, performance.now() - startMs)
  expect(shards.all[2]?.status?.life).not.toBe(life)
}

async function lost(shards: Shards): Promise<void> {
  const [a, b, c] = shards.all
  if (a === undefined || b === undefined || c === undefined) throw new Error('not three')
  const doomed = await shards.room(c, 'lost')
  const player = await play(c, doomed)
  const epoch = a.epochOf(doomed)
  await c.kill()
  await eventually('a list of it as lost', () => [a, b].every((shard) => shard.listed(doomed)?.state === 'lost'))
  await eventually('the connection to end', () => player.isClosed)
  const { resume, epoch: played } = player.client.welcome ?? {}
  const back = await Player.dial(walkers, a.status?.url ?? '', { room: doomed, resume, epoch: played })
  await eventually('an answer', () => back.refused !== undefined)
  expect(back.refused).toBe('ROOM_LOST')
  await madeAnew(a, doomed)
  await eventually('it in the lists', () => [a, b].every((shard) => shard.listed(doomed)?.state === 'open'))
  expect(compare(a.epochOf(doomed), epoch)).toBeGreaterThan(0)
}

async function stoppedShortly(shards: Shards): Promise<void> {
  const [a, , , , e] = shards.all
  if (a === undefined || e === undefined) throw new Error('not five')
  const room = await shards.room(e, 'short')
  const player = await play(e, room)
  const epoch = a.epochOf(room)
  const { view, life } = e.status ?? {}
  e.child.kill('SIGSTOP')
  await pause(1_000)
  const wokenMs = performance.now()
  const before = player.frames
  e.child.kill('SIGCONT')
  await eventually('frames again', () => player.frames > before + 3)
  note('frozen for 1 s: woken to frames', performance.now() - wokenMs)
  expect([player.heard('paused'), player.heard('resumed'), player.problem]).toEqual([true, true, undefined])
  await pause(500)
  expect(a.status?.view).toBe(view)
  expect(e.status).toMatchObject({ view, life })
  expect(a.epochOf(room)).toEqual(epoch)
}

async function stoppedLong(shards: Shards): Promise<void> {
  const [a] = shards.all
  const stopped = shards.all.slice(3)
  if (a === undefined) throw new Error('not five')
  const rooms = await Promise.all(stopped.map((shard) => shards.room(shard, `long-${shard.name}`)))
  const players = await Promise.all(stopped.map((shard, at) => play(shard, rooms[at] ?? '')))
  const before = rooms.map((room) => a.epochOf(room))
  const lives = stopped.map(({ status }) => status?.life)
  const [d, e] = stopped
  const atMs = performance.now()
  for (const shard of stopped) shard.child.kill('SIGSTOP')
  await eventually('a view of a,b,c', () => shards.all.slice(0, 3).every(({ members }) => members === 'a,b,c'))
  note('frozen to view', performance.now() - atMs)
  // Two at once, silent, by first-hand evidence of 2 s; two views at most.
  expect(performance.now() - atMs).toBeLessThan(OUT_OF_VIEW_MS + 1_000)
  await Promise.all(rooms.map((room) => madeAnew(a, room)))
  await eventually('the lists', () => rooms.every((room, at) => a.epochOf(room)?.view !== before[at]?.view))
  rooms.forEach((room, at) => {
    expect(compare(a.epochOf(room), before[at])).toBeGreaterThan(0)
  })
  for (const [shard, ms] of [
    [d, 5_000],
    [e, 10_000],
  ] as const) {
    const index = stopped.indexOf(shard ?? a)
    const player = players[index]
    await pause(Math.max(0, atMs + ms - performance.now()))
    const heard = player?.frames
    const wokenMs = performance.now()
    shard?.child.kill('SIGCONT')
    // Its connections end; until then it sends nothing of a room that another runs.
    await eventually('the connection to end', () => player?.isClosed)
    expect([player?.frames, player?.problem]).toEqual([heard, undefined])
    await eventually('a new life', () => shard?.status?.life !== lives[index] && shard?.status?.hasLease === true)
    note(`frozen for ${ms / 1_000} s: woken to a lease of its new life`, performance.now() - wokenMs)
  }
  await shards.agree('a,b,c,d,e')
}

/** Nobody can be cut off where there are no namespaces and filters. */
function whyNoNamespace(): string | undefined {
  const tried = spawnSync(UNSHARE, ['-n', 'sh', '-c', 'ip link set lo up && nft add table inet t && setpriv --version'])
  return tried.status === 0 ? undefined : 'no network namespaces, nft or setpriv here'
}

const reason = whyNoNamespace()

describe.concurrent(`one-way loss${reason === undefined ? '' : ` (${reason})`}`, () => {
  it.skipIf(reason !== undefined)(
    'of all that one shard sends, for 10 s: exactly it goes, without a lease, and it comes back as a new life',
    async () => {
      const space = spawn(UNSHARE, ['-n', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 300'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      ends.push(() => space.kill('SIGKILL'))
      await once(space.stdout, 'data')
      const enter = ['nsenter', '-t', String(space.pid), '-n']
      const shards = cluster(enter)
      await shards.add('a')
      await Promise.all([
        shards.add('b'),
        // A user of its own: the filter knows its packets by that.
        shards.add('c', [...enter, 'setpriv', '--reuid', String(CUT_UID), '--clear-groups']),
      ])
      await shards.agree('a,b,c')
      const [a, b] = shards.all
      const c = shards.all.find(({ name }) => name === 'c')
      if (a === undefined || b === undefined || c === undefined) throw new Error('not three')
      const life = c.status?.life
      const room = await shards.room(c, 'cut')
      filter(enter, 'add table inet cut; add chain inet cut out { type filter hook output priority 0; }')
      filter(enter, `add rule inet cut out meta skuid ${CUT_UID} drop`)
      const atMs = performance.now()
      const others = shards.all.filter((shard) => shard !== c)
      await eventually('a view of a,b', () => others.every(({ members }) => members === 'a,b'))
      note('one way lost to view', performance.now() - atMs)
      expect(performance.now() - atMs).toBeLessThan(OUT_OF_VIEW_MS + 1_000)
      expect(c.status?.hasLease).toBe(false)
      // It may have gone on elsewhere, or ended there, as nobody played.
      await eventually('lists in which it is not there', () =>
        others.every((shard) => shard.listed(room)?.owner !== life),
      )
      const { view } = a.status ?? {}
      await pause(Math.max(0, atMs + 10_000 - performance.now()))
      // Nobody else went meanwhile.
      expect(others.map(({ members, status }) => [members, status?.view, status?.hasLease])).toEqual([
        ['a,b', view, true],
        ['a,b', view, true],
      ])
      filter(enter, 'delete table inet cut')
      const healedMs = performance.now()
      await shards.agree('a,b,c')
      note('healed to a view of all', performance.now() - healedMs)
      expect(c.status?.life).not.toBe(life)
    },
    SLOW,
  )
})

function filter(enter: readonly string[], rules: string): void {
  const [file = '', ...args] = [...enter, 'nft', rules]
  const done = spawnSync(file, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`nft: ${done.stderr}`)
}
