/**
 * The server process as the bench sees it: forked, told when to measure, asked for figures and truth.
 */
import { Child } from '../child.ts'
import type { ServerFigures, ServerOrder, ServerPlan, ServerReport, Truth } from './messages.ts'

const script = new URL('./server-process.ts', import.meta.url)

export class ForkedServer {
  readonly port: number
  private readonly child: Child<ServerOrder, ServerReport>

  private constructor(port: number, child: Child<ServerOrder, ServerReport>) {
    this.port = port
    this.child = child
  }

  /** `extraFlags` are of Node. */
  static async start(plan: ServerPlan, extraFlags: readonly string[] = []): Promise<ForkedServer> {
    const child = new Child<ServerOrder, ServerReport>('server', script, plan, false, extraFlags)
    const { port } = await child.ask('listening')
    return new ForkedServer(port, child)
  }

  startMeasuring(): void {
    this.child.order('start')
  }

  async figures(): Promise<ServerFigures> {
    return (await this.child.ask('figures', 'tell')).figures
  }

  async truth(): Promise<Truth> {
    return (await this.child.ask('truth', 'truth')).truth
  }

  stop(): Promise<void> {
    return this.child.stop('stop')
  }
}
