/**
 * Opens a link to a server: over a WebSocket, over WebRTC, or over whichever works. Called whenever a session connects.
 * The link says by its `kind` what carries it. The code of WebRTC is loaded only when it is wanted.
 */
import { type Link, NetError, type Scheduler } from '@tickmesh/shared'
import { connectWebSocket } from './websocket-link.ts'

/** `auto` tries WebRTC and falls back to a WebSocket. */
export type LinkChoice = 'auto' | 'websocket' | 'webrtc'

/** What carries a link. */
export type LinkKind = 'websocket' | 'webrtc'

/** A link that knows what carries it. */
export interface DialledLink extends Link {
  readonly kind: LinkKind
}

export interface DialOptions {
  readonly scheduler: Scheduler
  /** Gives up after this; 10,000 by default. */
  readonly timeoutMs?: number
  /** Takes the attempt back: rejects with LEFT. */
  readonly signal?: AbortSignal
  /** `websocket` by default. */
  readonly link?: LinkChoice
  /** STUN and TURN servers, as `stun:host:port` or `turn:user:password@host:port`; none by default. */
  readonly iceServers?: readonly string[]
  /** How long WebRTC may take to open before a WebSocket is taken; 3,000 by default. */
  readonly webrtcTimeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_WEBRTC_TIMEOUT_MS = 3_000
/** WebRTC's head start. Where it works it opens within that, and no WebSocket is dialled. */
const HEAD_START_MS = 250

/** Resolves once a link is open; attach to it before the next `await`. Rejects with a NetError: CONNECT_FAILED, LEFT when taken back, or BAD_ARGUMENT for an address that is none. */
export function dial(url: string, options: DialOptions): Promise<DialledLink> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  if (options.link === 'webrtc') return dialWebRtc(url, options, timeoutMs)
  if (options.link === 'auto') return new Race(url, options).run()
  return connectWebSocket(url, options)
}

async function dialWebRtc(url: string, options: DialOptions, timeoutMs: number): Promise<DialledLink> {
  const { connectWebRtc } = await import('./webrtc-link.ts')
  return connectWebRtc(url, { ...options, timeoutMs })
}

/** WebRTC first, and a WebSocket that is ready by the time it is needed. */
class Race {
  readonly #url: string
  readonly #options: DialOptions
  readonly #stop = new AbortController()
  readonly #startedMs: number
  #settled = false
  #webSocketDialled = false
  #webrtcFailed = false
  /** An open WebSocket, while WebRTC may still come. */
  #reserve: DialledLink | undefined
  #webSocketError: unknown

  constructor(url: string, options: DialOptions) {
    this.#url = url
    this.#options = options
    this.#startedMs = options.scheduler.now()
  }

  run(): Promise<DialledLink> {
    const options = this.#options
    const stop = this.#stop
    const { scheduler, signal, timeoutMs = DEFAULT_TIMEOUT_MS, webrtcTimeoutMs = DEFAULT_WEBRTC_TIMEOUT_MS } = options
    return new Promise((resolve, reject) => {
      const cancel = scheduler.at(this.#startedMs + HEAD_START_MS, () => this.#dialWebSocket(take, giveUp))
      const settle = (): boolean => {
        if (this.#settled) return false
        this.#settled = true
        cancel()
        signal?.removeEventListener('abort', onAbort)
        return true
      }
      const take = (link: DialledLink): void => {
        if (!settle()) return link.close({ code: 'LEFT', message: 'Another link was faster.' })
        stop.abort()
        if (this.#reserve !== link) this.#reserve?.close({ code: 'LEFT', message: 'Another link was faster.' })
        resolve(link)
      }
      const giveUp = (error: unknown): void => {
        if (!settle()) return
        stop.abort()
        this.#reserve?.close({ code: 'LEFT', message: 'Joining was taken back.' })
        reject(error)
      }
      const onAbort = (): void => giveUp(new NetError('LEFT', 'joining was taken back.', ''))
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted === true) return onAbort()
      const attempt = { ...options, signal: stop.signal }
      dialWebRtc(this.#url, attempt, Math.min(webrtcTimeoutMs, timeoutMs)).then(take, () => {
        this.#webrtcFailed = true
        if (this.#reserve !== undefined) take(this.#reserve)
        else if (this.#webSocketError !== undefined) giveUp(this.#webSocketError)
        else this.#dialWebSocket(take, giveUp)
      })
    })
  }

  #dialWebSocket(take: (link: DialledLink) => void, giveUp: (error: unknown) => void): void {
    if (this.#settled || this.#webSocketDialled) return
    this.#webSocketDialled = true
    const { scheduler, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options
    const leftMs = Math.max(0, this.#startedMs + timeoutMs - scheduler.now())
    connectWebSocket(this.#url, { scheduler, timeoutMs: leftMs, signal: this.#stop.signal }).then(
      (link) => {
        if (this.#webrtcFailed || this.#settled) take(link)
        else this.#reserve = link
      },
      (error: unknown) => {
        this.#webSocketError = error
        if (this.#webrtcFailed) giveUp(error)
      },
    )
  }
}
