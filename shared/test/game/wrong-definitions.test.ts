import { describe, expect, it } from 'vitest'
import { NetError } from '../../src/error.ts'
import { compileGame, type UntypedDefinition } from '../../src/game/compile.ts'
import { angle, bool, enumeration, fixed, flags, float32, int, ownerOnly, serverOnly } from '../../src/game/field.ts'
import { axis2, press, privateInput } from '../../src/game/input.ts'
import { text } from '../../src/game/message.ts'
import { linear } from '../../src/game/motion.ts'
import { box, circle, sphere } from '../../src/math/hitbox.ts'

const x = fixed(0, 64, 1 / 256)
const good: UntypedDefinition = {
  id: 'arena',
  tickRate: 60,
  snapshotRate: 20,
  input: { move: axis2(), fire: press(), secret: privateInput(int(0, 3)) },
  entities: { player: { fields: { x, y: x } } },
}
const many = <T>(count: number, value: T) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, value]))
/** A definition whose player is changed. */
const player = (change: object): unknown => ({ ...good, entities: { player: { fields: { x, y: x }, ...change } } })

/** What is wrong, what makes it, and what the message must name. */
const definitions: [problem: string, definition: unknown, ...names: string[]][] = [
  ['an id with capitals', { ...good, id: 'Arena' }, 'id "Arena"', 'a to z'],
  ['no id', { ...good, id: undefined }, 'id "undefined"'],
  ['a tick rate of 0', { ...good, tickRate: 0 }, 'arena.tickRate', '1 to 240'],
  ['a tick rate that is not whole', { ...good, tickRate: 62.5 }, 'arena.tickRate is 62.5'],
  [
    'a snapshot rate that does not divide',
    { ...good, snapshotRate: 25 },
    'arena.snapshotRate 25',
    'Choose one of 1, 2, 3',
  ],
  ['a snapshot rate above the tick rate', { ...good, snapshotRate: 120 }, 'arena.snapshotRate 120', 'Choose one of'],
  ['snapshots too far apart', { ...good, snapshotRate: 1 }, 'arena.snapshotRate 1', 'Raise snapshotRate'],
  ['no seats', { ...good, maxPlayers: 0 }, 'arena.maxPlayers', '1 to 1000'],
  ['too many seats', { ...good, maxPlayers: 1001 }, 'arena.maxPlayers is 1001'],
  ['an unknown rule of prediction', { ...good, predict: 'mine' }, 'arena.predict is mine', "'own'"],
  ['too long an input delay', { ...good, inputDelayTicks: 31 }, 'arena.inputDelayTicks is 31', '0 to 30'],
  ['no inputs object', { ...good, input: undefined }, 'arena.input', 'object'],
  ['too many inputs', { ...good, input: many(17, axis2()) }, 'arena.input has 34', '0 to 32'],
  ['an input with a bad name', { ...good, input: { 'fire!': press() } }, 'arena.input', 'fire!'],
  ['an input with a name of the view', { ...good, input: { row: press() } }, 'arena.input', '"row"', 'another name'],
  ['an input that is not called', { ...good, input: { jump: bool } }, 'arena.input.jump', 'call'],
  ['an owner-only input', { ...good, input: { jump: ownerOnly(bool()) } }, 'arena.input.jump', 'privateInput'],
  ['a flags input', { ...good, input: { keys: flags('a', 'b') } }, 'arena.input.keys is of kind flags', 'Use bool'],
  ['a float input', { ...good, input: { at: float32() } }, 'arena.input.at is of kind float32'],
  ['no entity types', { ...good, entities: {} }, 'arena.entities has 0', '1 to 64'],
  ['too many entity types', { ...good, entities: many(65, { fields: {} }) }, 'arena.entities has 65'],
  ['an entity type with a bad name', { ...good, entities: { '1st': { fields: {} } } }, 'arena.entities', '1st'],
  ['an entity type named as objects have it', { ...good, entities: { toString: { fields: {} } } }, '"toString"'],
  ['no fields object', { ...good, entities: { player: {} } }, 'arena.entities.player.fields', 'object'],
  ['too many fields', player({ fields: many(61, x) }), 'arena.entities.player.fields has 61', '0 to 60'],
  ['a field with a name of the view', player({ fields: { owner: x } }), 'arena.entities.player.fields', '"owner"'],
  ['a field named as objects have it', player({ fields: { valueOf: x } }), 'arena.entities.player.fields', '"valueOf"'],
  ['a field that is not called', player({ fields: { x: fixed } }), 'arena.entities.player.fields.x', 'call'],
  ['a capacity of 0', player({ max: 0 }), 'arena.entities.player.max is 0', '1 to 16384'],
  ['a capacity that is not whole', player({ max: 1.5 }), 'arena.entities.player.max is 1.5'],
  ['a capacity too great', player({ max: 16385 }), 'arena.entities.player.max is 16385'],
  ['a world too large', { ...good, entities: many(8, { fields: many(50, x), max: 16384 }) }, 'arena.entities', '`max`'],
  [
    'a hitbox without its field',
    player({ fields: { x }, hitbox: circle(1) }),
    'player.hitbox',
    '"y"',
    'Name one of: x',
  ],
  ['a hitbox of an inherited name', player({ hitbox: circle(1, { x: 'toString' }) }), 'player.hitbox', '"toString"'],
  ['a hitbox of a hidden field', player({ fields: { x, y: serverOnly(x) }, hitbox: circle(1) }), 'hitbox', 'public'],
  ['a 3D hitbox without z', player({ hitbox: sphere(1) }), 'player.hitbox', '"z"'],
  ['a hitbox without its angle', player({ hitbox: box(1, 2, { angle: 'yaw' }) }), 'player.hitbox', '"yaw"'],
  ['a hitbox of a flag', player({ fields: { x, y: bool() }, hitbox: circle(1) }), 'player.hitbox', 'kind bool'],
  ['a linear motion without pairs', player({ motion: linear() }), 'player.motion moves nothing', "linear(['x', 'vx'])"],
  ['a linear motion of an unknown field', player({ motion: linear(['x', 'vx']) }), 'player.motion', '"vx"', 'x, y'],
  ['a linear motion of a hidden field', player({ fields: { x, v: ownerOnly(x) }, motion: linear(['x', 'v']) }), '"v"'],
  ['a linear motion of a float', player({ fields: { x, v: float32() }, motion: linear(['x', 'v']) }), 'kind float32'],
  ['a motion that is neither', player({ motion: 'linear' }), 'player.motion is linear'],
  [
    'a motion that reads an unknown field',
    player({ motion: (p: { z: number }) => p.z }),
    'player.motion',
    '"z"',
    'x, y',
  ],
  [
    'a motion that writes an unknown field',
    player({
      motion(p: { z: number }) {
        p.z = 1
      },
    }),
    'player.motion',
    '"z"',
  ],
  [
    'a motion that reads a hidden field',
    player({ fields: { x, luck: serverOnly(x) }, motion: (p: { luck: number }) => p.luck }),
    '"luck"',
    'not public',
  ],
  [
    'a motion that reads an unknown input',
    player({ motion: (_: unknown, held: { go: 1 }) => held.go }),
    '"go"',
    'move',
  ],
  ['a motion that reads a press', player({ motion: (_: unknown, held: { fire: 1 }) => held.fire }), '"fire"'],
  ['a motion that reads a private input', player({ motion: (_: unknown, h: { secret: 1 }) => h.secret }), '"secret"'],
  [
    'a motion that throws',
    player({
      motion() {
        throw new Error('oh')
      },
    }),
    'player.motion threw',
    'oh',
  ],
  ['too many events', { ...good, events: many(65, {}) }, 'arena.events has 65', '0 to 64'],
  ['too many fields of an event', { ...good, events: { shot: many(17, x) } }, 'arena.events.shot has 17', '0 to 16'],
  ['an event with a bad name', { ...good, events: { 'big bang': {} } }, 'arena.events', 'big bang'],
  ['a hidden field of an event', { ...good, events: { shot: { x: ownerOnly(x) } } }, 'arena.events.shot.x', 'hidden'],
  ['a text in an event', { ...good, events: { shot: { what: text(9) } } }, 'arena.events.shot.what', 'not a field'],
  ['too many commands', { ...good, commands: many(65, {}) }, 'arena.commands has 65'],
  ['a field of a command that is none', { ...good, commands: { hit: { by: 7 } } }, 'arena.commands.hit.by', 'call'],
  ['a hidden field of a command', { ...good, commands: { hit: { by: serverOnly(x) } } }, 'arena.commands.hit.by'],
  ['a message field that is none', { ...good, messages: { toServer: { say: { t: 'text' } } } }, 'toServer.say.t'],
  ['a message with a bad name', { ...good, messages: { toClient: { '': {} } } }, 'arena.messages.toClient'],
]

