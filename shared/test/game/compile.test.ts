import { describe, expect, it } from 'vitest'
import { compileGame, type UntypedDefinition } from '../../src/game/compile.ts'
import { angle, bool, enumeration, fixed, int } from '../../src/game/field.ts'
import { axis, axis2, press, privateInput } from '../../src/game/input.ts'
import { linear } from '../../src/game/motion.ts'

const x = fixed(0, 64, 1 / 256)
const definition: UntypedDefinition = {
  id: 'arena',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 4,
  input: { move: axis2(), aim: angle(12), fire: press(), turbo: bool(), secret: privateInput(axis()) },
  entities: {
    player: { fields: { x, vx: x, mode: enumeration('walk', 'fly') }, max: 3 },
    rock: { fields: { x }, max: 2 },
  },
}

describe('a compiled game', () => {
  it('gives every column a place of its own', () => {
    const game = compileGame(definition)
    const used = new Set<number>()
    const take = (from: number, count: number) => {
      for (let at = from; at < from + count; at++) {
        expect(used.has(at)).toBe(false)
        used.add(at)
      }
    }
    take(0, 4 + 2)
    take(game.seatBase, (1 + game.inputWidth) * game.seatRows)
    for (const type of game.entities) {
      take(type.base, 3 * type.rows)
      for (const field of type.fields) take(field.offset, type.rows)
    }
    expect(used.size).toBe(game.worldInts)
  })

  it('counts a level of two parts as two, before the presses', () => {
    const game = compileGame(definition)
    expect(game.levels.map(({ name, part }) => name + part)).toEqual(['movex', 'movey', 'aim', 'turbo', 'secret'])
    expect(game.presses).toEqual([{ name: 'fire', index: 0 }])
    expect(game.inputWidth).toBe(6)
  })

  it('shares the levels that some motion reads, also behind conditions, and no others', () => {
    const game = compileGame({
      ...definition,
      entities: {
        player: {
          ...definition.entities.player,
          fields: { x, vx: x, mode: enumeration('walk', 'fly') },
          motion(p: { x: number; mode: string }, held: { move: { x: number }; turbo: boolean }) {
            if (p.mode === 'walk' && p.x > 60 && held.turbo) p.x += held.move.x
          },
        },
      },
    })
    const shared = game.levels.filter((level) => level.shared).map(({ name, part }) => name + part)
    expect(shared).toEqual(['movex', 'movey', 'turbo'])
  })

  it('has the same schema hash for equal definitions, whatever their functions are', () => {
    const one = compileGame({ ...definition, step: () => {} })
    const other = compileGame({ ...definition, step: () => 'different' })
    expect(one.schemaHash).toBe(other.schemaHash)
  })

  const changes: [string, Partial<UntypedDefinition>][] = [
    ['the id', { id: 'arena2' }],
    ['the tick rate', { tickRate: 120 }],
    ['the snapshot rate', { snapshotRate: 30 }],
    ['the seats', { maxPlayers: 5 }],
    ['the prior', { prior: 'AA' }],
    ['an input', { input: { fire: press() } }],
    ['a range', { entities: { player: { fields: { x: fixed(0, 65, 1 / 256) } } } }],
    ['an initial value', { entities: { player: { fields: { x: fixed(0, 64, 1 / 256, { initial: 1 }) } } } }],
    ['a capacity', { entities: { ...definition.entities, rock: { fields: { x }, max: 4 } } }],
    ['an event', { events: { shot: { x } } }],
    ['a command', { commands: { hit: { amount: int(0, 1) } } }],
    ['a motion', { entities: { player: { fields: { x, vx: x }, motion: linear(['x', 'vx']) } } }],
    ['a motion, mirrored', { entities: { player: { fields: { x, vx: x }, motion: linear(['vx', 'x']) } } }],
  ]
  it('has another schema hash for any other bytes on the wire', () => {
    const hashes = [definition, ...changes.map(([, change]) => ({ ...definition, ...change }))].map(
      (each) => compileGame(each).schemaHash,
    )
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('calls functions with their own definition as `this`', () => {
    const rock = {
      fields: { x },
      gravity: 9,
      motion(this: { gravity: number }, p: { x: number }) {
        p.x = this.gravity
      },
    }
    const game = compileGame({ ...definition, entities: { rock } })
    const p = { x: 0 }
    game.entities[0]?.motion?.(p, {}, 1)
    expect(p.x).toBe(9)
  })
})
