/**
 * Who listens on the port: takes WebSockets on one path, asks the gate before each handshake, and hands everything else to a Node request handler.
 * Two kinds, `listenWs` and `listenUws`, which a game cannot tell apart but by what they cost. Made by the composition root.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Link, NetError } from '@tickmesh/shared'
import type { Asking, Entry, Knock, Visit } from '../gate/doorkeeper.ts'

/** A certificate of the server's own, as PEM files. */
export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface FrontOptions {
  /** 0 takes any free one. */
  readonly port: number
  readonly host: string | undefined
  /** Where WebSockets are taken. */
  readonly path: string
  readonly tls: TlsFiles | undefined
  readonly maxMessageBytes: number
  readonly maxBufferedBytes: number
  /** When the session gives up a silent peer. A front may do so too, but later. */
  readonly idleMs: number
  /** Asked before each handshake. */
  readonly knock: (visit: Visit) => Knock
  /** Asked before each HTTP request that is no handshake, with its path. */
  readonly ask: (visit: Pick<Visit, 'peer' | 'forwardedFor'>, path: string) => Asking
  /** Answering takes long where it goes a long way: calls back when there is time for a request of this address. False: too many wait. */
  readonly whenTime: (address: string, go: () => void) => boolean
  /** Gets each connection; must attach to the link before it returns. The front itself tells the entry when the connection has `left`. */
  readonly accept: (link: Link, entry: Entry) => void
  readonly handleRequest: RequestHandler
  /** Hears of errors that a link's owner threw in `onMessage`. */
  readonly onDefect: (error: unknown) => void
}

export type FrontName = 'ws' | 'uWebSockets.js'

export interface Front {
  readonly name: FrontName
  readonly port: number
  /** Listens no more, lets HTTP requests end, and cuts what is left of them after a while. Links are closed by their owners. */
  close(): Promise<void>
}

/** In the handshake of a connection that another shard carries: whose it is. */
export const VOUCHER_HEADER = 'x-tickmesh-voucher'
/** How long HTTP requests may take to end when the server closes. */
export const CUT_AFTER_MS = 2_000
/** Bodies of requests: they are small, or they are not for this port. */
export const MAX_BODY_BYTES = 1_048_576

/** An answer that ends a request. `text` is for people. */
export interface Refusal {
  readonly status: number
  readonly text: string
}

/** Why a request's body is not taken: it must be of known length, and not long. */
export function refusedBody(length: string | undefined, encoding: string | undefined): Refusal | undefined {
  if (encoding !== undefined && encoding !== '') {
    return { status: 411, text: 'Bodies are taken with a Content-Length only.' }
  }
  if (Number(length ?? 0) <= MAX_BODY_BYTES) return undefined
  return { status: 413, text: `Bodies of up to ${MAX_BODY_BYTES} bytes are taken.` }
}

/** Why a request is not answered now: too many of its address wait for their turn. */
export const TOO_MANY_WAIT: Refusal = {
  status: 503,
  text: 'TOO_MANY_CONNECTIONS: too many requests wait for an answer. Try again.',
}

export function wrongPath(path: string): Refusal {
  return { status: 404, text: `Clients connect at ${path}.` }
}

export function portInUse(port: number, detail: string): NetError {
  return new NetError(
    'PORT_IN_USE',
    `port ${port} ${detail}.`,
    'Stop what holds it, or choose another port; 0 takes any free one.',
  )
}
