/** The bots' process, seen from the server's: starts it with the same flags of Node, says if it dies, and ends it in good time. Used by ../main.ts. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const STOP_MS = 2000

export class BotProcess {
  private readonly child: ChildProcess
  private stopping = false

  constructor(url: string, count: number) {
    const execArgv = process.execArgv.filter((flag) => !flag.startsWith('--watch'))
    this.child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), [url, String(count)], { execArgv })
    this.child.once('exit', (code, signal) => {
      if (!this.stopping)
        console.error(`[bots] their process ended (${signal ?? `exit ${code}`}); the arena goes on without them.`)
    })
  }

  /** Lets the bots leave; resolves when their process is gone. */
  async stop(): Promise<void> {
    this.stopping = true
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await gone
    clearTimeout(giveUp)
  }
}
