/**
 * Who may not come in, on any shard of a cluster: addresses, and identities as `authenticate` or a ticket gave them. The list is the lobby's, the same on all
 * shards soon after each change; asked by admission for each newcomer. Who plays already plays on: kick it.
 */
import { NetError } from '@tickmesh/shared'
import { countedAs, parseAddress } from './address.ts'

const NOBODY: ReadonlySet<string> = new Set()

export class Bans {
  private readonly source: () => ReadonlySet<string> | undefined
  private known: ReadonlySet<string> = NOBODY
  /** Those of `known` that are addresses, as the gate counts addresses. */
  private addresses: ReadonlySet<string> = NOBODY

  /** `source`: the same set as long as nothing changes. */
  constructor(source: () => ReadonlySet<string> | undefined) {
    this.source = source
  }

  /** Throws JOIN_REFUSED. `address`: as the gate counts it. */
  refuseAddress(address: string): void {
    const known = this.source() ?? NOBODY
    if (known !== this.known) {
      this.known = known
      this.addresses = new Set([...known].map(asCounted))
    }
    if (this.known.size > 0 && this.addresses.has(address)) throw banned()
  }

  /** Throws JOIN_REFUSED. An identity is a text, or has an `id` that is one, or a number. */
  refuseIdentity(identity: unknown): void {
    const subject = typeof identity === 'object' && identity !== null && 'id' in identity ? identity.id : identity
    if (typeof subject !== 'string' && typeof subject !== 'number') return
    if (this.source()?.has(String(subject)) === true) throw banned()
  }
}

/** One address of an IPv6 household stands for all. */
function asCounted(subject: string): string {
  const groups = parseAddress(subject.replace(/\/64$/, ''))
  return groups === undefined ? subject : countedAs(groups)
}

function banned(): NetError {
  return new NetError('JOIN_REFUSED', 'you are banned from this game.', 'Ask its operators.')
}
