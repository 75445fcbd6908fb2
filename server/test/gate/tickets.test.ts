import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { UsedTickets } from '../../src/gate/used-tickets.ts'
import { MAX_TICKET_MS, makeTickets, type TicketKey } from '../../src/index.ts'

const key = (id: string): TicketKey => ({ id, secret: id.repeat(32).slice(0, 32) })
const OLD = key('old')
const NEW = key('new')

function at(nowMs: number, keys: readonly TicketKey[] = [OLD], audience = 'arena') {
  return makeTickets({ audience, keys, nowMs: () => nowMs })
}

const NOW = 1_700_000_000_000

/** A token as somebody might make it who knows the format, and perhaps a key. */
function forge(header: object, payload: object, secret: string | undefined, hash = 'sha256'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part(header)}.${part(payload)}`
  const signature = secret === undefined ? '' : createHmac(hash, secret).update(text).digest('base64url')
  return `${text}.${signature}`
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (error: { code?: string }) => error.code,
  )

describe('a ticket', () => {
  it('says what was put into it', async () => {
    const token = await at(NOW).issue({ room: 'den', identity: { id: 7, roles: ['admin'] }, seat: 3, ms: 30_000 })
    expect(await at(NOW + 29_000).verify(token)).toMatchObject({
      room: 'den',
      seat: 3,
      identity: { id: 7, roles: ['admin'] },
    })
    const named = await at(NOW).verify(await at(NOW).issue({ room: 'den', identity: 'ada' }))
    expect(named).toMatchObject({ identity: 'ada', seat: undefined })
    expect(named.id).not.toBe((await at(NOW).verify(token)).id)
  })

  it('expires, a few seconds of grace for clocks that differ', async () => {
    const token = await at(NOW).issue({ room: 'den', ms: 10_000 })
    expect(await codeOf(at(NOW + 13_000).verify(token))).toBe('none')
    expect(await codeOf(at(NOW + 16_000).verify(token))).toBe('TICKET_EXPIRED')
  })

  it('is good for its own audience only', async () => {
    const token = await at(NOW).issue({ room: 'den' })
    expect(await codeOf(at(NOW, [OLD], 'hello').verify(token))).toBe('TICKET_INVALID')
  })

  it('is signed and verified with the keys of the moment, for a server whose keys change while it runs', async () => {
    const options = { audience: 'arena', keys: [OLD], nowMs: () => NOW }
    const tickets = makeTickets(options)
    const before = await tickets.issue({ room: 'den' })
    options.keys = [NEW, OLD]
    const between = await tickets.issue({ room: 'den' })
    expect(await codeOf(tickets.verify(before))).toBe('none')
    options.keys = [NEW]
    expect(await codeOf(tickets.verify(between))).toBe('none')
    expect(await codeOf(tickets.verify(before))).toBe('TICKET_INVALID')
  })

  it('outlives a change of keys: all verify, the first one signs', async () => {
    const before = await at(NOW).issue({ room: 'den' })
    const between = await at(NOW, [OLD, NEW]).issue({ room: 'den' })
    const after = await at(NOW, [NEW, OLD]).issue({ room: 'den' })
    for (const token of [before, between, after]) {
      expect(await codeOf(at(NOW, [NEW, OLD]).verify(token))).toBe('none')
    }
    expect(await codeOf(at(NOW, [NEW]).verify(after))).toBe('none')
    expect(await codeOf(at(NOW, [NEW]).verify(between))).toBe('TICKET_INVALID')
  })

  it('is refused if it is forged, signed by another algorithm, or says too little or too much', async () => {
    const exp = NOW / 1000 + 60
    const whole = { room: 'den', jti: 'x', aud: 'arena', exp }
    const secret = String(OLD.secret)
    const head = { alg: 'HS256', kid: 'old' }
    expect(await codeOf(at(NOW).verify(forge(head, whole, secret)))).toBe('none')
    const { room: _room, ...roomless } = whole
    const { jti: _jti, ...nameless } = whole
    const { exp: _exp, ...endless } = whole
    const { aud: _aud, ...aimless } = whole
    const forged = [
      forge({ alg: 'none', kid: 'old' }, whole, undefined),
      forge({ alg: 'HS384', kid: 'old' }, whole, secret, 'sha384'),
      forge({ alg: 'HS512', kid: 'old' }, whole, secret, 'sha512'),
      forge({ ...head, kid: 'new' }, whole, secret),
      forge({ alg: 'HS256' }, whole, secret),
      forge(head, whole, 'x'.repeat(32)),
      forge({ ...head, crit: ['b64'], b64: false }, whole, secret),
      ...[roomless, nameless, endless, aimless].map((payload) => forge(head, payload, secret)),
      forge(head, { ...whole, exp: NOW / 1000 + MAX_TICKET_MS }, secret),
      forge(head, { ...whole, jti: 'x'.repeat(65) }, secret),
      ...['1', 1.5, 0, -1].map((seat) => forge(head, { ...whole, seat }, secret)),
      ...['', '../etc', 'x'.repeat(65)].map((room) => forge(head, { ...whole, room }, secret)),
      '',
      'a.b.c',
      'x'.repeat(2048),
      '.'.repeat(2048),
    ]
    for (const token of forged) expect(await codeOf(at(NOW).verify(token)), token.slice(0, 80)).toBe('TICKET_INVALID')
  })

  it('is not issued for what it cannot say', async () => {
    const wrong = [
      { room: 'not a room' },
      { room: 'den', ms: 0 },
      { room: 'den', seat: 1.5 },
      { room: 'den', ms: MAX_TICKET_MS + 1 },
      { room: 'den', identity: { run: () => 1 } },
      { room: 'den', identity: 'x'.repeat(2000) },
    ]
    for (const request of wrong) expect(await codeOf(at(NOW).issue(request))).toBe('BAD_ARGUMENT')
    expect(() => at(NOW, [{ id: 'a', secret: 'short' }])).toThrow('at least 32')
    expect(() => at(NOW, [])).toThrow('at least one key')
    expect(() => at(NOW, [OLD, OLD])).toThrow('have the id "old"')
  })
})

describe('used tickets', () => {
  it('are remembered for as long as they would be taken', async () => {
    const token = await at(NOW).issue({ room: 'den', ms: 10_500 })
    const { expiresMs } = await at(NOW).verify(token)
    for (let ms = 15_000; ms <= 17_000; ms += 100)
      if ((await codeOf(at(NOW + ms).verify(token))) === 'none') expect(expiresMs - NOW).toBeGreaterThan(ms)
  })

  it('are forgotten not long after they expired, also while there is room for many more', () => {
    const used = new UsedTickets(100_000)
    const valid = 600
    let most = 0
    for (let n = 0; n < 10_000; n++) {
      used.use(`${n}`, n + valid, n)
      most = Math.max(most, used.size)
      if (!used.has(`${Math.max(0, n - valid)}`)) throw new Error(`ticket ${n - valid} is forgotten at ${n}`)
    }
    expect(most).toBeLessThanOrEqual(2 * valid + 2)
  })

  it('are remembered until they expire; when there are too many, none is forgotten, and none taken', () => {
    const used = new UsedTickets(3)
    for (const id of ['a', 'b', 'c']) used.use(id, 1_000, 0)
    expect(() => used.use('a', 1_000, 0)).toThrow('TICKET_USED')
    expect(() => used.use('d', 1_500, 1_000)).toThrow('TOO_MANY_CONNECTIONS')
    expect(() => used.use('b', 1_000, 1_000)).toThrow('TICKET_USED')
    used.use('d', 1_500, 1_001)
    expect(used.size).toBe(1)
    used.giveBack('d')
    used.use('d', 1_500, 1_002)
  })
})
