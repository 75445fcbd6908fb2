/**
 * The option `--transport` of benches that start a server.
 */
import { option } from '../figures.ts'
import type { Transport } from './messages.ts'

const TRANSPORTS: readonly Transport[] = ['auto', 'ws', 'uWebSockets.js']

/** Throws if there is no such transport. */
export function transportOption(args: readonly string[]): Transport {
  const name = option(args, 'transport') ?? 'auto'
  const found = TRANSPORTS.find((transport) => transport === name)
  if (found === undefined) throw new Error(`--transport ${name}: choose ${TRANSPORTS.join(', ')}.`)
  return found
}