const fields: [problem: string, make: () => unknown, ...names: string[]][] = [
  ['an empty range', () => int(5, 5), 'int(5, 5)', 'least value below'],
  ['a range upside down', () => fixed(1, 0, 0.5), 'fixed(1, 0, 0.5)', 'empty range'],
  ['a fraction in an int', () => int(0, 1.5), 'int(0, 1.5)', 'fixed'],
  ['a step that does not divide', () => fixed(0, 1, 0.3), 'fixed(0, 1, 0.3)', 'multiples of 0.3'],
  ['a step of 0', () => fixed(0, 1, 0), 'fixed(0, 1, 0)', 'positive step'],
  ['an endless range', () => fixed(0, Number.POSITIVE_INFINITY, 1), 'finite'],
  ['no numbers', () => int(0, Number.NaN), 'whole numbers'],
  ['more than 32 bits', () => fixed(0, 2 ** 31, 1 / 4), '32 bits', 'coarser'],
  ['an initial value out of range', () => int(0, 10, { initial: 11 }), 'initial 11', 'within'],
  ['too few bits of an angle', () => angle(3), 'angle(3)', '4 to 24'],
  ['too many bits of an angle', () => angle(25), 'angle(25)'],
  ['no flags', () => flags(), 'flags(...) has 0', '1 to 30'],
  ['too many flags', () => flags(...Object.keys(many(31, 0))), 'flags(...) has 31'],
  ['a flag twice', () => flags('a', 'b', 'a'), 'flags(...) names "a" twice', 'distinct'],
  ['a flag that is no name', () => flags('a-b'), 'flags(...)', 'a-b'],
  ['a flag named as objects have it', () => flags('constructor'), '"constructor"'],
  ['an enumeration of one', () => enumeration('only'), 'enumeration(...) has 1', '2 to 256'],
  ['an enumeration too long', () => enumeration(...Object.keys(many(257, 0))), 'enumeration(...) has 257'],
  ['a value twice', () => enumeration('a', 'a'), 'enumeration(...) names "a" twice'],
  ['an empty value', () => enumeration('a', ''), 'enumeration(...)', 'empty'],
  ['a text without length', () => text(0), 'text(0)', '1 to 4096'],
  ['a text too long', () => text(5000), 'text(5000)'],
]

