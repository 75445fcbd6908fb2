/**
 * All that several shards write: settings, bans, parties and chat lines, as a function of the operations that were delivered. Two replicas with the same vector have the same state and the same root; whole states can be joined
 * (associative, commutative, idempotent), and taking in the operations that one lacks comes to the same as joining.
 * Pure. Called by `CausalLog`'s owner, the lobby.
 */
import { ChatLines, type StampedLine } from './chat.ts'
import { type Covered, type DotEntry, DotStore, type StoreName } from './dot-store.ts'
import type { LobbyLimits, LobbyRules } from './lobby-rules.ts'
import { LwwMap } from './lww-map.ts'
import { HashTree, type LeafPart, leafPart, type TextHash } from './merkle.ts'
import type { Operation } from './operation.ts'
import { OrSet } from './or-set.ts'
import { PartyBook } from './party.ts'
import { canonical } from './plain.ts'
import { dotKey } from './version-vector.ts'

/** A whole state, to be joined. */
export interface WholeState {
  readonly entries: readonly DotEntry[]
  readonly lines: readonly StampedLine[]
}

export interface SharedStateOptions {
  readonly hash: TextHash
  readonly rules: LobbyRules
  readonly limits: LobbyLimits
}

export class SharedState {
  readonly settings: LwwMap
  readonly bans: OrSet
  readonly parties: PartyBook
  readonly lines: ChatLines
  readonly #stores: Readonly<Record<StoreName, DotStore>>
  readonly #tree: HashTree

  constructor({ hash, rules, limits }: SharedStateOptions) {
    const tree = new HashTree(hash)
    this.#tree = tree
    const entryPart = (entry: DotEntry): LeafPart => leafPart(hash, dotKey(entry.dot), entryText(entry))
    const linePart = (line: StampedLine): LeafPart => leafPart(hash, line.id, lineText(line))
    const watcher = {
      kept: (entry: DotEntry) => tree.add(entryPart(entry)),
      dropped: (entry: DotEntry) => tree.remove(entryPart(entry)),
    }
    this.#stores = { settings: new DotStore(watcher), bans: new DotStore(watcher), parties: new DotStore(watcher) }
    this.settings = new LwwMap(this.#stores.settings, rules)
    this.bans = new OrSet(this.#stores.bans)
    this.parties = new PartyBook(this.#stores.parties)
    this.lines = new ChatLines(
      { kept: (line) => tree.add(linePart(line)), dropped: (line) => tree.remove(linePart(line)) },
      limits.maxLinesPerChannel,
      limits.maxLines,
    )
  }

  get root(): string {
    return this.#tree.root
  }

  /** In causal order, each once. */
  apply(operation: Operation): void {
    const { body, stamp, dot } = operation
    if (body.kind === 'line') {
      const { channel, from, text } = body
      this.lines.add({ id: dotKey(dot), channel, from, text, atMs: stamp.wallMs, stamp })
    } else if (body.kind === 'store') {
      const store = this.#stores[body.store]
      for (const removed of body.removes) store.remove(removed)
      if (body.adds) store.add({ store: body.store, dot, stamp, key: body.key, value: body.value })
    }
  }

  whole(): WholeState {
    const { settings, bans, parties } = this.#stores
    return {
      entries: [...settings.entries(), ...bans.entries(), ...parties.entries()],
      lines: [...this.lines.all()],
    }
  }

  join(other: WholeState, theyCover: Covered, weCover: Covered): void {
    for (const name of ['settings', 'bans', 'parties'] as const) {
      const theirs = other.entries.filter(({ store }) => store === name)
      this.#stores[name].join(theirs, theyCover, weCover)
    }
    for (const line of other.lines) this.lines.add(line)
  }

  /** Holds just this from now on: what deltas got wrong is mended. */
  replace(other: WholeState): void {
    for (const store of Object.values(this.#stores)) for (const { dot } of [...store.entries()]) store.remove(dot)
    for (const entry of other.entries) this.#stores[entry.store].add(entry)
    this.lines.clear()
    for (const line of other.lines) this.lines.add(line)
  }

  /** Lives that made something that is still there, lines apart: their counters must be remembered. */
  authors(): Set<string> {
    const found = new Set<string>()
    for (const store of Object.values(this.#stores)) for (const { dot } of store.entries()) found.add(dot.life)
    return found
  }

  /** Sorted texts of all that is there. */
  canonical(): string[] {
    const { entries, lines } = this.whole()
    return [...entries.map(entryText), ...lines.map(lineText)].sort()
  }
}

function entryText({ store, dot, stamp, key, value }: DotEntry): string {
  return canonical([store, key, dotKey(dot), stamp.wallMs, stamp.count, value])
}

function lineText({ id, channel, from, text, stamp }: StampedLine): string {
  return canonical(['line', channel, id, stamp.wallMs, stamp.count, from, text])
}
