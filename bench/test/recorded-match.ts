/** A game with every mechanism that a journal must know of, and a recorded match of it on virtual time. For the tests of replays. */
import type { HostOptions, Rules } from '@tickmesh/server'
import {
  angle,
  axis2,
  circle,
  cos,
  defineGame,
  entityRef,
  int,
  press,
  type ShapeOf,
  serverOnly,
  sin,
} from '@tickmesh/shared'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { place, rocketFields, rocketMotion, speed, steer } from '../src/lab/steering.ts'

const SIZE = 1024
const STEERING = { size: SIZE, push: 900, drag: 3, top: 600 }

export const recorded = defineGame({
  id: 'recorded',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 8,
  input: { move: axis2(), aim: angle(12), fire: press(), rocket: press() },
  events: { shot: { by: entityRef(), hit: entityRef() }, died: { who: entityRef() }, dropped: { x: place(SIZE) } },
  commands: { damage: { target: entityRef(), by: entityRef(), amount: int(0, 100) } },
  messages: { toServer: { jump: { x: place(SIZE) } } },
  attributes: { room: { round: 1 }, player: { name: '', hits: 0 } },
  /** State that is not in fields: the sum of all that the secret dice showed. */
  opaque: {
    create: () => ({ sum: 0 }),
    save: (dice) => new Uint8Array(Float64Array.of(dice.sum).buffer),
    load(dice, bytes) {
      dice.sum = new Float64Array(bytes.slice().buffer)[0] ?? 0
    },
  },
  entities: {
    player: {
      max: 8,
      fields: {
        x: place(SIZE),
        y: place(SIZE),
        vx: speed(),
        vy: speed(),
        aim: angle(12),
        hp: int(0, 100, { initial: 100 }),
        luck: serverOnly(int(0, 1000)),
      },
      hitbox: circle(40),
      motion(p, held, dt) {
        steer(p, held.move, dt, STEERING)
      },
      step(p, input, ctx) {
        p.aim = input.aim
        ctx.move(p)
        if (!ctx.predicting) {
          const dice = ctx.opaque as { sum: number }
          dice.sum = (dice.sum + ctx.secretRandom()) % 1
          p.luck = Math.floor(dice.sum * 1000)
        }
        if (input.fire > 0) {
          const hit = ctx.seenBy(p).raycast(p, p.aim, { maxDistance: 900 })
          ctx.emit('shot', { by: p.id, hit: hit?.id ?? 0 })
          if (hit) ctx.command('damage', { target: hit.id, by: p.id, amount: 40 })
        }
        if (input.rocket > 0)
          ctx.spawn('rocket', { x: p.x, y: p.y, vx: cos(p.aim) * 400, vy: sin(p.aim) * 400, fuse: 40 })
      },
    },
    rocket: {
      max: 64,
      fields: rocketFields(SIZE),
      motion: rocketMotion(),
      step(r, _input, ctx) {
        ctx.move(r)
        r.fuse -= 1
        if (r.fuse === 0) ctx.despawn(r)
      },
    },
    crate: { max: 4, fields: { x: place(SIZE), y: place(SIZE) } },
  },
})

export type Recorded = ShapeOf<typeof recorded>

const recordedRules: Rules<Recorded> = {
  onCreate(room) {
    // More than fit: the table is full at times.
    room.every(300, () => {
      const crate = room.spawn('crate', { x: room.random() * SIZE, y: 10 })
      room.emit('dropped', { x: crate.x })
      room.after(1500, () => {
        const there = room.find(crate.id)
        if (there !== undefined) room.despawn(there)
      })
    })
    room.every(4000, () => room.setAttributes({ round: room.attributes.round + 1 }))
  },
  onJoin(room, player) {
    player.setAttributes({ name: `P${player.seat}` })
    room.spawn('player', { owner: player.seat, x: 200 + room.random() * 600, y: 200 + room.random() * 600 })
  },
  commands: {
    damage(room, { target, by, amount }) {
      const victim = room.world.player.get(target)
      if (victim === undefined) return
      const killer = room.players.get(room.world.player.get(by)?.owner ?? 0)
      killer?.setAttributes({ hits: killer.attributes.hits + 1 })
      if (victim.hp > amount) {
        victim.hp -= amount
        return
      }
      const { owner } = victim
      room.emit('died', { who: victim.id })
      room.despawn(victim)
      room.after(700, () => {
        if (room.players.has(owner)) room.spawn('player', { owner, x: room.random() * SIZE, y: room.random() * SIZE })
      })
    },
  },
  messages: {
    jump(room, player, { x }) {
      for (const p of room.world.player) if (p.owner === player.seat) p.x = x
    },
  },
}

export interface RecordedMatch {
  readonly bytes: Uint8Array
  /** The file, as it was handed on. */
  readonly chunks: readonly Uint8Array[]
  readonly ended: boolean
  /** What the room's attributes and players were at the end. */
  readonly hits: ReadonlyMap<number, number>
  readonly round: number
}

/** Five bots fight for about 25 s; some leave, one of the seats is taken again, one sends messages. `end`: the server stops in the end. */
export async function recordMatch(seed: number, end = true): Promise<RecordedMatch> {
  const chunks: Uint8Array[] = []
  let ended = false
  const record: HostOptions['record'] = () => ({
    sink: {
      write: (bytes) => void chunks.push(bytes),
      end() {
        ended = true
      },
    },
    startedAt: 'a test',
  })
  const lab = new Lab<Recorded>({ game: recorded, rules: recordedRules, seed, record })
  const join = (n: number) =>
    lab.join({
      path: { rttMs: 40 + 30 * n, jitterMs: 15, loss: n === 2 ? 0.03 : 0 },
      sample: pilot(seed + n, { fire: 0.08, rocket: 0.03 }).sample,
    })
  const rooms = [await join(0), await join(1), await join(2)]
  await lab.run(4_000)
  rooms[0]?.send('jump', { x: 512 })
  rooms.push(await join(3))
  await lab.run(3_000)
  await rooms[1]?.leave()
  await lab.run(1_000)
  rooms.push(await join(4))
  for (let n = 0; n < 12; n++) {
    rooms[2]?.send('jump', { x: 60 * n })
    await lab.run(1_300)
  }
  const [room] = [...lab.host.rooms.values()]
  const hits = new Map([...(room?.players ?? [])].map(([seat, { attributes }]) => [seat, attributes.hits]))
  const round = room?.attributes.round ?? 0
  if (end) lab.host.close()
  return { bytes: joined(chunks), chunks, ended, hits, round }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
