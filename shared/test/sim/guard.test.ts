import { describe, expect, it } from 'vitest'
import { defineGame } from '../../src/game/define-game.ts'
import { angle, fixed } from '../../src/game/field.ts'
import { linear } from '../../src/game/motion.ts'
import { Match } from './duel.ts'

const turn = angle(12)
const gameOf = (step: (ctx: Match['sim']['context']) => void) =>
  defineGame({
    id: 'guarded',
    tickRate: 60,
    snapshotRate: 60,
    input: {},
    events: { look: { turn } },
    entities: {
      thing: {
        fields: { turn, spin: fixed(-8, 8, 1 / 256) },
        motion: linear(['turn', 'spin']),
        step: (_thing, _input, ctx) => step(ctx as unknown as Match['sim']['context']),
      },
    },
  })

function play(step: (ctx: Match['sim']['context']) => void, development = true): Match {
  const match = new Match(gameOf(step), { development })
  match.add(0, 1, 0)
  match.tick(1)
  return match
}

const hosts = { Math, Date, performance, crypto } as unknown as Record<string, Record<string, () => unknown>>
/** As it is before any guard was at work. */
const ownAtFirst = new Map(
  Object.entries(hosts).map(([name, host]) => [name, new Set(Object.getOwnPropertyNames(host))]),
)
const forbidden: [string, string, string][] = [
  ['Math', 'sin', 'Use sin of @tickmesh/shared'],
  ['Math', 'pow', 'Use pow of @tickmesh/shared'],
  ['Math', 'random', 'Use ctx.random()'],
  ['Date', 'now', 'Use ctx.tick'],
  ['performance', 'now', 'Use ctx.tick'],
  ['crypto', 'randomUUID', 'Use ctx.random()'],
]

describe('inside a step, in development', () => {
  it.each(forbidden)('%s.%s throws, and is itself again afterwards', (host, name, remedy) => {
    const target = hosts[host] ?? {}
    const original = target[name]
    const problem = new RegExp(
      `NON_DETERMINISTIC: ${host}\\.${name} was called inside a step.*${remedy.replaceAll(/[.()]/g, '\\$&')}`,
    )
    expect(() => play(() => target[name]?.())).toThrow(problem)
    expect(target[name]).toBe(original)
    expect(Object.hasOwn(target, name)).toBe(ownAtFirst.get(host)?.has(name))
    play(() => {})
    expect(target[name]).toBe(original)
    expect(target[name]?.()).toBeDefined()
  })

  it('is allowed what is the same everywhere', () => {
    expect(() => play(() => Math.sqrt(2) + Math.floor(0.5) + Math.abs(-1) + Math.imul(2, 3))).not.toThrow()
  })

  it('everything that the context offers still works', () => {
    const match = play((ctx) => {
      const [thing] = [...(ctx.world as { thing: Iterable<Parameters<typeof ctx.move>[0] & { turn: number }> }).thing]
      if (thing === undefined) throw new Error('nothing there')
      thing.turn = 4
      ctx.move(thing)
      ctx.emit('look', { turn: 4 })
      ctx.seenBy(thing).raycast3(thing, 1, 0, 0)
      ctx.random()
    })
    expect(match.events(1)).toHaveLength(1)
  })

  it('nothing is guarded between ticks, nor in production', () => {
    const match = play(() => {})
    expect(() => match.sim.context.emit('look', { turn: Math.sin(1) })).not.toThrow()
    expect(() => play(() => Math.random() + Date.now(), false)).not.toThrow()
  })
})
