/**
 * Addresses as texts (`10.0.0.4:7946`, `[fd00::4]:7946`) and as the raw bytes of memberlist's wire. Pure; called by swim.ts, packets.ts and net/.
 * One address has one text and one form of bytes: IPv4 within IPv6 becomes IPv4, because peers compare bytes.
 */
import type { ClusterAddress } from '../life.ts'
import type { Endpoint } from './messages.ts'

/** Undefined: no IP address with a port from 1 to 65535. */
export function parseAddress(address: ClusterAddress): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(address)
  if (match === null) return undefined
  const ip = match[1] === undefined ? parseIpv4(match[2] ?? '') : parseIpv6(match[1])
  const port = Number(match[3])
  if (ip === undefined || port < 1 || port > 65_535) return undefined
  return { ip: unmapped(ip), port }
}

/** Of 4 or 16 bytes. */
export function formatAddress({ ip, port }: Endpoint): ClusterAddress {
  const bytes = unmapped(ip)
  return bytes.length === 4 ? `${bytes.join('.')}:${port}` : `[${formatIpv6(bytes)}]:${port}`
}

/** An IP address and a port as Node's sockets give them: `fe80::1%eth0` loses its zone, `::ffff:10.0.0.4` becomes `10.0.0.4`. */
export function joinAddress(host: string, port: number): ClusterAddress {
  const [plain = ''] = host.split('%')
  const ip = plain.includes(':') ? parseIpv6(plain) : parseIpv4(plain)
  if (ip !== undefined) return formatAddress({ ip, port })
  return `${host}:${port}`
}

/** Somewhere a packet can be sent to: no port 0, no wildcard, no broadcast, no multicast. */
export function isReachable({ ip, port }: Endpoint): boolean {
  if (port < 1 || port > 65_535) return false
  const bytes = ip.length === 16 ? unmapped(ip) : ip
  if (bytes.length === 4) {
    const first = bytes[0] ?? 0
    return first !== 0 && first < 224
  }
  if (bytes.length !== 16 || bytes[0] === 0xff) return false
  for (const byte of bytes) if (byte !== 0) return true
  return false
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255))
    return undefined
  return Uint8Array.from(parts, Number)
}

function parseIpv6(text: string): Uint8Array | undefined {
  const lastColon = text.lastIndexOf(':')
  let plain = text
  if (text.includes('.')) {
    const tail = parseIpv4(text.slice(lastColon + 1))
    if (tail === undefined) return undefined
    const [a = 0, b = 0, c = 0, d = 0] = tail
    plain = `${text.slice(0, lastColon + 1)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  }
  const halves = plain.split('::')
  if (halves.length > 2) return undefined
  const words = (half: string) => (half === '' ? [] : half.split(':'))
  const head = words(halves[0] ?? '')
  const tail = halves.length === 2 ? words(halves[1] ?? '') : []
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...Array.from({ length: missing }, () => '0'), ...tail]
  if (all.some((word) => !/^[0-9a-fA-F]{1,4}$/.test(word))) return undefined
  const ip = new Uint8Array(16)
  for (const [index, word] of all.entries()) {
    ip[index * 2] = Number.parseInt(word, 16) >> 8
    ip[index * 2 + 1] = Number.parseInt(word, 16) & 255
  }
  return ip
}

/** RFC 5952: the longest run of zero words as `::`. */
function formatIpv6(ip: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (((ip[i * 2] ?? 0) << 8) | (ip[i * 2 + 1] ?? 0)).toString(16))
  let best = 0
  let bestLength = 1
  for (let from = 0; from < 8; from++) {
    let end = from
    while (end < 8 && words[end] === '0') end++
    if (end - from > bestLength) {
      best = from
      bestLength = end - from
    }
  }
  if (bestLength === 1) return words.join(':')
  return `${words.slice(0, best).join(':')}::${words.slice(best + bestLength).join(':')}`
}

/** `::ffff:a.b.c.d` as its four bytes. */
function unmapped(ip: Uint8Array): Uint8Array {
  if (ip.length !== 16 || ip[10] !== 255 || ip[11] !== 255) return ip
  for (let i = 0; i < 10; i++) if (ip[i] !== 0) return ip
  return ip.subarray(12)
}
