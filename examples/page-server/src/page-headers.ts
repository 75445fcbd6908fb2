/**
 * The headers of served pages: what a page may load and run, and who may look into it. Scripts come from this server only, without eval and without any in
 * the page itself; connections go to this host only, or, for the page of a cluster, to any WebSocket. Games of your own can take these as they are.
 */

/** A Host header that may stand in another header. */
const HOST = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i

/** `host` is the request's Host header. 'self' covers WebSockets of this host in new browsers only, so they are named. `cluster`: its shards have other hosts. */
export function contentSecurityPolicy(host: string | undefined, cluster = false): string {
  const own = host !== undefined && HOST.test(host) ? ` ws://${host} wss://${host}` : ''
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Phaser makes its first textures from data: and its later ones from blob: addresses.
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self' blob:",
    `connect-src 'self'${cluster ? ' ws: wss:' : own}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** For every answer, whatever it is. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
}

/** Tells a page that its server is a shard of a cluster: the page finds it among `serverTiming` of its own navigation. */
export const CLUSTER_HEADER = ['Server-Timing', 'cluster'] as const
