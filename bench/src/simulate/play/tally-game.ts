/**
 * The game of the simulation: small, but with everything that a failover could lose or do twice. Every press, message, timer and effect is counted in the state, so what
 * is missing or done again shows, whoever ran the room meanwhile. Rules keep nothing but the state: they go on elsewhere.
 */
import type { Room, Rules } from '@tickmesh/server'
import {
  axis2,
  clamp,
  defineGame,
  type Game,
  int,
  press,
  type ReadonlyWorldView,
  type ShapeOf,
  World,
} from '@tickmesh/shared'

const TICK_RATE = 20
/** A beat of the room's named timer. */
const BEAT_MS = 450
/** Every so manyth press of a player is a score, which the outside is told of. */
const PRESSES_PER_SCORE = 3
const FUSE = 14
const SIZE = 2_000

const count = () => int(0, 1_000_000)
const place = () => int(-SIZE, SIZE)

export function makeTally(snapshotRate: 10 | 20) {
  return defineGame({
    id: 'tally',
    tickRate: TICK_RATE,
    snapshotRate,
    maxPlayers: 3,
    input: { move: axis2(), fire: press() },
    events: { fired: { seat: int(0, 3), number: count() }, faded: { seat: int(0, 3), number: count() } },
    commands: { pressed: { by: int(0, 3), number: count() } },
    messages: { toServer: { say: { number: count() } }, toClient: { told: { number: count() } } },
    attributes: { room: { scores: 0 }, player: { fires: 0 } },
    entities: {
      player: {
        max: 3,
        fields: {
          x: place(),
          y: place(),
          luck: int(0, 9_999),
          fires: count(),
          /** Messages of this player that were applied, in order; and those that came out of turn. */
          said: count(),
          outOfTurn: count(),
          /** Messages that were sent to it. */
          told: count(),
        },
        motion(p, held) {
          p.x = clamp(p.x + held.move.x * 7, -SIZE, SIZE)
          p.y = clamp(p.y + held.move.y * 7, -SIZE, SIZE)
        },
        step(p, input, ctx) {
          ctx.move(p)
          if (input.fire === 0) return
          for (let n = 0; n < input.fire; n++) {
            p.fires += 1
            ctx.emit('fired', { seat: p.owner, number: p.fires })
            ctx.command('pressed', { by: p.owner, number: p.fires })
          }
          p.luck = (p.luck + Math.floor(ctx.random() * 9_999)) % 9_999
          ctx.spawn('spark', { x: p.x, y: p.y, fuse: FUSE, number: p.fires })
        },
      },
      spark: {
        max: 32,
        fields: { x: place(), y: place(), fuse: int(0, FUSE), number: count() },
        step(s, _input, ctx) {
          s.x = clamp(s.x + 11, -SIZE, SIZE)
          s.fuse -= 1
          if (s.fuse > 0) return
          ctx.emit('faded', { seat: s.owner, number: s.number })
          ctx.despawn(s)
        },
      },
      /** What rules count. */
      table: {
        max: 1,
        fields: { beats: count(), beatTick: count(), offBeat: count(), effects: count(), dice: int(0, 9_999) },
      },
    },
  })
}

export type Tally = ShapeOf<ReturnType<typeof makeTally>>

export interface TallyEffect {
  readonly id: string
  readonly room: string
  readonly data: unknown
}

/** What the simulation hears of a room, on whatever shard it runs. */
export interface TallyWitness {
  /** Before a tick's steps: the world is as the tick before left it. */
  ticks(room: Room<Tally>): void
  /** An effect is to be carried out. */
  effect(effect: TallyEffect): Promise<void>
}

export function tallyRules(witness: TallyWitness): Rules<Tally> {
  return {
    onCreate(room) {
      room.spawn('table', { beatTick: room.tick })
      room.schedule('beat', BEAT_MS)
    },
    onJoin(room, player) {
      room.spawn('player', { owner: player.seat, x: 100 * player.seat })
    },
    onTick(room) {
      witness.ticks(room)
    },
    commands: {
      pressed(room, { by, number }) {
        const player = room.players.get(by)
        player?.setAttributes({ fires: number })
        for (const own of room.world.player) {
          if (own.owner !== by || player === undefined) continue
          own.told += 1
          room.send(player, 'told', { number: own.told })
        }
        if (number % PRESSES_PER_SCORE !== 0) return
        for (const table of room.world.table) {
          table.effects += 1
          table.dice = Math.floor(room.random() * 9_999)
          room.setAttributes({ scores: table.effects })
          room.effect('score', { number: table.effects })
        }
      },
    },
    messages: {
      say(room, player, { number }) {
        for (const own of room.world.player) {
          if (own.owner !== player.seat) continue
          if (number === own.said + 1) own.said += 1
          else own.outOfTurn += 1
        }
      },
    },
    timers: {
      beat(room) {
        for (const table of room.world.table) {
          if (table.beats > 0 && room.tick - table.beatTick !== BEAT_TICKS) table.offBeat += 1
          table.beats += 1
          table.beatTick = room.tick
        }
        room.schedule('beat', BEAT_MS)
      },
    },
    effects: {
      score: (effect) => witness.effect(effect),
    },
  }
}

const BEAT_TICKS = (BEAT_MS * TICK_RATE) / 1_000

/** A snapshot, to look at. */
export function tallyWorld(game: Game<Tally>, ints: Int32Array): ReadonlyWorldView<Tally> {
  const world = new World(game)
  world.load(ints)
  return world.byName as unknown as ReadonlyWorldView<Tally>
}

/** All that is in a world, as a text to compare. */
export function tallyText({ player, spark, table }: ReadonlyWorldView<Tally>): string {
  const rows: string[] = []
  for (const p of player) rows.push(`player ${p.owner}: ${[p.x, p.y, p.luck, p.fires, p.said, p.outOfTurn, p.told]}`)
  for (const s of spark) rows.push(`spark ${s.id} ${s.owner}: ${[s.x, s.y, s.fuse, s.number]}`)
  for (const t of table) rows.push(`table: ${[t.beats, t.beatTick, t.offBeat, t.effects, t.dice]}`)
  return rows.join('; ')
}
