/**
 * The lobby of a shard: one list of rooms, one chat, parties, settings and bans, the same on every shard soon after each change. State-based by deltas where one life writes (`LifeMaps`), operations in
 * causal order where several do (`CausalLog`, `SharedState`); `Exchange` brings them together.
 * Pure. Made by the cluster node. What is not of the view is not shown; whether a room has a seat is its owner's decision, never the lobby's.
 */
import { NetError } from '@tickmesh/shared'
import type { Life } from '../life.ts'
import type { Part, PartHost } from '../part.ts'
import { oldestOf, type View } from '../view/view.ts'
import { CausalLog } from './causal-log.ts'
import type { StampedLine } from './chat.ts'
import { drawCode } from './code.ts'
import { Exchange } from './exchange.ts'
import { HybridClock } from './hybrid-clock.ts'
import { LifeMap } from './life-map.ts'
import { LifeMaps } from './life-maps.ts'
import { Listing, LOAD_KEY, PRESENCE_KEY, ROOM_KEY, roomValue } from './listing.ts'
import type { ChatLine, ListedRoom, LobbyApi, OwnRoom, Presence } from './lobby-api.ts'
import type { LobbyMessage } from './lobby-messages.ts'
import type { LobbyLimits, LobbyRules } from './lobby-rules.ts'
import { rootOf, type TextHash } from './merkle.ts'
import type { Operation, OperationBody } from './operation.ts'
import { Parties } from './parties.ts'
import { canonical, isPlain, type Plain, packedSize } from './plain.ts'
import { SharedState, type WholeState } from './shared-state.ts'
import { dotKey } from './version-vector.ts'

export interface LobbyOptions {
  readonly life: Life
  /** XXH32 of a text. */
  readonly hash: TextHash
  /** Gives 32 bits. */
  readonly random: () => number
  /** The cluster's time, in ms: for stamps, never for leases. */
  readonly clusterNowMs: () => number
  readonly limits: LobbyLimits
  readonly rules: LobbyRules
  /** A room whose owner was removed: is it shown as recovering until a successor lists it, or `lost` is called? Left out: it is gone. */
  readonly recovers?: (room: ListedRoom) => boolean
}

/** Counts for operators and tests. */
export interface LobbyStatus {
  readonly lives: number
  readonly entries: number
  readonly tombstones: number
  readonly root: string
  /** Equal versions with different roots: a bug, mended. */
  readonly alarms: number
  readonly mended: number
  /** Maps that had to be sent whole. */
  readonly resets: number
  /** Messages and deltas of lives that are not in the view. */
  readonly refused: number
  /** Operations kept for peers, and such that wait for what they depend on. */
  readonly operations: number
  readonly waiting: number
  readonly waived: number
  /** Lives whose operations are counted. */
  readonly counters: number
  readonly absurdTimes: number
}

const TIDY_PARTIES_MS = 10_000
const PARTY_CODE_LENGTH = 7

export class Lobby implements LobbyApi, Part<LobbyMessage> {
  readonly #options: LobbyOptions
  readonly #clock: HybridClock
  readonly #state: SharedState
  readonly #log: CausalLog
  readonly #maps: LifeMaps
  readonly #listing: Listing
  readonly #exchange: Exchange
  readonly parties: Parties
  #view: View | undefined
  #tidyMs = 0

