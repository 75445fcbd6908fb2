/**
 * All clients that are in the lobby by way of this shard: lists, questions, parties, chat, who is there. Owned by the shard's composition; sessions hand
 * connections over that say `lobby` first. Pure but for promises: clock, alarm and cluster are passed in.
 */
import {
  type Link,
  type LobbyAttributes,
  type LobbyClientMessage,
  type LobbyFilter,
  type LobbyHello,
  type LobbyParty,
  type LobbyPerson,
  type LobbyPlace,
  NetError,
} from '@tickmesh/shared'
import { drawCode } from '../../cluster/lobby/code.ts'
import type { LobbyApi, Party } from '../../cluster/lobby/lobby-api.ts'
import type { TickTimer } from '../../tick/tick-timer.ts'
import { ChannelFeeds } from './channel-feeds.ts'
import type { LobbyBackend, SeatFor } from './lobby-backend.ts'
import { LobbyVisitor, type VisitorAbout, type VisitorDesk } from './lobby-visitor.ts'
import { LostMembers } from './lost-members.ts'
import { RoomLists } from './room-lists.ts'

export interface LobbyDeskOptions {
  readonly backend: LobbyBackend
  readonly timer: TickTimer
  /** Gives 32 bits that nobody can guess. */
  readonly entropy: () => number
  readonly onFailure: (error: unknown) => void
}

const UPDATE_MS = 200
const DEFAULT_SKILL_RANGE = 300
/** People shown to each; a crowd is shown by its count. */
const MAX_PRESENT = 200
const CODE_LENGTH = 6

export class LobbyDesk implements VisitorDesk {
  private readonly options: LobbyDeskOptions
  private readonly lists = new RoomLists()
  private readonly feeds = new ChannelFeeds()
  private readonly lostMembers = new LostMembers()
  private readonly visitors = new Map<string, LobbyVisitor>()
  private shownPeople = new Map<string, string>()
  private cancelUpdate: (() => void) | undefined

  constructor(options: LobbyDeskOptions) {
    this.options = options
  }

  nowMs(): number {
    return this.options.timer.nowMs()
  }

  get size(): number {
    return this.visitors.size
  }

  /** Somebody comes in. Throws NOT_READY while this shard is in no cluster. */
  enter(
    hello: LobbyHello,
    link: Link,
    identity: unknown,
    connection: Pick<VisitorAbout, 'refuse' | 'left' | 'opens'>,
  ): LobbyVisitor {
    const lobby = this.lobby()
    const id = this.drawId()
    const name = hello.name?.trim() || `guest-${id.slice(-4)}`
    const { refuse, left, opens } = connection
    const about = { id, name, identity, refuse, left, opens }
    const visitor = new LobbyVisitor(this, link, about, this.nowMs())
    // Throws if too much is listed here.
    lobby.setPresent({ id, name, where: 'lobby' })
    // From here on it is told differences to the same as the others.
    this.updatePeople(lobby)
    this.visitors.set(id, visitor)
    visitor.tell({ t: 'lobby-welcome', you: id })
    this.lists.show(visitor, hello.filter ?? {}, lobby)
    visitor.tell({ t: 'present', all: true, put: peopleOf(lobby), gone: [] })
    this.plan()
    return visitor
  }

  left(visitor: LobbyVisitor): void {
    const { id } = visitor.about
    this.visitors.delete(id)
    this.lists.drop(visitor)
    this.feeds.drop(visitor, visitor.channels)
    const { lobby } = this.options.backend
    const party = lobby?.parties.of(id)
    if (party !== undefined) lobby?.parties.leave(party.id, id)
    lobby?.removePresent(id)
  }

  show(visitor: LobbyVisitor, filter: LobbyFilter): void {
    this.lists.show(visitor, filter, this.options.backend.lobby)
  }

  listen(visitor: LobbyVisitor, channel: string): void {
    if (visitor.channels.has(channel)) return
    visitor.channels.add(channel)
    this.feeds.listen(visitor, channel, this.options.backend.lobby)
  }

  say(visitor: LobbyVisitor, channel: string, text: string): void {
    const { lobby } = this.options.backend
    lobby?.say(channel, visitor.about.name, text)
    if (lobby !== undefined) this.feeds.update(lobby)
  }

  create(
    visitor: LobbyVisitor,
    { room, attributes = {}, code }: Extract<LobbyClientMessage, { t: 'create' }>,
  ): Promise<LobbyPlace> {
    const id = room ?? (code === true ? drawCode(this.options.entropy, CODE_LENGTH) : undefined)
    const given: LobbyAttributes = code === true ? { ...attributes, private: true } : attributes
    return this.options.backend.create(id, given, seatOf(visitor))
  }

  find(visitor: LobbyVisitor, room: string): Promise<LobbyPlace> {
    return this.options.backend.find(room, seatOf(visitor))
  }

