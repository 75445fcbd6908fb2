/**
 * How many rooms a server holds: the verdict on one number of rooms, and which to try next. Pure.
 */
import { round } from '../figures.ts'
import type { ServerFigures } from './messages.ts'

/** What was measured with some number of rooms. */
export interface Step {
  readonly rooms: number
  readonly players: number
  /** Of one core. */
  readonly cpuShare: number
  readonly microsPerClientTick: number
  readonly tickLatenessP99Ms: number
  /** Ticks that ran, over ticks that were due. */
  readonly ticksShare: number
  /** States that came to the clients, over client ticks. */
  readonly statesShare: number
  /** Inputs sent, over those due. Below 1 the load process is at its end. */
  readonly inputsShare: number
  /** Of one core, for the load process. */
  readonly loadCpuShare: number
  readonly rssMb: number
  readonly bytesPerClientPerSecond: number
}

/** Above it the core counts as full. */
const FULL_CORE = 0.97
const LEAST_SHARE = 0.97
/** The share of a core that the next step aims at: near the end, but not beyond it. */
const AIM = 0.93
const MAX_GROWTH = 2.5

export interface Measured {
  readonly rooms: number
  readonly players: number
  readonly hz: number
  readonly figures: ServerFigures
  readonly states: number
  readonly bytesIn: number
  readonly inputs: number
  readonly loadCpuMicros: number
  readonly loadWallMs: number
}

export function stepOf(measured: Measured): Step {
  const { rooms, players, hz, figures, loadWallMs } = measured
  const ticksDue = (rooms * hz * figures.wallMs) / 1000
  const inputsDue = (players * hz * loadWallMs) / 1000
  return {
    rooms,
    players,
    cpuShare: round(figures.cpuMicros / 1000 / figures.wallMs, 3),
    microsPerClientTick: round(figures.cpuMicros / figures.clientTicks, 2),
    tickLatenessP99Ms: figures.tickLatenessP99Ms,
    ticksShare: round(figures.roomTicks / ticksDue, 3),
    statesShare: round(measured.states / (figures.clientTicks * (loadWallMs / figures.wallMs)), 3),
    inputsShare: round(measured.inputs / inputsDue, 3),
    loadCpuShare: round(measured.loadCpuMicros / 1000 / loadWallMs, 3),
    rssMb: figures.rssMb,
    bytesPerClientPerSecond: Math.round(measured.bytesIn / players / (loadWallMs / 1000)),
  }
}

/** Why a server does not hold a step, or undefined if it does. */
export function refusal(step: Step, hz: number): string | undefined {
  if (step.tickLatenessP99Ms > 500 / hz) return 'ticks late'
  if (step.cpuShare > FULL_CORE) return 'core full'
  if (step.ticksShare < LEAST_SHARE) return 'ticks missing'
  if (step.statesShare < LEAST_SHARE) return 'states missing'
  if (step.inputsShare < LEAST_SHARE) return 'load process full'
  return undefined
}

/** The rooms to try after these steps, or undefined if the limit is known within 4 %. */
export function nextRooms(steps: readonly Step[], hz: number, first: number): number | undefined {
  let held: Step | undefined
  let refused = Number.POSITIVE_INFINITY
  for (const step of steps) {
    if (refusal(step, hz) !== undefined) refused = Math.min(refused, step.rooms)
    else if (held === undefined || step.rooms > held.rooms) held = step
  }
  if (held === undefined)
    return refused === Number.POSITIVE_INFINITY ? first : refused > 1 ? Math.floor(refused / 2) : undefined
  const aimed = Math.floor((held.rooms * AIM) / held.cpuShare)
  const most = Math.min(Math.floor(held.rooms * MAX_GROWTH), refused - 1)
  const next = Math.min(most, Math.max(aimed, Math.ceil(held.rooms * 1.05)))
  const middle = refused < Number.POSITIVE_INFINITY ? Math.floor((held.rooms + refused) / 2) : next
  const tried = Math.min(next, Math.max(middle, held.rooms))
  return tried <= held.rooms * 1.04 ? undefined : tried
}

/** The most rooms that were held. */
export function mostHeld(steps: readonly Step[], hz: number): Step | undefined {
  let most: Step | undefined
  for (const step of steps) if (refusal(step, hz) === undefined && step.rooms > (most?.rooms ?? 0)) most = step
  return most
}
