/**
 * The cable between the SDK's bots and the server: TCP handed on as it is, until it is cut, which neither side is told.
 */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Cable {
  private readonly server: Server
  private readonly pairs = new Set<readonly [Socket, Socket]>()

  private constructor(server: Server) {
    this.server = server
  }

  static async to(port: number): Promise<Cable> {
    const server = createServer()
    const cable = new Cable(server)
    server.on('connection', (near) => cable.lay(near, port))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return cable
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get count(): number {
    return this.pairs.size
  }

  /** Breaks the connection that has been there for the longest. */
  cutOldest(): void {
    for (const pair of this.pairs) {
      for (const socket of pair) socket.resetAndDestroy()
      return
    }
  }

  close(): void {
    this.server.close()
  }

  private lay(near: Socket, port: number): void {
    const far = connect({ port, host: '127.0.0.1', noDelay: true })
    const pair = [near.setNoDelay(true), far] as const
    this.pairs.add(pair)
    const over = () => {
      this.pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const socket of pair) socket.on('error', over).on('close', over)
    near.pipe(far)
    far.pipe(near)
  }
}
