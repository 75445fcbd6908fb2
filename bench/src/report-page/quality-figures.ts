/**
 * The figures of the quality bench that the report draws and the comparison judges: how each is called, which way is better,
 * the least difference that is news, and where a target holds for it. Pure data; read by the report, the page and the comparison.
 */

import type { QualityCell } from '../quality/quality-result.ts'
import { formatValue, withUnit } from './format.ts'

/** One number of a cell. A change counts if it is at least `leastChange`, and at least `leastRatio` of the old value. */
export interface Figure<Cell> {
  readonly id: string
  readonly name: string
  readonly unit: string
  readonly better: 'lower' | 'higher'
  readonly digits: number
  readonly leastChange: number
  readonly leastRatio: number
  read(cell: Cell): number | undefined
}

export interface QualityTargetScope {
  readonly limit: number
  readonly where: string
  covers(cell: QualityCell): boolean
}

export type QualityGroup = 'Time' | 'Inputs' | 'Snapshots' | 'Prediction' | 'Hits' | 'Bytes'

export interface QualityFigure extends Figure<QualityCell> {
  readonly group: QualityGroup
  readonly about: string
  readonly target?: QualityTargetScope
  /** Perfect, for figures where higher is better. */
  readonly best?: number
}

const onDatagrams = (cell: QualityCell) => cell.link === 'datagram' && cell.jitterMs <= 50 && cell.lossPct <= 5
const DATAGRAMS = 'datagrams, jitter to 50 ms, loss to 5 %'

