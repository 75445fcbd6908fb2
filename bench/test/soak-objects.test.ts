/**
 * Whether anything of a player stays in memory once it is gone: links, the server's sessions, players and rooms, the client's lines and rooms. Over the real
 * host of rooms, on virtual time; by weak references, so that one that is held is seen, whatever the heap does. `npm run bench -- soak` counts bytes.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Rules } from '@tickmesh/server'
import { axis2, defineGame, fixed, type Link, type ShapeOf, text } from '@tickmesh/shared'
import { expect, it } from 'vitest'
import { Lab, type Path } from '../src/lab/lab.ts'

const PATH: Path = { rttMs: 20, jitterMs: 5 }
const ROUNDS = 8
/** The end of the server's grace, and of a room that nobody is in. */
const UNTIL_FORGOTTEN_MS = 25_000

const game = defineGame({
  id: 'comings-and-goings',
  tickRate: 20,
  snapshotRate: 10,
  maxPlayers: 8,
  input: { move: axis2() },
  messages: { toServer: { say: { text: text(20) } }, toClient: { said: { text: text(20) } } },
  entities: {
    walker: {
      max: 8,
      fields: { x: fixed(-1000, 1000, 1 / 16), y: fixed(-1000, 1000, 1 / 16) },
      motion(p, held, dt) {
        p.x = Math.min(1000, p.x + held.move.x * dt)
      },
      step(p, _input, ctx) {
        ctx.move(p)
      },
    },
  },
})
type Comings = ShapeOf<typeof game>

/** What was made, and what of it is still there. */
class Watch {
  private readonly made: { readonly kind: string; readonly ref: WeakRef<object> }[] = []

  add<Thing extends object>(kind: string, thing: Thing): Thing {
    this.made.push({ kind, ref: new WeakRef(thing) })
    return thing
  }

  /** The link, and whoever attaches to it. */
  link(side: string, owner: string): (link: Link) => Link {
    return (link) => {
      const attach = link.attach.bind(link)
      link.attach = (receiver) => attach(this.add(owner, receiver))
      return this.add(`${side} link`, link)
    }
  }

  get counts(): Record<string, number> {
    return this.count(() => true)
  }

  /** After collections, between which finalizers have their turn. */
  async alive(): Promise<Record<string, number>> {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    for (let n = 0; n < 5; n++) {
      await turn()
      collect()
    }
    return this.count(({ ref }) => ref.deref() !== undefined)
  }

  private count(counts: (made: { readonly ref: WeakRef<object> }) => boolean): Record<string, number> {
    const found: Record<string, number> = {}
    for (const made of this.made) if (counts(made)) found[made.kind] = (found[made.kind] ?? 0) + 1
    return found
  }
}

function rulesWith(watch: Pick<Watch, 'add'>): Rules<Comings> {
  return {
    onCreate(room) {
      watch.add('room of the server', room)
    },
    onJoin(room, player) {
      watch.add('player', player)
      room.spawn('walker', { owner: player.seat })
    },
    messages: {
      say(room, _player, { text }) {
        room.broadcast('said', { text })
      },
    },
  }
}

/** One leaves, one is cut off and comes back, one never does, one watches. When it returns, nobody has a name for any of them. */
async function comeAndGo(lab: Lab<Comings>, watch: Watch, name: string): Promise<void> {
  const ends: Link[] = []
  const tapClient = watch.link("client's", "client's line")
  const watched = watch.link("server's", 'session')
  const tapServer = (link: Link) => {
    ends.push(link)
    return watched(link)
  }
  const common = { path: PATH, room: name, tapClient, tapServer }
  const join = async (more: object) => watch.add("client's room", await lab.join({ ...common, ...more }))
  const cut = (index: number) => ends[index]?.close({ code: 'CONNECTION_LOST', message: 'cut' })
  const leaver = await join({})
  const returner = await join({ redials: () => PATH })
  const lost = await join({})
  const watcher = await join({ spectateMs: 100 })
  returner.send('say', { text: 'hello' })
  await lab.run(300)
  cut(1)
  cut(2)
  await lab.run(3_000)
  expect([returner.open, lost.open, lab.host.stats.away]).toEqual([true, false, 1])
  for (const room of [leaver, returner, watcher]) void room.leave()
  await lab.run(UNTIL_FORGOTTEN_MS)
}

it('leaves nothing of those who came and went in a room that lasts, while another plays on', async () => {
  const watch = new Watch()
  const stayers = new Watch()
  let isFirst = true
  const rules = rulesWith({
    add: (kind, thing) => {
      const which = isFirst || kind !== 'player' ? stayers : watch
      if (kind === 'player') isFirst = false
      return which.add(kind, thing)
    },
  })
  const lab = new Lab<Comings>({ game, rules, seed: 4, spectators: {}, development: false })
  const stayer = await lab.join({ path: PATH, room: 'lasting' })
  for (let round = 0; round < ROUNDS; round++) await comeAndGo(lab, watch, 'lasting')
  expect(stayer.open && lab.host.stats.roomsMade === 1 && stayer.players.size === 1).toBe(true)
  expect(watch.counts.player).toBe(3 * ROUNDS)
  expect(await watch.alive()).toEqual({})
  expect(await stayers.alive()).toEqual({ player: 1, 'room of the server': 1 })
})

it('joins, cuts, resumes, watching and leaves leave no object behind', async () => {
  const watch = new Watch()
  const lab = new Lab<Comings>({ game, rules: rulesWith(watch), seed: 3, spectators: {}, development: false })
  for (let round = 0; round < ROUNDS; round++) await comeAndGo(lab, watch, `room-${round}`)
  expect(lab.host.stats).toMatchObject({ rooms: 0, connections: 0, resumes: ROUNDS, roomsMade: ROUNDS })
  expect(lab.scheduler.pending).toBe(0)
  expect(watch.counts).toEqual({
    "client's link": 5 * ROUNDS,
    "client's line": 5 * ROUNDS,
    "client's room": 4 * ROUNDS,
    "server's link": 5 * ROUNDS,
    session: 5 * ROUNDS,
    'room of the server': ROUNDS,
    player: 3 * ROUNDS,
  })
  expect(await watch.alive()).toEqual({})
})
