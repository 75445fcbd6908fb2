/**
 * The client's Link over WebRTC data channels: the browser's own, or those of node-datachannel in Node. `dial` loads this file only when WebRTC is wanted.
 * Signalled by one HTTP request to the server's port: an offer, and its answer. Leaves no peer behind when it fails.
 */
import { ChannelLink, NetError } from '@tickmesh/shared'
import { openPeer } from '#webrtc'
import type { PeerLike } from './webrtc-like.ts'
import type { ConnectOptions } from './websocket-link.ts'

export interface ConnectWebRtcOptions extends ConnectOptions {
  /** STUN and TURN servers; none by default. */
  readonly iceServers?: readonly string[]
}

const MEBIBYTE = 1_048_576
const REMEDY =
  'Does the server have the option "webrtc"? Are its UDP ports reachable? Or take link: "auto", which falls back to a WebSocket.'

/**
 * Resolves once both channels are open; attach to the link before the next `await`. Rejects with a NetError: CONNECT_FAILED, LEFT when taken back, or BAD_ARGUMENT
 * for an address that is none.
 */
export function connectWebRtc(url: string, options: ConnectWebRtcOptions): Promise<ChannelLink> {
  const { scheduler, signal, timeoutMs = 10_000 } = options
  const signalUrl = signallingUrl(url)
  return new Promise((resolve, reject) => {
    const stop = new AbortController()
    let peer: PeerLike | undefined
    let settled = false
    const settle = (): boolean => {
      if (settled) return false
      settled = true
      cancel()
      signal?.removeEventListener('abort', onAbort)
      return true
    }
    const fail = (error: NetError): void => {
      if (!settle()) return
      stop.abort()
      // Through the link, which frees its peer once.
      if (link === undefined) peer?.free()
      else link.onGone()
      reject(error)
    }
    const failed = (problem: string): void => fail(new NetError('CONNECT_FAILED', `${signalUrl} ${problem}.`, REMEDY))
    const onAbort = (): void => fail(new NetError('LEFT', 'joining was taken back.', ''))
    const cancel = scheduler.at(scheduler.now() + timeoutMs, () => failed(`opened no channel within ${timeoutMs} ms`))
    let link: ChannelLink | undefined
    const onOpen = (): void => {
      if (link !== undefined && settle()) resolve(link)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) return onAbort()
    openPeer(options.iceServers ?? [], {
      onOpen,
      onBytes: (lane, bytes) => link?.onBytes(lane, bytes),
      onText: (lane, text) => link?.onText(lane, text),
      onInterrupted: () => link?.onInterrupted(),
      onRestored: () => link?.onRestored(),
      onGone: () => (settled ? link?.onGone() : failed('answered, but no path to it was found')),
    })
      .then(async (opened) => {
        if (settled) return opened.free()
        peer = opened
        link = new ChannelLink(opened, limitsOf(options))
        const answer = await exchange(signalUrl, await opened.offer(), stop.signal)
        if (!settled) await opened.accept(answer)
      })
      .catch((error: unknown) => failed(error instanceof Error ? error.message : String(error)))
  })
}

function limitsOf({ scheduler, maxMessageBytes = MEBIBYTE, maxBufferedBytes = MEBIBYTE }: ConnectOptions) {
  return { scheduler, maxMessageBytes, maxBufferedBytes }
}

/** Where WebRTC is signalled: the WebSocket's address with HTTP's scheme, and `/rtc` after its path. */
function signallingUrl(url: string): string {
  try {
    const parsed = new URL(url)
    if (/^(ws|http)s?:$/.test(parsed.protocol)) {
      const path = parsed.pathname.replace(/\/$/, '')
      return `${parsed.protocol.replace('ws', 'http')}//${parsed.host}${path}/rtc`
    }
  } catch {
    // Said below.
  }
  throw new NetError(
    'BAD_ARGUMENT',
    `${url} is no WebSocket address.`,
    'Pass one like ws://localhost:8080 or wss://play.example.com.',
  )
}

/** Offer to answer. Rejects with what is wrong, as the end of a sentence that begins with the address. */
async function exchange(url: string, sdp: string, signal: AbortSignal): Promise<string> {
  // As text: a page of another origin then needs no request before this one.
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify({ sdp }),
    signal,
    credentials: 'omit',
  }).catch(() => undefined)
  if (response === undefined) throw new Error('could not be reached')
  const body = (await response.json().catch(() => ({}))) as {
    sdp?: unknown
    webrtc?: unknown
    code?: unknown
    message?: unknown
  }
  if (response.ok && typeof body.sdp === 'string') return body.sdp
  if (body.webrtc === false) throw new Error('says that the server does not offer WebRTC')
  throw new Error(`refused with ${response.status} ${body.code ?? ''} ${body.message ?? ''}`.trim())
}
