/** Plain HTTP as a game's handler and its visitors meet it: the same through both fronts. */
import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type FrontOptions, MAX_BODY_BYTES } from '../../src/transport/front.ts'
import { stepUntil } from '../link-conformance.ts'
import { listenForTest, type TestFront } from './front-rig.ts'

const until = (condition: () => boolean): Promise<void> => stepUntil(condition, 5_000, () => wait(1))
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe.each(['ws', 'uWebSockets.js'] as const)('HTTP by %s', (name) => {
  const fronts: TestFront[] = []
  async function start(
    handle: (request: IncomingMessage, response: ServerResponse) => void,
    change: Partial<FrontOptions> = {},
  ): Promise<TestFront> {
    const front = await listenForTest(name, handle, change)
    fronts.push(front)
    return front
  }
  afterEach(async () => {
    await Promise.all(fronts.splice(0).map((front) => front.stop()))
  })

  it('brings the handler the request, and the visitor the answer', async () => {
    const seen: unknown[] = []
    const front = await start((incoming, response) => {
      incoming.setEncoding('utf8')
      let body = ''
      incoming.on('data', (part: string) => {
        body += part
      })
      incoming.on('end', () => {
        const { method, url, headers } = incoming
        seen.push([method, url, headers.cookie, headers['x-own'], body, incoming.socket.remoteAddress])
        const cookies = ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']
        response.writeHead(201, 'Made', [...cookies, 'Content-Type', 'text/plain', 'ETag', '"1"'])
        response.end(method === 'HEAD' ? undefined : `got ${body.length}`)
      })
    })
    const asked = { method: 'POST', body: 'ü'.repeat(70_000), headers: { cookie: 'c=3', 'x-own': 'yes' } }
    const answer = await fetch(`${front.httpUrl}/a/b%20c?d=%2F&e`, asked)
    expect([answer.status, answer.statusText, await answer.text()]).toEqual([201, 'Made', 'got 70000'])
    expect([answer.headers.getSetCookie(), answer.headers.get('etag')]).toEqual([['a=1', 'b=2'], '"1"'])
    const head = await fetch(`${front.httpUrl}/`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([201, ''])
    expect(seen).toEqual([
      ['POST', '/a/b%20c?d=%2F&e', 'c=3', 'yes', asked.body, '127.0.0.1'],
      ['HEAD', '/', undefined, undefined, '', '127.0.0.1'],
    ])
  })

  it.each([204, 304])('sends no body with %i', async (status) => {
    const front = await start((_incoming, response) => response.writeHead(status, { ETag: '"x"' }).end())
    const answer = await fetch(front.httpUrl)
    expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([status, '"x"', ''])
  })

  // Node keeps connections for more requests, and ends those that are idle; uWebSockets.js cannot.
  it.runIf(name === 'uWebSockets.js')('ends the connection with a short answer, whoever asks on and on', async () => {
    const front = await start((_incoming, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      response.end('short')
    })
    const socket = connect(Number(new URL(front.httpUrl).port), '127.0.0.1')
    let got = ''
    let ended = false
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
    })
    socket.on('end', () => {
      ended = true
    })
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => ended)
    expect(got).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*short$/)
    socket.destroy()
  })

  it('holds back no piece of an answer that goes on', async () => {
    let more = (): void => {}
    const front = await start((_incoming, response) => {
      response.write('first,')
      more = () => response.end('last')
    })
    const answer = await fetch(front.httpUrl)
    const reader = answer.body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toBe('first,')
    more()
    const last = await reader?.read()
    expect(new TextDecoder().decode(last?.value)).toBe('last')
  })

  const large = randomBytes(5_000_000)
  it.each(['of known length', 'in pieces'])('brings 5 MB whole, %s', async (kind) => {
    const front = await start((_incoming, response) => {
      if (kind === 'of known length') response.setHeader('Content-Length', large.length)
      let at = 0
      const more = (): void => {
        while (at < large.length) {
          at += 40_000
          if (!response.write(large.subarray(at - 40_000, at))) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const answers = await Promise.all([fetch(front.httpUrl), fetch(front.httpUrl), slowly(front.httpUrl)])
    const length = kind === 'of known length' ? '5000000' : null
    expect(
      answers.slice(0, 2).map((answer) => answer instanceof Response && answer.headers.get('content-length')),
    ).toEqual([length, length])
    for (const answer of answers) {
      const bytes = answer instanceof Response ? new Uint8Array(await answer.arrayBuffer()) : answer
      expect(sha(bytes)).toBe(sha(large))
    }
  })

  it('holds little for a visitor who does not read, and tells the handler when it has gone', async () => {
    let written = 0
    let gone = false
    const front = await start((incoming, response) => {
      response.on('close', () => {
        gone = true
      })
      const more = (): void => {
        while (!gone && written < 200_000_000) {
          written += 50_000
          if (!response.write(large.subarray(0, 50_000))) {
            response.once('drain', more)
            return
          }
        }
      }
      incoming.resume()
      more()
    })
    const socket = connect(front.front.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    let before = -1
    await until(() => {
      const still = written === before && written > 0
      before = written
      return still && written > 1_000_000
    })
    expect(written).toBeLessThan(30_000_000)
    expect(gone).toBe(false)
    socket.resetAndDestroy()
    await until(() => gone)
  })

  it('takes no body that is too long, or of unknown length, and asks no handler', async () => {
    let asked = 0
    const front = await start((_incoming, response) => {
      asked++
      response.end()
    })
    const post = 'POST / HTTP/1.1\r\nHost: x\r\n'
    expect(await statusOf(front, `${post}Content-Length: ${MAX_BODY_BYTES + 1}\r\n\r\nstart`)).toBe(413)
    expect(await statusOf(front, `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\n`)).toBe(411)
    expect(asked).toBe(0)
    const most = await fetch(front.httpUrl, { method: 'POST', body: new Uint8Array(MAX_BODY_BYTES) })
    expect([most.status, asked]).toEqual([200, 1])
  })

  it('asks the gate before the handler, and says why it refuses', async () => {
    const asked: unknown[] = []
    const front = await start((_incoming, response) => response.end('page'), {
      ask: ({ peer, forwardedFor }, path) => {
        asked.push([peer, forwardedFor, path])
        if (path === '/page') return { ok: true, address: peer }
        return { ok: false, status: 429, code: 'TOO_FAST', message: 'wait.' }
      },
    })
    const headers = { 'x-forwarded-for': '203.0.113.7' }
    const [page, other] = [await fetch(`${front.httpUrl}/page?x`, { headers }), await fetch(`${front.httpUrl}/other`)]
    expect([page.status, await page.text()]).toEqual([200, 'page'])
    expect([other.status, await other.text()]).toEqual([429, 'TOO_FAST: wait.\n'])
    expect(asked).toEqual([
      ['127.0.0.1', '203.0.113.7', '/page'],
      ['127.0.0.1', undefined, '/other'],
    ])
  })

  it('answers when there is time, but not those who have gone by then, and refuses whom too many wait before', async () => {
    const waiting: (() => void)[] = []
    const seen: string[] = []
    const front = await start(
      (incoming, response) => {
        seen.push(incoming.url ?? '')
        incoming.pipe(response)
      },
      {
        whenTime: (_address, go) => waiting.length < 2 && waiting.push(go) > 0,
      },
    )
    const gone = connect(front.front.port, '127.0.0.1')
    gone.on('error', () => {})
    gone.write('GET /gone HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => waiting.length === 1)
    const patient = fetch(`${front.httpUrl}/patient`, { method: 'POST', body: 'x'.repeat(100_000) })
    await until(() => waiting.length === 2)
    expect((await fetch(front.httpUrl)).status).toBe(503)
    gone.resetAndDestroy()
    // Until the server has noticed, too: it serves what came before.
    expect((await fetch(front.httpUrl)).status).toBe(503)
    for (const go of waiting) go()
    expect((await (await patient).text()).length).toBe(100_000)
    expect(seen).toEqual(['/patient'])
  })

  // Node brings requests of one connection in order; uWebSockets.js takes one at a time.
  it.runIf(name === 'uWebSockets.js')(
    'goes no long way for requests that come before the answer to the first',
    async () => {
      const waiting: (() => void)[] = []
      let asked = 0
      const front = await start(
        (_incoming, response) => {
          asked++
          response.end()
        },
        { whenTime: (_address, go) => waiting.push(go) > 0 },
      )
      const socket = connect(front.front.port, '127.0.0.1')
      let ended = false
      socket.on('error', () => {})
      socket.on('close', () => {
        ended = true
      })
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10))
      socket.resume()
      await until(() => ended)
      for (const go of waiting) go()
      expect([waiting.length, asked]).toEqual([1, 0])
    },
  )

  it('lets a request end that began before the close, and cuts one that never ends', async () => {
    let finish: (() => void) | undefined
    const front = await listenForTest(name, (incoming, response) => {
      if (incoming.url === '/never') response.write('x')
      else finish = () => response.end('done')
    })
    // Not by fetch, which takes what was cut for whole.
    const never = slowly(`${front.httpUrl}/never`)
    const soon = fetch(`${front.httpUrl}/soon`).then((answer) => answer.text())
    await until(() => finish !== undefined)
    const cut = expect(never).rejects.toThrow()
    const closed = front.stop()
    finish?.()
    expect(await soon).toBe('done')
    await cut
    await closed
    await expect(fetch(front.httpUrl)).rejects.toThrow()
  })
})

/** Sends it all, and reads no more than the status. */
async function statusOf(front: TestFront, text: string): Promise<number> {
  const socket = connect(front.front.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(text)
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
  socket.destroy()
  return Number(answer.toString().split(' ')[1])
}

/** The body, as a visitor gets it who takes a rest now and then. */
async function slowly(url: string): Promise<Uint8Array> {
  const incoming = await new Promise<IncomingMessage>((resolve) => request(url).on('response', resolve).end())
  const parts: Buffer[] = []
  for await (const part of incoming) {
    parts.push(part)
    if (parts.length % 16 === 0) await wait(1)
  }
  return Buffer.concat(parts)
}

describe('HTTP by uWebSockets.js', () => {
  it('keeps little memory for those who do not read: the longest waiting are cut, and who reads gets all', async () => {
    const page = Buffer.alloc(8_000_000, 120)
    const front = await listenForTest('uWebSockets.js', (_request, response) => response.end(page))
    let cut = 0
    const idlers = Array.from({ length: 24 }, () => {
      const socket = connect(front.front.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
      socket.pause()
      // A socket that does not read hears of its end only when it writes.
      const asking = setInterval(() => socket.write('\r\n'), 20)
      socket.on('error', () => {})
      socket.on('close', () => {
        clearInterval(asking)
        cut++
      })
      return socket
    })
    // Eight of them fill what may wait.
    await until(() => cut >= 8)
    expect((await (await fetch(front.httpUrl)).arrayBuffer()).byteLength).toBe(page.length)
    expect(cut).toBeLessThan(idlers.length)
    for (const socket of idlers) socket.destroy()
    await front.stop()
  })
})
