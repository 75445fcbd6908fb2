/**
 * The arena, as both sides know it: what there is, how it moves, and what a player's input does. The server runs it as the truth, each page
 * as a prediction of its own player and rockets. What only the server decides (damage, death, score) leaves as a command, for rules.ts.
 */
import {
  angle,
  axis2,
  bool,
  button,
  circle,
  cos,
  defineGame,
  type EntityBase,
  entityRef,
  enumeration,
  fixed,
  int,
  ownerOnly,
  press,
  privateInput,
  serverOnly,
  sin,
} from '@tickmesh/shared'
import { distanceToWall, keepOutOfWalls, touchesWall, WORLD_HEIGHT, WORLD_WIDTH } from './map.ts'
import { dash, MAX_PLAYERS, MUZZLE, pickup, player, rifle, rocket, SNAPSHOT_RATE, TICK_RATE } from './tuning.ts'

const x = fixed(0, WORLD_WIDTH, 1 / 256)
const y = fixed(0, WORLD_HEIGHT, 1 / 256)
const velocity = fixed(-1200, 1200, 1 / 1024)
/** Places in effects need no finer grid. */
const effectX = fixed(0, WORLD_WIDTH, 1 / 8)
const effectY = fixed(0, WORLD_HEIGHT, 1 / 8)
const seat = int(0, MAX_PLAYERS)
const tick = int(0, 2 ** 31 - 1)
const weapon = enumeration('rifle', 'rocket')

