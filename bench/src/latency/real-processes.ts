/**
 * Cells over real sockets, all at the same time (they mostly wait), each in a process of its own.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Condition } from '../lab/conditions.ts'
import type { LatencyCell } from './latency-result.ts'
import type { CellPlan } from './virtual-cell.ts'

export interface RealTask {
  readonly condition: Condition
  readonly plan: CellPlan
}

export interface RealReport {
  readonly cell: LatencyCell
  /** How late the timers of its process were. */
  readonly timersLateP99Ms: number
}

const PROCESS = fileURLToPath(new URL('./real-process.ts', import.meta.url))

/** In the order of the conditions. Rejects, and ends all processes, if one of them fails. */
export async function playAllReal(conditions: readonly Condition[], plan: CellPlan): Promise<RealReport[]> {
  const ending = new AbortController()
  try {
    return await Promise.all(
      conditions.map((condition, index) =>
        playInProcess({ condition, plan: { ...plan, seed: plan.seed + index * 100 } }, ending.signal),
      ),
    )
  } finally {
    ending.abort()
  }
}

function playInProcess(task: RealTask, signal: AbortSignal): Promise<RealReport> {
  return new Promise((resolve, reject) => {
    const child = fork(PROCESS, { execArgv: ['--conditions=source', '--import', 'tsx'], signal })
    child.once('message', (report: RealReport) => resolve(report))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`a process that played over real sockets ended with code ${code}.`)))
    child.send(task)
  })
}
