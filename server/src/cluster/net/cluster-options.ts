/**
 * What an operator says of a shard's cluster, checked. `serve({ cluster })` takes it, and the shell (shard-socket.ts).
 * Never lets a shard without a key listen where others than this machine may talk to it.
 */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { NetError } from '@tickmesh/shared'
import type { ClusterAddress } from '../life.ts'
import type { Founding } from '../view/views-api.ts'

export interface ClusterOptions {
  /** Names the cluster: shards of others are never let in. Letters, digits, `.`, `-` and `_`, at most 64. */
  readonly cluster: string
  /** Stays the same over restarts, and is nobody else's: a pod's name. By default host and port. */
  readonly name?: string
  /** Where to listen, UDP and TCP; 127.0.0.1 by default. Anything but loopback needs `keys`. */
  readonly host?: string
  /** 7946 by default; 0: any that is free. */
  readonly port?: number
  /** What others reach this shard by, if it is not `host`: an IP address, or one with a port. With `host` 0.0.0.0 or :: by default the first address of this machine. */
  readonly advertise?: string
  /** Some others: addresses or DNS names, with a port or without (7946). Looked up again and again. */
  readonly join?: readonly string[]
  /** Who makes the cluster if there is none: this shard `alone`, a majority of these names together, or never this shard (`join`). By default `join` if `join` names any, else `alone`. */
  readonly found?: 'alone' | 'join' | readonly string[]
  /** Base64 of 32 bytes each, the same on all shards: the first encrypts, all decrypt. `openssl rand -base64 32`. */
  readonly keys?: readonly string[]
  /** Where to remember the newest view over restarts. */
  readonly dataDir?: string
  /** Rack or availability zone. */
  readonly zone?: string
  /** This shard's share of the rooms beside those of others, 1 to 100; 10 by default. */
  readonly weight?: number
  /** How many players it can take, for others to see; its weight by default. */
  readonly capacity?: number
}

export const CLUSTER_PORT = 7946
const DEFAULT_WEIGHT = 10
const ID = /^[A-Za-z0-9._-]{1,64}$/
const NAME = /^[A-Za-z0-9._:[\]-]{1,128}$/

/** `ClusterOptions` with all defaults but what is known only when the port is open. */
export interface CheckedClusterOptions {
  readonly cluster: string
  readonly name: string | undefined
  readonly host: string
  readonly port: number
  readonly advertise: { readonly host: string | undefined; readonly port: number | undefined }
  readonly join: readonly string[]
  readonly founding: Founding
  readonly keys: readonly string[]
  readonly dataDir: string | undefined
  readonly zone: string
  readonly weight: number
  readonly capacity: number | undefined
}

/** Throws BAD_ARGUMENT for what cannot work. */
export function checkClusterOptions(options: ClusterOptions): CheckedClusterOptions {
  const { cluster, name, host = '127.0.0.1', port = CLUSTER_PORT, join = [], keys = [], zone = '' } = options
  const { weight = DEFAULT_WEIGHT, capacity } = options
  if (!ID.test(cluster))
    refuse(`cluster is "${cluster}".`, 'Take 1 to 64 letters, digits, dots, dashes or underscores.')
  if (name !== undefined && !NAME.test(name))
    refuse(`name is "${name}".`, 'Take 1 to 128 letters, digits, dots or dashes.')
  if (isIP(host) === 0) refuse(`host is "${host}".`, 'Give an IP address of this machine, or 0.0.0.0.')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse(`port is ${port}.`, 'Take 0 to 65535.')
  if (keys.length === 0 && !isLoopback(host)) {
    refuse(
      `host is ${host}, and there are no keys: whoever reaches this port could act as a shard.`,
      'Give `keys` (one from `openssl rand -base64 32`, the same to all shards), or listen at 127.0.0.1.',
    )
  }
  if (capacity !== undefined && !(Number.isInteger(capacity) && capacity >= 0))
    refuse(`capacity is ${capacity}.`, 'Give a number of players.')
  if (!Number.isInteger(weight) || weight < 1 || weight > 100) refuse(`weight is ${weight}.`, 'Take 1 to 100.')
  const founding = foundingOf(options)
  const { dataDir } = options
  const advertise = parseAdvertise(options.advertise)
  return { cluster, name, host, port, advertise, join, founding, keys, dataDir, zone, weight, capacity }
}

/** The address that others reach this shard by. */
export function advertisedHost({ advertise, host }: CheckedClusterOptions): string {
  if (advertise.host !== undefined) return advertise.host
  if (host !== '0.0.0.0' && host !== '::') return host
  const family = host === '::' ? undefined : 'IPv4'
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const found = all.find((entry) => !entry.internal && (entry.family === family || family === undefined))
  if (found !== undefined) return found.address
  return refuse(`host is ${host}, and this machine has no address but loopback.`, 'Give `advertise`.')
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function foundingOf({ found, join = [] }: ClusterOptions): Founding {
  if (found === undefined) return { kind: join.length > 0 ? 'join' : 'alone' }
  if (found === 'alone' || found === 'join') {
    if (found === 'join' && join.length === 0)
      refuse('found is "join", and join names nobody.', 'Name some shards in `join`.')
    return { kind: found }
  }
  if (found.length === 0 || new Set(found).size !== found.length)
    refuse('found is an empty list, or names somebody twice.', 'List the names of the first shards.')
  return { kind: 'list', names: found }
}

function parseAdvertise(text: string | undefined): CheckedClusterOptions['advertise'] {
  if (text === undefined) return { host: undefined, port: undefined }
  if (isIP(text) !== 0) return { host: text, port: undefined }
  const { host, port } = splitHostPort(text)
  if (isIP(host) === 0) refuse(`advertise is "${text}".`, 'Give an IP address, or one with a port.')
  return { host, port }
}

/** `host`, `host:port`, `1.2.3.4:5`, `[::1]:5`, `::1`. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number | undefined } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?$/.exec(text)
  if (match === null) return { host: text, port: undefined }
  return { host: match[1] ?? match[2] ?? '', port: match[3] === undefined ? undefined : Number(match[3]) }
}

/** Where sockets send to. Undefined: no IP address with a port. */
export function targetOf(address: ClusterAddress): { readonly host: string; readonly port: number } | undefined {
  const { host, port = 0 } = splitHostPort(address)
  return isIP(host) === 0 || port < 1 || port > 65_535 ? undefined : { host, port }
}

function refuse(problem: string, remedy: string): never {
  throw new NetError('BAD_ARGUMENT', problem, remedy)
}
