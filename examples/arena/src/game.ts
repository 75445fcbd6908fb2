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
  type InputView,
  int,
  ownerOnly,
  press,
  privateInput,
  type StepContext,
  serverOnly,
  sin,
  type ViewOf,
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
        coolDown(p, input)
        if (input.dash > 0 && p.dashWait === 0) dashOff(p, input, ctx)
        const fires = input.trigger || input.fire > 0
        if (fires && p.rifleWait === 0 && p.reloading === 0 && p.ammo > 0) shoot(p, ctx)
        if (input.altFire > 0 && p.rocketWait === 0) launch(p, ctx)
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

type ShapeOf<G> = G extends { readonly shape?: infer S } ? Exclude<S, undefined> : never
/** The types of the arena's code. */
export type ArenaShape = ShapeOf<typeof arena>
type Fighter = ViewOf<ArenaShape, 'player'>
type Input = InputView<ArenaShape['inputs']>
type Context = StepContext<ArenaShape>

/** Time passes for everything that a player waits for. */
function coolDown(p: Fighter, input: Input): void {
  if (p.rifleWait > 0) p.rifleWait -= 1
  if (p.rocketWait > 0) p.rocketWait -= 1
  if (p.dashWait > 0) p.dashWait -= 1
  if (p.reloading > 0) {
    p.reloading -= 1
    if (p.reloading === 0) p.ammo = rifle.magazine
  } else if (p.ammo === 0 || (input.reload > 0 && p.ammo < rifle.magazine)) {
    p.reloading = rifle.reloadTicks
  }
}

/** A burst of speed where the keys push, or else where the player aims. */
function dashOff(p: Fighter, { move }: Input, ctx: Context): void {
  const length = Math.sqrt(move.x * move.x + move.y * move.y)
  p.vx = (length > 0.1 ? move.x / length : cos(p.aim)) * dash.speed
  p.vy = (length > 0.1 ? move.y / length : sin(p.aim)) * dash.speed
  p.dashWait = dash.cooldownTicks
  ctx.emit('dash', { by: p.id, x: p.x, y: p.y, angle: p.aim })
}

/** One bullet, at once: whom it meets is judged in the world that the shooter's screen showed. */
function shoot(p: Fighter, ctx: Context): void {
  p.ammo -= 1
  p.rifleWait = rifle.cooldownTicks
  p.shield = 0
  const dx = cos(p.aim)
  const dy = sin(p.aim)
  const reach = distanceToWall(p.x, p.y, dx, dy, rifle.range)
  const seen = ctx.seenBy(p)
  const hit = seen.raycast(p, p.aim, { maxDistance: reach, types: ['player'] })
  const distance = hit?.distance ?? reach
  ctx.emit('shot', { by: p.id, x: p.x + dx * distance, y: p.y + dy * distance, hit: hit !== undefined })
  if (hit) {
    const { id: target } = hit
    ctx.command('damage', { target, by: p.owner, amount: rifle.damage, weapon: 'rifle', x: p.x, y: p.y })
  }
  if (ctx.predicting || !p.debug) return
  for (const { id, x, y } of seen.world.player) {
    if (id === p.id) continue
    ctx.command('rewound', { to: p.owner, tick: ctx.tick, target: id, x, y, hit: id === hit?.id })
  }
}

function launch(p: Fighter, ctx: Context): void {
  p.rocketWait = rocket.cooldownTicks
  p.shield = 0
  const dx = cos(p.aim)
  const dy = sin(p.aim)
  // With the barrel in a wall the rocket starts, and ends, at the player.
  const barrel = distanceToWall(p.x, p.y, dx, dy, MUZZLE) < MUZZLE ? 0 : MUZZLE
  const from = { x: p.x + dx * barrel, y: p.y + dy * barrel }
  const { owner } = p
  ctx.emit('launch', { by: p.id, ...from })
  ctx.spawn('rocket', { ...from, vx: dx * rocket.speed, vy: dy * rocket.speed, life: rocket.lifeTicks, owner })
}

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