export const QUALITY_FIGURES: readonly QualityFigure[] = [
  {
    id: 'clockError',
    group: 'Time',
    name: 'Clock error, p99',
    unit: 'ms',
    about: 'How far the client’s idea of the server’s clock is from the truth.',
    better: 'lower',
    digits: 1,
    leastChange: 0.5,
    leastRatio: 0.1,
    read: (cell) => cell.clockErrorP99Ms,
    target: {
      limit: 5,
      where: 'datagrams, jitter to 20 ms, loss to 5 %',
      covers: (cell) => onDatagrams(cell) && cell.jitterMs <= 20,
    },
  },
  {
    id: 'interpolationDelay',
    group: 'Time',
    name: 'Interpolation delay',
    unit: 'ms',
    about: 'How far in the past others are drawn, mean.',
    better: 'lower',
    digits: 0,
    leastChange: 3,
    leastRatio: 0.05,
    read: (cell) => cell.interpolationDelayMs,
  },
  {
    id: 'lateInputs',
    group: 'Inputs',
    name: 'Late inputs',
    unit: '%',
    about: 'Inputs that came after their tick was computed, or never.',
    better: 'lower',
    digits: 2,
    leastChange: 0.1,
    leastRatio: 0.15,
    read: (cell) => cell.lateInputsPct,
    target: { limit: 1, where: DATAGRAMS, covers: onDatagrams },
  },
  {
    id: 'excessLead',
    group: 'Inputs',
    name: 'Excess lead',
    unit: 'ms',
    about:
      'Mean lead above the least constant lead that, in hindsight, keeps late inputs at 1 %. Negative: less lead than that.',
    better: 'lower',
    digits: 1,
    leastChange: 1,
    leastRatio: 0.1,
    read: (cell) => cell.excessLeadMs,
    target: { limit: 15, where: DATAGRAMS, covers: onDatagrams },
  },
  {
    id: 'pressToScreen',
    group: 'Inputs',
    name: 'Press to own screen, p99',
    unit: 'frames',
    about: 'Display frames from a press to the first that shows its effect on the own screen.',
    better: 'lower',
    digits: 2,
    leastChange: 0.1,
    leastRatio: 0.05,
    read: (cell) => cell.pressToScreenP99Frames,
    target: { limit: 1, where: 'always', covers: () => true },
  },
  {
    id: 'starvation',
    group: 'Snapshots',
    name: 'Starvation',
    unit: '%',
    about: 'Display frames drawn beyond the newest snapshot.',
    better: 'lower',
    digits: 2,
    leastChange: 0.1,
    leastRatio: 0.15,
    read: (cell) => cell.starvationPct,
    target: { limit: 0.5, where: DATAGRAMS, covers: onDatagrams },
  },
  {
    id: 'longestGap',
    group: 'Snapshots',
    name: 'Longest gap',
    unit: 'ms',
    about: 'The longest time that a client went without a new snapshot.',
    better: 'lower',
    digits: 0,
    leastChange: 50,
    leastRatio: 0.25,
    read: (cell) => cell.longestGapMs,
  },
  {
    id: 'corrections',
    group: 'Prediction',
    name: 'Corrections',
    unit: '/min',
    about: 'Per player: how often what it predicts of itself is set right.',
    better: 'lower',
    digits: 1,
    leastChange: 1,
    leastRatio: 0.15,
    read: (cell) => cell.correctionsPerMinute,
  },
  {
    id: 'unexplained',
    group: 'Prediction',
    name: 'Unexplained corrections',
    unit: '',
    about: 'Corrections of own motion that neither a late input nor interference explains.',
    better: 'lower',
    digits: 0,
    leastChange: 1,
    leastRatio: 0,
    read: (cell) => cell.unexplainedCorrections,
    target: { limit: 0, where: DATAGRAMS, covers: onDatagrams },
  },
  {
    id: 'correctionSize',
    group: 'Prediction',
    name: 'Correction size, p99',
    unit: 'px',
    about: 'How far a correction moves the own entity on the screen, before smoothing.',
    better: 'lower',
    digits: 1,
    leastChange: 0.5,
    leastRatio: 0.15,
    read: (cell) => cell.correctionP99Px,
  },
  {
    id: 'hitAgreement',
    group: 'Hits',
    name: 'Hit agreement',
    unit: '%',
    about: 'Shots on time, unclamped and drawn between two snapshots: judged as the shooter’s own client computed.',
    better: 'higher',
    best: 100,
    digits: 2,
    leastChange: 0.01,
    leastRatio: 0,
    read: (cell) => cell.hitAgreementPct,
    target: { limit: 100, where: DATAGRAMS, covers: onDatagrams },
  },
  {
    id: 'disturbedHitAgreement',
    group: 'Hits',
    name: 'Hit agreement, disturbed shooters',
    unit: '%',
    about: 'The same where the shooter had been pushed, or had an input come late, and its client could not know yet.',
    better: 'higher',
    best: 100,
    digits: 1,
    leastChange: 5,
    leastRatio: 0,
    read: (cell) => (cell.disturbedShots === 0 ? undefined : cell.disturbedHitAgreementPct),
  },
  {
    id: 'otherHitAgreement',
    group: 'Hits',
    name: 'Hit agreement, other shots',
    unit: '%',
    about: 'The same for the rest: shots late, clamped, or drawn beyond the newest snapshot.',
    better: 'higher',
    best: 100,
    digits: 1,
    leastChange: 5,
    leastRatio: 0,
    read: (cell) => (cell.otherShots === 0 ? undefined : cell.otherHitAgreementPct),
  },
  {
    id: 'clamped',
    group: 'Hits',
    name: 'Clamped view stamps',
    unit: '%',
    about: 'View stamps that the server did not believe as they were sent.',
    better: 'lower',
    digits: 2,
    leastChange: 0.1,
    leastRatio: 0.15,
    read: (cell) => cell.clampedPct,
    target: {
      limit: 0.5,
      where: `${DATAGRAMS}, round trip to 200 ms`,
      covers: (cell) => onDatagrams(cell) && cell.rttMs <= 200,
    },
  },
  {
    id: 'bytesDown',
    group: 'Bytes',
    name: 'Bytes down',
    unit: 'kB/s',
    about: 'Payload from the server to one client.',
    better: 'lower',
    digits: 2,
    leastChange: 0.02,
    leastRatio: 0.02,
    read: (cell) => cell.bytesPerSecond / 1000,
  },
  {
    id: 'bytesUp',
    group: 'Bytes',
    name: 'Bytes up',
    unit: 'kB/s',
    about: 'Payload from one client to the server.',
    better: 'lower',
    digits: 2,
    leastChange: 0.02,
    leastRatio: 0.02,
    read: (cell) => cell.bytesUpPerSecond / 1000,
  },
]

/** Whether a value keeps a limit, whichever way is better. */
export function keepsLimit(figure: QualityFigure, value: number, limit: number): boolean {
  return figure.better === 'lower' ? value <= limit : value >= limit
}

/** A value in words, never rounded up to perfect. */
export function figureText(figure: QualityFigure, value: number | undefined): string {
  const { best, digits, unit } = figure
  if (typeof value !== 'number' || best === undefined || value >= best)
    return withUnit(formatValue(value, digits), unit)
  const scale = 10 ** digits
  return withUnit(formatValue(Math.floor(value * scale) / scale, digits), unit)
}
