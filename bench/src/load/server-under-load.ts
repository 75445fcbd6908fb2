/**
 * A server process as the load process sees it: forked, told when to measure, asked for its figures.
 */
import { Child } from '../child.ts'
import type { ServerFigures, ServerKind, ServerOrder, ServerReport, ServerSetup, Transport } from './messages.ts'

const script = new URL('./server-process.ts', import.meta.url)

export class ServerUnderLoad {
  readonly kind: ServerKind
  readonly port: number
  private readonly child: Child<ServerOrder, ServerReport>

  private constructor(kind: ServerKind, port: number, child: Child<ServerOrder, ServerReport>) {
    this.kind = kind
    this.port = port
    this.child = child
  }

  /** `extraFlags` are of Node. */
  static async start(
    kind: ServerKind,
    hz: number,
    transport: Transport,
    extraFlags: readonly string[] = [],
  ): Promise<ServerUnderLoad> {
    const setup: ServerSetup = { kind, hz, transport }
    const child = new Child<ServerOrder, ServerReport>('server', script, setup, false, extraFlags)
    const { port } = await child.ask('listening')
    return new ServerUnderLoad(kind, port, child)
  }

  startMeasuring(): void {
    this.child.order({ order: 'start' })
  }

  async figures(): Promise<ServerFigures> {
    return (await this.child.ask('figures', { order: 'tell' })).figures
  }

  stop(): Promise<void> {
    return this.child.stop({ order: 'stop' })
  }
}
