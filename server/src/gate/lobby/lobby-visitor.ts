/**
 * One client in the lobby, from its hello on: what it asks is answered, what changes it is told. Takes over a session's connection (it is a Pipe to it), which
 * goes on charging all that comes to the budgets of connection and address. Made by the lobby's desk.
 */
import {
  CONTROL,
  decodeControl,
  type Link,
  type LobbyClientMessage,
  type LobbyFilter,
  type LobbyParty,
  type LobbyPlace,
  type LobbyServerMessage,
  NetError,
  type NetErrorCode,
  parseLobbyClientMessage,
} from '@tickmesh/shared'
import { packToClient } from '../../room/player-core.ts'
import type { Pipe } from '../room-directory.ts'
import { TokenBucket } from '../token-bucket.ts'

export interface VisitorAbout {
  readonly id: string
  readonly name: string
  readonly identity: unknown
  /** Ends the connection for what came over it. */
  refuse(code: NetErrorCode, message: string): void
  /** It has left. */
  left(): void
  /** It makes a room. Throws TOO_FAST if its address makes too many. */
  opens(): void
}

/** What it asks of the desk that made it. */
export interface VisitorDesk {
  nowMs(): number
  left(visitor: LobbyVisitor): void
  show(visitor: LobbyVisitor, filter: LobbyFilter): void
  listen(visitor: LobbyVisitor, channel: string): void
  say(visitor: LobbyVisitor, channel: string, text: string): void
  /** These reject or throw with a NetError that the client is told. */
  create(visitor: LobbyVisitor, message: Extract<LobbyClientMessage, { t: 'create' }>): Promise<LobbyPlace>
  find(visitor: LobbyVisitor, room: string): Promise<LobbyPlace>
  match(visitor: LobbyVisitor, message: Extract<LobbyClientMessage, { t: 'match' }>): Promise<LobbyPlace>
  createParty(visitor: LobbyVisitor): LobbyParty
  joinParty(visitor: LobbyVisitor, code: string): LobbyParty
  leaveParty(visitor: LobbyVisitor): void
  failed(error: unknown): void
}

/** Lines a second, and at once. */
const CHAT_RATE = 2
const CHAT_BURST = 6
/** Questions a second, and at once: each may go to several shards. */
const ASK_RATE = 2
const ASK_BURST = 8
/** Seats a second, and at once: each is kept for half a minute, and nobody else gets it. */
const SEAT_RATE = 0.25
const SEAT_BURST = 8
const MAX_OPEN_QUESTIONS = 8
const MAX_CHANNELS = 16
/** More waiting for a client than this: changes wait too. */
const MAX_BUFFERED_BYTES = 262_144

export class LobbyVisitor implements Pipe {
  readonly about: VisitorAbout
  /** That it hears. */
  readonly channels = new Set<string>()
  private readonly desk: VisitorDesk
  private readonly link: Link
  private readonly chat: TokenBucket
  private readonly asks: TokenBucket
  private readonly seats: TokenBucket
  private open = 0
  private gone = false
  private party = ''

  constructor(desk: VisitorDesk, link: Link, about: VisitorAbout, nowMs: number) {
    this.desk = desk
    this.link = link
    this.about = about
    this.chat = new TokenBucket(CHAT_RATE, CHAT_BURST, nowMs)
    this.asks = new TokenBucket(ASK_RATE, ASK_BURST, nowMs)
    this.seats = new TokenBucket(SEAT_RATE, SEAT_BURST, nowMs)
  }

  tell(message: LobbyServerMessage): void {
    if (this.gone) return
    if (this.link.bufferedBytes > MAX_BUFFERED_BYTES) return this.about.refuse('TOO_SLOW', 'the lobby is not read.')
    this.link.send('reliable', packToClient(message))
  }

  /** Told once for each change. */
  tellParty(party: LobbyParty | undefined): void {
    const text = JSON.stringify(party ?? null)
    if (text === this.party || (this.party === '' && party === undefined)) return
    this.party = text
    this.tell({ t: 'party-is', party: party ?? null })
  }

  /** A message of the client. */
  send(bytes: Uint8Array): void {
    if (this.gone) return
    const decoded = bytes[0] === CONTROL ? decodeControl(bytes.subarray(1)) : undefined
    if (decoded?.ok !== true) return this.about.refuse('MALFORMED', 'a message to the lobby could not be read.')
    const parsed = parseLobbyClientMessage(decoded.value)
    if (!parsed.ok) return this.about.refuse('MALFORMED', `a message to the lobby: ${parsed.problem}.`)
    this.take(parsed.message)
  }

  close(): void {
    if (this.gone) return
    this.gone = true
    this.desk.left(this)
  }

  private take(message: LobbyClientMessage): void {
    const { desk } = this
    const nowMs = desk.nowMs()
    switch (message.t) {
      case 'leave':
        return this.about.left()
      case 'ping':
        return this.link.send('reliable', packToClient({ t: 'pong', id: message.id, serverMs: nowMs }))
      case 'filter':
        return desk.show(this, message.filter)
      case 'listen':
        if (this.channels.size < MAX_CHANNELS) desk.listen(this, message.channel)
        return
      case 'say':
        // Said too fast: it is not heard, as in any chat.
        if (this.chat.take(1, nowMs)) desk.say(this, message.channel, message.text)
        return
      case 'party':
        return this.answer(message.q, async () => ({ party: this.changeParty(message.act, message.code) }))
      case 'create':
        return this.answer(message.q, async () => {
          this.takeSeat()
          this.about.opens()
          return { place: await desk.create(this, message) }
        })
      case 'find':
        return this.answer(message.q, async () => {
          this.takeSeat()
          return { place: await desk.find(this, message.room) }
        })
      case 'match':
        return this.answer(message.q, async () => {
          this.takeSeat()
          return { place: await desk.match(this, message) }
        })
    }
  }

  private takeSeat(): void {
    if (this.seats.take(1, this.desk.nowMs())) return
    throw new NetError('TOO_FAST', 'you take too many seats.', 'Take one that you were given, or wait a while.')
  }

  private changeParty(act: 'create' | 'join' | 'leave', code = ''): LobbyParty | undefined {
    if (act === 'create') return this.desk.createParty(this)
    if (act === 'join') return this.desk.joinParty(this, code)
    this.desk.leaveParty(this)
    return undefined
  }

  private answer(
    q: number,
    ask: () => Promise<{ readonly place?: LobbyPlace; readonly party?: LobbyParty | undefined }>,
  ): void {
    const refuse = (code: string, message: string): void => this.tell({ t: 'answer', q, code, message })
    if (this.open >= MAX_OPEN_QUESTIONS || !this.asks.take(1, this.desk.nowMs()))
      return refuse('TOO_FAST', 'You ask too often. Wait a moment.')
    this.open++
    ask()
      .then(
        ({ place, party }) =>
          this.tell({
            t: 'answer',
            q,
            ...(place === undefined ? {} : { place }),
            ...(party === undefined ? {} : { party }),
          }),
        (error: unknown) => {
          if (error instanceof NetError) return refuse(error.code, error.text)
          this.desk.failed(error)
          refuse('INTERNAL', 'The server failed at this question.')
        },
      )
      .finally(() => {
        this.open--
      })
  }
}
