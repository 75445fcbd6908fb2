/**
 * One HTTP answer on its way from Node to uWebSockets.js, at the pace of whoever reads it. Made by UwsHttp for each request.
 * Never touches the uWebSockets.js response after its end or abort, and says exactly once that it is over, whichever side was first.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Refusal } from './front.ts'
import type { UwsResponse } from './uws-module.ts'

/** Written by uWebSockets.js itself, or of another connection. */
const NOT_COPIED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'])

/** What an answer may have to be written as one. */
const MAX_GATHERED_BYTES = 16_384

export class UwsAnswer {
  readonly #response: UwsResponse
  readonly #isHead: boolean
  readonly #onOver: () => void
  readonly #onHeld: (change: number) => void
  #over = false
  #began = false
  /** Of an answer whose length is known: how long. */
  #totalBytes: number | undefined
  /** What uWebSockets.js has not taken yet of the newest chunk, and where in the answer that chunk began. */
  #waiting: Buffer | undefined
  #waitingFrom = 0
  #heldBytes = 0

  /** `onHeld` hears by how much the memory changes that this answer keeps for a slow reader. */
  constructor(response: UwsResponse, isHead: boolean, onOver: () => void, onHeld: (change: number) => void) {
    this.#response = response
    this.#isHead = isHead
    this.#onOver = onOver
    this.#onHeld = onHeld
    response.onAborted(() => this.#end())
  }

  get isOver(): boolean {
    return this.#over
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  begin(incoming: IncomingMessage): void {
    if (this.#over) return
    this.#began = true
    const { statusCode = 500 } = incoming
    const length = incoming.headers['content-length']
    const hasBody = !this.#isHead && statusCode !== 204 && statusCode !== 304
    this.#totalBytes = length === undefined ? undefined : Number(length)
    const streams = hasBody && this.#totalBytes !== 0
    if (streams) return this.#gather(incoming)
    this.#response.cork(() => {
      this.#writeHead(incoming)
      if (hasBody) this.#response.end('', true)
      else this.#response.endWithoutBody(this.#totalBytes, true)
    })
    incoming.resume()
    this.#end()
  }

  #writeHead(incoming: IncomingMessage): void {
    const { statusCode = 500, statusMessage, rawHeaders } = incoming
    this.#response.writeStatus(`${statusCode} ${statusMessage || STATUS_CODES[statusCode] || 'Unknown'}`)
    for (let n = 0; n + 1 < rawHeaders.length; n += 2) {
      const [name = '', value = ''] = rawHeaders.slice(n, n + 2)
      if (!NOT_COPIED.has(name.toLowerCase())) this.#response.writeHeader(name, value)
    }
  }

  /**
   * An answer that is small and complete at once is written as one, which ends the connection: uWebSockets.js does not end that of a streamed answer, whatever its
   * header says, and would take one request after another from whoever sends them unasked.
   */
  #gather(incoming: IncomingMessage): void {
    const chunks: Buffer[] = []
    let byteLength = 0
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk)
      byteLength += chunk.length
      if (byteLength > MAX_GATHERED_BYTES) stream()
    }
    const onEnd = (): void => {
      stop()
      if (this.#over) return
      if (this.#totalBytes !== undefined && this.#totalBytes !== byteLength) return this.fail()
      this.#response.cork(() => {
        this.#writeHead(incoming)
        this.#response.end(Buffer.concat(chunks), true)
      })
      this.#end()
    }
    const fail = (): void => {
      stop()
      this.#began = false
      this.fail()
    }
    const stop = (): void => {
      clearImmediate(later)
      incoming.off('data', onData)
      incoming.off('end', onEnd)
      incoming.off('error', fail)
      incoming.off('aborted', fail)
    }
    const stream = (): void => {
      stop()
      if (this.#over) return
      this.#response.cork(() => {
        this.#writeHead(incoming)
        // By hand: told so at the end of a stream, uWebSockets.js would write the header into the body.
        this.#response.writeHeader('Connection', 'close')
      })
      this.#stream(incoming)
      if (byteLength > 0 && !this.#write(Buffer.concat(chunks))) incoming.pause()
    }
    const later = setImmediate(stream)
    incoming.on('data', onData)
    incoming.on('end', onEnd)
    incoming.on('error', fail)
    incoming.on('aborted', fail)
  }

  /** The handler or the line failed: what has begun is cut, what has not is refused. */
  fail(): void {
    if (this.#over) return
    if (!this.#began) return this.refuse({ status: 502, text: 'The server failed at this request.' })
    this.#response.close()
    this.#end()
  }

  refuse({ status, text }: Refusal): void {
    if (this.#over) return
    this.#response.cork(() => {
      this.#response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Error'}`)
      this.#response.end(`${text}\n`, true)
    })
    this.#end()
  }

  #stream(incoming: IncomingMessage): void {
    incoming.on('data', (chunk: Buffer) => {
      if (!this.#over && !this.#write(chunk)) incoming.pause()
    })
    incoming.on('end', () => {
      if (this.#over || this.#waiting !== undefined) return
      if (this.#totalBytes !== undefined) return this.fail()
      this.#response.cork(() => this.#response.end())
      this.#end()
    })
    incoming.on('error', () => this.fail())
    incoming.on('aborted', () => this.fail())
    this.#response.onWritable((offset) => {
      if (this.#over) return true
      if (this.#waiting !== undefined && !this.#offer(this.#waiting.subarray(offset - this.#waitingFrom), offset))
        return false
      this.#hold(0)
      incoming.resume()
      return true
    })
  }

  /** False if it must wait. */
  #write(chunk: Buffer): boolean {
    if (this.#totalBytes !== undefined) return this.#offer(chunk, this.#response.getWriteOffset())
    let taken = true
    this.#response.cork(() => {
      taken = this.#response.write(chunk)
    })
    if (!taken) this.#hold(chunk.length)
    return taken
  }

  /** Of an answer whose length is known. What is not taken is kept for `onWritable`. */
  #offer(chunk: Buffer, from: number): boolean {
    let taken = true
    let complete = false
    this.#response.cork(() => {
      ;[taken, complete] = this.#response.tryEnd(chunk, this.#totalBytes ?? 0)
    })
    this.#waiting = taken || complete ? undefined : chunk
    this.#waitingFrom = from
    // All of it, however much has been taken: a part keeps the whole.
    this.#hold(this.#waiting === undefined ? 0 : chunk.buffer.byteLength)
    if (complete) this.#end()
    return taken || complete
  }

  #hold(byteLength: number): void {
    const change = byteLength - this.#heldBytes
    this.#heldBytes = byteLength
    if (change !== 0) this.#onHeld(change)
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#waiting = undefined
    this.#hold(0)
    this.#onOver()
  }
}
