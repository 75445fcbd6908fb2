/** The bots' process, seen from the server's: starts it with the same flags of Node, says if it dies, and ends it in good time. Used by ../main.ts and the cluster's. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const STOP_MS = 2000

export class BotProcess {
  private readonly child: ChildProcess
  private stopping = false

  /** `urls`: each bot begins at one of them, and goes on to the next one when it fails. `print`: for what they say; by default they write it themselves. */
  constructor(
    urls: readonly string[],
    count: number,
    { rooms = 1, print }: { readonly rooms?: number; readonly print?: (line: string) => void } = {},
  ) {
    const execArgv = process.execArgv.filter((flag) => !flag.startsWith('--watch'))
    this.child = fork(
      fileURLToPath(new URL('main.ts', import.meta.url)),
      [urls.join(','), String(count), String(rooms)],
      { execArgv, silent: print !== undefined },
    )
    if (print !== undefined)
      for (const input of [this.child.stdout, this.child.stderr])
        if (input !== null) createInterface({ input }).on('line', (line) => line !== '' && print(line))
    this.child.once('exit', (code, signal) => {
      if (!this.stopping)
        (print ?? console.error)(
          `[bots] their process ended (${signal ?? `exit ${code}`}); the arena goes on without them.`,
        )
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
