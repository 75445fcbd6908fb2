/** `lobby`: connects to a cluster's lobby, by any of its shards. The composition root of the lobby: real clock and sockets. */
import { type Game, type LobbyFilter, NetError, PROTOCOL_VERSION, type Shape } from '@tickmesh/shared'
import { dial } from '../connection/dial.ts'
import type { Dial } from '../join.ts'
import type { ClientHost } from '../play/client-host.ts'
import { realHost } from '../real-host.ts'
import { LiveLobby } from './live-lobby.ts'
import type { Lobby, LobbyOptions } from './lobby-api.ts'

const DEFAULT_TIMEOUT_MS = 15_000

/**
 * The list of all rooms of a cluster, live; makes and finds rooms, matches, parties, chat. `urls`: one shard or several, which are tried in turn. Resolves once the
 * list is there. Rejects with a NetError: CONNECT_FAILED, TIMED_OUT, UNAUTHENTICATED, SCHEMA_MISMATCH, BAD_STATE from a server that is no shard of a cluster ...
 */
export async function lobby<S extends Shape>(
  game: Game<S>,
  urls: string | readonly string[],
  options: LobbyOptions = {},
): Promise<Lobby> {
  return lobbyOver(game, typeof urls === 'string' ? [urls] : urls, options, realHost(), dial)
}

/** The same on any host, over links that `open` gives. For tests. */
export async function lobbyOver<S extends Shape>(
  game: Game<S>,
  urls: readonly string[],
  options: LobbyOptions,
  host: ClientHost,
  open: Dial,
): Promise<Lobby> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, filter = {}, name, auth } = options
  if (urls.length === 0)
    throw new NetError('BAD_ARGUMENT', 'the lobby has no address.', 'Give the URL of at least one shard.')
  const about = { t: 'lobby', protocol: PROTOCOL_VERSION, game: game.id, schema: game.schemaHash >>> 0 }
  const hello = async (shown: LobbyFilter): Promise<object> => {
    const credential = typeof auth === 'function' ? await auth() : auth
    return {
      ...about,
      filter: shown,
      ...(name === undefined ? {} : { name }),
      ...(credential === undefined ? {} : { auth: credential }),
    }
  }
  const live = new LiveLobby({
    ...{ host, filter, hello, addresses: urls.length },
    dial: (attempt) => open(urls[attempt % urls.length] ?? '', { scheduler: host, timeoutMs }),
  })
  const cancel = host.at(host.now() + timeoutMs, () =>
    live.close({ code: 'TIMED_OUT', message: 'the lobby did not answer in time.' }),
  )
  const abort = (): void => live.close({ code: 'LEFT', message: 'joining the lobby was taken back.' })
  signal?.addEventListener('abort', abort, { once: true })
  try {
    if (signal?.aborted === true) throw new NetError('LEFT', 'joining the lobby was taken back.', '')
    await live.start()
  } finally {
    cancel()
    signal?.removeEventListener('abort', abort)
  }
  return live
}
