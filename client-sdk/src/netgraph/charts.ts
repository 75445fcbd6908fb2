/**
 * What the net graph shows: one chart per quantity, each with its figures and with how it is drawn. Pure but for the canvas that it is given.
 */
import type { History } from './history.ts'
import { RATE_SLOTS, SLOTS } from './history.ts'
import { colours, type Plot } from './plot.ts'
import { byteRate, figure, milliseconds, percentage } from './scale.ts'

/** One figure above a chart. `bad` says whether it is to be red. */
export interface Figure {
  readonly label: string
  readonly colour: string
  text(history: History): string
  bad?(history: History): boolean
}

export interface Chart {
  /** Two or three. */
  readonly figures: readonly Figure[]
  /** Of its scale. */
  readonly unit: string
  draw(plot: Plot): void
}

/** Slots over which shares and largest values are taken: about ten seconds. */
const WINDOW_SLOTS = 156
/** From this share on it is felt. */
const BAD_PERCENT = 1
/** In kB/s: a graph of less is not made larger. */
const LEAST_RATE = 1

const lateInputs = (history: History) => history.percent('lateInputs', 'predictedTick', WINDOW_SLOTS)
const starved = (history: History) => history.percent('starvedFrames', 'drawnFrames', WINDOW_SLOTS)

const roundTrip: Chart = {
  figures: [
    { label: 'round trip', colour: colours.blue, text: (history) => milliseconds(history.recent('lastRttMs')) },
    { label: 'jitter', colour: colours.text, text: (history) => milliseconds(history.newest('jitterMs')) },
    {
      label: 'loss',
      colour: colours.text,
      text: (history) => percentage(history.newest('lossPct')),
      bad: (history) => history.newest('lossPct') >= BAD_PERCENT,
    },
  ],
  unit: 'ms',
  draw(plot) {
    plot.ground(plot.most('rttMs', plot.most('lastRttMs', 50)))
    plot.marks('framesLost', colours.bad)
    // Below every round trip its floor: the least of ten seconds, by which the clock is set.
    plot.line('rttMs', colours.grey, 1)
    plot.body('lastRttMs', colours.blue)
  },
}

const lead: Chart = {
  figures: [
    { label: 'lead', colour: colours.violet, text: (history) => milliseconds(history.newest('leadMs')) },
    {
      label: 'margin',
      colour: colours.teal,
      text: (history) => milliseconds(history.recent('marginMs')),
      bad: (history) => history.recent('marginMs') < 0,
    },
    {
      label: 'late',
      colour: colours.text,
      text: (history) => percentage(lateInputs(history)),
      bad: (history) => lateInputs(history) >= BAD_PERCENT,
    },
  ],
  unit: 'ms',
  draw(plot) {
    const most = plot.most('leadMs', plot.most('marginMs', 50))
    plot.ground(most, Math.max(-most, plot.least('marginMs', 0)))
    plot.marks('lateInputs', colours.bad)
    plot.body('leadMs', colours.violet)
    plot.line('marginMs', colours.teal)
  },
}

const interpolation: Chart = {
  figures: [
    {
      label: 'interpolation',
      colour: colours.teal,
      text: (history) => milliseconds(history.newest('interpolationDelayMs')),
    },
    { label: 'lateness', colour: colours.grey, text: (history) => milliseconds(history.recent('snapshotLatenessMs')) },
    {
      label: 'starved',
      colour: colours.text,
      text: (history) => percentage(starved(history)),
      bad: (history) => starved(history) >= BAD_PERCENT,
    },
  ],
  unit: 'ms',
  draw(plot) {
    plot.ground(plot.most('interpolationDelayMs', plot.most('snapshotLatenessMs', 100)))
    plot.marks('starvedFrames', colours.bad)
    plot.line('snapshotLatenessMs', colours.grey, 1)
    plot.body('interpolationDelayMs', colours.teal)
  },
}

const corrections: Chart = {
  figures: [
    {
      label: 'corrections',
      colour: colours.amber,
      text: (history) => `${figure(history.perSecond('corrections', WINDOW_SLOTS) * 60)} / min`,
    },
    { label: 'largest', colour: colours.amber, text: (history) => figure(history.largestCorrection(WINDOW_SLOTS)) },
    {
      label: 'replays',
      colour: colours.grey,
      text: (history) => `${figure(history.perSecond('rollbacks', WINDOW_SLOTS))} /s`,
    },
  ],
  unit: 'units',
  draw(plot) {
    plot.ground(plot.history.largestCorrection(Number.POSITIVE_INFINITY))
    plot.marks('checkFailures', colours.bad)
    plot.spikes('corrections', 'lastCorrection', colours.amber)
  },
}

const traffic: Chart = {
  figures: [
    {
      label: 'in',
      colour: colours.blue,
      text: (history) =>
        byteRate(history.perSecond('snapshotsIn', 2 * RATE_SLOTS) + history.perSecond('controlIn', 2 * RATE_SLOTS)),
    },
    {
      label: 'out',
      colour: colours.violet,
      text: (history) =>
        byteRate(history.perSecond('inputsOut', 2 * RATE_SLOTS) + history.perSecond('controlOut', 2 * RATE_SLOTS)),
    },
    {
      label: 'control',
      colour: colours.amber,
      text: (history) =>
        byteRate(history.perSecond('controlIn', 2 * RATE_SLOTS) + history.perSecond('controlOut', 2 * RATE_SLOTS)),
    },
  ],
  unit: 'kB/s',
  draw(plot) {
    const most = plot.mostRate('snapshotsIn', 'controlIn', LEAST_RATE)
    plot.ground(most, -plot.mostRate('inputsOut', 'controlOut', LEAST_RATE))
    plot.stack('snapshotsIn', 'controlIn', colours.blue, colours.amber, 1)
    plot.stack('inputsOut', 'controlOut', colours.violet, colours.amber, -1)
  },
}

const server: Chart = {
  figures: [
    {
      label: 'tick late',
      colour: colours.blue,
      text: (history) => milliseconds(history.recent('serverTickLateMs')),
    },
    {
      label: 'overload',
      colour: colours.text,
      text: (history) => figure(history.newest('serverOverload')),
      bad: (history) => history.newest('serverOverload') > 0,
    },
    {
      label: 'snapshots',
      colour: colours.text,
      text: (history) => `${figure(history.perSecond('frames', 2 * RATE_SLOTS))} /s`,
    },
  ],
  unit: 'ms',
  draw(plot) {
    plot.ground(plot.most('serverTickLateMs', 10))
    plot.marks('serverOverload', colours.bad)
    plot.body('serverTickLateMs', colours.blue)
  },
}

const troubleWords = [
  ['stalls', 'stall', 'stalls'],
  ['refusedPresses', 'press refused', 'presses refused'],
  ['checkFailures', 'check failed', 'checks failed'],
] as const

/** From the network outwards to the server, in the order in which one reads them. */
export const charts: readonly Chart[] = [roundTrip, lead, interpolation, corrections, traffic, server]

/** What went so wrong in the time shown that it is said in words; mostly nothing. */
export function troubles(history: History): string {
  const told: string[] = []
  for (const [name, one, more] of troubleWords) {
    const count = history.sum(name, SLOTS)
    if (count > 0) told.push(`${count} ${count === 1 ? one : more}`)
  }
  return told.join(', ')
}
