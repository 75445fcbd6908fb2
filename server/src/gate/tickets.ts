/**
 * Join tickets: short-lived signed tokens (JWT, HS256 and nothing else) that let somebody into one room, once. Issued by the server itself for a seat that it
 * keeps, or by a lobby or shop that shares a key with it; verified by admission. Time is passed in.
 * The first key signs, all verify. To change keys: add the new one at the end everywhere, then put it first everywhere, and take the old one out
 * once the last ticket that it signed has expired (MAX_TICKET_MS).
 */
import { randomUUID } from 'node:crypto'
import { assertPlain, copyPlain, isRoomId, NetError } from '@tickmesh/shared'
import { errors, jwtVerify, SignJWT } from 'jose'

export interface TicketKey {
  /** Names the key in tickets: public. */
  readonly id: string
  /** At least 32 bytes that nobody can guess: `openssl rand -base64 32`. */
  readonly secret: string | Uint8Array
}

export interface TicketKeys {
  /** Whom tickets are for, such as the name of the game's servers: those for another audience are refused. */
  readonly audience: string
  /** The first one signs, all verify. */
  readonly keys: readonly TicketKey[]
}

export interface TicketsOptions extends TicketKeys {
  /** Wall clock, in ms since 1970: `Date.now`. */
  readonly nowMs: () => number
}

export interface TicketRequest {
  readonly room: string
  /** Plain data, seen as `player.identity`. A text becomes the claim `sub`. */
  readonly identity?: unknown
  /** How long it lets in: 60,000 by default, at most MAX_TICKET_MS. */
  readonly ms?: number
  /** The seat that it should get. Only `server.reserve` keeps one free for it. */
  readonly seat?: number
  /** Made up if left out; unique. */
  readonly id?: string
}

/** A ticket that is genuine and has not expired. */
export interface Ticket {
  readonly id: string
  readonly room: string
  readonly seat: number | undefined
  readonly identity: unknown
  /** Wall clock. Until then it must not be used again. */
  readonly expiresMs: number
}

export interface Tickets {
  /** Throws BAD_ARGUMENT for what no ticket can say. */
  issue(request: TicketRequest): Promise<string>
  /** Throws TICKET_INVALID or TICKET_EXPIRED. Whether it was used before is not known here. */
  verify(token: string): Promise<Ticket>
}

/** No ticket lives longer: so long its use has to be remembered. */
export const MAX_TICKET_MS = 300_000
const USUAL_TICKET_MS = 60_000
/** Clocks of two machines may differ by so much. */
const TOLERANCE_S = 5
const LEAST_SECRET_BYTES = 32
/** As many characters as a hello holds. */
const MAX_TOKEN_LENGTH = 2048

/** Looks at `options.keys` again each time, so that keys may change while the server runs. Throws BAD_ARGUMENT for keys that protect nothing. */
export function makeTickets(options: TicketsOptions): Tickets {
  const { audience, nowMs } = options
  let { keys } = options
  let secrets = checkedKeys(audience, keys)
  const newest = () => {
    if (options.keys !== keys) {
      secrets = checkedKeys(audience, options.keys)
      keys = options.keys
    }
    return secrets
  }
  return {
    issue: (request) => issue(request, audience, newest(), nowMs()),
    verify: (token) => verify(token, audience, newest(), nowMs()),
  }
}

function checkedKeys(audience: string, keys: readonly TicketKey[]): ReadonlyMap<string, Uint8Array> {
  const refuse = (problem: string, remedy: string) => new NetError('BAD_ARGUMENT', problem, remedy)
  if (audience === '') throw refuse('tickets.audience is empty.', 'Name whom tickets are for, such as "arena".')
  if (keys.length === 0) throw refuse('tickets.keys is empty.', 'Give at least one key.')
  const secrets = new Map<string, Uint8Array>()
  for (const { id, secret } of keys) {
    const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
    if (id === '' || secrets.has(id)) throw refuse(`two keys of tickets have the id "${id}", or none.`, 'Name each.')
    if (bytes.length < LEAST_SECRET_BYTES) {
      const problem = `the secret of the key "${id}" has ${bytes.length} bytes, at least ${LEAST_SECRET_BYTES} are needed.`
      throw refuse(problem, 'Make one with: openssl rand -base64 32')
    }
    secrets.set(id, bytes)
  }
  return secrets
}

