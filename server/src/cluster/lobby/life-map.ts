/**
 * What one life says of itself: rooms, load, presences, under keys. Only that life writes it, so replicas never merge: they follow. Entries are ordered by sequence number; a replica's
 * `version` says that it knows all that its author said up to there, unless the author has said something later of the same key.
 * Pure. Used by `LifeMaps`. What was removed stays as a tombstone until all have heard of it, and never comes back.
 */
import type { Life } from '../life.ts'
import type { LobbyRules } from './lobby-rules.ts'
import { bucketOf, HashTree, type LeafPart, leafPart, type TextHash } from './merkle.ts'
import { canonical, type Plain, packedSize } from './plain.ts'

/** `null` is a tombstone. */
export interface MapEntry {
  readonly key: string
  readonly sequence: number
  readonly value: Plain
}

/** A part of a life's map: all entries after `from` up to `upTo`, in order. */
export interface MapChunk {
  readonly life: Life
  readonly from: number
  readonly upTo: number
  /** The version that the sender is at or on the way to: below it a replica may lack what was superseded by later entries, and is not compared. */
  readonly target: number
  /** Whoever begins with this chunk has, of all up to `upTo`, what was still so at this version. */
  readonly asOf: number
  /** The map is sent whole, and replaces what the receiver has: it missed tombstones that are gone. */
  readonly reset: boolean
  readonly entries: readonly MapEntry[]
}

/** How far a replica is. */
export interface MapVersion {
  readonly version: number
  /** At least `version`: while a map comes in parts, what is there is already as of a later version, and no tombstone up to there is missed. */
  readonly asOf: number
}

interface Kept extends MapEntry {
  readonly leaf: LeafPart
  readonly size: number
  superseded: boolean
}

const ENTRY_OVERHEAD = 48

export class LifeMap {
  readonly life: Life
  readonly #hash: TextHash
  readonly #rules: LobbyRules
  readonly #entries = new Map<string, Kept>()
  /** By sequence, superseded ones among them until there are too many. */
  #order: Kept[] = []
  #superseded = 0
  #tree: HashTree
  #tombstones: Kept[] = []
  #waiting = 0
  version = 0
  target = 0
  #asOf = 0
  /** The newest tombstone that was collected. */
  collected = 0

  constructor(life: Life, hash: TextHash, rules: LobbyRules) {
    this.life = life
    this.#hash = hash
    this.#rules = rules
    this.#tree = new HashTree(hash)
  }

  get complete(): boolean {
    return this.version >= this.target
  }

