/** A match that is followed from its stream, and run on from there. */
import {
  type CompiledGame,
  codeFingerprint,
  defineGame,
  int,
  JournalError,
  press,
  Replica,
  SeededRandom,
  type Simulation,
  type SnapshotRing,
  type StreamMode,
} from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { progressWidth, saveProgress } from '../../src/journal/go-on.ts'
import { LivelySim, lively } from './lively-sim.ts'

const HEAD = { historyTicks: 32, secretSeed: 5 }

function replicaOf(seed: number, game: CompiledGame = lively): Replica {
  return new Replica(game, { ...HEAD, secretSeed: seed })
}

/** All of a simulation that the next ticks can depend on, and that clients may still ask for. */
function stateOf({ sim, history }: { readonly sim: Simulation; readonly history: SnapshotRing }) {
  const { tick } = sim.world
  const progress = new Int32Array(progressWidth(sim.game))
  saveProgress(sim.context, progress)
  const past = []
  for (let at = Math.max(0, tick - 140); at <= tick; at++) {
    const from = sim.events.at(at, 0)
    const events = sim.events.ints.slice(from, from + sim.events.count(at) * sim.events.stride).join()
    past.push([at, history.find(at)?.join(), events])
  }
  return {
    world: sim.world.ints.join(),
    stamps: sim.inputs.stamps.join(),
    pressed: sim.inputs.pressed.join(),
    pressTotals: sim.inputs.pressTotals.join(),
    opaque: lively.opaque?.save(sim.context.opaque).join(),
    progress: progress.join(),
    acting: sim.context.tick,
    settled: sim.world.tables.map((_, index) => sim.world.settledCount(index)).join(),
    past,
  }
}

/** A replica, and its owner, at the end of a tick. */
function followed(seed: number, ticks: number, mode: StreamMode, game: CompiledGame = lively) {
  const owner = new LivelySim(seed)
  const replica = replicaOf(seed, game)
  replica.load(owner.stream.keyframe(owner.notesAt(0)))
  for (let tick = 1; tick <= ticks; tick++) replica.apply(owner.run(mode))
  return { owner, replica }
}

function problemOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

