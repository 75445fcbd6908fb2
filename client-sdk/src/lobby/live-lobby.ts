/**
 * The lobby as it is at the moment: what the shard said, questions that wait for their answer, and the connection that is made again when it breaks.
 * Made by lobby.ts. Pure but for the host: clock, alarms and dialling are passed in.
 */
import {
  type CloseReason,
  isErrorCode,
  type Link,
  type LobbyAttributes,
  type LobbyFilter,
  type LobbyLine,
  type LobbyParty,
  type LobbyPerson,
  type LobbyPlace,
  type LobbyRoom,
  type LobbyServerMessage,
  NetError,
  retryOf,
} from '@tickmesh/shared'
import { Listeners } from '../listeners.ts'
import type { ClientHost } from '../play/client-host.ts'
import type { Unsubscribe } from '../room.ts'
import { backoffMs } from '../session/backoff.ts'
import type { CreateOptions, Lobby, MatchOptions } from './lobby-api.ts'
import { LobbyConnection } from './lobby-connection.ts'

export interface LiveLobbyOptions {
  readonly host: ClientHost
  /** How many addresses `dial` takes in turn. */
  readonly addresses: number
  /** Opens the link of the nth try, which is counted from 0 after each success. */
  readonly dial: (attempt: number) => Promise<Link>
  readonly hello: (filter: LobbyFilter) => object | Promise<object>
  readonly filter: LobbyFilter
}

interface Question {
  readonly resolve: (message: Extract<LobbyServerMessage, { t: 'answer' }>) => void
  readonly reject: (error: NetError) => void
}

/** A cluster that changes its view answers nobody for some seconds. */
const ANSWER_MS = 15_000
const PING_MS = 10_000
const MAX_LINES = 200

export class LiveLobby implements Lobby {
  you = ''
  connected = false
  rooms: readonly LobbyRoom[] = []
  counts = { rooms: 0, players: 0 }
  present: readonly LobbyPerson[] = []
  party: LobbyParty | undefined
  readonly #options: LiveLobbyOptions
  readonly #rooms = new Map<string, LobbyRoom>()
  readonly #present = new Map<string, LobbyPerson>()
  readonly #lines = new Map<string, readonly LobbyLine[]>()
  readonly #questions = new Map<number, Question>()
  readonly #onRooms = new Listeners<[readonly LobbyRoom[]]>()
  readonly #onChat = new Listeners<[string, readonly LobbyLine[]]>()
  readonly #onPresent = new Listeners<[readonly LobbyPerson[]]>()
  readonly #onParty = new Listeners<[LobbyParty | undefined]>()
  readonly #onCalled = new Listeners<[LobbyPlace]>()
  readonly #onConnection = new Listeners<[boolean]>()
  readonly #onClose = new Listeners<[CloseReason]>()
  #line: LobbyConnection | undefined
  #filter: LobbyFilter
  #lastQuestion = 0
  #attempt = 0
  #over = false
  #cancelWait: () => void = () => {}
  #cancelPing: () => void = () => {}
  #first: { resolve(): void; reject(error: NetError): void } | undefined

  constructor(options: LiveLobbyOptions) {
    this.#options = options
    this.#filter = options.filter
  }