async function issue(
  { room, identity, ms = USUAL_TICKET_MS, seat, id = randomUUID() }: TicketRequest,
  audience: string,
  secrets: ReadonlyMap<string, Uint8Array>,
  nowMs: number,
): Promise<string> {
  if (!isRoomId(room)) {
    throw new NetError('BAD_ARGUMENT', `"${room}" is no room.`, 'Use 1 to 64 letters, digits, "_" and "-".')
  }
  if (seat !== undefined && !isSeat(seat)) {
    throw new NetError('BAD_ARGUMENT', `"${seat}" is no seat.`, 'Give a whole number from 1 on, or none.')
  }
  if (identity !== undefined) assertPlain(identity, 'the identity')
  if (!(ms > 0 && ms <= MAX_TICKET_MS)) {
    throw new NetError('BAD_ARGUMENT', `a ticket cannot live for ${ms} ms.`, `Give 1 to ${MAX_TICKET_MS}.`)
  }
  const who =
    identity === undefined ? {} : typeof identity === 'string' ? { sub: identity } : { identity: copyPlain(identity) }
  const claims = { room, jti: id, ...(seat === undefined ? {} : { seat }), ...who }
  const [keyId = ''] = secrets.keys()
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: keyId })
    .setAudience(audience)
    .setExpirationTime((nowMs + ms) / 1000)
    .sign(secrets.get(keyId) ?? new Uint8Array())
  if (token.length > MAX_TOKEN_LENGTH) {
    const problem = `the ticket has ${token.length} characters, at most ${MAX_TOKEN_LENGTH} can be sent.`
    throw new NetError('BAD_ARGUMENT', problem, 'Give a smaller identity, such as an id, and look up the rest.')
  }
  return token
}

async function verify(
  token: string,
  audience: string,
  secrets: ReadonlyMap<string, Uint8Array>,
  nowMs: number,
): Promise<Ticket> {
  const keyOf = ({ kid = '' }: { kid?: string }): Uint8Array => {
    const secret = secrets.get(kid)
    if (secret === undefined) throw new errors.JOSEError('unknown key')
    return secret
  }
  try {
    const { payload } = await jwtVerify(token, keyOf, {
      algorithms: ['HS256'],
      audience,
      clockTolerance: TOLERANCE_S,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'jti', 'room'],
    })
    const { jti, exp = 0, room, seat, sub, identity = sub } = payload
    // `jose` counts in whole seconds: it takes a ticket for up to a second longer.
    const expiresMs = (exp + TOLERANCE_S + 1) * 1000
    const isNamed = typeof jti === 'string' && jti !== '' && jti.length <= 64
    if (!isNamed || typeof room !== 'string' || !isRoomId(room)) throw invalid()
    if (seat !== undefined && !isSeat(seat)) throw invalid()
    if (expiresMs - nowMs > MAX_TICKET_MS + 2 * TOLERANCE_S * 1000) throw invalid()
    if (identity !== undefined) assertPlain(identity, 'the identity')
    return { id: jti, room, seat, identity, expiresMs }
  } catch (error) {
    if (!(error instanceof errors.JWTExpired)) throw invalid()
    throw new NetError('TICKET_EXPIRED', 'this ticket has expired.', 'Get a new one, and join at once.')
  }
}

function isSeat(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1
}

/** Says no more: whoever forges tickets should not learn how far it got. */
function invalid(): NetError {
  const problem = 'this ticket is not one for this server.'
  return new NetError('TICKET_INVALID', problem, 'Get a new one; servers and lobby must share audience and keys.')
}
