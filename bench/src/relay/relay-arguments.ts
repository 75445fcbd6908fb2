/**
 * The relay's command line: words in, options out. Pure.
 * Never guesses: whatever it does not understand is a BAD_ARGUMENT that says what to write instead.
 */
import { parseArgs } from 'node:util'
import { Impairment, type ImpairmentOptions, NetError } from '@tickmesh/shared'

export const RELAY_USAGE = `usage: npm run relay -- --listen [host:]port --to [host:]port [--udp] [what is bad about the network]

  --listen 9000            where to connect to; 127.0.0.1 unless a host is given
  --to localhost:8080      where it leads
  --udp                    relays UDP instead of TCP

  each value is for one direction, and holds in both:
  --delay 50               floor of the delay in ms; or --rtt 100 for there and back
  --jitter 10              mean of the random delay on top, in ms
  --jitter-shape uniform   or exponential, the default
  --loss 0.02              share of packets lost; over TCP each is a stall of 200 ms or more
  --loss-burst 3           mean number of packets lost in a row
  --reorder 0.01           share of datagrams held back, by --reorder-ms 30
  --duplicate 0.01         share of datagrams that arrive twice
  --bandwidth 50000        bytes per second
  --queue 65536            bytes that wait before the bottleneck at most
  --freeze-every 10000     mean time in ms between freezes of --freeze 500 ms
  --seed 1                 another seed, another run`

export interface RelayPlan {
  readonly udp: boolean
  readonly listen: Endpoint
  readonly to: Endpoint
  readonly out: ImpairmentOptions
  readonly in: ImpairmentOptions
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

type Numeric = {
  [Name in keyof ImpairmentOptions]-?: ImpairmentOptions[Name] extends number | undefined ? Name : never
}
type NumericOption = Numeric[keyof ImpairmentOptions]

/** Which option each number becomes, in the order in which they are told. */
const NUMBERS = {
  delay: 'delayMs',
  jitter: 'jitterMs',
  loss: 'loss',
  'loss-burst': 'lossBurst',
  reorder: 'reorder',
  'reorder-ms': 'reorderMs',
  duplicate: 'duplicate',
  bandwidth: 'bandwidth',
  queue: 'queueBytes',
  'freeze-every': 'freezeEveryMs',
  freeze: 'freezeMs',
} as const satisfies Record<string, NumericOption>

const text = { type: 'string' } as const
const OPTIONS = {
  listen: text,
  to: text,
  udp: { type: 'boolean' },
  rtt: text,
  delay: text,
  jitter: text,
  'jitter-shape': text,
  loss: text,
  'loss-burst': text,
  reorder: text,
  'reorder-ms': text,
  duplicate: text,
  bandwidth: text,
  queue: text,
  'freeze-every': text,
  freeze: text,
  seed: text,
} as const

export function parseRelayArguments(args: readonly string[]): RelayPlan {
  const values = parseWords(args)
  if (values.listen === undefined) throw wrong('--listen is missing.', 'Say where to listen: --listen 9000')
  if (values.to === undefined) throw wrong('--to is missing.', 'Say where to lead: --to localhost:8080')
  const model: { -readonly [Name in keyof ImpairmentOptions]: ImpairmentOptions[Name] } = {}
  for (const [name, option] of Object.entries(NUMBERS)) {
    const value = values[name as keyof typeof NUMBERS]
    if (value !== undefined) model[option] = numberOf(name, value)
  }
  if (values.rtt !== undefined) {
    if (values.delay !== undefined) throw wrong('--rtt and --delay say the same thing.', 'Give one of them.')
    model.delayMs = numberOf('rtt', values.rtt) / 2
  }
  const shape = values['jitter-shape']
  if (shape === 'uniform' || shape === 'exponential') model.jitterShape = shape
  else if (shape !== undefined) throw wrong(`--jitter-shape is '${shape}'.`, 'Write uniform or exponential.')
  const seed = values.seed === undefined ? 1 : numberOf('seed', values.seed)
  // Says at once what no network does.
  new Impairment(model)
  return {
    udp: values.udp === true,
    listen: endpointOf('listen', values.listen, '127.0.0.1', 0),
    to: endpointOf('to', values.to, 'localhost', 1),
    out: { ...model, seed },
    in: { ...model, seed: seed + 1 },
  }
}

function parseWords(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (error) {
    // What follows the first sentence is advice for other programs.
    const [problem = ''] = (error as Error).message.split(/\.\s/)
    throw wrong(`${problem}.`, 'The options are below.')
  }
}

function numberOf(name: string, value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) throw wrong(`--${name} is '${value}'.`, 'Write a number.')
  return number
}

/** `9000`, `localhost:9000`, `[::1]:9000`. */
function endpointOf(name: string, value: string, defaultHost: string, minPort: number): Endpoint {
  const found = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(value)
  const port = Number(found?.[3])
  if (found === null || port < minPort || port > 65_535) {
    throw wrong(`--${name} is '${value}'.`, `Write a port, or a host and a port: --${name} localhost:8080`)
  }
  return { host: found[1] ?? found[2] ?? defaultHost, port }
}

function wrong(problem: string, remedy: string): NetError {
  return new NetError('BAD_ARGUMENT', problem, remedy)
}

/** What the network is like, in words. */
export function describeNetwork(model: ImpairmentOptions): string {
  const told = Object.entries(NUMBERS).flatMap(([name, option]) => {
    const value = model[option]
    return value === undefined ? [] : [`${name} ${value}`]
  })
  return told.length === 0 ? 'nothing made worse' : `each way: ${told.join(', ')}`
}
