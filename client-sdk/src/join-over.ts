/**
 * `joinOver`: joins over a link that is open already, on any host. For tests, bots and the bench; a page calls `join`.
 * Apart from it because it brings the sync test of development along, which `join` loads only where it is wanted.
 */
import type { Game, Link, Shape } from '@tickmesh/shared'
import { connectAndJoin, type Dial, type JoinOptions, joinWith } from './join.ts'
import type { ClientHost } from './play/client-host.ts'
import { RepeatTest } from './play/repeat-test.ts'
import type { Room } from './room.ts'
import type { Redial } from './session/attempt.ts'

/** For tests: another link, when the first one is lost. */
export interface JoinOverOptions<S extends Shape> extends JoinOptions<S> {
  readonly redial?: Redial
}

/** Joins over a link that is open. Attaches to it before it returns. */
export function joinOver<S extends Shape>(
  game: Game<S>,
  link: Link,
  host: ClientHost,
  options: JoinOverOptions<S> = {},
): Promise<Room<S>> {
  return joinWith(game, link, host, { ...options, repeatTest: RepeatTest })
}

/** Joins at a URL over whatever links `open` gives, as `join` does over real ones: it follows a room from shard to shard. */
export function joinThrough<S extends Shape>(
  game: Game<S>,
  url: string,
  host: ClientHost,
  open: Dial,
  options: JoinOptions<S> = {},
): Promise<Room<S>> {
  const { development = false, syncTestTicks = development ? 1 : 0 } = options
  return connectAndJoin(
    game,
    url,
    development || syncTestTicks > 0 ? { ...options, repeatTest: RepeatTest } : options,
    host,
    open,
  )
}
