/**
 * A cluster on one machine: starts shards, restarts those that crash, and tells the others at once when one ended, which is the proof that shortens
 * their wait. Used by main.ts.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetLocalKey, writeLocalKey } from './local-key.ts'
import { ShardProcess, type ShardProcessEvents } from './shard-process.ts'
import type { ShardRow } from './table.ts'

export interface SupervisorOptions {
  readonly shards: number
  /** Of the first shard's page; the others take the next ones. */
  readonly port: number
  readonly clusterPort: number
  readonly cluster: string
  /** Further flags of each shard. */
  readonly shardArgs: readonly string[]
  /** Where shards keep views and matches over restarts of all of them; undefined: only as long as this runs. */
  readonly dir: string | undefined
  /** What happened, for whoever watches. */
  readonly say: (line: string) => void
  /** A shard of the beginning cannot start: there will be no such cluster. */
  readonly failed: (problem: string) => void
}

const MAX_SHARDS = 50
const RESTART_MS = 1_000
const ROLL_STEP_MS = 30_000

export class Supervisor {
  private readonly options: SupervisorOptions
  private readonly clusterKey = randomBytes(32).toString('base64')
  /** What shards remember while this runs: so those that were killed find each other again, and never make a second cluster. */
  private readonly memory: string
  private readonly shards = new Map<string, ShardProcess>()
  /** Those that somebody ended, who starts them again. */
  private readonly put = new Set<string>()
  private readonly founders: readonly string[]
  private announced = false
  private rolling = false
  private stopping = false

  constructor(options: SupervisorOptions) {
    this.options = options
    this.memory = options.dir ?? mkdtempSync(join(tmpdir(), 'tickmesh-cluster-'))
    this.founders = Array.from({ length: options.shards }, (_, at) => `shard-${at + 1}`)
    for (const _ of this.founders) this.add()
  }

  get rows(): ShardRow[] {
    return [...this.shards.values()].map((shard) => shard.row)
  }

  /** Game URLs of those that run. */
  get urls(): string[] {
    return [...this.shards.values()].flatMap(({ state, report }) =>
      state === 'running' && report !== undefined ? [report.url] : [],
    )
  }

  /** One more. Undefined: there are enough. */
  add(): string | undefined {
    if (this.shards.size >= MAX_SHARDS) return undefined
    const key = String(this.shards.size + 1)
    this.start(`shard-${key}`, key)
    return key
  }

  find(key: string): ShardProcess | undefined {
    return [...this.shards.values()].find((shard) => shard.key === key || shard.name === key)
  }

  /** Starts one that is dead again. */
  restart({ name, key }: ShardProcess): void {
    this.put.delete(name)
    this.start(name, key)
  }

  kill(shard: ShardProcess): void {
    this.put.add(shard.name)
    shard.kill()
  }

  drain(shard: ShardProcess): void {
    this.put.add(shard.name)
    shard.drain()
  }

  /** Restarts those that run, one after another: each drains, leaves, and is there again before the next one goes. False: that is being done. */
  roll(): boolean {
    if (this.rolling) return false
    this.rolling = true
    void this.rollAll().finally(() => {
      this.rolling = false
    })
    return true
  }

  private async rollAll(): Promise<void> {
    for (const name of [...this.shards.keys()]) {
      const shard = this.shards.get(name)
      if (shard?.state !== 'running') continue
      this.drain(shard)
      if (!(await this.waitFor(() => shard.isGone)))
        return this.options.say(`${name} does not leave; no more are restarted.`)
      this.restart(shard)
      const isBack = (): boolean => (this.shards.get(name)?.report?.cluster.views.leaseLeftMs ?? 0) > 0
      if (!(await this.waitFor(isBack))) return this.options.say(`${name} is not back; no more are restarted.`)
    }
    this.options.say('All shards were restarted.')
  }

  private async waitFor(isSo: () => boolean): Promise<boolean> {
    for (const endMs = performance.now() + ROLL_STEP_MS; performance.now() < endMs; ) {
      if (this.stopping) return false
      if (isSo()) return true
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return false
  }

  /** All end, in good time or by force. */
  async stop(): Promise<void> {
    this.stopping = true
    const all = [...this.shards.values()]
    const kindly = await Promise.all(all.map((shard) => shard.stop()))
    all.forEach(({ name }, at) => {
      if (kindly[at] === false) this.options.say(`${name} did not stop in good time, and was killed.`)
    })
    this.forget()
  }

  /** At once. */
  killAll(): void {
    this.stopping = true
    for (const shard of this.shards.values()) shard.kill()
    this.forget()
  }

  /** All first shards listen: their ports are this cluster's, and so is the key of this port. */
  announce(): void {
    this.announced = true
    writeLocalKey(this.options.clusterPort, this.clusterKey)
  }

  private forget(): void {
    if (this.announced) forgetLocalKey(this.options.clusterPort)
    if (this.options.dir === undefined) rmSync(this.memory, { recursive: true, force: true })
  }

  private start(name: string, key: string): void {
    const at = Number(key) - 1
    const { port, clusterPort, cluster, shardArgs, dir } = this.options
    // Whoever was not there in the beginning joins.
    const found = this.founders.includes(name) ? this.founders.join(',') : 'join'
    const seeds = [...new Set([...this.founders, ...this.shards.keys()])]
      .filter((other) => other !== name)
      .map((other) => `127.0.0.1:${clusterPort + Number(other.slice('shard-'.length)) - 1}`)
    const args = [
      ...['--port', String(port === 0 ? 0 : port + at), '--cluster-port', String(clusterPort + at)],
      ...['--name', name, '--cluster', cluster, '--found', found, '--data-dir', join(this.memory, name)],
      ...(seeds.length > 0 ? ['--join', seeds.join(',')] : []),
      ...(dir === undefined ? [] : ['--journal-dir', join(this.memory, name, 'matches')]),
      ...shardArgs,
    ]
    this.shards.set(name, new ShardProcess(key, name, args, this.clusterKey, this.events(name)))
  }

  private events(name: string): ShardProcessEvents {
    const { say, failed } = this.options
    const wasThere = this.shards.has(name)
    return {
      ended: (shard) => this.onEnd(shard),
      failed: (shard, problem) => {
        if (this.stopping) return
        // It would only fail again.
        this.put.add(name)
        say(`${name} cannot start: ${problem}`)
        if (!wasThere && this.founders.includes(name)) failed(problem)
        else say(`${name}: "start ${shard.key}" tries again.`)
      },
      said: (line) => say(`${name}: ${line}`),
    }
  }

  /** waitpid said so: nothing of that life runs any more. */
  private onEnd(shard: ShardProcess): void {
    if (this.stopping || this.shards.get(shard.name) !== shard || shard.problem !== undefined) return
    const life = shard.report?.cluster.life
    const left = shard.state === 'left'
    this.options.say(`${shard.name} ${left ? 'drained and left.' : 'ended; the others are told.'}`)
    if (life !== undefined) for (const other of this.shards.values()) other.tell({ t: 'ended', life })
    if (this.put.has(shard.name)) return
    setTimeout(() => {
      if (!this.stopping && this.shards.get(shard.name) === shard) this.start(shard.name, shard.key)
    }, RESTART_MS)
  }
}