export const arena = defineGame({
  id: 'arena',
  tickRate: TICK_RATE,
  snapshotRate: SNAPSHOT_RATE,
  maxPlayers: MAX_PLAYERS,
  input: {
    move: axis2(),
    aim: angle(12),
    /** Held to go on firing; `fire` is the click itself, so that a short one is never lost. */
    trigger: privateInput(button()),
    fire: press(),
    altFire: press(),
    dash: press(),
    reload: press(),
  },
  events: {
    shot: { by: entityRef(), x: effectX, y: effectY, hit: bool() },
    launch: { by: entityRef(), x: effectX, y: effectY },
    dash: { by: entityRef(), x: effectX, y: effectY, angle: angle(8) },
    explosion: { by: seat, x: effectX, y: effectY },
    /** (x, y) is where the harm came from. */
    hurt: { target: entityRef(), victim: seat, by: seat, amount: int(0, 100), x: effectX, y: effectY },
    kill: { killer: seat, victim: seat, weapon, x: effectX, y: effectY },
    heal: { target: entityRef(), x: effectX, y: effectY },
  },
  commands: {
    damage: { target: entityRef(), by: seat, amount: int(0, 100), weapon, x: effectX, y: effectY },
    blast: { by: seat, x: effectX, y: effectY },
    collect: { pickup: entityRef(), by: entityRef() },
    rewound: { to: seat, tick, target: entityRef(), x, y, hit: bool() },
  },
  messages: {
    /** Asks for, or ends, `rewound` messages. */
    toServer: { debug: { on: bool() } },
    /** Where the server judged `target` to be when this player shot at `tick`; `hit` says whether the shot met it. */
    toClient: { rewound: { tick, target: entityRef(), x, y, hit: bool() } },
  },
  attributes: { player: { name: '', color: 0, kills: 0, deaths: 0, bot: false } },
  entities: {
    player: {
      max: MAX_PLAYERS,
      fields: {
        x,
        y,
        vx: velocity,
        vy: velocity,
        aim: angle(12),
        hp: int(0, player.hp, { initial: player.hp }),
        shield: int(0, player.shieldTicks),
        ammo: ownerOnly(int(0, rifle.magazine, { initial: rifle.magazine })),
        reloading: ownerOnly(int(0, rifle.reloadTicks)),
        rifleWait: ownerOnly(int(0, rifle.cooldownTicks)),
        rocketWait: ownerOnly(int(0, rocket.cooldownTicks)),
        dashWait: ownerOnly(int(0, dash.cooldownTicks)),
        /** Whether its owner asked to see the rewound hitboxes. */
        debug: serverOnly(bool()),
      },
      hitbox: circle(player.radius),
      motion(p, held, dt) {
        const { move } = held
        const length = Math.sqrt(move.x * move.x + move.y * move.y)
        const push = (length > 1 ? 1 / length : 1) * player.acceleration * dt
        const keep = 1 - player.drag * dt
        p.vx = p.vx * keep + move.x * push
        p.vy = p.vy * keep + move.y * push
        if (length === 0 && p.vx * p.vx + p.vy * p.vy < player.restSpeed * player.restSpeed) {
          p.vx = 0
          p.vy = 0
        }
        p.x += p.vx * dt
        p.y += p.vy * dt
        keepOutOfWalls(p, player.radius)
        p.aim = held.aim
        if (p.shield > 0) p.shield -= 1
      },
      step(p, input, ctx) {
        ctx.move(p)
        if (p.rifleWait > 0) p.rifleWait -= 1
        if (p.rocketWait > 0) p.rocketWait -= 1
        if (p.dashWait > 0) p.dashWait -= 1
        if (p.reloading > 0) {
          p.reloading -= 1
          if (p.reloading === 0) p.ammo = rifle.magazine
        } else if (p.ammo === 0 || (input.reload > 0 && p.ammo < rifle.magazine)) {
          p.reloading = rifle.reloadTicks
        }

        const dx = cos(p.aim)
        const dy = sin(p.aim)
        if (input.dash > 0 && p.dashWait === 0) {
          const { move } = input
          const length = Math.sqrt(move.x * move.x + move.y * move.y)
          p.vx = (length > 0.1 ? move.x / length : dx) * dash.speed
          p.vy = (length > 0.1 ? move.y / length : dy) * dash.speed
          p.dashWait = dash.cooldownTicks
          ctx.emit('dash', { by: p.id, x: p.x, y: p.y, angle: p.aim })
        }

        if ((input.trigger || input.fire > 0) && p.rifleWait === 0 && p.ammo > 0 && p.reloading === 0) {
          p.ammo -= 1
          p.rifleWait = rifle.cooldownTicks
          p.shield = 0
          const reach = distanceToWall(p.x, p.y, dx, dy, rifle.range)
          const seen = ctx.seenBy(p)
          const hit = seen.raycast(p, p.aim, { maxDistance: reach, types: ['player'] })
          const distance = hit?.distance ?? reach
          ctx.emit('shot', { by: p.id, x: p.x + dx * distance, y: p.y + dy * distance, hit: hit !== undefined })
          if (hit) {
            ctx.command('damage', {
              target: hit.id,
              by: p.owner,
              amount: rifle.damage,
              weapon: 'rifle',
              x: p.x,
              y: p.y,
            })
          }
          if (!ctx.predicting && p.debug) {
            for (const other of seen.world.player) {
              if (other.id === p.id) continue
              ctx.command('rewound', {
                to: p.owner,
                target: other.id,
                x: other.x,
                y: other.y,
                hit: other.id === hit?.id,
              })
            }
          }
        }

        if (input.altFire > 0 && p.rocketWait === 0) {
          p.rocketWait = rocket.cooldownTicks
          p.shield = 0
          const clear = distanceToWall(p.x, p.y, dx, dy, MUZZLE) >= MUZZLE
          const from = { x: clear ? p.x + dx * MUZZLE : p.x, y: clear ? p.y + dy * MUZZLE : p.y }
          ctx.emit('launch', { by: p.id, ...from })
          ctx.spawn('rocket', {
            ...from,
            vx: dx * rocket.speed,
            vy: dy * rocket.speed,
            life: rocket.lifeTicks,
            owner: p.owner,
          })
        }
      },
    },
    rocket: {
      max: 64,
      fields: { x, y, vx: velocity, vy: velocity, life: int(0, rocket.lifeTicks) },
      motion(r, _held, dt) {
        r.x += r.vx * dt
        r.y += r.vy * dt
        r.life -= 1
      },
      step(r, _input, ctx) {
        ctx.move(r)
        // Players that a page does not predict may be elsewhere in truth: whether a rocket meets one, the server says.
        const over =
          r.life === 0 || touchesWall(r.x, r.y, rocket.radius) || (!ctx.predicting && meetsPlayer(r, ctx.world.player))
        if (!over) return
        ctx.emit('explosion', { by: r.owner, x: r.x, y: r.y })
        ctx.command('blast', { by: r.owner, x: r.x, y: r.y })
        ctx.despawn(r)
      },
    },
    pickup: {
      max: 16,
      fields: { x, y, ready: bool(true) },
      step(item, _input, ctx) {
        if (ctx.predicting) return
        for (const p of ctx.world.player) {
          if (p.hp < player.hp && touches(p, item, player.radius + pickup.radius)) {
            ctx.command('collect', { pickup: item.id, by: p.id })
          }
        }
      },
    },
  },
})

interface Point {
  readonly x: number
  readonly y: number
}

function touches(a: Point, b: Point, distance: number): boolean {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) < distance * distance
}

function meetsPlayer(r: Point & EntityBase, players: Iterable<Point & EntityBase>): boolean {
  for (const p of players) {
    if (p.owner !== r.owner && touches(p, r, player.radius + rocket.radius)) return true
  }
  return false
}

type ShapeOf<G> = G extends { readonly shape?: infer S } ? Exclude<S, undefined> : never
/** The types of the arena's code. */
export type ArenaShape = ShapeOf<typeof arena>
