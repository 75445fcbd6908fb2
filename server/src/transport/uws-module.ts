/**
 * uWebSockets.js as far as we use it, and how it is found. It is an optional peer dependency, so its own types must not show in ours, and it is loaded
 * only when a server starts. Some packages of that name fall back to plain JavaScript, slower than `ws` and of other behaviour: only the native module counts.
 */

/** Its sockets throw when they are touched after their 'close'. */
export interface UwsSocket {
  /** 1: written, 0: some of it waits, 2: dropped. */
  send(message: Uint8Array, isBinary: boolean, compress: boolean): number
  getBufferedAmount(): number
  /** Calls the behaviour's `close` before it returns. */
  end(code: number, text: string): void
  close(): void
  cork(run: () => void): unknown
  getUserData(): unknown
}

/** Usable only inside the handler's call. */
export interface UwsRequest {
  getHeader(name: string): string
  getUrl(): string
  getQuery(): string | undefined
  getCaseSensitiveMethod(): string
  forEach(each: (name: string, value: string) => void): void
}

/** Must not be touched after `onAborted`, nor once it has ended. */
export interface UwsResponse {
  writeStatus(status: string): UwsResponse
  writeHeader(name: string, value: string): UwsResponse
  write(chunk: Uint8Array): boolean
  end(body?: string | Uint8Array, closeConnection?: boolean): UwsResponse
  endWithoutBody(reportedLength?: number, closeConnection?: boolean): UwsResponse
  /** Whether all was taken, and whether the response is complete. */
  tryEnd(chunk: Uint8Array, totalBytes: number): [boolean, boolean]
  getWriteOffset(): number
  onWritable(handler: (offset: number) => boolean): UwsResponse
  onAborted(handler: () => void): UwsResponse
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse
  cork(run: () => void): UwsResponse
  close(): UwsResponse
  getRemoteAddress(): ArrayBuffer
  getRemoteAddressAsText(): ArrayBuffer
  upgrade(userData: unknown, key: string, protocol: string, extensions: string, context: unknown): void
}

export interface UwsBehaviour {
  readonly compression: number
  readonly maxPayloadLength: number
  readonly maxBackpressure: number
  readonly idleTimeout: number
  readonly sendPingsAutomatically: boolean
  upgrade(response: UwsResponse, request: UwsRequest, context: unknown): void
  open(socket: UwsSocket): void
  message(socket: UwsSocket, message: ArrayBuffer, isBinary: boolean): void
  close(socket: UwsSocket, code: number, text: ArrayBuffer): void
}

export interface UwsApp {
  ws(pattern: string, behaviour: UwsBehaviour): UwsApp
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp
  listen(host: string, port: number, options: number, listening: (token: unknown) => void): UwsApp
  listen(port: number, options: number, listening: (token: unknown) => void): UwsApp
}

export interface UwsModule {
  readonly DISABLED: number
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number
  App(): UwsApp
  SSLApp(options: { readonly cert_file_name: string; readonly key_file_name: string }): UwsApp
  us_listen_socket_close(token: unknown): void
  us_socket_local_port(token: unknown): number
}

export type FoundUws =
  | { readonly found: true; readonly uws: UwsModule }
  | { readonly found: false; readonly problem: string }

/** The native module, or why there is none. */
export async function findUws(load: () => Promise<unknown> = loadUws): Promise<FoundUws> {
  let module: unknown
  try {
    module = await load()
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    if (missing) return { found: false, problem: 'uWebSockets.js is not installed' }
    const problem = error instanceof Error ? error.message : String(error)
    return { found: false, problem: `uWebSockets.js does not load here: ${problem}` }
  }
  if (isNative(module)) return { found: true, uws: module }
  return { found: false, problem: 'the uWebSockets.js that is installed has no native code for this machine' }
}

async function loadUws(): Promise<unknown> {
  const module = await import('uWebSockets.js')
  return module.default
}

function isNative(module: unknown): module is UwsModule {
  if (typeof module !== 'object' || module === null || !('App' in module)) return false
  return typeof module.App === 'function' && String(module.App).includes('[native code]')
}
