import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnyField, angle, fixed, int } from '../../src/game/field.ts'
import { toRaw } from '../../src/game/quantize.ts'
import { defineColumn } from '../../src/world/column.ts'
import { LOCKED_PAST, RowView } from '../../src/world/row-view.ts'
import { add, makeZoo, PLAYER, zoo } from './zoo.ts'

const production = () => makeZoo({ strict: false })

describe('the fields of an entity', () => {
  it('start as they were declared', () => {
    const p = add(makeZoo(), PLAYER, 1)
    expect({ ...fieldsOf(p) }).toEqual({
      x: 0,
      y: 0,
      aim: 0,
      hp: 50,
      lift: 0,
      armed: true,
      mode: 'idle',
      target: 0,
      heat: 0,
      ammo: 0,
      luck: 4,
    })
  })

  it('round to their grid at once, half to even', () => {
    const p = add(makeZoo(), PLAYER, 1)
    p.x = 2.5 / 256
    expect(p.x).toBe(2 / 256)
    p.x = 3.5 / 256
    expect(p.x).toBe(4 / 256)
    p.hp = -0.5
    expect(p.hp).toBe(0)
  })

  it('round as toRaw does, whatever the step', () => {
    const kinds = [int(-1000, 1000), fixed(-7, 9, 1 / 127), fixed(0, 50, 0.1), fixed(-4, 4, 1 / 1024), angle(10)]
    fc.assert(
      fc.property(
        fc.constantFrom<AnyField>(...kinds),
        fc.double({ min: -2000, max: 2000, noNaN: true }),
        (field, value) => {
          const memory = new Int32Array(1)
          class One extends RowView {}
          defineColumn(One.prototype, [], 'it', 'one.it', field, 0)
          const host = { ints: memory, floats: new Float32Array(memory.buffer), strict: false, clamping: false }
          const view = new One({ ...host, hidesServerFields: false, lastSeat: 0 }, 0, []) as RowView & { it: number }
          view.it = value
          expect(memory[0]).toBe(toRaw(field, value, false, ''))
          view.it = view.it + 0
          expect(memory[0]).toBe(toRaw(field, value, false, ''))
        },
      ),
    )
  })

  it('are clamped in production', () => {
    const p = add(production(), PLAYER, 1)
    p.hp = 1000
    p.x = -3
    p.lift = Number.NEGATIVE_INFINITY
    expect([p.hp, p.x, p.lift]).toEqual([100, 0, -100])
  })

  it('refuse in development what is out of range, naming type and field', () => {
    const p = add(makeZoo(), PLAYER, 1)
    expect(() => {
      p.hp = 101
    }).toThrow(/OUT_OF_RANGE: player\.hp was set to 101, outside -10 to 100/)
    expect(p.hp).toBe(50)
    p.hp = 100
    expect(p.hp).toBe(100)
  })

  it('never become NaN', () => {
    const strict = add(makeZoo(), PLAYER, 1)
    const lax = add(production(), PLAYER, 1, { x: 3, aim: 1, heat: 2 })
    const { aim } = lax
    for (const name of ['x', 'hp', 'aim', 'heat', 'target'] as const) {
      expect(() => {
        strict[name] = Number.NaN
      }).toThrow(new RegExp(`OUT_OF_RANGE: player\\.${name} was set to NaN`))
      lax[name] = Number.NaN
    }
    expect([lax.x, lax.hp, lax.aim, lax.heat, lax.target]).toEqual([3, 50, aim, 2, 0])
  })

  it('wrap as angles, seen in [-PI, PI)', () => {
    const p = add(makeZoo(), PLAYER, 1)
    p.aim = 3 * Math.PI
    expect(p.aim).toBe(-Math.PI)
    p.aim = -Math.PI / 2 - 2e5 * Math.PI
    expect(p.aim).toBeCloseTo(-Math.PI / 2, 2)
    p.aim = 1e7
    expect(Math.abs(p.aim)).toBeLessThanOrEqual(Math.PI)
    expect(() => {
      p.aim = Number.POSITIVE_INFINITY
    }).toThrow(/OUT_OF_RANGE: player\.aim/)
  })

  it('hold flags that are set one by one or some at a time', () => {
    const p = add(makeZoo(), PLAYER, 1, { state: { stunned: true } })
    expect([p.state.shield, p.state.stunned]).toEqual([false, true])
    p.state.shield = true
    p.state = { stunned: false }
    expect([p.state.shield, p.state.stunned]).toEqual([true, false])
    expect(p.state).toBe(p.state)
    const q = add(makeZoo(), PLAYER, 2)
    expect(q.state.shield).toBe(false)
  })

  it('hold one of the names of an enumeration', () => {
    const strict = add(makeZoo(), PLAYER, 1, { mode: 'fall' })
    expect(strict.mode).toBe('fall')
    expect(() => {
      strict.mode = 'swim'
    }).toThrow(/OUT_OF_RANGE: player\.mode was set to "swim"\. It is one of: idle, run, fall/)
    const lax = add(production(), PLAYER, 1, { mode: 'run' })
    lax.mode = 'swim'
    expect(lax.mode).toBe('run')
  })

  it('hold the greatest id in an entityRef', () => {
    const p = add(makeZoo(), PLAYER, 1, { target: 2 ** 31 - 1 })
    expect(p.target).toBe(2 ** 31 - 1)
  })

  it('hold a 32-bit float, and nothing that would be infinite in it', () => {
    const p = add(makeZoo(), PLAYER, 1, { heat: 0.1 })
    expect(p.heat).toBe(Math.fround(0.1))
    expect(() => {
      p.heat = 1e300
    }).toThrow(/OUT_OF_RANGE: player\.heat/)
    const lax = add(production(), PLAYER, 1, { heat: 5 })
    lax.heat = 1e300
    expect(lax.heat).toBe(5)
  })

  it('hold a bool', () => {
    const p = add(makeZoo(), PLAYER, 1, { armed: false })
    expect(p.armed).toBe(false)
    p.armed = true
    expect(p.armed).toBe(true)
  })

  it('are refused under names that the type does not have, in development', () => {
    const world = makeZoo()
    const p = add(world, PLAYER, 1)
    for (const name of ['mana', 'id', 'alive', 'row', 'toString']) {
      expect(() => world.assign(p, { [name]: 1 })).toThrow(new RegExp(`BAD_ARGUMENT: player has no field "${name}"`))
    }
    const lax = production()
    const q = add(lax, PLAYER, 1)
    lax.assign(q, { mana: 1, id: 7, hp: 3 })
    expect([q.id, q.hp]).toEqual([1, 3])
  })

  it('are all there to see for a debugger or a draw loop', () => {
    const p = add(makeZoo(), PLAYER, 1)
    const names: string[] = []
    for (const name in p) names.push(name)
    for (const { name } of zoo.entities[PLAYER]?.fields ?? []) expect(names).toContain(name)
  })
})

