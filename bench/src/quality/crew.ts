/**
 * Several processes that play cells side by side, as many as there are processors. Results do not depend on who played what.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CellReport, CellTask } from './worker.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Plays all; gives reports in the order of the tasks. Rejects if a process dies. */
export function playAll(
  tasks: readonly CellTask[],
  processes: number,
  onDone: (report: CellReport) => void,
): Promise<CellReport[]> {
  return new Promise((resolve, reject) => {
    const reports: CellReport[] = []
    const children: ChildProcess[] = []
    let next = 0
    let done = 0
    const finish = (error?: Error): void => {
      for (const child of children) child.kill()
      if (error === undefined) resolve(reports)
      else reject(error)
    }
    const handOut = (child: ChildProcess): void => {
      const task = tasks[next++]
      if (task !== undefined) child.send(task)
    }
    for (let n = 0; n < Math.min(processes, tasks.length); n++) {
      const child = fork(WORKER, { execArgv: ['--conditions=source', '--import', 'tsx'] })
      children.push(child)
      child.on('message', (report: CellReport) => {
        reports[report.index] = report
        onDone(report)
        if (++done === tasks.length) finish()
        else handOut(child)
      })
      child.on('exit', (code) => {
        if (done < tasks.length) finish(new Error(`a process that played cells ended with code ${code}.`))
      })
      handOut(child)
    }
    if (tasks.length === 0) resolve([])
  })
}
