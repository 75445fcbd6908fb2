/**
 * Which pages may connect: browsers say where a page came from, and a page of somebody else must not play with a visitor's cookies or address.
 * Programs that are no browsers send no origin, and are let in: an origin protects visitors, not servers.
 */

import { NetError } from '@tickmesh/shared'

/** `'*'`: any page. Else the origins (`https://game.example`) besides the server's own host and pages of this machine. */
export type AllowedOrigins = '*' | readonly string[]

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

/** `isOurs`: hosts, with their ports, that are as good as the server's own. */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: AllowedOrigins,
  isOurs: (host: string) => boolean = () => false,
): boolean {
  if (origin === undefined || allowed === '*') return true
  if (allowed.includes(origin)) return true
  let page: URL
  try {
    page = new URL(origin)
  } catch {
    return false
  }
  return page.host === host || LOCAL.has(page.hostname) || isOurs(page.host)
}

/** Throws BAD_ARGUMENT for what no browser would ever send as an origin: a path, no scheme, capitals. */
export function checkOrigins(allowed: AllowedOrigins): void {
  if (allowed === '*') return
  for (const origin of allowed) {
    if (origin === 'null' || originOf(origin) === origin) continue
    const remedy = `Give scheme, host and port only, as "https://game.example".`
    throw new NetError('BAD_ARGUMENT', `"${origin}" is no origin.`, remedy)
  }
}

/** Schemes such as `capacitor:` have origins that URL does not know: scheme and host are taken as they stand. */
function originOf(text: string): string | undefined {
  try {
    const { origin, protocol, host } = new URL(text)
    return origin === 'null' ? `${protocol}//${host}` : origin
  } catch {
    return undefined
  }
}
