/** What the examples' pages are served with, to whoever asks for whatever. Over real sockets, as Node's HTTP parser is part of it. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentSecurityPolicy } from '../src/page-headers.ts'
import { StaticFiles } from '../src/static-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'page-'))
let server: Server
let port = 0

beforeAll(async () => {
  const page = join(folder, 'page')
  mkdirSync(join(page, 'assets'), { recursive: true })
  writeFileSync(join(page, 'index.html'), '<p>hello</p>')
  writeFileSync(join(page, 'assets', 'a.js'), 'export const a = 1\n'.repeat(100))
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  const files = new StaticFiles(page)
  // As a second start after a change does, while this one serves.
  rmSync(page, { recursive: true })
  server = createServer(files.handleRequest)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

/** Sends a request as it stands, and gives the whole answer. */
async function ask(method: string, target: string, headers = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: game.example\r\nConnection: close\r\n${headers}\r\n`)
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
  })
  await once(socket, 'close')
  return text
}

describe('served pages', () => {
  it('come whole after their folder is gone, and zipped for whoever takes that', async () => {
    expect(await ask('GET', '/')).toMatch(/^HTTP\/1.1 200 [\s\S]*text\/html[\s\S]*<p>hello<\/p>$/)
    const zipped = await ask('GET', '/assets/a.js?v=1', 'Accept-Encoding: gzip\r\n')
    expect(zipped).toMatch(/^HTTP\/1.1 200 [\s\S]*immutable[\s\S]*gzip/)
    expect(zipped.length).toBeLessThan(1_500)
    const etag = /ETag: (\S+)/.exec(await ask('GET', '/'))?.[1]
    expect(await ask('GET', '/', `If-None-Match: ${etag}\r\n`)).toMatch(/^HTTP\/1.1 304 /)
  })

  it('carry a policy that lets only scripts of this server run, without eval, and connect only to it', async () => {
    const answer = await ask('GET', '/')
    const policy = /Content-Security-Policy: (.*)\r\n/.exec(answer)?.[1] ?? ''
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
    expect(policy).toContain("connect-src 'self' ws://game.example wss://game.example;")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    for (const header of [
      'X-Content-Type-Options: nosniff',
      'Referrer-Policy: no-referrer',
      'Cross-Origin-Opener-Policy: same-origin',
      'Cross-Origin-Resource-Policy: same-origin',
    ])
      expect(answer).toContain(header)
  })

  it('take nothing of a Host header into the policy that is no host', () => {
    for (const host of ["x; script-src 'unsafe-inline'", 'a b', 'game.example:99999999', '', 'a,b'])
      expect(contentSecurityPolicy(host)).toContain("connect-src 'self';")
    expect(contentSecurityPolicy('[::1]:8080')).toContain('ws://[::1]:8080 ')
  })

  it('are all that can be asked for', async () => {
    const outside = [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/..\\secret.txt',
    ]
    for (const target of [...outside, '//secret.txt', '/index.html%00', '/__proto__', '/assets'])
      expect(await ask('GET', target)).toMatch(/^HTTP\/1.1 404 [\s\S]*Not found\n$/)
    expect(await ask('GET', '/%zz')).toMatch(/^HTTP\/1.1 400 /)
    expect(await ask('GET', 'http://game.example/')).toMatch(/^HTTP\/1.1 400 /)
    expect(await ask('GET', '/', `X: ${'x'.repeat(20_000)}\r\n`)).toMatch(/^HTTP\/1.1 431 /)
  })

  it('answer HEAD without a body, and no other method than GET', async () => {
    const head = await ask('HEAD', '/')
    expect(head).toMatch(/^HTTP\/1.1 200 [\s\S]*Content-Length: 12\r\n[\s\S]*\r\n\r\n$/)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect(await ask(method, '/')).toMatch(/^HTTP\/1.1 405 [\s\S]*Allow: GET, HEAD/)
  })
})
