/**
 * Who hears which channels: each line is told once to each who listens, also one that came late and stands before others. Pure. Owned by the lobby's desk, which
 * calls `update` some times a second.
 */
import type { LobbyLine, LobbyServerMessage } from '@tickmesh/shared'
import type { ChatLine, LobbyApi } from '../../cluster/lobby/lobby-api.ts'

/** Hears of lines. */
export interface Listener {
  tell(message: LobbyServerMessage): void
}

/** Lines in one message: at a kilobyte each at most, less than half of what clients take. */
const MAX_AT_ONCE = 100

interface Feed {
  readonly listeners: Set<Listener>
  /** Ids of lines that were told to all of them. */
  told: ReadonlySet<string>
}

export class ChannelFeeds {
  private readonly feeds = new Map<string, Feed>()

  /** Tells what was said lately, and from now on what is said. */
  listen(listener: Listener, channel: string, lobby: LobbyApi | undefined): void {
    const feed = this.feeds.get(channel) ?? { listeners: new Set(), told: new Set() }
    this.feeds.set(channel, feed)
    this.tellNews(channel, feed, lobby)
    feed.listeners.add(listener)
    tell([listener], channel, lobby?.lines(channel) ?? [])
  }

  drop(listener: Listener, channels: Iterable<string>): void {
    for (const channel of channels) {
      const feed = this.feeds.get(channel)
      feed?.listeners.delete(listener)
      if (feed?.listeners.size === 0) this.feeds.delete(channel)
    }
  }

  update(lobby: LobbyApi): void {
    for (const [channel, feed] of this.feeds) this.tellNews(channel, feed, lobby)
  }

  private tellNews(channel: string, feed: Feed, lobby: LobbyApi | undefined): void {
    const lines = lobby?.lines(channel) ?? []
    const news = lines.filter(({ id }) => !feed.told.has(id))
    if (news.length === 0) return
    feed.told = new Set(lines.map(({ id }) => id))
    tell(feed.listeners, channel, news)
  }
}

function tell(listeners: Iterable<Listener>, channel: string, lines: readonly ChatLine[]): void {
  for (let from = 0; from < lines.length; from += MAX_AT_ONCE) {
    const some = lines.slice(from, from + MAX_AT_ONCE).map(lineOf)
    for (const listener of listeners) listener.tell({ t: 'lines', channel, lines: some })
  }
}

function lineOf({ id, from, text, atMs }: ChatLine): LobbyLine {
  return { id, from, text, atMs }
}