  /** The leader of a party takes it along. */
  async match(
    visitor: LobbyVisitor,
    { attributes = {}, skill, range = DEFAULT_SKILL_RANGE }: Extract<LobbyClientMessage, { t: 'match' }>,
  ): Promise<LobbyPlace> {
    const { backend } = this.options
    const { id } = visitor.about
    const party = this.lobby().parties.of(id)
    if (party !== undefined && party.leader !== id) {
      throw new NetError(
        'BAD_STATE',
        'you are in a party that somebody else leads.',
        'Wait for its leader, or leave it.',
      )
    }
    const players = party === undefined ? [seatOf(visitor)] : await this.seatsOf(party)
    const places = await backend.match({ players, attributes, skill, skillRange: range })
    const own = new Map(players.map((player, at) => [player.id, places[at]]))
    const others = new Map<string, LobbyPlace>()
    for (const [member, place] of own) if (member !== id && place !== undefined) others.set(member, place)
    if (others.size > 0) {
      this.summoned(others)
      backend.summon(others)
    }
    const place = own.get(id)
    if (place === undefined) throw new NetError('NOT_READY', 'no seat was found.', 'Try again in a while.')
    return place
  }

  createParty(visitor: LobbyVisitor): LobbyParty {
    return this.partyOf(this.lobby().parties.create(visitor.about.id))
  }

  joinParty(visitor: LobbyVisitor, code: string): LobbyParty {
    const { parties } = this.lobby()
    const id = code.toUpperCase()
    if (!parties.join(id, visitor.about.id))
      throw new NetError('JOIN_REFUSED', `there is no party "${code}", or it is full.`, 'Ask for its code again.')
    return this.partyOf(parties.party(id) ?? { id, leader: '', members: [] })
  }

  leaveParty(visitor: LobbyVisitor): void {
    const { parties } = this.lobby()
    const party = parties.of(visitor.about.id)
    if (party !== undefined) parties.leave(party.id, visitor.about.id)
  }

  failed(error: unknown): void {
    this.options.onFailure(error)
  }

  /** Who these visitors of this shard are. */
  identities(ids: readonly string[]): ReadonlyMap<string, unknown> {
    const known = new Map<string, unknown>()
    for (const id of ids) {
      const visitor = this.visitors.get(id)
      if (visitor !== undefined) known.set(id, visitor.about.identity)
    }
    return known
  }

  /** Their party goes to play; those who are not here are somewhere else. */
  summoned(places: ReadonlyMap<string, LobbyPlace>): void {
    for (const [id, place] of places) this.visitors.get(id)?.tell({ t: 'called', place })
  }

  close(): void {
    this.cancelUpdate?.()
    this.cancelUpdate = undefined
  }

  private drawId(): string {
    for (;;) {
      const id = `${this.options.backend.prefix}-${(this.options.entropy() >>> 0).toString(36)}`
      if (!this.visitors.has(id)) return id
    }
  }

  private lobby(): LobbyApi {
    const { lobby } = this.options.backend
    if (lobby === undefined)
      throw new NetError('NOT_READY', 'this shard is in no cluster at the moment.', 'Try again, or at another shard.')
    return lobby
  }

  private plan(): void {
    const { timer } = this.options
    this.cancelUpdate ??= timer.wakeAt(timer.nowMs() + UPDATE_MS, () => {
      this.cancelUpdate = undefined
      this.update()
      if (this.visitors.size > 0) this.plan()
    })
  }

  private update(): void {
    const { lobby } = this.options.backend
    if (lobby === undefined) return
    this.lists.update(lobby)
    this.updatePeople(lobby)
    this.feeds.update(lobby)
    const parties = new Set<Party>()
    for (const visitor of this.visitors.values()) {
      const party = lobby.parties.of(visitor.about.id)
      if (party !== undefined) parties.add(party)
      visitor.tellParty(party === undefined ? undefined : this.partyOf(party))
    }
    this.lostMembers.look(parties, lobby, this.nowMs())
  }

  private updatePeople(lobby: LobbyApi): void {
    const now = new Map(peopleOf(lobby).map((person) => [person.id, JSON.stringify(person)]))
    const put: LobbyPerson[] = []
    for (const [id, text] of now) if (this.shownPeople.get(id) !== text) put.push(JSON.parse(text) as LobbyPerson)
    const gone = [...this.shownPeople.keys()].filter((id) => !now.has(id))
    this.shownPeople = now
    if (put.length === 0 && gone.length === 0) return
    for (const visitor of this.visitors.values()) visitor.tell({ t: 'present', all: false, put, gone })
  }

  private async seatsOf({ members }: Party): Promise<readonly SeatFor[]> {
    const here = this.identities(members)
    const away = members.filter((id) => !here.has(id))
    const there = away.length === 0 ? new Map<string, unknown>() : await this.options.backend.identitiesOf(away)
    // Who has gone meanwhile gets no seat.
    return members
      .filter((id) => here.has(id) || there.has(id))
      .map((id) => ({ id, identity: here.has(id) ? here.get(id) : there.get(id) }))
  }

  private partyOf({ id, leader, members }: Party): LobbyParty {
    const names = new Map<string, string>()
    for (const { id: person, name } of this.options.backend.lobby?.present() ?? []) names.set(person, name)
    return { code: id, leader, members: members.map((member) => ({ id: member, name: names.get(member) ?? '' })) }
  }
}

function seatOf({ about }: LobbyVisitor): SeatFor {
  return { id: about.id, identity: about.identity }
}

function peopleOf(lobby: LobbyApi): LobbyPerson[] {
  const people: LobbyPerson[] = []
  for (const { id, name, where } of lobby.present()) {
    if (people.length >= MAX_PRESENT) break
    people.push({ id, name, where })
  }
  return people
}