  /** Resolves with the first list; rejects if there will be none. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject }
      void this.#connect()
    })
  }

  setFilter(filter: LobbyFilter): void {
    this.#filter = filter
    this.#line?.send({ t: 'filter', filter })
  }

  create({ room, attributes, code }: CreateOptions = {}): Promise<LobbyPlace> {
    return this.#askPlace({ t: 'create', code: code === true, ...given({ room, attributes }) })
  }

  find(room: string): Promise<LobbyPlace> {
    return this.#askPlace({ t: 'find', room })
  }

  quickMatch({ attributes, skill, skillRange }: MatchOptions = {}): Promise<LobbyPlace> {
    return this.#askPlace({ t: 'match', ...given({ attributes, skill, range: skillRange }) })
  }

  createParty(): Promise<LobbyParty> {
    return this.#askParty({ t: 'party', act: 'create' })
  }

  joinParty(code: string): Promise<LobbyParty> {
    return this.#askParty({ t: 'party', act: 'join', code })
  }

  leaveParty(): void {
    // There is nothing to wait for: `party-is` follows.
    this.#ask({ t: 'party', act: 'leave' }).catch(() => {})
  }

  say(channel: string, text: string): void {
    this.#line?.send({ t: 'say', channel, text })
  }

  lines(channel: string): readonly LobbyLine[] {
    const known = this.#lines.get(channel)
    if (known !== undefined) return known
    this.#lines.set(channel, [])
    this.#line?.send({ t: 'listen', channel })
    return []
  }

  onRooms = (listener: (rooms: readonly LobbyRoom[]) => void): Unsubscribe => this.#onRooms.add(listener)
  onChat = (listener: (channel: string, lines: readonly LobbyLine[]) => void): Unsubscribe => this.#onChat.add(listener)
  onPresent = (listener: (present: readonly LobbyPerson[]) => void): Unsubscribe => this.#onPresent.add(listener)
  onParty = (listener: (party: LobbyParty | undefined) => void): Unsubscribe => this.#onParty.add(listener)
  onCalled = (listener: (place: LobbyPlace) => void): Unsubscribe => this.#onCalled.add(listener)
  onConnection = (listener: (connected: boolean) => void): Unsubscribe => this.#onConnection.add(listener)
  onClose = (listener: (reason: CloseReason) => void): Unsubscribe => this.#onClose.add(listener)

  close(reason: CloseReason = { code: 'LEFT', message: 'The lobby was left.' }): void {
    if (this.#over) return
    this.#over = true
    this.connected = false
    this.#cancelWait()
    this.#cancelPing()
    const line = this.#line
    this.#line = undefined
    line?.send({ t: 'leave' })
    line?.drop(reason)
    this.#failAll(reason)
    this.#first?.reject(new NetError(reason.code, reason.message, ''))
    this.#first = undefined
    this.#onClose.call(reason)
  }

  onMessage(message: LobbyServerMessage): void {
    switch (message.t) {
      case 'lobby-welcome':
        return this.#welcomed(message.you)
      case 'rooms':
        return this.#takeRooms(message)
      case 'answer':
        return this.#answered(message)
      case 'lines':
        return this.#takeLines(message.channel, message.lines)
      case 'present': {
        if (message.all) this.#present.clear()
        for (const id of message.gone) this.#present.delete(id)
        for (const person of message.put) this.#present.set(person.id, person)
        this.present = [...this.#present.values()]
        return this.#onPresent.call(this.present)
      }
      case 'party-is':
        this.party = message.party ?? undefined
        return this.#onParty.call(this.party)
      case 'called':
        return this.#onCalled.call(message.place)
    }
  }

  onEnd(line: LobbyConnection, reason: CloseReason): void {
    if (this.#over || line !== this.#line) return
    this.#line = undefined
    this.#cancelPing()
    this.#failAll(reason)
    this.#lost(reason)
  }

  #takeRooms({ all, put, gone, rooms, players }: Extract<LobbyServerMessage, { t: 'rooms' }>): void {
    if (all) this.#rooms.clear()
    for (const id of gone) this.#rooms.delete(id)
    for (const room of put) this.#rooms.set(room.id, room)
    this.counts = { rooms, players }
    this.rooms = [...this.#rooms.values()].sort((a, b) => b.players - a.players || (a.id < b.id ? -1 : 1))
    this.#first?.resolve()
    this.#first = undefined
    this.#onRooms.call(this.rooms)
  }

  #takeLines(channel: string, lines: readonly LobbyLine[]): void {
    const known = this.#lines.get(channel) ?? []
    const seen = new Set(known.map(({ id }) => id))
    const news = lines.filter(({ id }) => !seen.has(id))
    if (news.length === 0) return
    // One that came late stands where it was said.
    const all = [...known, ...news].sort((a, b) => a.atMs - b.atMs).slice(-MAX_LINES)
    this.#lines.set(channel, all)
    this.#onChat.call(channel, all)
  }

  #answered({ q, code, message = '', ...answer }: Extract<LobbyServerMessage, { t: 'answer' }>): void {
    const question = this.#questions.get(q)
    if (question === undefined) return
    if (code === undefined) question.resolve({ q, ...answer })
    else question.reject(new NetError(isErrorCode(code) ? code : 'INTERNAL', message, ''))
  }

  #welcomed(you: string): void {
    this.you = you
    this.connected = true
    this.#attempt = 0
    for (const channel of this.#lines.keys()) this.#line?.send({ t: 'listen', channel })
    this.#ping()
    this.#onConnection.call(true)
    // Whoever comes again is somebody else.
    if (this.party === undefined) return
    this.party = undefined
    this.#onParty.call(undefined)
  }

  /** So that neither side takes a quiet lobby for a dead one. */
  #ping(): void {
    const { host } = this.#options
    this.#cancelPing()
    this.#cancelPing = host.at(host.now() + PING_MS, () => {
      this.#line?.send({ t: 'ping', id: 0 })
      this.#ping()
    })
  }

  async #connect(): Promise<void> {
    const { dial, hello } = this.#options
    try {
      const words = await hello(this.#filter)
      const link = await dial(this.#attempt)
      if (this.#over) return link.close({ code: 'LEFT', message: 'The lobby was left.' })
      this.#line = new LobbyConnection(link, this, words)
    } catch (error) {
      this.#lost(error instanceof NetError ? error.reason : { code: 'CONNECT_FAILED', message: String(error) })
    }
  }

  #lost(reason: CloseReason): void {
    if (this.#over) return
    const wasConnected = this.connected
    this.connected = false
    const { addresses } = this.#options
    const isVain = this.#first !== undefined && reason.code === 'CONNECT_FAILED' && this.#attempt + 1 >= addresses
    if (isVain || retryOf(reason.code) === 'never') return this.close(reason)
    // A shard that stops or is full is one of several.
    const { host } = this.#options
    this.#attempt++
    this.#cancelWait = host.at(host.now() + backoffMs(this.#attempt, host.random()), () => void this.#connect())
    if (wasConnected) this.#onConnection.call(false)
  }

  async #askPlace(message: object): Promise<LobbyPlace> {
    const { place } = await this.#ask(message)
    if (place === undefined) throw new NetError('MALFORMED', 'the lobby answered without a place.', '')
    return place
  }

  async #askParty(message: object): Promise<LobbyParty> {
    const { party } = await this.#ask(message)
    if (party === undefined) throw new NetError('MALFORMED', 'the lobby answered without a party.', '')
    return party
  }

  #ask(message: object): Promise<Extract<LobbyServerMessage, { t: 'answer' }>> {
    const { host } = this.#options
    const line = this.#line
    if (line === undefined || !this.connected)
      return Promise.reject(new NetError('CONNECTION_LOST', 'the lobby is not connected.', 'Try again in a moment.'))
    const q = ++this.#lastQuestion
    return new Promise((resolve, reject) => {
      const cancel = host.at(host.now() + ANSWER_MS, () =>
        fail(new NetError('TIMED_OUT', 'the lobby did not answer in time.', 'Try again.')),
      )
      const done = (): void => {
        cancel()
        this.#questions.delete(q)
      }
      const fail = (error: NetError): void => {
        done()
        reject(error)
      }
      const succeed: Question['resolve'] = (answer) => {
        done()
        resolve(answer)
      }
      this.#questions.set(q, { resolve: succeed, reject: fail })
      try {
        line.send({ ...message, q })
      } catch (error) {
        fail(error instanceof NetError ? error : new NetError('INTERNAL', String(error), ''))
      }
    })
  }

  #failAll({ code, message }: CloseReason): void {
    for (const { reject } of [...this.#questions.values()]) reject(new NetError(code, message, ''))
  }
}

/** The properties that are there. */
function given(properties: Readonly<Record<string, string | number | LobbyAttributes | undefined>>): object {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))
}
