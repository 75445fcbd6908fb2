/**
 * Session descriptions (RFC 8866, 8829) of WebRTC peers. Called by the transport once per offer. Pure.
 * An offer is read down to the few values that matter, each checked, and written anew: nothing else of what a client sent reaches the native library,
 * which in places ends the process over what it does not expect.
 */
import { isIP } from 'node:net'
import { MAX_CHANNEL_MESSAGE_BYTES } from '@tickmesh/shared'

export interface Offer {
  readonly mid: string
  readonly ufrag: string
  readonly password: string
  /** SHA-256 of the peer's certificate, as colon-separated hexadecimal. */
  readonly fingerprint: string
  readonly sctpPort: number
  readonly maxMessageBytes: number
  /** The values of its candidate attributes. */
  readonly candidates: readonly string[]
}

const MAX_CANDIDATES = 8
const MEDIA = /^m=(\S+) \d{1,5} (?:UDP|TCP)\/DTLS\/SCTP webrtc-datachannel$/
const FINGERPRINT = /^sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i
const CANDIDATE = /^candidate:[\w+/]{1,32} 1 udp \d{1,10} (\S{2,45}) (\d{1,5}) typ (?:host|srflx|prflx|relay)(?: |$)/i

/** Undefined if it is no offer of one data channel transport. Never throws. */
export function readOffer(sdp: string): Offer | undefined {
  const lines = sdp.split(/\r?\n/)
  const media = lines.filter((line) => line.startsWith('m='))
  if (media.length !== 1 || MEDIA.exec(media[0] ?? '')?.[1] !== 'application') return undefined
  const attribute = (name: string): string => {
    const start = `a=${name}:`
    return lines.find((line) => line.startsWith(start))?.slice(start.length) ?? ''
  }
  const mid = matched(/^[\w-]{1,16}$/, attribute('mid'))
  const ufrag = matched(/^[A-Za-z0-9+/]{4,256}$/, attribute('ice-ufrag'))
  const password = matched(/^[A-Za-z0-9+/]{22,256}$/, attribute('ice-pwd'))
  const fingerprint = FINGERPRINT.exec(attribute('fingerprint'))?.[1]
  const setup = matched(/^(?:actpass|passive)$/, attribute('setup'))
  const sctpPort = Number(matched(/^\d{1,5}$/, attribute('sctp-port') || '5000'))
  // RFC 8841: 65,536 if it is not said, no limit if it is 0. Firefox says a gibibyte.
  const said = Number(matched(/^\d{1,20}$/, attribute('max-message-size') || '65536'))
  if (mid === undefined || ufrag === undefined || password === undefined || fingerprint === undefined) return undefined
  if (setup === undefined || !(sctpPort >= 1 && sctpPort <= 65_535) || Number.isNaN(said)) return undefined
  const candidates = lines.filter((line) => line.startsWith('a=')).map((line) => line.slice(2))
  return {
    mid,
    ufrag,
    password,
    fingerprint,
    sctpPort,
    maxMessageBytes: Math.min(said === 0 ? MAX_CHANNEL_MESSAGE_BYTES : said, MAX_CHANNEL_MESSAGE_BYTES),
    candidates: candidates.filter(isCandidate).slice(0, MAX_CANDIDATES),
  }
}

/**
 * The offer as the native library gets it. The client waits for the DTLS handshake (`passive`): its path is known to it half a round trip before it is to the
 * server, so the server's first packet finds it ready. The other way round that packet comes too early, and is repeated only after a second.
 * Without its candidates the server sends nothing to an address that has not spoken first, so nobody can aim it at others.
 */
export function writeOffer(offer: Offer, withCandidates: boolean): string {
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${offer.mid}`,
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    `a=mid:${offer.mid}`,
    'a=sendrecv',
    `a=sctp-port:${offer.sctpPort}`,
    `a=max-message-size:${offer.maxMessageBytes}`,
    'a=setup:passive',
    `a=ice-ufrag:${offer.ufrag}`,
    `a=ice-pwd:${offer.password}`,
    `a=fingerprint:sha-256 ${offer.fingerprint.toUpperCase()}`,
    ...(withCandidates ? offer.candidates.map((candidate) => `a=${candidate}`) : []),
  ]
  return `${lines.join('\r\n')}\r\n`
}

/** Names the public address in place of the machine's own ones, as a one-to-one NAT translates them; ports stay. */
export function withPublicAddress(answer: string, address: string): string {
  const told = new Set<string>()
  const lines = answer.split('\r\n').flatMap((line) => {
    if (line.startsWith('c=IN ')) return [`c=IN IP${isIP(address) === 6 ? 6 : 4} ${address}`]
    const parts = line.split(' ')
    if (!line.startsWith('a=candidate:') || parts[7] !== 'host') return [line]
    const port = parts[5] ?? ''
    if (told.has(port)) return []
    told.add(port)
    parts[4] = address
    return [parts.join(' ')]
  })
  return lines.join('\r\n')
}

function matched(pattern: RegExp, value: string): string | undefined {
  return pattern.test(value) ? value : undefined
}

function isCandidate(value: string): boolean {
  const found = CANDIDATE.exec(value)
  return found !== null && isIP(found[1] ?? '') !== 0 && Number(found[2]) <= 65_535
}
