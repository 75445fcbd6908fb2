/**
 * A server process as the load process sees it: forked, told when to measure, asked for its figures.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ServerFigures, ServerKind, ServerOrder, ServerReport, Transport } from './messages.ts'

const script = fileURLToPath(new URL('./server-process.ts', import.meta.url))
const ANSWER_TIMEOUT_MS = 20_000

export class ServerUnderLoad {
  readonly kind: ServerKind
  readonly port: number
  private readonly child: ChildProcess

  private constructor(kind: ServerKind, port: number, child: ChildProcess) {
    this.kind = kind
    this.port = port
    this.child = child
  }

  /** Forks with this process's own flags (conditions, loader), plus `extraFlags`. */
  static async start(
    kind: ServerKind,
    hz: number,
    transport: Transport,
    extraFlags: readonly string[] = [],
  ): Promise<ServerUnderLoad> {
    const child = fork(script, [kind, String(hz), transport], {
      execArgv: [...process.execArgv, ...extraFlags],
      env: { ...process.env, NODE_ENV: 'production' },
    })
    const report = await answer(child, 'listening')
    return new ServerUnderLoad(kind, report.port, child)
  }

  startMeasuring(): void {
    this.order({ order: 'start' })
  }

  async figures(): Promise<ServerFigures> {
    const reported = answer(this.child, 'figures')
    this.order({ order: 'tell' })
    return (await reported).figures
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return
    const exited = new Promise((resolve) => this.child.once('exit', resolve))
    this.order({ order: 'stop' })
    await exited
  }

  private order(order: ServerOrder): void {
    this.child.send(order)
  }
}

/** The child's next report of this kind. Throws if it ends instead, or does not answer. */
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
