/**
 * Addresses as the gate counts them: IPv4 whole, IPv6 by its /64 (a household has one, and every address in it), IPv4 in IPv6 as IPv4. And sets of
 * addresses, for the proxies that are believed. Pure. Called by the doorkeeper once per connection.
 */
import { NetError } from '@tickmesh/shared'

/** Eight groups of 16 bits; IPv4 stands in the last two, as ::ffff:a.b.c.d. */
type Groups = readonly number[]

/** For peers whose address is not known, as on a Unix socket: they are counted together. */
const UNKNOWN_ADDRESS = 'unknown'

const GROUPS = 8
const MAX_TEXT = 64

/** The groups of an address in text; undefined if it is none. Zones (`fe80::1%eth0`) are cut off. */
export function parseAddress(text: string): Groups | undefined {
  if (text.length === 0 || text.length > MAX_TEXT) return undefined
  const bare = (text.split('%', 1)[0] ?? '').trim()
  if (!bare.includes(':')) {
    const low = parseIPv4(bare)
    return low === undefined ? undefined : [0, 0, 0, 0, 0, 0xffff, ...low]
  }
  return parseIPv6(bare)
}

function parseIPv4(text: string): [number, number] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const [a = 256, b = 256, c = 256, d = 256] = match.slice(1).map(Number)
  return a > 255 || b > 255 || c > 255 || d > 255 ? undefined : [a * 256 + b, c * 256 + d]
}

function parseIPv6(text: string): Groups | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] ?? '')
  const tail = parseGroups(halves[1] ?? '')
  if (head === undefined || tail === undefined) return undefined
  const missing = GROUPS - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const low = parseIPv4(part)
      if (low === undefined) return undefined
      groups.push(...low)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function isIPv4(groups: Groups): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
}

/** What limits count an address as: `203.0.113.7`, or `2001:db8:1:2::/64`. */
export function countedAs(groups: Groups): string {
  if (isIPv4(groups)) {
    const [high = 0, low = 0] = groups.slice(6)
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16))
  return `${prefix.join(':')}::/64`
}

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

interface Range {
  readonly groups: Groups
  /** Leading bits that must be equal, of 128. */
  readonly bits: number
}

/** Some addresses: single ones, ranges (`10.0.0.0/8`), or by name: loopback, linklocal, private. Throws BAD_ARGUMENT for anything else. */
export class AddressSet {
  private readonly ranges: readonly Range[]

  constructor(texts: readonly string[]) {
    this.ranges = texts.flatMap((text) => NAMED[text] ?? [text]).map(parseRange)
  }

  has(groups: Groups): boolean {
    return this.ranges.some((range) => startsAlike(groups, range))
  }
}

function parseRange(text: string): Range {
  const [address = '', length, ...rest] = text.split('/')
  const groups = parseAddress(address)
  const isShort = groups !== undefined && isIPv4(groups) && !address.includes(':')
  const most = isShort ? 32 : 128
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (groups === undefined || rest.length > 0 || !(bits >= 0 && bits <= most)) {
    const remedy = 'Give addresses, ranges such as "10.0.0.0/8", or "loopback", "linklocal", "private".'
    throw new NetError('BAD_ARGUMENT', `"${text}" is no range of addresses.`, remedy)
  }
  return { groups, bits: isShort ? 96 + bits : bits }
}

function startsAlike(groups: Groups, range: Range): boolean {
  for (let i = 0; i * 16 < range.bits; i++) {
    const ignored = Math.max(0, (i + 1) * 16 - range.bits)
    if ((groups[i] ?? 0) >> ignored !== (range.groups[i] ?? 0) >> ignored) return false
  }
  return true
}

/**
 * Whose connection it is: the peer's, or, if the peer is a proxy that is believed, whoever that says it came for. `X-Forwarded-For` is read from the
 * right, where the nearest proxy wrote, for as long as believed proxies wrote; what is left of that anybody may have made up. If what they
 * wrote is no address, it is the peer's own.
 */
export function originalAddress(peer: string, forwardedFor: string | undefined, trusted: AddressSet): string {
  const own = parseAddress(peer)
  if (own === undefined) return UNKNOWN_ADDRESS
  let current = own
  let end = forwardedFor?.length ?? 0
  while (forwardedFor !== undefined && end > 0 && trusted.has(current)) {
    const comma = forwardedFor.lastIndexOf(',', end - 1)
    const hop = parseAddress(withoutPort(forwardedFor.slice(comma + 1, end).trim()))
    if (hop === undefined) return countedAs(own)
    current = hop
    end = comma
  }
  return countedAs(current)
}

/** Some proxies write `203.0.113.7:4711` and `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)
  if (bracketed !== null) return bracketed[1] ?? ''
  return /^[\d.]+:\d{1,5}$/.test(text) ? text.slice(0, text.indexOf(':')) : text
}
