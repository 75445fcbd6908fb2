/**
 * What maps say, as rooms and presences: one listed room for each id (of several lives that list it the one with the newest epoch), and what changed since when.
 * Pure. Called by the lobby with every key that changed. Counts are for showing; nothing is decided by them.
 */
import { isCount, isRecord, isText } from '@tickmesh/shared'
import { isLife, type Life } from '../life.ts'
import { compareEpochs, type View } from '../view/view.ts'
import type { LifeMaps } from './life-maps.ts'
import type { ListedRoom, OwnRoom, Presence } from './lobby-api.ts'
import type { Plain } from './plain.ts'

export const ROOM_KEY = 'r/'
export const PRESENCE_KEY = 'p/'
export const LOAD_KEY = 'load'

export interface ListingOptions {
  /** How many changes are remembered. */
  readonly maxChanges: number
  /** A room whose owner was removed: is it shown as recovering until somebody lists it, or it is said to be lost? */
  readonly recovers: (room: ListedRoom) => boolean
}

export class Listing {
  readonly #options: ListingOptions
  readonly #rooms = new Map<string, ListedRoom>()
  readonly #presences = new Map<string, Presence>()
  #maps: LifeMaps | undefined
  #urls: ReadonlyMap<Life, string> = new Map()
  /** Ids, the one of version `version - length + 1` first. */
  #changes: string[] = []
  version = 0

  constructor(options: ListingOptions) {
    this.#options = options
  }

  /** Where values are looked up. */
  show(maps: LifeMaps): void {
    this.#maps = maps
  }

  viewInstalled(view: View): void {
    this.#urls = new Map(view.members.map(({ life, url }) => [life, url]))
  }

  rooms(): IterableIterator<ListedRoom> {
    return this.#rooms.values()
  }

  room(id: string): ListedRoom | undefined {
    return this.#rooms.get(id)
  }

  *present(): IterableIterator<Presence> {
    const seen = new Set<string>()
    for (const presence of this.#presences.values()) {
      if (seen.has(presence.id)) continue
      seen.add(presence.id)
      yield presence
    }
  }

  changedSince(version: number): readonly string[] | undefined {
    const from = this.#changes.length - (this.version - version)
    if (from < 0 || version > this.version) return undefined
    return [...new Set(this.#changes.slice(from))]
  }

  changed(life: Life, key: string): void {
    if (key.startsWith(ROOM_KEY)) this.#roomChanged(key)
    else if (key.startsWith(PRESENCE_KEY)) {
      const presence = presenceOf(key.slice(PRESENCE_KEY.length), this.#maps?.of(life)?.get(key) ?? null)
      if (presence === undefined) this.#presences.delete(`${life}/${key}`)
      else this.#presences.set(`${life}/${key}`, presence)
    }
  }

  /** Nobody has its journal. */
  lost(id: string): void {
    if (this.#rooms.get(id)?.state === 'recovering') this.#show(id, undefined)
  }

  #roomChanged(key: string): void {
    const id = key.slice(ROOM_KEY.length)
    let best: ListedRoom | undefined
    for (const map of this.#maps?.lives() ?? []) {
      const room = roomOf(id, map.life, this.#urls.get(map.life) ?? '', map.get(key))
      if (room === undefined) continue
      const order = best === undefined ? 1 : compareEpochs(room.epoch, best.epoch)
      if (best === undefined || order > 0 || (order === 0 && room.owner > best.owner)) best = room
    }
    const before = this.#rooms.get(id)
    if (best !== undefined || before === undefined) return this.#show(id, best)
    const removed = !this.#urls.has(before.owner) && this.#options.recovers(before)
    this.#show(id, removed ? { ...before, state: 'recovering' } : undefined)
  }

  #show(id: string, room: ListedRoom | undefined): void {
    if (room === undefined && !this.#rooms.delete(id)) return
    if (room !== undefined) this.#rooms.set(id, room)
    this.version++
    this.#changes.push(id)
    if (this.#changes.length > this.#options.maxChanges * 2)
      this.#changes = this.#changes.slice(-this.#options.maxChanges)
  }
}

/** Of one room, in its entry. */
const MAX_HOLDERS = 4

/** An own room as it stands in the map. */
export function roomValue({ epoch, state, players, maxPlayers, attributes, holders = [] }: OwnRoom): Plain {
  const { generation, view, k } = epoch
  const entry = { epoch: [generation, view, k], state, players, maxPlayers, attributes: { ...attributes } }
  return holders.length === 0 ? entry : { ...entry, holders: [...holders] }
}

function roomOf(id: string, owner: Life, url: string, value: Plain): ListedRoom | undefined {
  if (!isRecord(value)) return undefined
  const { epoch, state, players, maxPlayers, attributes, holders = [] } = value
  if (!Array.isArray(epoch) || !epoch.every(isCount) || !isRecord(attributes)) return undefined
  const [generation = 0, view = 0, k = 0] = epoch
  if (!isState(state)) return undefined
  if (!isCount(players) || !isCount(maxPlayers)) return undefined
  const flat: Record<string, string | number | boolean> = {}
  for (const [name, item] of Object.entries(attributes))
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') flat[name] = item
  if (!Array.isArray(holders) || holders.length > MAX_HOLDERS || !holders.every(isLife)) return undefined
  const room = { id, owner, url, epoch: { generation, view, k }, state, players, maxPlayers, attributes: flat } as const
  return holders.length === 0 ? room : { ...room, holders }
}

function isState(value: unknown): value is ListedRoom['state'] {
  return value === 'open' || value === 'full' || value === 'closed' || value === 'recovering' || value === 'lost'
}

function presenceOf(id: string, value: Plain): Presence | undefined {
  if (!isRecord(value) || !isText(value.name, 256) || !isText(value.where, 256)) return undefined
  return { id, name: value.name, where: value.where }
}
