/** A shard's process as the supervisor sees it: forked, heard, frozen, killed. Ends with the supervisor, also while it is frozen. Used by supervisor.ts. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ShardRow, ShardState } from './table.ts'
import type { ShardReport, ShardWord, SupervisorWord } from './words.ts'

/** Longer than players get to leave, and the shard to leave the others. */
const STOP_MS = 9_000
/** Kills the process $0 when its own input ends, as it does when whoever gave it the input is gone. A frozen process cannot look for itself. */
const WATCH = 'read _; kill -KILL "$0"'

export interface ShardProcessEvents {
  /** The process is gone, whatever the reason. */
  ended(shard: ShardProcess): void
  /** It cannot start, and ends. */
  failed(shard: ShardProcess, problem: string): void
  /** A line that it wrote. */
  said(line: string): void
}

export class ShardProcess {
  readonly name: string
  readonly key: string
  report: ShardReport | undefined
  /** What it said when it could not start. */
  problem: string | undefined
  private readonly child: ChildProcess
  private watch: ChildProcess | undefined
  private wish: 'run' | 'drain' | 'stop' = 'run'
  private gone = false

  /** `args` as of `npm run shard`. The keys of the cluster go by the environment, which no list of processes shows. */
  constructor(key: string, name: string, args: readonly string[], clusterKey: string, events: ShardProcessEvents) {
    this.key = key
    this.name = name
    this.child = fork(fileURLToPath(new URL('shard.ts', import.meta.url)), args, {
      execArgv: process.execArgv,
      env: { ...process.env, TICKMESH_CLUSTER_KEY: clusterKey },
      // Of a group of its own: Ctrl-C is the supervisor's to handle.
      detached: true,
      // What it prints would tear the table.
      silent: true,
    })
    for (const input of [this.child.stdout, this.child.stderr])
      if (input !== null) createInterface({ input }).on('line', (line) => line !== '' && events.said(line))
    this.child.on('message', (word: ShardWord) => {
      if (word.t === 'report') this.report = word
      else {
        this.problem = word.problem
        events.failed(this, word.problem)
      }
    })
    this.child.once('exit', () => {
      this.gone = true
      this.unwatch()
      events.ended(this)
    })
  }

  get row(): ShardRow {
    return { name: this.name, pid: this.child.pid, state: this.state, report: this.report }
  }

  get state(): ShardState {
    if (this.gone) return this.wish !== 'run' && this.child.exitCode === 0 ? 'left' : 'dead'
    if (this.watch !== undefined) return 'frozen'
    if (this.wish !== 'run') return this.wish === 'drain' ? 'draining' : 'stopping'
    return this.report === undefined ? 'starting' : 'running'
  }

  get isGone(): boolean {
    return this.gone
  }

  tell(word: SupervisorWord): void {
    if (!this.gone && this.child.connected) this.child.send(word)
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }

  /** Stops it as a debugger or a paused machine does; a second call lets it go on. */
  toggleFreeze(): void {
    if (this.watch !== undefined) {
      this.unwatch()
      this.child.kill('SIGCONT')
      return
    }
    const stdio: ['pipe', 'ignore', 'ignore'] = ['pipe', 'ignore', 'ignore']
    this.watch = spawn('sh', ['-c', WATCH, String(this.child.pid)], { stdio, detached: true })
    this.child.kill('SIGSTOP')
  }

  drain(): void {
    this.wish = 'drain'
    this.tell({ t: 'drain' })
  }

  /** In good time, else by force: false. */
  async stop(): Promise<boolean> {
    if (this.gone) return true
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    if (this.watch !== undefined) this.toggleFreeze()
    this.wish = 'stop'
    this.child.kill('SIGTERM')
    let forced = false
    const giveUp = setTimeout(() => {
      forced = true
      this.kill()
    }, STOP_MS)
    await ended
    clearTimeout(giveUp)
    return !forced
  }

  private unwatch(): void {
    this.watch?.kill('SIGKILL')
    this.watch = undefined
  }
}
