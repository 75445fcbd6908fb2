/**
 * A process that plays one cell over real sockets: forked by `playAllReal`, so that no cell's timers wait for another's.
 */
import { cellOf } from './distribution.ts'
import { playReal } from './real-cell.ts'
import type { RealReport, RealTask } from './real-processes.ts'
import { watchTimers } from './timer-lateness.ts'

process.once('message', (task: RealTask) => void play(task))

async function play({ condition, plan }: RealTask): Promise<void> {
  const timersLate = watchTimers()
  const records = await playReal(condition, plan)
  const report: RealReport = { cell: cellOf(condition, 'real', records), timersLateP99Ms: timersLate() }
  process.send?.(report, () => process.disconnect())
}
