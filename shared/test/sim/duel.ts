/** A small shooter with everything that a step can do, and simulations of it, for the tests of the simulation. */
import type { CompiledGame } from '../../src/game/compiled.ts'
import { defineGame } from '../../src/game/define-game.ts'
import { angle, bool, entityRef, fixed, int, serverOnly } from '../../src/game/field.ts'
import { axis2, press } from '../../src/game/input.ts'
import { linear } from '../../src/game/motion.ts'
import { toRaw } from '../../src/game/quantize.ts'
import { circle } from '../../src/math/hitbox.ts'
import { DeterminismGuard } from '../../src/sim/guard.ts'
import { Simulation, type SimulationOptions } from '../../src/sim/simulation.ts'
import type { View } from '../../src/world/entity-view.ts'
import { SnapshotRing } from '../../src/world/history.ts'

const place = fixed(0, 512, 1 / 256)
const speed = fixed(-512, 512, 1 / 1024)

export const duel = defineGame({
  id: 'duel',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 4,
  input: { move: axis2(), aim: angle(12), fire: press(), drop: press() },
  events: { shot: { by: entityRef(), aim: angle(12) }, boom: { x: place } },
  commands: { damage: { target: entityRef(), amount: int(0, 100) } },
  entities: {
    player: {
      fields: {
        x: place,
        y: place,
        vx: speed,
        aim: angle(12),
        hp: int(0, 100, { initial: 100 }),
        luck: int(0, 999),
        age: int(0, 9999),
      },
      max: 8,
      hitbox: circle(8),
      motion(p, held, dt) {
        p.vx = p.vx * 0.875 + held.move.x * 16
        p.x += p.vx * dt
        p.y += held.move.y
      },
      step(p, input, ctx) {
        ctx.move(p)
        p.age += 1
        p.aim = input.aim
        p.luck = Math.floor(ctx.random() * 1000)
        for (let n = 0; n < input.fire; n++) {
          ctx.emit('shot', { by: p.id, aim: p.aim })
          ctx.spawn('rocket', { x: p.x, y: p.y, vx: 300, fuse: 30 })
        }
        if (input.drop > 0) ctx.spawn('mine', { x: p.x })
        const hit = input.fire > 0 ? ctx.seenBy(p).raycast(p, p.aim, { types: ['player'] }) : undefined
        if (hit !== undefined) ctx.command('damage', { target: hit.id, amount: 10 })
      },
    },
    rocket: {
      fields: { x: place, y: place, vx: speed, fuse: int(0, 100), steps: int(0, 200) },
      max: 32,
      motion: linear(['x', 'vx']),
      step(r, _input, ctx) {
        ctx.move(r)
        r.steps += 1
        if (r.fuse > 0) r.fuse -= 1
        else {
          ctx.emit('boom', { x: r.x })
          ctx.despawn(r)
        }
      },
    },
    mine: { fields: { x: place, armed: bool(), code: serverOnly(int(0, 9)) }, max: 16 },
  },
})

export const PLAYER = 0
export const ROCKET = 1
export const MINE = 2

export interface Actor extends View {
  x: number
  y: number
  vx: number
  aim: number
  hp: number
  luck: number
  age: number
  fuse: number
  steps: number
}

/** A simulation with its history. */
export class Match {
  readonly sim: Simulation
  readonly history: SnapshotRing
  private readonly row: Int32Array

  constructor(game: CompiledGame = duel, options: Partial<SimulationOptions> = {}) {
    this.history = new SnapshotRing(64, game.worldInts)
    const { development = true } = options
    const guard = development ? new DeterminismGuard() : undefined
    this.sim = new Simulation(game, { side: 'server', development, guard, snapshots: this.history, ...options })
    this.sim.publicSeed = 12345
    this.row = new Int32Array(game.inputWidth)
  }

  /** A client of seat `seat` whose world is this one's. */
  client(seat: number, game: CompiledGame = this.sim.game, development = true): Match {
    const client = new Match(game, { side: 'client', development, snapshots: this.history })
    client.sim.seat = seat
    this.sim.settle()
    client.sim.world.load(this.sim.world.ints)
    return client
  }

  add(type: number, id: number, owner: number, fields: Partial<Actor> = {}): Actor {
    const view = this.sim.world.spawn(type, id, owner)
    this.sim.world.assign(view, fields as Record<string, unknown>)
    return view as Actor
  }

  get(id: number): Actor {
    const view = this.sim.world.find(id)
    if (view === undefined) throw new Error(`there is no entity ${id}`)
    return view as Actor
  }

  /** The input of a seat for the next tick; presses as counters. */
  input(seat: number, input: { x?: number; y?: number; aim?: number; fire?: number; drop?: number }): void {
    const { levels } = this.sim.game
    const values = [input.x ?? 0, input.y ?? 0, input.aim ?? 0]
    for (let n = 0; n < 3; n++) {
      const level = levels[n]
      if (level !== undefined) this.row[n] = toRaw(level.field, values[n], true, level.name)
    }
    this.row[3] = input.fire ?? 0
    this.row[4] = input.drop ?? 0
    this.sim.setLevels(seat, this.row, 0)
    this.sim.applyPresses(seat, this.row, 0)
  }

  /** Computes a tick with the inputs that were given for it, without commands. */
  tick(tick: number): void {
    this.sim.step(tick)
    this.sim.settle()
    this.sim.inputs.clear()
    this.history.put(tick, this.sim.world.ints)
  }

  ids(type: number): number[] {
    return [...this.sim.world.table(type)].map((view) => view.id)
  }

  /** The events of a tick: index, key, then the raw fields. */
  events(tick: number): number[][] {
    const { events } = this.sim
    return Array.from({ length: events.count(tick) }, (_, n) => {
      const at = events.at(tick, n)
      return Array.from(events.ints.subarray(at, at + events.stride))
    })
  }
}