  constructor(options: LobbyOptions, host: PartHost<LobbyMessage>) {
    this.#options = options
    const { life, hash, random, limits, rules } = options
    this.#clock = new HybridClock(life, limits.maxClockAheadMs)
    this.#state = new SharedState({ hash, rules, limits })
    this.#log = new CausalLog({ life, rules, limits }, (operation) => this.#deliver(operation))
    this.#listing = new Listing({ maxChanges: limits.maxChanges, recovers: options.recovers ?? (() => false) })
    const changed = (of: Life, key: string) => this.#listing.changed(of, key)
    this.#maps = new LifeMaps(new LifeMap(life, hash, rules), { hash, rules, limits }, changed)
    this.#listing.show(this.#maps)
    const joined = (whole: WholeState) => this.#follow(whole)
    const parts = { maps: this.#maps, log: this.#log, state: this.#state }
    this.#exchange = new Exchange({ life, random, limits, rules, ...parts, joined }, host)
    const newId = () => drawCode(random, PARTY_CODE_LENGTH)
    this.parties = new Parties(this.#state.parties, limits.maxPartySize, newId, (body) => this.#say(body))
  }

  viewInstalled(view: View, _before: View | undefined, nowMs: number): void {
    this.#view = view
    this.#listing.viewInstalled(view)
    this.#maps.viewInstalled(view)
    for (const [key] of this.#maps.own.live()) this.#listing.changed(this.#options.life, key)
    this.#exchange.viewInstalled(view, nowMs)
  }

  receive(from: Life, message: LobbyMessage, nowMs: number): void {
    this.#exchange.receive(from, message, nowMs)
  }

  tick(nowMs: number): void {
    this.#exchange.tick(nowMs)
    if (nowMs < this.#tidyMs + TIDY_PARTIES_MS) return
    this.#tidyMs = nowMs
    if (this.#view !== undefined && oldestOf(this.#view)?.life === this.#options.life) this.#tidyParties(this.#view)
  }

  #tidyParties(view: View): void {
    const present = new Set<string>()
    for (const { id } of this.present()) present.add(id)
    const { acceptsLife } = this.#options.rules
    this.parties.tidy(
      (life) => !acceptsLife(view, life),
      (player) => present.has(player),
    )
  }

  get nextMs(): number {
    return this.#exchange.nextMs
  }

  rooms(): IterableIterator<ListedRoom> {
    return this.#listing.rooms()
  }

  room(id: string): ListedRoom | undefined {
    return this.#listing.room(id)
  }

  put(room: OwnRoom): void {
    const value = roomValue(room)
    if (
      room.id.length > 128 ||
      !isPlain(value) ||
      packedSize({ ...room.attributes }) > this.#options.limits.maxValueBytes
    )
      throw new NetError(
        'TOO_LARGE',
        `the listing of room ${room.id.slice(0, 128)} is no plain data, or too large.`,
        `Keep its id to 128 letters and its attributes to ${this.#options.limits.maxValueBytes} bytes.`,
      )
    this.#write(ROOM_KEY + room.id, value)
  }

  remove(id: string): void {
    this.#write(ROOM_KEY + id, null)
  }

  /** Nobody has the journal of a room that is shown as recovering. */
  lost(id: string): void {
    this.#listing.lost(id)
  }

  get version(): number {
    return this.#listing.version
  }

  changedSince(version: number): readonly string[] | undefined {
    return this.#listing.changedSince(version)
  }

  setLoad(load: number): void {
    this.#write(LOAD_KEY, Math.round(Math.min(1, Math.max(0, load)) * 64) / 64)
  }

  loadOf(life: Life): number {
    const load = this.#maps.of(life)?.get(LOAD_KEY)
    return typeof load === 'number' ? load : 0
  }

  say(channel: string, from: string, text: string): ChatLine {
    const body = {
      kind: 'line',
      channel: channel.slice(0, 256),
      from: from.slice(0, 256),
      text: text.slice(0, this.#options.limits.maxLineLength),
    } as const
    const { dot, stamp } = this.#say(body)
    return { id: dotKey(dot), channel: body.channel, from: body.from, text: body.text, atMs: stamp.wallMs }
  }

  lines(channel: string): readonly StampedLine[] {
    return this.#state.lines.of(channel)
  }

  setPresent({ id, name, where }: Presence): void {
    this.#write(PRESENCE_KEY + id.slice(0, 128), { name: name.slice(0, 128), where: where.slice(0, 128) })
  }

  removePresent(id: string): void {
    this.#write(PRESENCE_KEY + id.slice(0, 128), null)
  }

  present(): IterableIterator<Presence> {
    return this.#listing.present()
  }

  set(key: string, value: unknown): void {
    const { settings } = this.#state
    const { maxSettings, maxValueBytes } = this.#options.limits
    const adds = value !== undefined
    if (!adds && !settings.store.has(key)) return
    const plain = value ?? null
    if (key.length > 256 || !isPlain(plain) || packedSize(plain) > maxValueBytes)
      throw new NetError(
        'BAD_ARGUMENT',
        `setting ${key.slice(0, 256)} is no plain data, or over ${maxValueBytes} bytes.`,
        'Use text, numbers, lists and plain objects.',
      )
    if (adds && !settings.store.has(key) && settings.keys().length >= maxSettings)
      throw new NetError(
        'TOO_LARGE',
        `there are ${maxSettings} settings already.`,
        'Delete some by setting them to undefined.',
      )
    this.#say({ kind: 'store', store: 'settings', adds, key, value: plain, removes: settings.store.dotsOf(key) })
  }

  get(key: string): unknown {
    return this.#state.settings.get(key)
  }

  ban(subject: string): void {
    const { bans } = this.#state
    const key = subject.slice(0, 256)
    if (bans.has(key)) return
    if (bans.elements().size >= this.#options.limits.maxBans)
      throw new NetError(
        'TOO_LARGE',
        `there are ${this.#options.limits.maxBans} bans already.`,
        'Lift old ones, or keep bans in your own accounts.',
      )
    this.#say({ kind: 'store', store: 'bans', adds: true, key, value: null, removes: [] })
  }

  unban(subject: string): void {
    const { bans } = this.#state
    const key = subject.slice(0, 256)
    if (!bans.has(key)) return
    this.#say({ kind: 'store', store: 'bans', adds: false, key, value: null, removes: bans.store.dotsOf(key) })
  }

  banned(): ReadonlySet<string> {
    return this.#state.bans.elements()
  }

  get root(): string {
    const roots = [...this.#maps.lives()]
      .filter(({ version }) => version > 0)
      .map(({ life, root }) => `${life} ${root}`)
    return rootOf(this.#options.hash, [...roots.sort(), this.#state.root].join())
  }

  /** All that is agreed on, as one text: equal, byte for byte, on two shards that know the same. */
  dump(): string {
    const maps = [...this.#maps.lives()].filter(({ version }) => version > 0)
    const texts = maps.map((map) => {
      const entries = [...map.live()].map(([key, value]) => canonical([key, value])).sort()
      return `${map.life} ${map.version}\n${entries.join('\n')}`
    })
    const counters = this.#view?.members.map(({ life }) => `${life} ${this.#log.counterOf(life)}`) ?? []
    return [...texts.sort(), counters.sort().join(), ...this.#state.canonical()].join('\n')
  }

  status(): LobbyStatus {
    const maps = [...this.#maps.lives()]
    return {
      lives: maps.length,
      entries: maps.reduce((sum, { size }) => sum + size, 0),
      tombstones: maps.reduce((sum, { tombstones }) => sum + tombstones, 0),
      root: this.root,
      alarms: this.#exchange.alarms,
      mended: this.#exchange.mended,
      resets: this.#maps.resets,
      refused: this.#exchange.refused + this.#maps.refused,
      operations: this.#log.length,
      waiting: this.#log.waiting,
      waived: this.#log.waived,
      counters: this.#log.delivered.size,
      absurdTimes: this.#clock.refused,
    }
  }

  #write(key: string, value: Plain): void {
    const { own } = this.#maps
    const before = own.get(key)
    if (before === value || (before !== null && value !== null && canonical(before) === canonical(value))) return
    const { maxEntries } = this.#options.limits
    if (own.tombstones >= 2 * maxEntries) own.collect(0, maxEntries)
    if (before === null && own.liveSize >= maxEntries)
      throw new NetError('TOO_LARGE', `this shard lists ${own.liveSize} rooms and players.`, 'Run more shards.')
    this.#maps.write(key, value)
    this.#exchange.changed()
  }

  #say(body: OperationBody): Operation {
    const operation = this.#log.say(body, this.#clock.draw(this.#options.clusterNowMs()))
    this.#exchange.changed(operation)
    return operation
  }

  #deliver(operation: Operation): void {
    if (operation.body.kind !== 'waived' && operation.dot.life !== this.#options.life)
      this.#clock.follow(operation.stamp, this.#options.clusterNowMs())
    this.#state.apply(operation)
  }

  #follow({ entries, lines }: WholeState): void {
    const now = this.#options.clusterNowMs()
    for (const { stamp } of entries) this.#clock.follow(stamp, now)
    for (const { stamp } of lines) this.#clock.follow(stamp, now)
  }
}
