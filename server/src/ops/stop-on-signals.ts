/**
 * What SIGTERM and SIGINT mean to a game server: drain, then exit with 0. For the main file of a game.
 * Bounded whatever happens: a second signal exits at once with 1, and if rules block the event loop for ever, a thread that does not share it
 * ends the process.
 */
import { Worker } from 'node:worker_threads'

export interface Stoppable {
  drain(options: { readonly timeoutMs: number }): Promise<void>
}

export interface StopOptions {
  /** How long players may go on; 30,000 by default. Keep it under what the platform allows before it kills. */
  readonly timeoutMs?: number
  /** Called at the first signal: stop what keeps rooms busy, such as bots. */
  readonly onStopping?: () => void
  /** Runs after all rooms ended, before the exit: close what else is open. What it throws is printed, and the exit code is then 1. */
  readonly onStopped?: () => Promise<void> | void
}

const TIMEOUT_MS = 30_000
/** What comes after the drain (hooks, journals, sockets, leaving a cluster) may take so long. */
const CLOSE_MS = 6_000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** One Ctrl-C under npm comes twice: from the terminal and from npm. So does SIGTERM to a whole group. Both count once. */
const SAME_SIGNAL_MS = 300
/** In a thread of its own: works when the event loop does not. */
const WATCHDOG = `
  const { workerData } = require('node:worker_threads')
  setTimeout(() => {
    require('node:fs').writeSync(2, workerData.message)
    process.kill(process.pid, 'SIGKILL')
  }, workerData.afterMs)`

/** Returns how to take it back. */
export function stopOnSignals(server: Stoppable, options: StopOptions = {}): () => void {
  const { timeoutMs = TIMEOUT_MS, onStopping, onStopped } = options
  let first: { readonly signal: string; readonly atMs: number } | undefined
  const onSignal = (signal: string): void => {
    const nowMs = performance.now()
    if (first !== undefined) {
      if (signal === first.signal && nowMs - first.atMs < SAME_SIGNAL_MS) return
      process.exit(1)
    }
    first = { signal, atMs: nowMs }
    watchFor(timeoutMs + CLOSE_MS)
    void stop()
  }
  const stop = async (): Promise<void> => {
    try {
      onStopping?.()
      await server.drain({ timeoutMs })
      await onStopped?.()
      process.exit(0)
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      process.exit(1)
    }
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal)
  }
}

/** Kills the process after `afterMs`, unless it has ended by then. */
function watchFor(afterMs: number): void {
  const message = `The server did not stop within ${afterMs} ms: something in its rules never returns. It is killed.\n`
  new Worker(WATCHDOG, { eval: true, workerData: { afterMs, message }, execArgv: [] }).unref()
}
