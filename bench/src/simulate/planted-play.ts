/**
 * Deliberate mistakes in what keeps a match alive: who stands by, who goes on, how a room moves, and what ties rooms and clients to that. See planted.ts.
 */
import type { PlantedMistake } from './planted-mistake.ts'
import { type SimRules, TRUE_RULES } from './sim-rules.ts'

function rooms(change: Partial<SimRules['rooms']>): SimRules {
  return { ...TRUE_RULES, rooms: { ...TRUE_RULES.rooms, ...change } }
}

function standby(change: Partial<SimRules['standby']>): SimRules {
  return { ...TRUE_RULES, standby: { ...TRUE_RULES.standby, ...change } }
}

function moves(change: Partial<SimRules['moves']>): SimRules {
  return { ...TRUE_RULES, moves: { ...TRUE_RULES.moves, ...change } }
}

function play(change: Partial<SimRules['play']>): SimRules {
  return { ...TRUE_RULES, play: { ...TRUE_RULES.play, ...change } }
}

const STANDBY_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'a tick is called held before a holder has it',
    what: 'what was told to players as final is gone with the owner',
    rules: standby({ heldTick: (required) => TRUE_RULES.standby.heldTick(required) + 3 }),
    faults: ['crash'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'nobody is required to hold a room',
    what: 'then nothing of it is ever safe',
    rules: standby({ isRequired: () => false }),
    faults: ['crash'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'one of two holders is enough',
    what: 'the other one may be the only one that is left',
    rules: standby({
      heldTick: (required) =>
        required.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...required.map(({ tick }) => tick)),
    }),
    shards: 4,
    holders: 2,
    firstSeed: 19,
    withinSeeds: 80,
  },
  {
    name: 'a holder may drop a room before another holds it',
    what: 'between the two nobody stands by for what was held',
    rules: standby({ mayLeave: () => true }),
    firstSeed: 16,
    withinSeeds: 80,
  },
]

const SUCCESSION_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'the holder that has least goes on',
    what: 'one that was cut off holds an older epoch, and less than was called held',
    rules: rooms({
      bestHolder: (holders) =>
        [...holders].sort((a, b) => a.epoch.view - b.epoch.view || a.epoch.k - b.epoch.k || a.tick - b.tick)[0],
    }),
    holders: 2,
    firstSeed: 15,
    withinSeeds: 80,
  },
  {
    name: 'a room that runs is taken over',
    what: 'its owner is a member, and goes on with it',
    rules: rooms({ needsHeir: () => true }),
    firstSeed: 32,
    withinSeeds: 80,
  },
]

const MOVE_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'the owner goes on without an answer to its word',
    what: 'the target may have opened',
    rules: moves({ mayGoOn: () => true }),
    faults: ['move', 'step', 'delay', 'loss'],
    withinSeeds: 80,
  },
  {
    name: 'the owner goes on in the epoch in which it stopped',
    what: 'that one has ended: two would have it',
    rules: moves({ epochToGoOn: ({ epoch }) => epoch }),
    faults: ['move', 'step', 'delay', 'loss'],
    firstSeed: 12,
    withinSeeds: 80,
  },
]

const SHELL_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'rooms are not told how far they are held',
    what: 'effects and final events leave with ticks that another will compute otherwise',
    rules: play({ heldTick: () => Number.POSITIVE_INFINITY }),
    faults: ['crash', 'delay', 'loss'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'rooms are not told that the lease is over',
    what: 'another may run them by then',
    rules: play({ mayAct: () => true }),
    faults: ['partition', 'hang', 'oneway'],
    withinSeeds: 80,
  },
]

export const PLAY_MISTAKES: readonly PlantedMistake[] = [
  ...STANDBY_MISTAKES,
  ...SUCCESSION_MISTAKES,
  ...MOVE_MISTAKES,
  ...SHELL_MISTAKES,
]
