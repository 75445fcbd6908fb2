/**
 * The server process as the bench sees it: forked, told when to measure, asked for figures and truth.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ServerFigures, ServerOrder, ServerPlan, ServerReport, Truth } from './messages.ts'

const script = fileURLToPath(new URL('./server-process.ts', import.meta.url))
const ANSWER_TIMEOUT_MS = 20_000

export class ForkedServer {
  readonly port: number
  private readonly child: ChildProcess

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.child = child
  }

  /** Forks with this process's own flags (conditions, loader), plus `extraFlags`. */
  static async start(plan: ServerPlan, extraFlags: readonly string[] = []): Promise<ForkedServer> {
    const child = fork(script, [JSON.stringify(plan)], {
      execArgv: [...process.execArgv, ...extraFlags],
      env: { ...process.env, NODE_ENV: 'production' },
      // Truth is megabytes of integers.
      serialization: 'advanced',
    })
    const { port } = await answer(child, 'listening')
    return new ForkedServer(port, child)
  }

  startMeasuring(): void {
    this.order('start')
  }

  async figures(): Promise<ServerFigures> {
    return (await this.ask('tell', 'figures')).figures
  }

  async truth(): Promise<Truth> {
    return (await this.ask('truth', 'truth')).truth
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return
    const exited = new Promise((resolve) => this.child.once('exit', resolve))
    this.order('stop')
    await exited
  }

  private ask<Kind extends ServerReport['report']>(order: ServerOrder, kind: Kind) {
    const reported = answer(this.child, kind)
    this.order(order)
    return reported
  }

  private order(order: ServerOrder): void {
    this.child.send(order)
  }
}

/** The child's next report of this kind. Rejects if it ends instead, or does not answer. */
function answer<Kind extends ServerReport['report']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<ServerReport, { report: Kind }>> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timeout)
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onMessage = (message: unknown) => {
      const report = message as ServerReport
      if (report.report !== kind) return
      done()
      resolve(report as Extract<ServerReport, { report: Kind }>)
    }
    const onExit = (code: number | null) => {
      done()
      reject(new Error(`the server process ended (exit ${code}) before it answered.`))
    }
    const timeout = setTimeout(() => {
      done()
      reject(new Error(`the server process did not answer within ${ANSWER_TIMEOUT_MS} ms.`))
    }, ANSWER_TIMEOUT_MS)
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}
