/**
 * WebRTC of one server: its route for signalling, and its peers if it wants any. Called by the composition root.
 */
import { isIP } from 'node:net'
import type { Link } from '@tickmesh/shared'
import type { Doorkeeper, Entry } from '../gate/doorkeeper.ts'
import type { HttpRoute } from '../gate/http-route.ts'
import type { Limits } from '../gate/limits.ts'
import type { AllowedOrigins } from '../gate/origins.ts'
import { RtcRoute } from './rtc-route.ts'
import { RtcTransport, type WebRtcOptions } from './rtc-transport.ts'

/** The part of the server's options that is about WebRTC. */
export interface RtcOptions {
  /** Left out: no WebRTC; the route says so. */
  readonly webrtc?: true | WebRtcOptions
  /** The address that the server listens on. */
  readonly host?: string
  readonly origins?: AllowedOrigins
}

export interface RtcSettings {
  readonly path: string
  readonly limits: Limits
  readonly doorkeeper: Doorkeeper
  /** Must attach to the link before it returns. */
  readonly accept: (link: Link, entry: Entry) => void
  readonly onDefect: (error: unknown) => void
  /** Calls back when the server has time to make a peer; false: too many wait for that. */
  readonly whenTime: (address: string, go: () => void) => boolean
}

export interface Rtc {
  readonly route: HttpRoute
  /** Peers that are there, those that are opening or closing included. */
  peerCount(): number
  /** Frees all peers, those that were closed just now after a moment for their last words. */
  close(): Promise<void>
}

/** Rejects with BAD_STATE if WebRTC is wanted and `node-datachannel` is not there, BAD_ARGUMENT for options that cannot work. */
export async function setUpRtc(options: RtcOptions, settings: RtcSettings): Promise<Rtc> {
  const { webrtc, host = '', origins = [] } = options
  const { limits, onDefect } = settings
  // Who listens on one address only does not open ports on others.
  const bound = isIP(host) === 0 || host === '0.0.0.0' || host === '::' ? {} : { bindAddress: host }
  const transport =
    webrtc === undefined
      ? undefined
      : await RtcTransport.load({
          webrtc: { ...bound, ...(webrtc === true ? {} : webrtc) },
          maxMessageBytes: limits.maxMessageBytes,
          maxBufferedBytes: limits.maxBufferedBytes,
          openTimeoutMs: limits.handshakeMs,
          onDefect,
        })
  return {
    route: new RtcRoute({ ...settings, origins, bodyTimeoutMs: limits.handshakeMs, transport }),
    peerCount: () => transport?.peerCount ?? 0,
    close: async () => transport?.close(),
  }
}
