/**
 * Asks the game who a newcomer is: the `authenticate` hook, and what may become of it. Called by admission; the hook may take its time, within bounds.
 * Whatever it throws, what the client showed gets into no log.
 */
import { assertPlain, NetError } from '@tickmesh/shared'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'

/** Who wants to come in. */
export interface AuthRequest {
  /** What the page gave to `join`: a token of an identity provider, a session id. Unchecked. */
  readonly auth: string | undefined
  /** Empty: it wants to see the lobby. */
  readonly room: string
  /** Plain data of the client: unchecked. */
  readonly options: unknown
  /** As limits count it; empty if it is not known. */
  readonly address: string
  /** It wants to watch, not to play. */
  readonly spectate: boolean
}

/**
 * Says who somebody is: gives plain data, which the rules see as `player.identity`. To refuse, give false (or null, or nothing), or throw
 * `new NetError('UNAUTHENTICATED', why, remedy)`, which the client is told. `signal` aborts when the client has gone or waits for too long.
 */
export type Authenticate = (request: AuthRequest, signal: AbortSignal) => unknown

/** What a client may be told of what the hook threw. */
const TELLABLE = new Set(['UNAUTHENTICATED', 'JOIN_REFUSED'])

/** The identity. Throws a NetError that the client is told. */
export async function identify(
  authenticate: Authenticate,
  request: AuthRequest,
  signal: AbortSignal,
  log: Log,
): Promise<unknown> {
  let identity: unknown
  try {
    identity = await authenticate(request, signal)
    if (identity !== undefined) assertPlain(identity, 'the identity')
  } catch (error) {
    if (error instanceof NetError && TELLABLE.has(error.code)) throw withoutAuth(error, request.auth)
    if (!signal.aborted)
      log(withoutSecret(failureLine('authenticate-failed', 'authenticate threw', error, {}), request.auth))
    throw new NetError('INTERNAL', 'the server could not check who you are.', 'Try again later.')
  }
  if (identity === false || identity === null || identity === undefined) {
    throw new NetError(
      'UNAUTHENTICATED',
      'the server does not know who you are.',
      'Sign in, and join with a fresh `auth`.',
    )
  }
  return identity
}

/** What the client is told goes into the log, too. */
function withoutAuth({ code, text }: NetError, auth: string | undefined): NetError {
  return new NetError(code, auth === undefined || auth === '' ? text : text.replaceAll(auth, '[auth]'), '')
}

/** Errors of identity libraries like to quote what they were given. */
function withoutSecret<Line extends object>(line: Line, secret: string | undefined): Line {
  if (secret === undefined || secret === '') return line
  return Object.fromEntries(
    Object.entries(line).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replaceAll(secret, '[auth]') : value,
    ]),
  ) as Line
}
