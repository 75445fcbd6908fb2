/**
 * `spectate`: watches a room without playing in it, as it was a chosen delay ago. The server must allow it (`spectators` of `serve`).
 * The room is the same as a player's, with seat 0 and nothing of its own: everything is drawn in the past, events come when they are drawn, and `press`
 * and `send` throw BAD_STATE. All that it says is of one moment, the delay ago. After the match ends, the rest of the delay is shown.
 */
import type { Game, Link, Shape } from '@tickmesh/shared'
import { connectAndJoin, DEFAULT_TIMEOUT_MS, type JoinOptions, joinWith } from './join.ts'
import type { JoinOverOptions } from './join-over.ts'
import type { ClientHost } from './play/client-host.ts'
import { Watching } from './play/watching.ts'
import type { Room } from './room.ts'

export interface SpectateOptions<S extends Shape>
  extends Pick<
    JoinOptions<S>,
    'room' | 'signal' | 'development' | 'wrapLink' | 'link' | 'iceServers' | 'auth' | 'silenceMs'
  > {
  /** How far behind the match, in ms; 0 by default. The server has bounds, and rounds up to whole snapshots. */
  readonly delayMs?: number
  /** How long connecting and the first snapshot may take together; by default 15,000 ms and the delay: a room that is younger has nothing to show yet. */
  readonly timeoutMs?: number
}

/** Watches a room. Resolves once there is a world to show. Rejects with a NetError: JOIN_REFUSED (not here, or not with this delay), ROOM_NOT_FOUND and so on. */
export async function spectate<S extends Shape>(
  game: Game<S>,
  url: string,
  options: SpectateOptions<S> = {},
): Promise<Room<S>> {
  return connectAndJoin(game, url, watching(options))
}

/** Watches over a link that is open. Attaches to it before it returns. */
export function spectateOver<S extends Shape>(
  game: Game<S>,
  link: Link,
  host: ClientHost,
  options: SpectateOptions<S> & Pick<JoinOverOptions<S>, 'redial'> = {},
): Promise<Room<S>> {
  return joinWith(game, link, host, watching(options))
}

function watching<S extends Shape>(options: SpectateOptions<S>) {
  const { delayMs = 0 } = options
  return {
    ...options,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS + delayMs,
    spectate: { delayMs, prediction: Watching },
  }
}
