/**
 * Three games for the tests of the snapshot codec, with every kind of field, both kinds of motion, and none.
 */
import type { CompiledGame } from '../../src/game/compiled.ts'
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
import { axis2, button, press, privateInput } from '../../src/game/input.ts'
import { linear } from '../../src/game/motion.ts'

/** `thrust` is what a client may have another value of than its server. `bomb`: the motion throws when it meets this health. */
export function steered(thrust = 40, bomb = -1, prior = ''): CompiledGame {
  return defineGame({
    id: 'steered',
    tickRate: 60,
    snapshotRate: 20,
    maxPlayers: 6,
    prior,
    input: {
      move: axis2(),
      aim: angle(12),
      gear: enumeration('low', 'middle', 'high'),
      sprint: button(),
      weapon: int(1, 4),
      secret: privateInput(int(0, 9)),
      fire: press(),
      dash: press(),
    },
    events: {
      shot: {
        by: entityRef(),
        x: fixed(0, 512, 1 / 16),
        loud: bool(),
        kind: enumeration('a', 'b', 'c'),
        heat: float32(),
      },
      ping: {},
      mark: { at: angle(8), bits: flags('p', 'q', 'r'), count: int(-5, 5) },
    },
    entities: {
      ship: {
        max: 7,
        fields: {
          x: fixed(0, 512, 1 / 64),
          y: fixed(0, 512, 1 / 64),
          vx: fixed(-128, 128, 1 / 64),
          heading: angle(10),
          hp: int(0, 100, { initial: 100 }),
          ammo: ownerOnly(int(0, 30, { initial: 30 })),
          luck: serverOnly(int(-9, 9)),
          burning: bool(),
          state: flags('shield', 'stunned', 'hidden'),
          target: entityRef(),
          team: enumeration('red', 'blue', 'green'),
          wobble: float32(),
          charge: ownerOnly(fixed(0, 1, 1 / 255)),
          secretly: ownerOnly(float32()),
        },
        motion(p, held, dt) {
          if (p.hp === bomb) throw new Error('boom')
          p.vx = Math.max(-128, Math.min(128, p.vx + held.move.x * thrust * dt * (held.sprint ? 2 : 1)))
          p.x = Math.max(0, Math.min(512, p.x + p.vx * dt))
          p.y = Math.max(0, Math.min(512, p.y + held.move.y * thrust * dt))
          p.heading += held.gear === 'high' ? 2 * dt : held.aim * dt
        },
      },
      crate: { max: 3, fields: { x: int(-2147483647, 2147483647), worth: serverOnly(int(0, 5)) } },
    },
  })
}

export function drifting(): CompiledGame {
  return defineGame({
    id: 'drifting',
    tickRate: 30,
    snapshotRate: 10,
    maxPlayers: 3,
    input: { fire: press() },
    events: { spark: { x: int(0, 999) } },
    entities: {
      rock: {
        max: 16,
        fields: {
          turn: angle(14),
          x: fixed(-64, 64, 1 / 256),
          vx: fixed(-32, 32, 1 / 1024),
          y: fixed(-64, 64, 1 / 8),
          vy: fixed(-32, 32, 1 / 64),
          ay: fixed(-8, 8, 1 / 64),
          spin: fixed(-9, 9, 1 / 128),
          float: float32(),
        },
        motion: linear(['x', 'vx'], ['y', 'vy'], ['vy', 'ay'], ['turn', 'spin']),
      },
    },
  })
}

export function still(): CompiledGame {
  return defineGame({
    id: 'still',
    tickRate: 20,
    snapshotRate: 20,
    maxPlayers: 12,
    input: { move: axis2() },
    entities: {
      empty: { max: 3, fields: {} },
      card: {
        max: 12,
        fields: { suit: enumeration('a', 'b', 'c', 'd'), up: bool(), rank: int(1, 13), hidden: ownerOnly(int(0, 9)) },
      },
    },
  })
}
