/**
 * The command line of `npm run shard`, checked. Flags that are left out say: one shard alone on this machine, or, with --join, one more for a cluster that
 * is there.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { localKeyFor } from './local-key.ts'

export const SHARD_USAGE = `
  npm run shard -- [flags]

    --port 8080                where players connect (or the variable PORT); 0 takes any free port
    --host 127.0.0.1           the address to listen on, for both ports; 0.0.0.0 needs a key
    --public-url wss://...     where clients are sent to reach this shard; by default the address and port it listens on
    --cluster-port 7946        where shards meet, UDP and TCP; with --join any free port by default
    --advertise 10.0.0.4       the address at which other shards reach this one
    --join host:port,...       shards or DNS names that lead to some; asked again and again
    --found alone|join|a,b,c   who founds: this shard alone (the default without --join), nobody (the default with it), or a majority of these names
    --name shard-1             stays the same over restarts; host and port by default
    --cluster arena            shards of another cluster are refused
    --key-file FILE            keys of the cluster, base64 of 32 bytes, one a line; the first encrypts (or the variable TICKMESH_CLUSTER_KEY);
                               to join what \`npm run cluster\` runs on this machine none is needed
    --data-dir DIR             remembers there what must outlive a restart
    --standby 1                how many other shards stand by for each match: 0, 1 or 2
    --journal-dir DIR          keeps the matches there, too, so that they come back when all shards were restarted
    --origins https://a,...    pages that may connect besides those of the cluster's own hosts
    --zone a  --weight 10      for placing rooms
    --ingress redirect|proxy   what to do with a player whose room is elsewhere
    --dashboard-token-file F   lets who knows this token see the dashboard from other machines
    --bots 0                   how many bots play here
`

export interface ShardSettings {
  readonly port: number
  readonly host: string
  readonly publicUrl: string | undefined
  readonly clusterPort: number
  readonly advertise: string | undefined
  readonly join: readonly string[]
  readonly found: 'alone' | 'join' | readonly string[]
  readonly name: string | undefined
  readonly cluster: string
  readonly keys: readonly string[]
  readonly dataDir: string | undefined
  readonly standby: 0 | 1 | 2
  readonly journalDir: string | undefined
  readonly origins: readonly string[]
  readonly zone: string
  readonly weight: number
  readonly ingress: 'redirect' | 'proxy'
  readonly dashboardToken: string | undefined
  readonly bots: number
}

const DEFAULT_CLUSTER_PORT = 7946
const text = { type: 'string' } as const

export function wholeNumber(name: string, given: string, most: number, least = 0): number {
  const value = Number(given)
  if (given.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new Error(`${name} is "${given}", but must be a whole number from ${least} to ${most}.`)
}

/** Throws an Error that says what is wrong. */
export function readShardSettings(args: readonly string[], env: NodeJS.ProcessEnv): ShardSettings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { ...text, default: env.PORT ?? '8080' },
      host: { ...text, default: '127.0.0.1' },
      'public-url': text,
      'cluster-port': text,
      advertise: text,
      join: text,
      found: text,
      name: text,
      cluster: { ...text, default: 'arena' },
      'key-file': text,
      'data-dir': text,
      standby: { ...text, default: '1' },
      'journal-dir': text,
      origins: text,
      zone: { ...text, default: '' },
      weight: { ...text, default: '10' },
      ingress: { ...text, default: 'redirect' },
      'dashboard-token-file': text,
      bots: { ...text, default: '0' },
    },
  })
  const join = listed(values.join)
  const { ingress } = values
  if (ingress !== 'redirect' && ingress !== 'proxy')
    throw new Error(`--ingress is "${ingress}", but must be redirect or proxy.`)
  const clusterPort = values['cluster-port'] ?? (join.length === 0 ? String(DEFAULT_CLUSTER_PORT) : '0')
  const tokenFile = values['dashboard-token-file']
  return {
    port: wholeNumber('--port', values.port, 65_535),
    host: values.host,
    publicUrl: values['public-url'],
    clusterPort: wholeNumber('--cluster-port', clusterPort, 65_535),
    advertise: values.advertise,
    join,
    found: founding(values.found, join),
    name: values.name,
    cluster: values.cluster,
    keys: keysOf(values['key-file'], env, join),
    dataDir: values['data-dir'],
    standby: standbyOf(values.standby),
    journalDir: values['journal-dir'],
    origins: listed(values.origins),
    zone: values.zone,
    weight: wholeNumber('--weight', values.weight, 100, 1),
    ingress,
    dashboardToken: tokenFile === undefined ? undefined : fileText('--dashboard-token-file', tokenFile).trim(),
    bots: wholeNumber('--bots', values.bots, 64),
  }
}

function standbyOf(given: string): 0 | 1 | 2 {
  const count = wholeNumber('--standby', given, 2)
  return count === 0 || count === 1 ? count : 2
}

function listed(given: string | undefined): string[] {
  return (given ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function founding(given: string | undefined, join: readonly string[]): ShardSettings['found'] {
  if (given === undefined) return join.length === 0 ? 'alone' : 'join'
  return given === 'alone' || given === 'join' ? given : listed(given)
}

function fileText(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`${flag} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function keysOf(file: string | undefined, env: NodeJS.ProcessEnv, join: readonly string[]): string[] {
  const local = (): string => join.map(localKeyFor).find((key) => key !== undefined) ?? ''
  const given = file === undefined ? (env.TICKMESH_CLUSTER_KEY ?? local()) : fileText('--key-file', file)
  return given.split(/\s+/).filter((key) => key !== '')
}