  get asOf(): number {
    return Math.max(this.version, this.#asOf)
  }

  get size(): number {
    return this.#entries.size
  }

  /** Tombstones that wait. */
  get tombstones(): number {
    return this.#waiting
  }

  /** Entries that are there. */
  get liveSize(): number {
    return this.#entries.size - this.#waiting
  }

  /** Of what is there: not of tombstones, which go at different times on different shards. */
  get root(): string {
    return this.#tree.root
  }

  get tree(): HashTree {
    return this.#tree
  }

  get(key: string): Plain {
    return this.#entries.get(key)?.value ?? null
  }

  /** Keys and values that are there. */
  *live(): IterableIterator<readonly [string, Plain]> {
    for (const entry of this.#entries.values()) if (entry.value !== null) yield [entry.key, entry.value]
  }

  /** By its author: sets, or removes by `null`. */
  write(key: string, value: Plain): void {
    this.version++
    this.target = this.version
    this.#keep({ key, sequence: this.version, value })
  }

  /** What a peer that is at `known` lacks, as far as `budget` bytes reach (an entry goes always). Undefined: nothing. */
  chunk(known: MapVersion, budget: number): { readonly chunk: MapChunk; readonly bytes: number } | undefined {
    if (known.version >= this.version) return undefined
    const reset = known.version > 0 && this.#rules.mustReset(known.asOf, this.collected)
    const from = reset ? 0 : known.version
    const entries: MapEntry[] = []
    let bytes = ENTRY_OVERHEAD
    let upTo = this.version
    for (let i = this.#indexAfter(from); i < this.#order.length; i++) {
      const entry = this.#order[i]
      if (entry === undefined || entry.superseded) continue
      if (entries.length > 0 && bytes + entry.size > budget) {
        upTo = entries.at(-1)?.sequence ?? from
        break
      }
      bytes += entry.size
      entries.push({ key: entry.key, sequence: entry.sequence, value: entry.value })
    }
    const target = Math.max(this.version, this.target)
    return { chunk: { life: this.life, from, upTo, target, asOf: this.asOf, reset, entries }, bytes }
  }

  /** Takes in a chunk that begins where this ends, or before. Gives the keys that changed; undefined: there is a gap before it. */
  follow(chunk: MapChunk): string[] | undefined {
    if (chunk.from > this.version) return undefined
    if (chunk.upTo <= this.version) return []
    if (this.version === 0) this.#asOf = chunk.asOf
    const changed: string[] = []
    for (const entry of chunk.entries)
      if (entry.sequence > this.version && entry.sequence <= chunk.upTo && this.#keep(entry)) changed.push(entry.key)
    this.version = chunk.upTo
    this.target = Math.max(this.target, chunk.target)
    return changed
  }

  /** Forgets tombstones that everybody has heard of, and the oldest beyond `max`: whoever missed such a one is sent the map whole. */
  collect(minAcknowledged: number, max = Number.POSITIVE_INFINITY): void {
    if (this.#waiting === 0) return
    const kept: Kept[] = []
    let excess = this.#waiting - max
    for (const entry of this.#tombstones) {
      if (entry.superseded) continue
      if (excess-- > 0 || this.#rules.mayCollect(minAcknowledged, entry.sequence)) {
        this.#supersede(entry)
        this.#entries.delete(entry.key)
        this.collected = Math.max(this.collected, entry.sequence)
      } else kept.push(entry)
    }
    this.#tombstones = kept
  }

  /** Entries of some buckets, tombstones too. */
  inBuckets(buckets: ReadonlySet<number>): MapEntry[] {
    const found: MapEntry[] = []
    for (const { key, sequence, value, leaf } of this.#entries.values())
      if (buckets.has(leaf.bucket)) found.push({ key, sequence, value })
    return found
  }

  /** What deltas missed: these buckets now hold just these entries. Gives the keys that changed. */
  replaceBuckets(buckets: ReadonlySet<number>, entries: readonly MapEntry[]): string[] {
    const changed = new Set<string>()
    const replaced = new LifeMap(this.life, this.#hash, this.#rules)
    for (const kept of [...this.#entries.values()])
      if (buckets.has(kept.leaf.bucket)) {
        changed.add(kept.key)
        this.#supersede(kept)
        this.#entries.delete(kept.key)
      } else replaced.#keep(kept)
    for (const entry of entries) {
      changed.add(entry.key)
      replaced.#keep(entry)
    }
    this.#entries.clear()
    for (const [key, kept] of replaced.#entries) this.#entries.set(key, kept)
    this.#order = replaced.#order.sort((a, b) => a.sequence - b.sequence)
    this.#tombstones = replaced.#tombstones
    this.#waiting = replaced.#waiting
    this.#tree = replaced.#tree
    this.#superseded = 0
    return [...changed]
  }

  #keep(entry: MapEntry): boolean {
    const before = this.#entries.get(entry.key)
    if (before !== undefined && !this.#rules.newer(entry.sequence, before.sequence)) return false
    if (before !== undefined) this.#supersede(before)
    this.#entries.delete(entry.key)
    const { key, sequence, value } = entry
    const kept: Kept = { key, sequence, value, superseded: false, size: this.#sizeOf(entry), leaf: this.#leafOf(entry) }
    this.#entries.set(key, kept)
    this.#order.push(kept)
    if (value === null) {
      this.#tombstones.push(kept)
      this.#waiting++
    } else this.#tree.add(kept.leaf)
    return true
  }

  #sizeOf(entry: MapEntry): number {
    return ENTRY_OVERHEAD + packedSize(entry.key) + packedSize(entry.value)
  }

  #leafOf({ key, sequence, value }: MapEntry): LeafPart {
    if (value === null) return { bucket: bucketOf(this.#hash, key), a: 0, b: 0 }
    return leafPart(this.#hash, key, `${sequence} ${canonical(value)}`)
  }

  #supersede(entry: Kept): void {
    entry.superseded = true
    if (entry.value === null) this.#waiting--
    else this.#tree.remove(entry.leaf)
    this.#superseded++
    if (this.#superseded > 64 && this.#superseded > this.#order.length / 2) {
      this.#order = this.#order.filter((each) => !each.superseded)
      this.#tombstones = this.#tombstones.filter((each) => !each.superseded)
      this.#superseded = 0
    }
  }

  #indexAfter(sequence: number): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#order[middle]?.sequence ?? 0) <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