function problemOf(make: () => unknown): NetError {
  try {
    make()
  } catch (error) {
    if (error instanceof NetError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a wrong definition', () => {
  it.each(definitions)('is refused with %s', (_problem, definition, ...names) => {
    const error = problemOf(() => compileGame(definition as UntypedDefinition))
    expect(error.code).toBe('BAD_DEFINITION')
    expect(error.remedy).not.toBe('')
    for (const name of names) expect(error.message).toContain(name)
  })

  it.each(fields)('is refused at the field with %s', (_problem, make, ...names) => {
    const error = problemOf(make)
    expect(error.code).toBe('BAD_DEFINITION')
    expect(error.remedy).not.toBe('')
    for (const name of names) expect(error.message).toContain(name)
  })

  it('is not one that uses every limit', () => {
    const most = {
      ...good,
      maxPlayers: 1000,
      tickRate: 240,
      snapshotRate: 240,
      input: many(16, axis2()),
      events: many(64, many(16, x)),
      entities: { ...many(63, { fields: {}, max: 1 }), player: { fields: many(60, x), max: 16384 } },
    }
    expect(compileGame(most as unknown as UntypedDefinition).entities).toHaveLength(64)
  })

  it('is not one whose names differ only in capitals, as in JavaScript', () => {
    const game = compileGame({ ...good, entities: { player: { fields: { x, X: x } }, Player: { fields: {} } } })
    expect(game.entities.map((entity) => entity.name)).toEqual(['player', 'Player'])
  })
})
