/**
 * The newest lines of each channel, in an order that all shards share and that keeps causes before effects: by hybrid stamps. What is kept is a function of the set of lines that ever came (the newest of
 * each channel, and of those the newest of all), so shards that know the same lines keep the same, however they came.
 * Pure. Called by `SharedState`; lines come in causal order, or whole from a peer.
 */

import { compareStamps, type Stamp } from './hybrid-clock.ts'
import type { ChatLine } from './lobby-api.ts'

export interface StampedLine extends ChatLine {
  readonly stamp: Stamp
}

export interface LineWatcher {
  kept(line: StampedLine): void
  dropped(line: StampedLine): void
}

export class ChatLines {
  readonly #watcher: LineWatcher
  readonly #perChannel: number
  readonly #inAll: number
  readonly #channels = new Map<string, StampedLine[]>()
  #count = 0

  constructor(watcher: LineWatcher, perChannel: number, inAll: number) {
    this.#watcher = watcher
    this.#perChannel = perChannel
    this.#inAll = inAll
  }

  get size(): number {
    return this.#count
  }

  of(channel: string): readonly StampedLine[] {
    return this.#channels.get(channel) ?? []
  }

  *all(): IterableIterator<StampedLine> {
    for (const lines of this.#channels.values()) yield* lines
  }

  /** Keeps a line, unless it is there or too old. */
  add(line: StampedLine): void {
    const lines = this.#channels.get(line.channel) ?? []
    let at = lines.length
    while (at > 0) {
      const order = compareStamps(lines[at - 1]?.stamp ?? line.stamp, line.stamp)
      if (order === 0) return
      if (order < 0) break
      at--
    }
    if (at === 0 && lines.length >= this.#perChannel) return
    lines.splice(at, 0, line)
    this.#channels.set(line.channel, lines)
    this.#count++
    this.#watcher.kept(line)
    if (lines.length > this.#perChannel) this.#dropFirst(line.channel, lines)
    else if (this.#count > this.#inAll) this.#dropOldest()
  }

  clear(): void {
    for (const line of this.all()) this.#watcher.dropped(line)
    this.#channels.clear()
    this.#count = 0
  }

  #dropOldest(): void {
    let oldest: StampedLine[] | undefined
    for (const lines of this.#channels.values()) {
      const [first] = lines
      const [least] = oldest ?? []
      if (first !== undefined && (least === undefined || compareStamps(first.stamp, least.stamp) < 0)) oldest = lines
    }
    if (oldest?.[0] !== undefined) this.#dropFirst(oldest[0].channel, oldest)
  }

  #dropFirst(channel: string, lines: StampedLine[]): void {
    const line = lines.shift()
    if (line === undefined) return
    if (lines.length === 0) this.#channels.delete(channel)
    this.#count--
    this.#watcher.dropped(line)
  }
}