describe('a replica', () => {
  it('has at each tick what its owner has, from whatever keyframe on, however its records change between inputs and states, and runs the match on bit for bit', () => {
    const check = (seed: number, from: number, follow: number, modes: 'inputs' | 'states' | 'mixed') => {
      const owner = new LivelySim(seed)
      const random = new SeededRandom(seed)
      const mode = (): StreamMode => (modes === 'mixed' ? (random.next() < 0.5 ? 'inputs' : 'states') : modes)
      for (let tick = 1; tick <= from; tick++) owner.run(mode())
      const replica = replicaOf(seed)
      replica.load(owner.stream.keyframe(owner.notesAt(from)))
      expect(stateOf(replica)).toEqual(stateOf(owner))
      for (let n = 0; n < follow; n++) {
        expect(replica.apply(owner.run(mode()))).toBe(true)
        if (n % 16 === 0 && modes === 'inputs') expect(stateOf(replica)).toEqual(stateOf(owner))
      }
      // With states, what the game keeps outside its fields comes once a second.
      while (modes !== 'inputs' && owner.sim.world.tick % lively.tickRate !== 0)
        expect(replica.apply(owner.run('states'))).toBe(true)
      expect(stateOf(replica)).toEqual(stateOf(owner))
      expect(replica.book.attributes).toEqual({ round: Math.floor(replica.tick / 50) })
      expect([...replica.book.players.keys()]).toEqual([1, 2, 3])
      const successor = new LivelySim(seed, replica)
      const standby = replicaOf(seed)
      standby.load(successor.stream.keyframe(successor.notesAt(replica.tick)))
      for (let n = 0; n < 200; n++) {
        owner.run('inputs')
        expect(standby.apply(successor.run('inputs'))).toBe(true)
      }
      expect(stateOf(successor)).toEqual(stateOf(owner))
      expect(stateOf(standby)).toEqual(stateOf(owner))
    }
    const modes = fc.constantFrom('inputs' as const, 'states' as const, 'mixed' as const)
    fc.assert(fc.property(fc.nat(9999), fc.nat(150), fc.integer({ min: 1, max: 150 }), modes, check), { numRuns: 12 })
  })

  it('is eventful in this test: shots, hits, bangs, rockets and sparks', () => {
    const { replica } = followed(3, 300, 'inputs')
    const { ints } = replica.sim.world
    expect(ints[1]).toBeGreaterThan(30)
    const kinds = new Set<number>()
    for (let tick = 180; tick <= 300; tick++)
      for (let n = 0; n < replica.sim.events.count(tick); n++)
        kinds.add(replica.sim.events.ints[replica.sim.events.at(tick, n)] ?? -1)
    expect([...kinds].sort()).toEqual([0, 1])
  })

  it('says that it came to something else, goes on, names entity and field, and is well after a keyframe', () => {
    const { entities } = lively
    const limp = {
      ...lively,
      entities: entities.map((type) => (type.name === 'rocket' ? { ...type, step: () => {} } : type)),
    }
    const { owner, replica } = followed(4, 0, 'inputs', limp)
    const results: boolean[] = []
    while (owner.sim.world.tick < 200) results.push(replica.apply(owner.run('inputs')))
    const first = results.indexOf(false)
    expect(first).toBeGreaterThan(0)
    expect(results.slice(first).includes(true)).toBe(false)
    expect(replica.tick).toBe(200)
    const state = owner.stream.stateAt(200) as Uint8Array
    expect(replica.explain(state)).toMatch(/rocket|spark|player|count|id|seed|events/)
    replica.load(owner.stream.keyframe(owner.notesAt(200)))
    expect(replica.explain(state)).toBeUndefined()
    expect(replica.apply(owner.run('states'))).toBe(true)
    expect(stateOf({ ...replica, history: replica.history }).world).toBe(stateOf(owner).world)
  })

  it('names entity and field in the tick in which they differ, or the events', () => {
    const { owner, replica } = followed(4, 60, 'inputs')
    const state = owner.stream.stateAt(60) as Uint8Array
    const [player] = replica.sim.world.tables[0] ?? []
    Object.assign(player as object, { hp: 3 })
    expect(replica.explain(state)).toMatch(/^player\.hp of entity 1: /)
    const other = followed(4, 60, 'inputs').replica
    other.sim.events.add(60, 1, 7)
    const before = other.hash()
    expect(other.explain(state)).toBe('its events')
    expect(other.hash()).toBe(before)
    expect(owner.stream.stateAt(20)).toBeUndefined()
  })

  it('leaves everything as it is for a record that is not of the next tick', () => {
    const { owner, replica } = followed(6, 10, 'inputs')
    owner.run('inputs')
    const late = owner.run('inputs')
    const before = stateOf(replica)
    expect(problemOf(() => replica.apply(late))).toMatchObject({ what: 'corrupt' })
    expect(stateOf(replica)).toEqual(before)
  })

  it('throws nothing but JournalError for damaged records, keyframes and states, and is well after a sound keyframe', () => {
    const { owner } = followed(7, 50, 'inputs')
    const keyframe = owner.stream.keyframe(owner.notesAt(50))
    const state = owner.stream.stateAt(50) as Uint8Array
    const twin = new LivelySim(7)
    for (let tick = 1; tick <= 50; tick++) twin.run('inputs')
    const records = [owner.run('inputs'), twin.run('states')]
    const replica = replicaOf(7)
    const damage = (bytes: Uint8Array, edits: readonly (readonly [number, number])[], cut: number) => {
      const copy = bytes.slice(0, cut > 0 ? cut % bytes.length : bytes.length)
      for (const [at, value] of edits) if (copy.length > 0) copy[at % copy.length] = value
      return copy
    }
    const edit = fc.tuple(fc.nat(5000), fc.integer({ min: 0, max: 255 }))
    const check = (edits: readonly (readonly [number, number])[], cut: number) => {
      const tries = [
        () => replica.load(damage(keyframe, edits, cut)),
        () => replica.explain(damage(state, edits, cut)),
        ...records.map((record) => () => replica.apply(damage(record, edits, cut))),
      ]
      for (const attempt of tries) {
        replica.load(keyframe)
        const error = problemOf(attempt)
        if (error !== undefined) expect(error).toBeInstanceOf(JournalError)
        if (cut > 0 && edits.length === 0) expect(error).toMatchObject({ what: 'corrupt' })
      }
      for (const record of records) {
        replica.load(keyframe)
        expect(replica.apply(record)).toBe(true)
      }
    }
    fc.assert(fc.property(fc.array(edit, { maxLength: 5 }), fc.oneof(fc.constant(0), fc.nat(5000)), check), {
      numRuns: 300,
    })
  })
})

describe('the fingerprint of a game', () => {
  it('changes with a step, also where the schema does not', () => {
    const make = (step: (p: { x: number }) => void) =>
      defineGame({
        id: 'tiny',
        tickRate: 30,
        snapshotRate: 30,
        input: { go: press() },
        entities: { p: { max: 1, fields: { x: int(0, 9) }, step } },
      })
    const one = make((p) => {
      p.x = 1
    })
    const same = make((p) => {
      p.x = 1
    })
    const two = make((p) => {
      p.x = 2
    })
    expect(codeFingerprint(one)).toMatch(/^[0-9a-f]{8}$/)
    expect(two.schemaHash).toBe(one.schemaHash)
    expect(codeFingerprint(same)).toBe(codeFingerprint(one))
    expect(codeFingerprint(two)).not.toBe(codeFingerprint(one))
  })
})
