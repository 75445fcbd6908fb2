/**
 * The maps of all lives of the view: this shard's own, which it writes, and replicas of the others', which follow. Lives that are not in the view have no map here, and nothing of them is
 * taken in: no ghosts.
 * Pure. Called by the lobby's exchange and its face.
 */
import type { Life } from '../life.ts'
import type { View } from '../view/view.ts'
import { LifeMap, type MapChunk, type MapEntry, type MapVersion } from './life-map.ts'
import type { LobbyLimits, LobbyRules } from './lobby-rules.ts'
import type { TextHash } from './merkle.ts'
import type { Plain } from './plain.ts'

const MOST_TIMES = 4

interface Replica {
  shown: LifeMap
  /** A whole map on its way, shown when it is complete: nothing vanishes in between. */
  staged: LifeMap | undefined
}

/** A map as digests name it. The root is empty while it cannot be compared. */
export interface MapDigest {
  readonly life: Life
  readonly version: number
  readonly asOf: number
  readonly root: string
}

export class LifeMaps {
  readonly own: LifeMap
  readonly #hash: TextHash
  readonly #rules: LobbyRules
  readonly #changed: (life: Life, key: string) => void
  readonly #replicas = new Map<Life, Replica>()
  #view: View | undefined
  resets = 0
  readonly #maxEntries: number
  /** Deltas of lives that are not in the view, or that say more than any life may. */
  refused = 0

  /** `changed` is told of every key whose value changed, came or went. */
  constructor(
    own: LifeMap,
    {
      hash,
      rules,
      limits,
    }: { readonly hash: TextHash; readonly rules: LobbyRules; readonly limits: Pick<LobbyLimits, 'maxEntries'> },
    changed: (life: Life, key: string) => void,
  ) {
    this.own = own
    // Entries, tombstones that wait, and both of a moment later.
    this.#maxEntries = MOST_TIMES * limits.maxEntries
    this.#hash = hash
    this.#rules = rules
    this.#changed = changed
  }

  viewInstalled(view: View): void {
    this.#view = view
    for (const [life, { shown }] of this.#replicas) {
      if (this.#rules.acceptsLife(view, life)) continue
      this.#replicas.delete(life)
      for (const [key] of shown.live()) this.#changed(life, key)
    }
  }

  /** Lives of which there is a map to show. */
  *lives(): IterableIterator<LifeMap> {
    if (this.#view !== undefined && this.#rules.acceptsLife(this.#view, this.own.life)) yield this.own
    for (const { shown } of this.#replicas.values()) yield shown
  }

  of(life: Life): LifeMap | undefined {
    if (life !== this.own.life) return this.#replicas.get(life)?.shown
    return this.#view !== undefined && this.#rules.acceptsLife(this.#view, life) ? this.own : undefined
  }

  write(key: string, value: Plain): void {
    this.own.write(key, value)
    this.#changed(this.own.life, key)
  }

  /** `gap`: something before it is missing; `old`: nothing in it was new. */
  follow(chunk: MapChunk): 'taken' | 'old' | 'gap' | 'refused' {
    const { life } = chunk
    if (life === this.own.life) return 'old'
    if (this.#view === undefined || !this.#rules.acceptsLife(this.#view, life)) {
      this.refused++
      return 'refused'
    }
    const replica = this.#replicas.get(life) ?? { shown: this.#emptyMap(life), staged: undefined }
    this.#replicas.set(life, replica)
    if (chunk.reset && chunk.target > replica.shown.version) {
      this.resets++
      replica.staged = this.#emptyMap(life)
    } else if (chunk.reset) return 'old'
    const map = replica.staged ?? replica.shown
    if (map.size + chunk.entries.length > this.#maxEntries) {
      this.refused++
      return 'refused'
    }
    const { version } = map
    const changed = map.follow(chunk)
    if (changed === undefined) return 'gap'
    if (map.version === version) return 'old'
    if (replica.staged === undefined) for (const key of changed) this.#changed(life, key)
    else if (replica.staged.complete) this.#showStaged(replica, replica.staged)
    return 'taken'
  }

  /** What is known, for a digest. */
  digest(): MapDigest[] {
    const found: MapDigest[] = [digestOf(this.own)]
    for (const [life, { shown, staged }] of this.#replicas) {
      if (staged === undefined) found.push(digestOf(shown))
      else found.push({ life, version: staged.version, asOf: staged.asOf, root: '' })
    }
    return found
  }

  /** What a peer lacks that knows these versions, as far as `budget` bytes reach. */
  lackedBy(
    known: (life: Life) => MapVersion,
    budget: number,
  ): { readonly chunks: readonly MapChunk[]; readonly bytes: number; readonly more: boolean } {
    const chunks: MapChunk[] = []
    let left = budget
    for (const map of this.lives()) {
      const found = map.chunk(known(map.life), left)
      if (found === undefined) continue
      if (chunks.length > 0 && found.bytes > left) return { chunks, bytes: budget - left, more: true }
      chunks.push(found.chunk)
      left -= found.bytes
      if (found.chunk.upTo < map.version) return { chunks, bytes: budget - left, more: true }
    }
    return { chunks, bytes: budget - left, more: false }
  }

  /** Forgets tombstones that the whole view has heard of. `heard`: the least version of a life's map that any other member is known to have. */
  collect(heard: (life: Life) => number, max: number): void {
    this.own.collect(Math.min(heard(this.own.life), this.own.version), max)
    for (const [life, { shown }] of this.#replicas) shown.collect(Math.min(heard(life), shown.version), max)
  }

  /** Entries that its author says are all there are in these buckets at that version. */
  mend(life: Life, version: number, buckets: ReadonlySet<number>, entries: readonly MapEntry[]): void {
    const replica = this.#replicas.get(life)
    if (replica === undefined || replica.staged !== undefined || replica.shown.version !== version) return
    for (const key of replica.shown.replaceBuckets(buckets, entries)) this.#changed(life, key)
  }

  #emptyMap(life: Life): LifeMap {
    return new LifeMap(life, this.#hash, this.#rules)
  }

  #showStaged(replica: Replica, staged: LifeMap): void {
    const before = replica.shown
    replica.shown = staged
    replica.staged = undefined
    for (const [key] of before.live()) if (staged.get(key) === null) this.#changed(before.life, key)
    for (const [key] of staged.live()) this.#changed(before.life, key)
  }
}

function digestOf(map: LifeMap): MapDigest {
  return { life: map.life, version: map.version, asOf: map.asOf, root: map.complete ? map.root : '' }
}
