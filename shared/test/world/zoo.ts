/** A game with a field of every kind, and worlds of it, for the tests of worlds and simulations. */
import { defineGame } from '../../src/game/define-game.ts'
import {
  angle,
  bool,
  entityRef,
  enumeration,
  fixed,
  flags,
  float32,
  int,
  ownerOnly,
  serverOnly,
} from '../../src/game/field.ts'
import { axis2, press } from '../../src/game/input.ts'
import { linear } from '../../src/game/motion.ts'
import { circle } from '../../src/math/hitbox.ts'
import type { View } from '../../src/world/entity-view.ts'
import { World, type WorldOptions } from '../../src/world/world.ts'

const place = fixed(0, 64, 1 / 256)
const speed = fixed(-512, 512, 1 / 1024)

export const zoo = defineGame({
  id: 'zoo',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 3,
  input: { move: axis2(), aim: angle(12), zoom: int(5, 9), fire: press() },
  entities: {
    player: {
      fields: {
        x: place,
        y: place,
        aim: angle(12),
        hp: int(-10, 100, { initial: 50 }),
        lift: int(-100, 100, { smooth: true }),
        armed: bool(true),
        mode: enumeration('idle', 'run', 'fall'),
        state: flags('shield', 'stunned'),
        target: entityRef(),
        heat: float32(),
        ammo: ownerOnly(int(0, 30)),
        luck: serverOnly(int(0, 9, { initial: 4 })),
        secrets: serverOnly(flags('spy')),
      },
      max: 6,
      hitbox: circle(1),
    },
    ball: {
      fields: { x: place, y: place, vx: speed, vy: speed, spin: angle(8), turn: speed },
      max: 4,
      hitbox: circle(0.5),
      motion: linear(['x', 'vx'], ['y', 'vy'], ['spin', 'turn']),
    },
  },
})

/** All fields of both types, as tests write them. */
export interface Creature extends View {
  x: number
  y: number
  vx: number
  vy: number
  spin: number
  turn: number
  aim: number
  hp: number
  lift: number
  armed: boolean
  mode: string
  state: { shield?: boolean; stunned?: boolean }
  target: number
  heat: number
  ammo: number
  luck: number
  secrets: { spy?: boolean }
}

export const PLAYER = 0
export const BALL = 1

export function makeZoo(options: WorldOptions = { strict: true }): World {
  return new World(zoo, options)
}

export function add(world: World, type: number, id: number, fields: Partial<Creature> = {}, owner = 0): Creature {
  const view = world.spawn(type, id, owner)
  world.assign(view, fields as Record<string, unknown>)
  return view as Creature
}

export function get(world: World, id: number): Creature {
  const view = world.find(id)
  if (view === undefined) throw new Error(`there is no entity ${id}`)
  return view as Creature
}

export function snapshotOf(world: World): Int32Array {
  world.settle()
  const snapshot = new Int32Array(world.ints.length)
  world.save(snapshot)
  return snapshot
}

export function idsOf(world: World, type: number): number[] {
  return [...world.table(type)].map((view) => view.id)
}
