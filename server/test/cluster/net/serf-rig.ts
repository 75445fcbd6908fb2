/** Real Serf agents, as processes of their own on loopback, and shards beside them. All end after each test. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { findSerf } from '../../../../scripts/serf.mjs'
import type { ClusterOptions } from '../../../src/cluster/net/cluster-options.ts'
import { ClusterPort } from '../../../src/cluster/net/cluster-port.ts'
import { Keyring } from '../../../src/cluster/net/keyring.ts'
import { ClusterShell } from '../../../src/cluster/net/shard-socket.ts'
import type { ShellEvents } from '../../../src/cluster/net/shell-parts.ts'
import { ClusterNode } from '../../../src/cluster/node/cluster-node.ts'
import { NO_MOVES } from '../node/no-moves.ts'

const run = promisify(execFile)

const found = findSerf()
/** Where there is none, and none could be installed, tests beside it are skipped. */
export const hasSerf = found !== undefined
const SERF = found ?? 'serf'

export interface SerfMember {
  readonly name: string
  readonly addr: string
  readonly status: string
  readonly tags: Readonly<Record<string, string>>
}

/** What a test opened; `endAll` ends it, the youngest first. */
export class Ends {
  readonly #all: (() => unknown)[] = []

  add(end: () => unknown): void {
    this.#all.push(end)
  }

  async endAll(): Promise<void> {
    for (const end of this.#all.splice(0).reverse()) await end()
  }
}

/** A port that was free for UDP and TCP a moment ago. */
async function freePort(): Promise<number> {
  const receiver = { packet: () => {}, asked: () => 'close' as const, datagram: () => {}, stream: () => {} }
  const keyring = new Keyring('free', [])
  const port = await ClusterPort.open({ host: '127.0.0.1', port: 0, keyring, receiver, note: () => {} })
  await port.close()
  return port.port
}

export class SerfAgent {
  readonly address: string
  readonly #rpc: string
  /** All that it logged. */
  log = ''

  private constructor(address: string, rpc: string) {
    this.address = address
    this.#rpc = rpc
  }

  static async start(ends: Ends, name: string, args: readonly string[] = []): Promise<SerfAgent> {
    const [port, rpc] = [await freePort(), await freePort()]
    const agent = new SerfAgent(`127.0.0.1:${port}`, `127.0.0.1:${rpc}`)
    const all = [
      'agent',
      '-profile=local',
      `-node=${name}`,
      `-bind=${agent.address}`,
      `-rpc-addr=${agent.#rpc}`,
      ...args,
    ]
    const child = spawn(SERF, all, { stdio: ['ignore', 'pipe', 'pipe'] })
    ends.add(() => child.kill('SIGKILL'))
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        agent.log += bytes
      })
    }
    await eventually(`agent ${name} to start`, async () => (await agent.members()).length > 0)
    return agent
  }

  async members(): Promise<readonly SerfMember[]> {
    const { stdout } = await run(SERF, ['members', '-format=json', `-rpc-addr=${this.#rpc}`])
    return JSON.parse(stdout).members
  }

  /** What it calls this member: `alive`, `leaving`, `left`, `failed`; '' if it does not know it. */
  async statusOf(name: string): Promise<string> {
    return (await this.members()).find((member) => member.name === name)?.status ?? ''
  }
}

export async function startShard(
  ends: Ends,
  options: Partial<ClusterOptions> & { name: string },
  events: Partial<ShellEvents> & { breaks?: () => boolean } = {},
): Promise<ClusterShell> {
  const { breaks = () => false, ...heard } = events
  const shell = await ClusterShell.open(
    { cluster: 'serf-test', port: 0, found: 'alone', ...options },
    {
      url: 'ws://127.0.0.1:8080',
      schema: 'abcd',
      keeper: {
        ...{ open: () => true, takeOver: () => false, holds: () => [], lost: () => {}, close: () => {} },
        ...{ load: () => 0, loadOf: () => 0 },
        ...{ heldTo: () => {}, holdersChanged: () => {}, openReplica: () => undefined, diverged: () => {} },
        ...NO_MOVES,
      },
      events: { leaseChanged: () => {}, viewInstalled: () => {}, lifeEnded: () => {}, note: () => {}, ...heard },
      makeNode: (nodeOptions, host, nowMs) => {
        const node = new ClusterNode(nodeOptions, host, nowMs)
        const tick = node.tick.bind(node)
        node.tick = (atMs) => {
          if (breaks()) throw new Error('a broken invariant')
          tick(atMs)
        }
        return node
      },
    },
  )
  ends.add(() => shell.close())
  return shell
}

/** A shard in a process of its own. */
export async function spawnShard(
  ends: Ends,
  options: Partial<ClusterOptions> & { name: string },
): Promise<{ readonly address: string; readonly child: ChildProcess }> {
  const script = new URL('shard-process.ts', import.meta.url).pathname
  const args = ['--conditions=source', '--import', 'tsx', script, JSON.stringify(options)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  ends.add(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  return { address: `${said}`.trim(), child }
}

/** Asks again and again. What fails counts as no. */
export async function eventually(
  what: string,
  ask: () => Promise<boolean> | boolean,
  patienceMs = 15_000,
): Promise<void> {
  const end = performance.now() + patienceMs
  for (;;) {
    if (await Promise.resolve(ask()).catch(() => false)) return
    if (performance.now() > end) throw new Error(`waited ${patienceMs} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
