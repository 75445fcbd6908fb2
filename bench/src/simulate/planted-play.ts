/**
 * Deliberate mistakes in what keeps a match alive: who stands by, who goes on, how a room moves, and what ties rooms and clients to that. See planted.ts.
 */
import type { PlantedMistake } from './planted-mistake.ts'
import { mistaken, TRUE_RULES } from './sim-rules.ts'

const STANDBY_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'a tick is called held before a holder has it',
    what: 'what was told to players as final is gone with the owner',
    rules: mistaken('standby', { heldTick: (required) => TRUE_RULES.standby.heldTick(required) + 3 }),
    faults: ['crash'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'nobody is required to hold a room',
    what: 'then nothing of it is ever safe',
    rules: mistaken('standby', { isRequired: () => false }),
    faults: ['crash'],
    shards: 3,
    withinSeeds: 80,
  },
]

const MOVE_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'the owner goes on without an answer to its word',
    what: 'the target may have opened',
    rules: mistaken('moves', { mayGoOn: () => true }),
    faults: ['move', 'step', 'delay', 'loss'],
    withinSeeds: 80,
  },
]

const SHELL_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'rooms are not told how far they are held',
    what: 'effects and final events leave with ticks that another will compute otherwise',
    rules: mistaken('play', { heldTick: () => Number.POSITIVE_INFINITY }),
    faults: ['crash', 'delay', 'loss'],
    shards: 3,
    withinSeeds: 80,
  },
  {
    name: 'rooms are not told that the lease is over',
    what: 'another may run them by then',
    rules: mistaken('play', { mayAct: () => true }),
    faults: ['partition', 'hang', 'oneway'],
    withinSeeds: 80,
  },
]

export const PLAY_MISTAKES: readonly PlantedMistake[] = [...STANDBY_MISTAKES, ...MOVE_MISTAKES, ...SHELL_MISTAKES]
