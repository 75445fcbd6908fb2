/** A player over a real WebSocket that decodes every frame, refuses those of another epoch than its welcome's, and acknowledges them as clients do. */
import { type CompiledGame, type Link, type LinkReceiver, SNAPSHOT, TAGGED_SNAPSHOT } from '@tickmesh/shared'
import { WebSocket } from 'ws'
import { RawClient } from '../../raw-client.ts'
import { eventually } from './shards.ts'

/** As if the server were so far away. */
const LEAD_TICKS = 8

export class Player {
  readonly client: RawClient
  /** What could not be: frames with another tag or that cannot be decoded. */
  problem: unknown
  private readonly ws: WebSocket

  private constructor(game: CompiledGame, ws: WebSocket) {
    this.ws = ws
    let handler: LinkReceiver | undefined
    const link: Link = {
      ordered: true,
      bufferedBytes: 0,
      send: (_, bytes) => ws.readyState === WebSocket.OPEN && ws.send(bytes),
      attach(to) {
        handler = to
      },
      close: () => ws.close(),
    }
    this.client = new RawClient(game, link)
    ws.on('error', () => {})
    ws.on('message', (data: Buffer) => {
      try {
        handler?.onMessage('reliable', new Uint8Array(data))
        if (data[0] === SNAPSHOT || data[0] === TAGGED_SNAPSHOT) this.client.input(this.client.newest + LEAD_TICKS, [0])
      } catch (error) {
        this.problem ??= error
      }
    })
  }

  /** Resolves when frames come. */
  static async join(game: CompiledGame, url: string, hello: object): Promise<Player> {
    const player = await Player.dial(game, url, hello)
    await eventually('frames', () => player.frames > 3)
    return player
  }

  static async dial(game: CompiledGame, url: string, hello: object): Promise<Player> {
    const ws = new WebSocket(url)
    const player = new Player(game, ws)
    await eventually('a connection', () => ws.readyState === WebSocket.OPEN)
    player.client.hello(hello)
    return player
  }

  /** How many came. */
  get frames(): number {
    return this.client.heads.length
  }

  get isClosed(): boolean {
    return this.ws.readyState === WebSocket.CLOSED
  }

  heard(kind: string): boolean {
    return this.client.of('notice').some((notice) => notice.kind === kind)
  }

  get refused(): string | undefined {
    return this.client.of('refused')[0]?.code
  }
}
