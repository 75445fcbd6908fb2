/**
 * A process of a bench as its parent sees it: forked to run TypeScript from the sources and to collect garbage when asked, given orders, asked for reports.
 * Ends with its parent.
 */
import { type ChildProcess, fork } from 'node:child_process'

/** What a child says by itself or when asked: `report` names it. */
export interface Report {
  readonly report: string
}

export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** As `npm run bench` has them; tests run without. */
const FLAGS = ['--conditions=source', '--expose-gc', '--import', 'tsx']
const ANSWER_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 8_000
const MAX_LAST_WORDS = 2_000

export class Child<Order extends object | string, Reports extends Report> {
  /** Set when the process is gone. */
  exit: ChildExit | undefined
  /** The end of what it wrote to stderr. */
  lastWords = ''
  /** Hears of every report. */
  onReport: (report: Reports) => void = () => {}
  readonly name: string
  private readonly process: ChildProcess
  private stopping = false

  /** `setup` goes to the child as JSON. With `quiet` only the end of what it writes to stderr is kept: attackers fill logs. `flags` are more of Node's. */
  constructor(name: string, script: URL, setup: object, quiet = false, flags: readonly string[] = []) {
    this.name = name
    this.process = fork(script, [JSON.stringify(setup)], {
      execArgv: [...FLAGS, ...flags],
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'inherit', quiet ? 'pipe' : 'inherit', 'ipc'],
      // Some reports are megabytes of integers.
      serialization: 'advanced',
    })
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.lastWords = (this.lastWords + chunk.toString('utf8')).slice(-MAX_LAST_WORDS)
    })
    this.process.on('message', (message) => this.onReport(message as Reports))
    this.process.on('exit', (code, signal) => {
      this.exit = { code, signal }
    })
  }

  /** It went without being told to. */
  get crashed(): boolean {
    return this.exit !== undefined && !this.stopping
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  /** What an operating system may do to it: `SIGKILL`, `SIGSTOP`, `SIGCONT`. */
  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.stopping = true
    this.process.kill(signal)
  }

  /** Calls `run` when it is gone. */
  onceGone(run: () => void): void {
    if (this.exit === undefined) this.process.once('exit', run)
    else run()
  }

  order(order: Order): void {
    if (this.process.connected) this.process.send(order)
  }

  /** The next report of this kind, after giving the order. Throws if the process ends instead, or stays silent. */
  ask<Kind extends Reports['report']>(
    kind: Kind,
    order?: Order,
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<Extract<Reports, { report: Kind }>> {
    return new Promise((resolve, reject) => {
      const { process: child } = this
      const done = () => {
        clearTimeout(timeout)
        child.off('message', onMessage)
        child.off('exit', onExit)
      }
      const onMessage = (message: unknown) => {
        const report = message as Reports
        if (report.report !== kind) return
        done()
        resolve(report as Extract<Reports, { report: Kind }>)
      }
      const fail = (problem: string) => {
        done()
        reject(new Error(`the ${this.name} process ${problem}.`))
      }
      const onExit = () => fail(`ended before it answered. ${this.lastWords}`)
      const timeout = setTimeout(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs)
      child.on('message', onMessage)
      child.on('exit', onExit)
      if (this.exit !== undefined) onExit()
      else if (order !== undefined) this.order(order)
    })
  }

  /** Tells it to end, and waits until it has; kills it if it does not. */
  async stop(order: Order): Promise<void> {
    this.stopping = this.exit === undefined
    if (this.exit !== undefined) return
    const exited = new Promise((resolve) => this.process.once('exit', resolve))
    this.order(order)
    const kill = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await exited
    clearTimeout(kill)
  }
}
