/** The gate: whom it counts as whom, what its books say after any traffic, and that they stay small. Limits one by one: limits.test.ts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AddressSet, countedAs, originalAddress, parseAddress } from '../../src/gate/address.ts'
import { Doorkeeper, type Entry } from '../../src/gate/doorkeeper.ts'
import { DEFAULT_LIMITS } from '../../src/gate/limits.ts'

const counted = (text: string): string | undefined => {
  const groups = parseAddress(text)
  return groups && countedAs(groups)
}

describe('an address', () => {
  it('is counted whole if it is IPv4, in whatever clothes, and by its /64 if it is IPv6', () => {
    expect(counted('203.0.113.7')).toBe('203.0.113.7')
    expect(counted('::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect(counted('::FFFF:cb00:7107')).toBe('203.0.113.7')
    expect(counted('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
    expect(counted('2001:DB8:1:2::9%eth0')).toBe('2001:db8:1:2::/64')
    expect(counted('::1')).toBe('0:0:0:0::/64')
  })

  it('is not made of what is none', () => {
    const wrong = [
      '',
      '1.2.3',
      '1.2.3.256',
      '1.2.3.4.5',
      '::1::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      'g::',
      '12345::',
      '::1.2.3',
    ]
    for (const text of [...wrong, ':', 'x'.repeat(99), '1:2:3:4:5:6:7:8::', '[::1]', '0x7f.1', '1.2.3.4:5'])
      expect(parseAddress(text), text).toBeUndefined()
  })

  it('never makes the parser throw, and is counted alike however it is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.,%[]/ x') }), (text) => {
        parseAddress(text)
      }),
    )
    const isCounted = (text: string) => counted(text) !== undefined
    fc.assert(fc.property(fc.ipV6(), isCounted))
    fc.assert(fc.property(fc.ipV4(), (text) => isCounted(text) && counted(`::ffff:${text}`) === counted(text)))
  })
})

describe('a set of addresses', () => {
  it('has ranges, single ones and names', () => {
    const set = new AddressSet(['10.0.0.0/8', 'loopback', '192.0.2.1', '2001:db8::/33'])
    const has = (text: string) => set.has(parseAddress(text) ?? [])
    for (const text of ['10.255.0.1', '127.9.9.9', '::1', '192.0.2.1', '::ffff:10.1.1.1', '2001:db8:7fff::1'])
      expect(has(text), text).toBe(true)
    for (const text of ['11.0.0.1', '192.0.2.2', '::2', '2001:db8:8000::1', '9.255.255.255'])
      expect(has(text), text).toBe(false)
    expect(new AddressSet(['0.0.0.0/0']).has(parseAddress('::1') ?? [])).toBe(false)
  })

  it('refuses what is none, with what to write instead', () => {
    for (const text of ['10.0.0.0/33', 'proxy.example', '10.0.0.0/', '::/129', '1.2.3.4/8/8', '', 'localhost'])
      expect(() => new AddressSet([text]), text).toThrow(/BAD_ARGUMENT.*Give addresses/)
  })
})

describe('X-Forwarded-For', () => {
  const trusted = new AddressSet(['10.0.0.0/8', 'loopback'])
  const from = (peer: string, forwarded?: string) => originalAddress(peer, forwarded, trusted)

  it('is believed as far as trusted proxies wrote it, from the right', () => {
    expect(from('127.0.0.1', '203.0.113.7')).toBe('203.0.113.7')
    expect(from('10.0.0.1', '6.6.6.6, 203.0.113.7, 10.0.0.2')).toBe('203.0.113.7')
    expect(from('::ffff:10.0.0.1', '2001:db8::1')).toBe('2001:db8:0:0::/64')
    expect(from('10.0.0.1', '10.0.0.3,10.0.0.2')).toBe('10.0.0.3')
    expect(from('10.0.0.1', '203.0.113.7:4711')).toBe('203.0.113.7')
    expect(from('10.0.0.1', '[2001:db8::1]:4711')).toBe('2001:db8:0:0::/64')
  })

  it('is nothing to believe from anybody else, or if it is garbage', () => {
    expect(from('203.0.113.9', '1.2.3.4')).toBe('203.0.113.9')
    for (const garbage of ['', 'unknown', ',', '1.2.3.4, ', 'x'.repeat(10_000), '203.0.113.7, _hidden'])
      expect(from('10.0.0.1', garbage), garbage).toBe('10.0.0.1')
    expect(from('/run/game.sock', '1.2.3.4')).toBe('unknown')
  })

  it('names nobody but the rightmost untrusted one, whatever is left of it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (made) => {
        expect(from('10.0.0.1', `${made},203.0.113.7, 10.0.0.9`)).toBe('203.0.113.7')
      }),
    )
  })
})

describe('the doorkeeper', () => {
  const visit = { peer: '203.0.113.7', forwardedFor: undefined, origin: undefined, host: 'game.example' }
  const keep = (limits = {}, origins: readonly string[] = []) =>
    new Doorkeeper({ ...DEFAULT_LIMITS, ...limits }, { origins, trustedProxies: ['loopback'] })

  it('lets pages of its own host and of the list in, and refuses others before they cost anything', () => {
    const keeper = keep({}, ['https://friend.example'])
    const codes = ['https://game.example', 'https://friend.example', 'https://foe.example', 'null', 'x'].map(
      (origin) => {
        const knock = keeper.knock({ ...visit, origin }, 0)
        return knock.ok ? 'in' : `${knock.status} ${knock.code}`
      },
    )
    expect(codes).toEqual(['in', 'in', '403 ORIGIN_REFUSED', '403 ORIGIN_REFUSED', '403 ORIGIN_REFUSED'])
    expect(keeper.counts.refused.origin).toBe(3)
    expect(keeper.counts.addresses).toBe(1)
  })

  it('lets pages of other shards in as its own, by host and port', () => {
    const isOurs = (host: string): boolean => host === 'eu-2.game.example' || host === 'eu-3.game.example:8443'
    const keeper = new Doorkeeper(DEFAULT_LIMITS, { origins: [], trustedProxies: [], isOurs })
    const comesIn = (origin: string): boolean => keeper.knock({ ...visit, origin }, 0).ok
    expect(comesIn('https://eu-2.game.example')).toBe(true)
    expect(comesIn('https://eu-3.game.example:8443')).toBe(true)
    expect(comesIn('https://eu-3.game.example')).toBe(false)
    expect(comesIn('https://eu-2.game.example.evil.example')).toBe(false)
  })

  it('refuses origins that no browser would send, with what to write instead', () => {
    for (const origin of ['game.example', 'https://game.example/', 'https://Game.example', 'https://game.example:443'])
      expect(() => keep({}, [origin]), origin).toThrow(/BAD_ARGUMENT.*https:\/\/game\.example/)
    keep({}, ['https://game.example:8443', 'null', 'capacitor://localhost'])
  })

  it('counts whoever a trusted proxy names, and not the proxy', () => {
    const keeper = keep({ connectionsPerAddress: 1, pendingShare: 1 })
    const by = (forwardedFor: string) => keeper.knock({ ...visit, peer: '127.0.0.1', forwardedFor }, 0).ok
    expect([by('203.0.113.1'), by('203.0.113.2'), by('203.0.113.1'), by('6.6.6.6, 203.0.113.2')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('remembers no address that has nothing open and its whole rate, however many come by', () => {
    const keeper = keep({ maxAddresses: 100 })
    let nowMs = 0
    for (let n = 0; n < 5_000; n++) {
      nowMs += 10
      const knock = keeper.knock({ ...visit, peer: `198.${n >> 16}.${(n >> 8) & 255}.${n & 255}` }, nowMs)
      if (!knock.ok) throw new Error(`visitor ${n}: ${knock.message}`)
      knock.entry.left()
      expect(keeper.counts.addresses).toBeLessThanOrEqual(100)
    }
  })

  it('forgets addresses of long ago long before its table is full', () => {
    const keeper = keep()
    let most = 0
    for (let n = 0; n < 5_000; n++) {
      const knock = keeper.knock({ ...visit, peer: `198.51.${n >> 8}.${n & 255}` }, n * 10)
      if (!knock.ok) throw new Error(`visitor ${n}: ${knock.message}`)
      knock.entry.left()
      most = Math.max(most, keeper.counts.addresses)
    }
    expect(most).toBeLessThanOrEqual(512)
  })

  it('has exact books after any traffic', () => {
    const step = fc.record({ who: fc.nat(5), act: fc.constantFrom('knock', 'admit', 'leave', 'again'), pick: fc.nat() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const keeper = keep({ connectionsPerAddress: 4, maxConnections: 12, maxPending: 6 })
        const open: { entry: Entry; admitted: boolean }[] = []
        steps.forEach(({ who, act, pick }, n) => {
          const at = open.length === 0 ? undefined : open[pick % open.length]
          if (act === 'knock') {
            const knock = keeper.knock({ ...visit, peer: `203.0.113.${who}` }, n * 50)
            if (knock.ok) open.push({ entry: knock.entry, admitted: false })
          } else if (at !== undefined && act === 'leave') {
            at.entry.left()
            at.entry.left()
            at.entry.admitted()
            open.splice(open.indexOf(at), 1)
          } else if (at !== undefined) {
            at.entry.admitted()
            at.admitted = true
          }
          const pending = open.filter(({ admitted }) => !admitted).length
          expect(keeper.counts).toMatchObject({ connections: open.length, pending })
          expect(open.length).toBeLessThanOrEqual(12)
          expect(pending).toBeLessThanOrEqual(6)
        })
      }),
    )
  })
})
