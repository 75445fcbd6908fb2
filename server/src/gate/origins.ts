/**
 * Which pages may connect: browsers say where a page came from, and a page of somebody else must not play with a visitor's cookies or address.
 * Programs that are no browsers send no origin, and are let in: an origin protects visitors, not servers.
 */

/** `'*'`: any page. Else the origins (`https://game.example`) besides the server's own host and pages of this machine. */
export type AllowedOrigins = '*' | readonly string[]

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: AllowedOrigins,
): boolean {
  if (origin === undefined || allowed === '*') return true
  if (allowed.includes(origin)) return true
  let page: URL
  try {
    page = new URL(origin)
  } catch {
    return false
  }
  return page.host === host || LOCAL.has(page.hostname)
}
