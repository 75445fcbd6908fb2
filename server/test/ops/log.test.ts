/** What the server's log lets through: no secrets, few lines of a kind, JSON for machines and plain lines for people. */
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogLimit } from '../../src/ops/log-limit.ts'
import type { LogLine } from '../../src/ops/log-line.ts'
import { REDACTED, SECRET_NAMES, scrubbed, scrubText } from '../../src/ops/log-scrub.ts'
import { levelOf, pinoLog, prettyLine } from '../../src/ops/pino-log.ts'

/** A clock that stands until it is told to go on. */
class HandClock {
  private ms = 0
  private readonly alarms = new Set<{ readonly atMs: number; readonly run: () => void }>()
  nowMs = (): number => this.ms
  after = (ms: number, run: () => void): (() => void) => {
    const alarm = { atMs: this.ms + ms, run }
    this.alarms.add(alarm)
    return () => this.alarms.delete(alarm)
  }
  get pending(): number {
    return this.alarms.size
  }
  pass(ms: number): void {
    this.ms += ms
    for (const alarm of [...this.alarms]) {
      if (alarm.atMs > this.ms) continue
      this.alarms.delete(alarm)
      alarm.run()
    }
  }
}

const dropped = (code: string, message = code): LogLine => ({ level: 'warn', event: 'peer-dropped', code, message })

function limited(): { lines: LogLine[]; clock: HandClock; limit: LogLimit } {
  const lines: LogLine[] = []
  const clock = new HandClock()
  return { lines, clock, limit: new LogLimit((line) => lines.push(line), clock) }
}

describe('the limit of a log', () => {
  it('lets five lines of an event and code through in a second, and then says how many more there were', () => {
    const { lines, clock, limit } = limited()
    for (let n = 0; n < 1000; n++) limit.take(dropped('TOO_FAST', `line ${n}`))
    limit.take(dropped('MALFORMED'))
    expect(lines.map(({ message }) => message)).toEqual([...[0, 1, 2, 3, 4].map((n) => `line ${n}`), 'MALFORMED'])
    clock.pass(1000)
    expect(lines).toHaveLength(7)
    expect(lines[6]).toMatchObject({ event: 'peer-dropped', code: 'TOO_FAST', heldBack: 995 })
    expect(lines[6]?.message).toContain('line 999')
    expect(clock.pending).toBe(0)
  })

  it('writes a bounded number of lines however long a flood lasts, and counts each line once', () => {
    const { lines, clock, limit } = limited()
    const seconds = 60
    for (let n = 0; n < seconds * 100; n++) {
      limit.take(dropped('TOO_FAST'))
      clock.pass(10)
    }
    limit.flush()
    expect(lines.length).toBeLessThanOrEqual(seconds * 6 + 6)
    const told = lines.reduce((sum, { heldBack }) => sum + (heldBack ?? 1), 0)
    expect(told).toBe(seconds * 100)
    expect(clock.pending).toBe(0)
  })

  it('keeps a bounded number of kinds', () => {
    const { lines, limit } = limited()
    for (let n = 0; n < 10_000; n++) limit.take({ level: 'warn', event: `event-${n}`, message: '' })
    expect(lines.length).toBeLessThan(300)
  })
})

describe('scrubbing', () => {
  const secret = fc.stringMatching(/^\w{8}[\w.~+/-]{0,50}$/).filter((text) => !REDACTED.includes(text))
  const name = fc.constantFrom(...SECRET_NAMES, 'access_token', 'Set-Cookie', 'AUTH')

  it('takes the value of each secret name out of free text, however it is written', () => {
    const forms: ((key: string, value: string) => string)[] = [
      (key, value) => `the hook failed: ${key}=${value}, sorry`,
      (key, value) => `{"${key}":"${value}","t":"hello"}`,
      (key, value) => `{ ${key}: '${value}' }`,
      (key, value) => `${key}: Bearer ${value}`,
      (_key, value) => `Authorization: Bearer ${value}`,
      (_key, value) => `bearer ${value} was refused`,
      (_key, value) => `no such user: eyJhbGciOiJI.${value.replaceAll(/[^\w-]/g, '')}.abc`,
    ]
    fc.assert(
      fc.property(name, secret, fc.constantFrom(...forms), (key, value, form) => {
        const bare = value.replaceAll(/[^\w-]/g, '')
        const text = scrubText(form(key, value))
        expect(text).not.toContain(value)
        if (form === forms[6]) expect(text).not.toContain(bare)
        expect(text).toContain(REDACTED)
      }),
    )
  })

  it('leaves what is no secret as it was, and scrubs stacks too', () => {
    const plain = 'TOO_FAST: more than 400 messages a second came. Tickets are sold out; the author resumed play.'
    expect(scrubText(plain)).toBe(plain)
    const lines: LogLine[] = []
    scrubbed((line) => lines.push(line))({ level: 'error', event: 'e', message: 'm', stack: 'Error: token=abcdefgh' })
    expect(lines[0]?.stack).toBe(`Error: token=${REDACTED}`)
  })
})

describe('the default log', () => {
  function written(level: 'info' | 'warn' | 'error' | 'silent', pretty: boolean, lines: readonly LogLine[]): string[] {
    const out: string[] = []
    const log = pinoLog({ level, pretty, stream: { write: (text) => out.push(text) } })
    for (const line of lines) log(line)
    return out
  }
  const line: LogLine = { level: 'warn', event: 'peer-dropped', code: 'TOO_FAST', message: 'slow down', room: 'main' }

  it('writes one JSON object a line, with time, level, event and message', () => {
    const [text = ''] = written('info', false, [line])
    expect(text.endsWith('\n')).toBe(true)
    const { time, ...rest } = JSON.parse(text)
    expect(rest).toEqual({ ...line, pid: process.pid })
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000)
  })

  it('takes secrets out of fields that somebody adds to a line', () => {
    const added = { ...line, auth: 'SECRET-1', request: { cookie: 'SECRET-2', ticket: 'SECRET-3' } }
    expect(written('info', false, [added]).join('')).not.toContain('SECRET')
  })

  it('writes nothing below its level, as JSON and as lines for people', () => {
    for (const pretty of [false, true]) {
      const all: LogLine[] = (['info', 'warn', 'error'] as const).map((level) => ({ ...line, level }))
      expect(written('info', pretty, all)).toHaveLength(3)
      expect(written('warn', pretty, all)).toHaveLength(2)
      expect(written('error', pretty, all)).toHaveLength(1)
      expect(written('silent', pretty, all)).toHaveLength(0)
    }
    expect([levelOf(undefined), levelOf('WARN'), levelOf('debug'), levelOf('fatal'), levelOf('nonsense')]).toEqual([
      'info',
      'warn',
      'info',
      'error',
      'info',
    ])
  })

  it('lets nobody draw on the terminal of a person', () => {
    const evil = { ...line, message: 'x\u001b[2J\r\nfaked line\u0007' }
    const text = prettyLine(evil, new Date(0))
    expect(stripVTControlCharacters(text)).toBe('00:00:00 warn  peer-dropped room=main x [2J faked line ')
  })
})
