/**
 * How a shard that carries a client to another one says whose connection it is: the address, and until when that holds, signed with a key of the cluster. Put
 * into a header of the handshake; without it all clients of an ingress would share the limits of one address.
 * Never throws for what a header says.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Visit } from '../../gate/doorkeeper.ts'
import type { Keyring } from './keyring.ts'

const GOOD_MS = 15_000
const MAX_LENGTH = 256
/** `until address signature`, of which the address has no space. */
const FORM = /^(\d{1,16}) (\S{1,64}) ([A-Za-z0-9_-]{43})$/
const LOOPBACK = /^(::ffff:)?127\.|^::1$/

export class AddressVouchers {
  private readonly keyring: Pick<Keyring, 'derive' | 'encrypts'>
  private readonly wallMs: () => number

  constructor(keyring: Pick<Keyring, 'derive' | 'encrypts'>, wallMs: () => number) {
    this.keyring = keyring
    this.wallMs = wallMs
  }

  issue(address: string): string {
    const said = `${Math.round(this.wallMs()) + GOOD_MS} ${address}`
    const [key = Buffer.alloc(0)] = this.keyring.derive('tickets', 'vouchers')
    return `${said} ${sign(key, said).toString('base64url')}`
  }

  /** The address that a shard vouches for; undefined if no shard does. A cluster without a key believes only this machine, and no proxy on it. */
  addressOf(voucher: string, { peer, forwardedFor }: Pick<Visit, 'peer' | 'forwardedFor'>): string | undefined {
    if (!this.keyring.encrypts && (forwardedFor !== undefined || !LOOPBACK.test(peer))) return undefined
    const parts = voucher.length > MAX_LENGTH ? null : FORM.exec(voucher)
    if (parts === null) return undefined
    const [, until = '', address = '', signature = ''] = parts
    const said = `${until} ${address}`
    const given = Buffer.from(signature, 'base64url')
    const isGenuine = this.keyring.derive('tickets', 'vouchers').some((key) => {
      const right = sign(key, said)
      return right.length === given.length && timingSafeEqual(right, given)
    })
    const leftMs = Number(until) - this.wallMs()
    return isGenuine && leftMs > 0 && leftMs <= 2 * GOOD_MS ? address : undefined
  }
}

function sign(key: Buffer, said: string): Buffer {
  return createHmac('sha256', key).update(said).digest()
}
