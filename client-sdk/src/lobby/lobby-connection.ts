/** One connection to a shard's lobby, from its hello on. Made by live-lobby.ts for each try; tells of its end once. */
import {
  type CloseReason,
  CONTROL,
  decodeControl,
  type Lane,
  type Link,
  type LinkReceiver,
  type LobbyServerMessage,
  NetError,
  packControl,
  parseLobbyClientMessage,
  parseLobbyServerMessage,
  parseServerMessage,
  SERVER_CONTROL_LIMITS,
} from '@tickmesh/shared'

export interface LobbyConnectionOwner {
  onMessage(message: LobbyServerMessage): void
  onEnd(line: LobbyConnection, reason: CloseReason): void
}

export class LobbyConnection implements LinkReceiver {
  readonly #link: Link
  readonly #owner: LobbyConnectionOwner
  #over = false
  /** What the server said last before it closed. */
  #reason: CloseReason | undefined

  constructor(link: Link, owner: LobbyConnectionOwner, hello: object) {
    this.#link = link
    this.#owner = owner
    link.attach(this)
    link.send('reliable', packControl(hello))
  }

  /** Throws BAD_ARGUMENT for what a shard would hang up at. */
  send(message: object): void {
    const parsed = parseLobbyClientMessage(message)
    if (!parsed.ok) throw new NetError('BAD_ARGUMENT', `the lobby takes no such message: ${parsed.problem}.`, '')
    if (!this.#over) this.#link.send('reliable', packControl(message))
  }

  onMessage(_lane: Lane, bytes: Uint8Array): void {
    if (this.#over) return
    const decoded = bytes[0] === CONTROL ? decodeControl(bytes.subarray(1), SERVER_CONTROL_LIMITS) : undefined
    if (decoded?.ok !== true) return this.drop({ code: 'MALFORMED', message: 'the lobby said what cannot be read.' })
    const parsed = parseLobbyServerMessage(decoded.value)
    if (parsed.ok) return this.#owner.onMessage(parsed.message)
    // What any server says, or a newer one.
    const other = parseServerMessage(decoded.value)
    if (other.ok && (other.message.t === 'refused' || other.message.t === 'bye')) {
      const { code, message } = other.message
      this.#reason = { code, message }
    }
  }

  onClose(reason: CloseReason): void {
    if (this.#over) return
    this.#over = true
    this.#owner.onEnd(this, this.#reason ?? reason)
  }

  /** Hangs up, and says so to the owner. */
  drop(reason: CloseReason): void {
    if (this.#over) return
    this.#link.close(reason)
    this.onClose(reason)
  }
}