describe('fields that are not public', () => {
  it('of the server throw SERVER_ONLY when a predicting side reads them in development', () => {
    const p = add(makeZoo({ strict: true, hidesServerFields: true }), PLAYER, 1)
    expect(() => p.luck).toThrow(/SERVER_ONLY: player\.luck/)
    expect(() => p.secrets).toThrow(/SERVER_ONLY: player\.secrets/)
    expect(p.ammo).toBe(0)
  })

  it('of the server keep their initial value on a client, whatever is written', () => {
    for (const strict of [true, false]) {
      const world = makeZoo({ strict, hidesServerFields: true })
      const before = world.hash()
      const p = add(world, PLAYER, 1)
      const spawned = world.hash()
      p.luck = 9
      p.secrets = { spy: true }
      expect(world.hash()).toBe(spawned)
      expect(spawned).not.toBe(before)
      if (!strict) expect(p.luck).toBe(4)
    }
  })

  it('are read and written on the server', () => {
    const p = add(makeZoo(), PLAYER, 1, { luck: 7, secrets: { spy: true } })
    expect([p.luck, p.secrets.spy]).toEqual([7, true])
  })
})

describe('what every entity has', () => {
  it('keeps its owner among the seats that exist', () => {
    const p = add(makeZoo(), PLAYER, 1, {}, 3)
    expect(p.owner).toBe(3)
    for (const seat of [4, -1, 1.5, Number.NaN]) {
      expect(() => {
        p.owner = seat
      }).toThrow(/OUT_OF_RANGE: player\.owner/)
    }
    expect(() => makeZoo().spawn(PLAYER, 1, 4)).toThrow(/OUT_OF_RANGE/)
    const lax = add(production(), PLAYER, 1, {}, 2)
    lax.owner = 4
    expect(lax.owner).toBe(0)
  })

  it('cannot be written while locked, nor any field', () => {
    const p = add(production(), PLAYER, 1)
    p.locked = LOCKED_PAST
    const before = p.ints.slice()
    const writes: ((q: typeof p) => void)[] = [
      (q) => Object.assign(q, { x: 1 }),
      (q) => Object.assign(q, { aim: 1 }),
      (q) => Object.assign(q, { armed: false }),
      (q) => Object.assign(q, { mode: 'run' }),
      (q) => Object.assign(q, { state: { shield: true } }),
      (q) => Object.assign(q.state, { shield: true }),
      (q) => Object.assign(q, { target: 1 }),
      (q) => Object.assign(q, { heat: 1 }),
      (q) => Object.assign(q, { owner: 1 }),
      (q) => Object.assign(q, { asleep: true }),
      (q) => q.teleported(),
    ]
    for (const write of writes) write(p)
    expect(p.ints).toEqual(before)
    const strict = add(makeZoo(), PLAYER, 1)
    strict.locked = LOCKED_PAST
    for (const write of writes) expect(() => write(strict)).toThrow(/READ_ONLY: player.*the past cannot be changed/)
  })
})

function fieldsOf(p: ReturnType<typeof add>): object {
  const { x, y, aim, hp, lift, armed, mode, target, heat, ammo, luck } = p
  return { x, y, aim, hp, lift, armed, mode, target, heat, ammo, luck }
}
