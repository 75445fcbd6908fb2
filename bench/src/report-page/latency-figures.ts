/** The figures of the latency bench that the comparison judges, and the stages' names in words. Pure data; read by report, page and comparison. */
import type { LatencyCell, LatencyDistribution, LatencyStageName } from '../latency/latency-result.ts'
import type { Figure } from './quality-figures.ts'

export const STAGES: readonly { readonly id: LatencyStageName; readonly name: string; readonly about: string }[] = [
  { id: 'sampling', name: 'sampling', about: 'from the key event to the tick that takes it up, and its sending' },
  { id: 'uplink', name: 'uplink', about: 'network to the server' },
  { id: 'serverWait', name: 'server wait', about: 'arrived, until its tick is computed' },
  { id: 'snapshotWait', name: 'snapshot wait', about: 'computed, until a snapshot carries it' },
  { id: 'downlink', name: 'downlink', about: 'network to the other player' },
  { id: 'interpolation', name: 'interpolation', about: 'arrived, until the view time reaches it' },
  { id: 'display', name: 'display', about: 'until the display frame that shows it' },
]

export const DESTINATIONS: readonly {
  readonly id: 'own' | 'server' | 'other'
  readonly name: string
  readonly about: string
}[] = [
  { id: 'own', name: 'own screen', about: 'the first frame that shows it to who pressed' },
  { id: 'server', name: 'server', about: 'the computation of its tick' },
  { id: 'other', name: 'other screen', about: 'the first frame that shows it to another player' },
]

type Percentile = 'p50Ms' | 'p90Ms' | 'p99Ms' | 'maxMs'

export const PERCENTILES: readonly { readonly id: Percentile; readonly name: string }[] = [
  { id: 'p50Ms', name: 'p50' },
  { id: 'p90Ms', name: 'p90' },
  { id: 'p99Ms', name: 'p99' },
  { id: 'maxMs', name: 'max' },
]

/** The maximum is one press of many: it is shown, and not compared. */
const COMPARED: readonly Percentile[] = ['p50Ms', 'p99Ms']

function figureOf(destination: (typeof DESTINATIONS)[number], id: Percentile): Figure<LatencyCell> {
  const tail = id === 'p99Ms'
  return {
    id: `${destination.id}.${id}`,
    name: `${destination.name}, ${tail ? 'p99' : 'p50'}`,
    unit: 'ms',
    better: 'lower',
    digits: 1,
    leastChange: tail ? 4 : 2,
    leastRatio: tail ? 0.08 : 0.04,
    read: (cell) => (cell[destination.id] as LatencyDistribution | undefined)?.[id],
  }
}

export const LATENCY_FIGURES: readonly Figure<LatencyCell>[] = [
  ...DESTINATIONS.flatMap((destination) => COMPARED.map((id) => figureOf(destination, id))),
  {
    id: 'ownFramesP99',
    name: 'own screen, p99 in display frames',
    unit: 'frames',
    better: 'lower',
    digits: 1,
    leastChange: 0.5,
    leastRatio: 0.05,
    read: (cell) => cell.ownFramesP99,
  },
  {
    id: 'pressesLost',
    name: 'presses lost',
    unit: '',
    better: 'lower',
    digits: 0,
    leastChange: 2,
    leastRatio: 0.25,
    read: (cell) => cell.pressesLost,
  },
]
