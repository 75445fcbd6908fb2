import { expect, it } from 'vitest'
import { AddressVouchers } from '../../../src/cluster/net/address-voucher.ts'
import { Keyring } from '../../../src/cluster/net/keyring.ts'
import { Doorkeeper, type Visit } from '../../../src/gate/doorkeeper.ts'
import { DEFAULT_LIMITS } from '../../../src/gate/limits.ts'

const KEYS = [7, 8].map((byte) => Buffer.alloc(32, byte).toString('base64'))
const visit: Visit = { peer: '10.0.0.9', forwardedFor: undefined, origin: undefined, host: undefined }

function vouchers(keys: readonly string[], cluster = 'test', clock = { ms: 1_000_000 }) {
  return { clock, made: new AddressVouchers(new Keyring(cluster, keys), () => clock.ms) }
}

it('is good on every shard of the cluster, for a while, and for the address that it names alone', () => {
  const [a = '', b = ''] = KEYS
  const { made, clock } = vouchers([a])
  for (const address of ['203.0.113.7', '2001:db8:1:2::/64', 'unknown']) {
    const voucher = made.issue(address)
    // While keys are changed a shard has two.
    expect(vouchers([b, a], 'test', clock).made.addressOf(voucher, visit)).toBe(address)
    expect(vouchers([b], 'test', clock).made.addressOf(voucher, visit)).toBeUndefined()
    expect(vouchers([a], 'other', clock).made.addressOf(voucher, visit)).toBeUndefined()
    expect(made.addressOf(voucher.replace(address, '198.51.100.1'), visit)).toBeUndefined()
    expect(made.addressOf(`9${voucher}`, visit)).toBeUndefined()
    for (const junk of ['', ' ', 'x'.repeat(10_000), `${voucher} `, voucher.slice(0, -1)])
      expect(made.addressOf(junk, visit)).toBeUndefined()
    const late = vouchers([a], 'test', { ms: clock.ms + 20_000 }).made
    expect(late.addressOf(voucher, visit)).toBeUndefined()
  }
})

it('is believed without a key only from this machine, and not through a proxy on it', () => {
  const { made } = vouchers([])
  const voucher = made.issue('203.0.113.7')
  expect(made.addressOf(voucher, visit)).toBeUndefined()
  expect(made.addressOf(voucher, { ...visit, peer: '127.0.0.1' })).toBe('203.0.113.7')
  expect(made.addressOf(voucher, { ...visit, peer: '127.0.0.1', forwardedFor: '198.51.100.1' })).toBeUndefined()
})

it('counts a carried connection with those of its client: limits of an address hold through any shard', () => {
  const { made } = vouchers(KEYS.slice(0, 1))
  const limits = { ...DEFAULT_LIMITS, connectionsPerAddress: 2, pendingShare: 1 }
  const keeper = new Doorkeeper(limits, {
    origins: [],
    trustedProxies: [],
    vouched: (said, by) => made.addressOf(said, by),
  })
  const knock = (voucher?: string, peer = visit.peer) => keeper.knock({ ...visit, peer, voucher }, 0)
  const carried = knock(made.issue('203.0.113.7'))
  expect(carried).toMatchObject({ ok: true, entry: { address: '203.0.113.7', carried: true } })
  expect(knock(undefined, '203.0.113.7')).toMatchObject({ ok: true, entry: { address: '203.0.113.7', carried: false } })
  expect(knock(made.issue('203.0.113.7'), '10.0.0.8')).toMatchObject({ ok: false, code: 'TOO_MANY_CONNECTIONS' })
  expect(knock(made.issue('203.0.113.8'))).toMatchObject({ ok: true })
  // What nobody signed is a connection of whoever made it.
  expect(knock('made up')).toMatchObject({ ok: true, entry: { address: '10.0.0.9', carried: false } })
})
