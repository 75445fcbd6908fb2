/** A client over a real WebSocket that keeps what it is told: for tests of whole servers. */
import { CONTROL, type CompiledGame, decodeControl, PROTOCOL_VERSION, packControl, SNAPSHOT } from '@tickmesh/shared'
import { WebSocket } from 'ws'

type Message = Readonly<Record<string, unknown>>

export class SocketPeer {
  readonly messages: Message[] = []
  readonly ws: WebSocket
  readonly closed: Promise<{ code: number; text: string }>
  private frameCount = 0
  private readonly waiting = new Set<() => void>()

  private constructor(ws: WebSocket) {
    this.ws = ws
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, text) => resolve({ code, text: text.toString() }))
    })
    ws.on('error', () => {})
    ws.on('message', (data: Buffer) => this.take(data))
  }

  /** Rejects if the connection is refused. */
  static connect(url: string, headers: Record<string, string> = {}): Promise<SocketPeer> {
    const ws = new WebSocket(url, { headers })
    const peer = new SocketPeer(ws)
    return new Promise((resolve, reject) => {
      ws.once('open', () => resolve(peer))
      ws.once('error', reject)
    })
  }

  /** Says hello; whether it is let in shows in its messages. */
  static async join(url: string, game: CompiledGame, more: object = {}): Promise<SocketPeer> {
    const peer = await SocketPeer.connect(url)
    peer.say({ t: 'hello', protocol: PROTOCOL_VERSION, game: game.id, schema: game.schemaHash, ...more })
    await peer.until(() => peer.messages.some(({ t }) => t === 'welcome' || t === 'refused'))
    return peer
  }

  say(message: object): void {
    this.ws.send(packControl(message))
  }

  sendRaw(bytes: Uint8Array): void {
    this.ws.send(bytes)
  }

  /** The first control message of a type (and of a kind), that came or will. */
  async next(t: string, kind?: string): Promise<Message> {
    const isIt = (message: Message): boolean => message.t === t && (kind === undefined || message.kind === kind)
    await this.until(() => this.messages.some(isIt))
    return this.messages.find(isIt) ?? {}
  }

  /** So many more frames. */
  frames(count: number): Promise<void> {
    const wanted = this.frameCount + count
    return this.until(() => this.frameCount >= wanted)
  }

  /** Resolves when it is so; also when the connection ends. */
  private until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo() && this.ws.readyState <= WebSocket.OPEN) return
        this.waiting.delete(look)
        resolve()
      }
      this.waiting.add(look)
      this.ws.once('close', look)
      look()
    })
  }

  private take(data: Buffer): void {
    if (data[0] === SNAPSHOT) this.frameCount++
    else if (data[0] === CONTROL) {
      const decoded = decodeControl(new Uint8Array(data.subarray(1)))
      if (decoded.ok) this.messages.push(decoded.value as Message)
    }
    for (const look of [...this.waiting]) look()
  }
}
